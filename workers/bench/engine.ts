/** `bench -- engine`: the same update everywhere, interleaved. */

import type { Contender } from '../../src/compute/bench/contender';
import {
  type Efficiency,
  type EngineReport,
  engineBars,
  milliseconds,
  type Row,
  ratiosOf,
  replicaRatiosOf,
} from '../../src/compute/bench/report';
import { timeInRounds } from '../../src/compute/bench/rounds';
import { isSameSize, sizeName, type Work } from '../../src/compute/bench/sizes';
import type { DevicePeak } from '../../src/compute/bench/webgpuProbe';
import { flopsOf } from '../../src/compute/wasm/product';
import type { BenchHost } from './host';
import { type LocalExecutor, localExecutors } from './protocol';
import { type PythonExecutor, type PythonPeers, pythonExecutors } from './python';

export const engineExecutors = [...localExecutors, ...pythonExecutors] as const;
export type EngineExecutor = (typeof engineExecutors)[number];

export interface EngineOptions {
  readonly works: readonly Work[];
  readonly executors: readonly EngineExecutor[];
  readonly rounds: number;
  /** Milliseconds that a contender may take in a column. */
  readonly capMs: number;
  say(line: string): void;
}
export type EngineResult = Omit<EngineReport, 'host' | 'isBrowser' | 'machine' | 'command'>;

export async function measureEngine(
  host: BenchHost,
  peers: PythonPeers,
  isBrowser: boolean,
  { works, executors, rounds, capMs, say }: EngineOptions,
): Promise<EngineResult> {
  const rows: Row[] = [];
  const efficiency: Efficiency[] = [];
  const versions: Record<string, string> = {};
  const skipped = new Map<string, string>();
  const skip = (executor: string, error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    if (skipped.has(executor)) return;
    skipped.set(executor, reason);
    say(`Skipped ${executor}: ${reason}`);
  };

  say('Looking for the fastest matrix product …');
  const peak = await host.peak();
  const device = await host.device();
  const devicePeak = device === null || !executors.includes('webgpu') ? null : await host.devicePeak();
  for (const group of groupsOf(works)) {
    const [{ algorithm, hidden, batch }] = group;
    say(`${algorithm} ${sizeName({ hidden, batch })}: ${rounds} rounds …`);
    const contenders: Contender[] = [];
    for (const work of group) {
      for (const executor of executors) {
        if (skipped.has(executor) || !canReplicate(executor, work)) continue;
        try {
          const isPython = (pythonExecutors as readonly string[]).includes(executor);
          const contender = isPython
            ? await peers.open(executor as PythonExecutor, work)
            : await host.open(executor as LocalExecutor, work);
          contenders.push(contender);
          versions[executor] = contender.version;
        } catch (error) {
          skip(executor, error);
        }
      }
    }
    const probe = await host.openPeak(peak);
    contenders.push(probe);
    const timings = await timeInRounds(contenders, rounds, {
      capMs,
      onFailure: ({ executor }, error) => skip(executor, error),
    });
    const product = timings.find(({ contender }) => contender === probe);
    for (const { contender, samples, medianMs, lowMs, highMs } of timings) {
      if (contender === probe) continue;
      const { executor, replicas } = contender;
      const work: Work = { algorithm, hidden, batch, replicas };
      rows.push({ ...work, executor, medianMs, lowMs, highMs, rounds: samples.length });
      say(`  ${executor}${replicas === 1 ? '' : ` ×${replicas}`}: ${milliseconds(medianMs)} ms`);
      const ceiling = ceilingOf(
        executor,
        product === undefined ? null : flopsOf(peak) / product.medianMs / 1e6,
        devicePeak,
      );
      if (ceiling === null) continue;
      const gigaflops = (await host.flops(work)) / medianMs / 1e6;
      efficiency.push({ ...work, executor, gigaflops, peakGigaflops: ceiling, shareOfPeak: gigaflops / ceiling });
    }
    // One that has failed cannot always close, and has been reported.
    for (const contender of contenders) await contender.close().catch(() => {});
  }
  return {
    benchmark: 'engine',
    versions,
    rounds,
    capSeconds: capMs / 1000,
    rows,
    ratios: ratiosOf(rows),
    replicaRatios: replicaRatiosOf(rows),
    peak,
    device,
    devicePeak,
    efficiency,
    bars: engineBars({ rows, efficiency, device, isBrowser, versions, peak }),
    skipped: [...skipped].map(([executor, reason]) => ({ executor, reason })),
  };
}

/** In GFLOP/s: of one core, measured in the same rounds, or of the device; null for those who are held against neither. */
function ceilingOf(executor: string, core: number | null, device: DevicePeak | null): number | null {
  if (executor === 'wasm') return core;
  return executor === 'webgpu' ? (device?.gigaflops ?? null) : null;
}

/** Works of one algorithm and size take turns with each other, whatever their number of replicas. */
function groupsOf(works: readonly Work[]): Work[][] {
  const groups: Work[][] = [];
  for (const work of works) {
    const group = groups.find(([first]) => first.algorithm === work.algorithm && isSameSize(first, work));
    if (group === undefined) groups.push([work]);
    else group.push(work);
  }
  return groups;
}

/** TensorFlow.js and eager PyTorch train one learner at a time. */
function canReplicate(executor: EngineExecutor, { replicas }: Work): boolean {
  return replicas === 1 || !/^(tfjs|torch)-/.test(executor);
}
