/**
 * "How fast is your machine?" for a page: times the lab's update on each executor that is present, in a worker of its own,
 * and says what it finds as it goes. Nothing here loads an executor; the worker does.
 */

import { timeInRounds } from '../../src/compute/bench/rounds';
import { isSameSize, published, type Size, small, type Work } from '../../src/compute/bench/sizes';
import type { DevicePeak } from '../../src/compute/bench/webgpuProbe';
import type { Peak } from '../../src/compute/wasm/probe';
import { flopsOf } from '../../src/compute/wasm/product';
import type { BenchHost } from './host';
import type { BenchAnswer, BenchRequest, DeviceInfo, LocalExecutor } from './protocol';
import { remoteHost } from './remoteHost';

export type { DevicePeak } from '../../src/compute/bench/webgpuProbe';
export type { Peak } from '../../src/compute/wasm/probe';
export type { DeviceInfo, LocalExecutor } from './protocol';

/** The part of `Worker` that is used here. */
export interface BenchWorker {
  postMessage(request: BenchRequest): void;
  terminate(): void;
  onmessage: ((event: MessageEvent<BenchAnswer>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

export interface SpeedOptions {
  /** Default: wasm, webgpu, tfjs-wasm. Those that are missing here are skipped with a reason. */
  readonly executors?: readonly LocalExecutor[];
  /** Default: 2×64 units at batch 64, 2×256 at batch 256. */
  readonly sizes?: readonly Size[];
  /** Timings of each, interleaved; default 7. */
  readonly rounds?: number;
  /** Seconds that one executor may take at one size; default 4. */
  readonly capSeconds?: number;
}

/** One IQL update of one size on one executor. */
export interface SpeedRow extends Size {
  readonly executor: LocalExecutor;
  /** Milliseconds an update: the median over rounds, and the quartiles. */
  readonly medianMs: number;
  readonly lowMs: number;
  readonly highMs: number;
  readonly updatesPerSecond: number;
  /** How many times as long as on `wasm`; 1 for itself, null where `wasm` has no row. */
  readonly timesWasm: number | null;
  /** Of the update's matrix products, in 10⁹ operations a second. Null for TensorFlow.js, which computes others. */
  readonly gigaflops: number | null;
  /** Of the fastest matrix product on the same core, timed in the same rounds, or on the same device; 0 to 1. */
  readonly shareOfPeak: number | null;
}
export interface SpeedSkip {
  readonly executor: LocalExecutor;
  /** In a sentence for people. */
  readonly reason: string;
}
export interface SpeedReport {
  readonly kind: 'speed';
  /** Browser, system and number of processor threads. */
  readonly machine: string;
  /** What WebGPU computes on; null where there is none, or where it was not asked for. */
  readonly device: DeviceInfo | null;
  /** Fastest strict-SIMD matrix product on one core. */
  readonly peak: Peak;
  /** Fastest matrix product on `device`; null where that is software. */
  readonly devicePeak: DevicePeak | null;
  readonly rows: readonly SpeedRow[];
  readonly skipped: readonly SpeedSkip[];
}

export type SpeedStage =
  | { readonly kind: 'peak' }
  | { readonly kind: 'devicePeak' }
  | { readonly kind: 'opening'; readonly executor: LocalExecutor; readonly size: Size }
  | { readonly kind: 'timing'; readonly size: Size };
/** In this order: progress and what was found, then one of finished, cancelled, failed. */
export type SpeedEvent =
  /** `share` of the whole that is done, 0 to 1, and what goes on now. */
  | { readonly kind: 'progress'; readonly share: number; readonly stage: SpeedStage }
  /** All rows so far. */
  | { readonly kind: 'rows'; readonly rows: readonly SpeedRow[] }
  | { readonly kind: 'skipped'; readonly skip: SpeedSkip }
  | { readonly kind: 'finished'; readonly report: SpeedReport }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'failed'; readonly reason: string };

export const speedExecutors: readonly LocalExecutor[] = ['wasm', 'webgpu', 'tfjs-wasm'];
export const speedSizes: readonly Size[] = [small, published];
/** Of the whole test, before the first size. */
const shareOfPeaks = 0.15;

/** The worker as the bundler finds it. */
export function createBenchWorker(): BenchWorker {
  return new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
}

/** Thrown through whatever was waiting when the test is cancelled. */
class Cancelled extends Error {}

/** One test at a time; a second `start` cancels the first. */
export class SpeedTest {
  /** Ends the test that is under way. */
  private stop: (() => void) | null = null;

  constructor(
    private readonly createWorker: () => BenchWorker = createBenchWorker,
    private readonly machine: () => string = machineName,
  ) {}

  /** Resolves after the last event. Never rejects: what goes wrong is an event. */
  async start(options: SpeedOptions, onEvent: (event: SpeedEvent) => void): Promise<void> {
    this.cancel();
    const worker = this.createWorker();
    const { host, stop } = connect(worker);
    this.stop = stop;
    try {
      onEvent({ kind: 'finished', report: { machine: this.machine(), ...(await measure(host, options, onEvent)) } });
    } catch (error) {
      if (error instanceof Cancelled) onEvent({ kind: 'cancelled' });
      else onEvent({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) });
    } finally {
      worker.terminate();
      if (this.stop === stop) this.stop = null;
    }
  }

  /** Ends the test at once, in the middle of an update if need be. */
  cancel(): void {
    this.stop?.();
    this.stop = null;
  }

  get isRunning(): boolean {
    return this.stop !== null;
  }
}

/** The worker as a host. `stop` rejects whatever waits for it, now and later. */
function connect(worker: BenchWorker): { host: BenchHost; stop: () => void } {
  let refuse: (reason: Error) => void = () => {};
  const ended = new Promise<never>((_, reject) => {
    refuse = reject;
  });
  ended.catch(() => {}); // heard by whoever asks
  worker.onerror = (event) => refuse(new Error(`The test’s worker stopped: ${event.message || 'it did not load'}.`));
  const ask = (request: BenchRequest) => {
    const answer = new Promise<BenchAnswer>((resolve) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.postMessage(request);
    });
    return Promise.race([answer, ended]);
  };
  return { host: remoteHost(ask, async () => {}), stop: () => refuse(new Cancelled()) };
}

async function measure(
  host: BenchHost,
  { executors = speedExecutors, sizes = speedSizes, rounds = 7, capSeconds = 4 }: SpeedOptions,
  onEvent: (event: SpeedEvent) => void,
): Promise<Omit<SpeedReport, 'machine'>> {
  const isMissing = new Set<LocalExecutor>();
  const skipped: SpeedSkip[] = [];
  const skip = (executor: LocalExecutor, error: unknown) => {
    if (error instanceof Cancelled) throw error;
    isMissing.add(executor);
    skipped.push({ executor, reason: error instanceof Error ? error.message : String(error) });
    onEvent({ kind: 'skipped', skip: skipped.at(-1)! });
  };

  onEvent({ kind: 'progress', share: 0, stage: { kind: 'peak' } });
  const peak = await host.peak();
  const device = executors.includes('webgpu') ? await host.device() : null;
  // A program that plays a graphics processor has no peak worth the wait.
  const hasPeak = device !== null && !device.isSoftware;
  if (hasPeak) onEvent({ kind: 'progress', share: shareOfPeaks / 2, stage: { kind: 'devicePeak' } });
  const devicePeak = hasPeak ? await host.devicePeak() : null;

  let rows: SpeedRow[] = [];
  for (const [place, size] of sizes.entries()) {
    const work: Work = { algorithm: 'iql', ...size, replicas: 1 };
    const shareAt = (within: number) => shareOfPeaks + ((1 - shareOfPeaks) * (place + within)) / sizes.length;
    const contenders = [];
    for (const executor of executors.filter((each) => !isMissing.has(each))) {
      onEvent({ kind: 'progress', share: shareAt(0), stage: { kind: 'opening', executor, size } });
      try {
        contenders.push(await host.open(executor, work));
      } catch (error) {
        skip(executor, error);
      }
    }
    const probe = await host.openPeak(peak);
    contenders.push(probe);
    const flops = await host.flops(work);
    const timings = await timeInRounds(contenders, rounds, {
      capMs: 1000 * capSeconds,
      onFailure: (contender, error) => {
        if (contender === probe) throw error;
        skip(contender.executor as LocalExecutor, error);
      },
      onProgress: (share) => onEvent({ kind: 'progress', share: shareAt(share), stage: { kind: 'timing', size } }),
    });
    const product = timings.find(({ contender }) => contender === probe);
    const core = product === undefined ? null : flopsOf(peak) / product.medianMs / 1e6;
    const base = timings.find(({ contender }) => contender.executor === 'wasm');
    const own = timings.filter(({ contender }) => contender !== probe);
    const found = own.map(({ contender, medianMs, lowMs, highMs }): SpeedRow => {
      const executor = contender.executor as LocalExecutor;
      const gigaflops = executor.startsWith('tfjs-') ? null : flops / medianMs / 1e6;
      const ceiling = peakOf(executor, core, devicePeak);
      return {
        ...size,
        executor,
        medianMs,
        lowMs,
        highMs,
        updatesPerSecond: 1000 / medianMs,
        timesWasm: base === undefined ? null : medianMs / base.medianMs,
        gigaflops,
        shareOfPeak: gigaflops === null || ceiling === null ? null : gigaflops / ceiling,
      };
    });
    rows = [...rows, ...found];
    onEvent({ kind: 'rows', rows });
    for (const contender of contenders) await contender.close().catch((error) => rethrowCancelled(error));
  }
  return { kind: 'speed', device, peak, devicePeak, rows, skipped };
}

/** A contender that has failed cannot close either, and has been reported. */
function rethrowCancelled(error: unknown): void {
  if (error instanceof Cancelled) throw error;
}

/** In GFLOP/s; null where none was measured that an executor could be held against. */
function peakOf(executor: LocalExecutor, core: number | null, devicePeak: DevicePeak | null): number | null {
  if (executor === 'wasm') return core;
  return executor === 'webgpu' ? (devicePeak?.gigaflops ?? null) : null;
}

/** "Chrome 142 on Linux, 8 processor threads" */
function machineName(): string {
  const { userAgent, hardwareConcurrency } = navigator;
  const [, browser, version] =
    /(Edg|Firefox|Chrome)\/(\d+)/.exec(userAgent) ?? /(Version)\/([\d.]+).*Safari/.exec(userAgent) ?? [];
  const names: Record<string, string> = { Edg: 'Edge', Version: 'Safari' };
  const system = /Windows|Android|iPhone|iPad|Mac OS X|CrOS|Linux/.exec(userAgent)?.[0] ?? 'an unknown system';
  const where = browser === undefined ? userAgent : `${names[browser] ?? browser} ${version} on ${system}`;
  return `${where}, ${hardwareConcurrency} processor threads`;
}

/** Rows of one size, in the order they were found. */
export function rowsOfSize(rows: readonly SpeedRow[], size: Size): SpeedRow[] {
  return rows.filter((row) => isSameSize(row, size));
}
