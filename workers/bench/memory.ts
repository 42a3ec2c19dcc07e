/**
 * `bench -- memory`: the default recipe trained flat out, run after run (offline updates, the switch, acting, replay, evaluation,
 * snapshots), while the memory of the process is sampled.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Bar, barLine, type JudgedBar, judge } from '../../src/compute/bench/bars';
import { draw, type TableStyle } from '../../src/compute/bench/grid';
import { type Growth, growthOf } from '../../src/compute/bench/growth';
import type { Executor, Session } from '../../src/compute/executor';
import { defaultPreset, presetSpec } from '../../src/spec/presets';
import { uncontrolled } from '../../src/training/control';
import { loadExecutor } from '../../src/training/executors';
import { train } from '../../src/training/train';
import { prepared } from './wholeRun';

export const memoryExecutors = ['wasm', 'webgpu'] as const;
export type MemoryExecutor = (typeof memoryExecutors)[number];

/** Bytes. */
export interface MemorySample {
  /** Since the start. */
  readonly seconds: number;
  /** Of the whole process, as the system counts. */
  readonly resident: number;
  /** JavaScript objects, after a collection. */
  readonly heap: number;
  /** Array buffers and WebAssembly memories. */
  readonly external: number;
  /** What the executor took on its device; 0 where it does not say. */
  readonly device: number;
}
const quantities = ['resident', 'heap', 'external', 'device'] as const;
type Quantity = (typeof quantities)[number];

export interface MemoryResult {
  readonly benchmark: 'memory';
  readonly executor: MemoryExecutor;
  readonly minutes: number;
  /** Runs that were begun, one seed each. */
  readonly runs: number;
  /** Updates that were made. */
  readonly updates: number;
  readonly growth: Readonly<Record<Quantity, Growth>>;
  readonly bars: readonly JudgedBar[];
  readonly samples: readonly MemorySample[];
}
const sampleCount = 240;
/** The promise is about an hour; a shorter time says something, but not that. */
const promisedMinutes = 60;

/** @throws Error saying why the executor cannot run here */
export async function measureMemory(
  id: MemoryExecutor,
  minutes: number,
  say: (line: string) => void,
): Promise<MemoryResult> {
  const lab = await loadExecutor(id);
  const reason = lab === null ? `${id} is not part of this build.` : await lab.unavailable();
  if (lab === null || reason !== null) throw new Error(reason ?? '');
  const spec = { ...presetSpec(defaultPreset)!, executor: id };
  const data = prepared(spec);
  const { executor, bytes } = watched(lab);
  const collect = collector();
  const samples: MemorySample[] = [];
  const end = 60_000 * minutes;
  const start = performance.now();
  const elapsed = () => performance.now() - start;
  const sample = () => {
    collect();
    const { rss, heapUsed, external } = process.memoryUsage();
    samples.push({ seconds: elapsed() / 1000, resident: rss, heap: heapUsed, external, device: bytes() });
  };
  let updates = 0;
  let seed = 0;
  for (; elapsed() < end; seed++) {
    const control = uncontrolled(spec.changes);
    const context = { prepared: data, executor, why: '', lead: true };
    const stoppable = {
      ...control,
      next: async () => (elapsed() < end ? control.next({ phase: 'offline', step: 0 }) : ('stop' as const)),
    };
    let before = 0;
    for await (const event of train(spec, seed, { ...context, control: stoppable })) {
      if (event.kind === 'progress') {
        const { phase, step } = event.at;
        const done = phase === 'offline' ? step : spec.offline.updates + step;
        updates += done - before;
        before = done;
      }
      if (elapsed() < (samples.length * end) / sampleCount) continue;
      sample();
      if (samples.length % (sampleCount / 12) === 0)
        say(`${Math.round(elapsed() / 1000)} s: ${megabytes(samples.at(-1)!.resident)} MB`);
    }
  }
  sample();
  const growth = Object.fromEntries(
    quantities.map((quantity) => [quantity, growthOf(samples.map((each) => each[quantity]))]),
  ) as Record<Quantity, Growth>;
  return {
    benchmark: 'memory',
    executor: id,
    minutes,
    runs: seed,
    updates,
    growth,
    bars: barsOf(id, minutes, growth),
    samples,
  };
}

function barsOf(id: MemoryExecutor, minutes: number, growth: Readonly<Record<Quantity, Growth>>): JudgedBar[] {
  const bar: Bar = { name: `${id}, growth of memory in an hour of training`, bound: 2, sense: 'at most', unit: '%' };
  const { percent } = growth.resident;
  return minutes < promisedMinutes
    ? [judge(bar, null, `${percent.toFixed(1)} % in ${minutes} minutes`)]
    : [judge(bar, percent)];
}

export function memoryTable(
  { executor, minutes, runs, updates, growth, bars }: MemoryResult,
  style: TableStyle,
): string {
  const names: Readonly<Record<Quantity, string>> = {
    resident: 'whole process',
    heap: 'JavaScript heap, collected',
    external: 'array buffers and WebAssembly',
    device: 'on the device',
  };
  const lines = quantities
    .filter((quantity) => growth[quantity].after > 0)
    .map((quantity) => {
      const { before, after, percent } = growth[quantity];
      return [names[quantity], `${megabytes(before)} MB`, `${megabytes(after)} MB`, `${percent.toFixed(1)} %`];
    });
  return [
    `The default recipe on ${executor}, run after run, for ${minutes} minutes: ${runs} runs, ${updates} updates.`,
    '',
    draw({ head: ['memory', 'after warm-up', 'at the end', 'growth'], lines }, style),
    '',
    ...bars.map((bar) => `${style === 'markdown' ? '- ' : ''}${barLine(bar)}`),
    '',
  ].join('\n');
}

function megabytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

/** The same executor, and what its open sessions took on its device. */
function watched(executor: Executor): { executor: Executor; bytes(): number } {
  let newest: (Session & { readonly deviceBytes?: number }) | null = null;
  return {
    executor: {
      ...executor,
      async open(programs, options) {
        newest = await executor.open(programs, options);
        return newest;
      },
    },
    bytes: () => newest?.deviceBytes ?? 0,
  };
}

/** Collects all garbage at once, so that the heap shows what is held. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}
