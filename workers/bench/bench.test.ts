import { describe, expect, test } from 'vitest';
import { growthOf } from '../../src/compute/bench/growth';
import { benchAlgorithms, published, small } from '../../src/compute/bench/sizes';
import { plan } from '../../src/compute/program/planner';
import { type BenchWorker, type SpeedEvent, SpeedTest } from './client';
import { replaceSection } from './into';
import { plotSvg, ticks } from './plot';
import { benchPrograms } from './programs';
import type { BenchAnswer, BenchRequest, LocalExecutor } from './protocol';
import { processorSeconds } from './run';
import { scalingPlots, scalingTable } from './scaling';

/** Answers at once; an update takes the milliseconds that `cost` says. */
class FakeWorker implements BenchWorker {
  onmessage: BenchWorker['onmessage'] = null;
  onerror: BenchWorker['onerror'] = null;
  isTerminated = false;
  /** Milliseconds an update, of whom was opened. */
  private readonly opened: number[] = [];

  constructor(
    private readonly cost: Partial<Record<LocalExecutor, number>>,
    private readonly heard: (request: BenchRequest) => void = () => {},
  ) {}

  postMessage(request: BenchRequest): void {
    this.heard(request);
    queueMicrotask(() => this.onmessage?.({ data: this.answer(request) } as MessageEvent<BenchAnswer>));
  }
  terminate(): void {
    this.isTerminated = true;
  }
  private answer(request: BenchRequest): BenchAnswer {
    switch (request.kind) {
      case 'open': {
        const milliseconds = this.cost[request.executor];
        if (milliseconds === undefined) return { kind: 'failed', reason: 'It is not here.' };
        return { kind: 'opened', contender: this.opened.push(milliseconds) - 1, version: '1' };
      }
      case 'openPeak':
        // 2·8³ operations at 32 GFLOP/s: others use the core too.
        return { kind: 'opened', contender: this.opened.push(1024 / 32e6) - 1, version: '1' };
      case 'time':
        return { kind: 'number', value: this.opened[request.contender] * request.updates };
      case 'peak':
        return { kind: 'peak', peak: { gigaflops: 40, form: 'nn', rows: 8, columns: 8, depth: 8 } };
      case 'device':
        return { kind: 'device', device: null };
      case 'flops':
        return { kind: 'number', value: 1e7 };
      default:
        return { kind: 'done' };
    }
  }
}

describe('the speed test of the page', () => {
  const heard = async (worker: FakeWorker, options = {}) => {
    const events: SpeedEvent[] = [];
    await new SpeedTest(
      () => worker,
      () => 'a machine',
    ).start(options, (event) => events.push(event));
    return events;
  };
  test('gives rows with ratios and shares, and says what is missing', async () => {
    const worker = new FakeWorker({ wasm: 0.5, 'tfjs-wasm': 20 });
    const events = await heard(worker, { sizes: [small] });
    const last = events.at(-1);
    if (last?.kind !== 'finished') throw new Error(`The last event is ${JSON.stringify(last)}.`);
    const { rows, skipped } = last.report;
    expect(rows.map(({ executor, timesWasm }) => [executor, timesWasm])).toEqual([
      ['wasm', 1],
      ['tfjs-wasm', 40],
    ]);
    expect(rows[0]).toMatchObject({ updatesPerSecond: 2000, gigaflops: 20 });
    expect(rows[0].shareOfPeak).toBeCloseTo(20 / 32, 9);
    expect(rows[1]).toMatchObject({ gigaflops: null, shareOfPeak: null });
    expect(skipped).toEqual([{ executor: 'webgpu', reason: 'It is not here.' }]);
    expect(worker.isTerminated).toBe(true);
  });
  test('asks for what is missing once, and its progress only grows', async () => {
    const opened: string[] = [];
    const worker = new FakeWorker({ wasm: 0.5 }, (request) => {
      if (request.kind === 'open') opened.push(request.executor);
    });
    const events = await heard(worker, { executors: ['wasm', 'tfjs-wasm'] });
    expect(opened).toEqual(['wasm', 'tfjs-wasm', 'wasm']);
    const shares = events.flatMap((event) => (event.kind === 'progress' ? [event.share] : []));
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
  });
  test('cancelled in the middle of an update ends at once', async () => {
    const events: SpeedEvent[] = [];
    let speed: SpeedTest | null = null;
    const worker = new FakeWorker({ wasm: 0.5 }, (request) => {
      if (request.kind === 'time') speed?.cancel();
    });
    speed = new SpeedTest(
      () => worker,
      () => 'a machine',
    );
    const done = speed.start({ executors: ['wasm'] }, (event) => events.push(event));
    expect(speed.isRunning).toBe(true);
    await done;
    expect(events.at(-1)).toEqual({ kind: 'cancelled' });
    expect(worker.isTerminated).toBe(true);
    expect(speed.isRunning).toBe(false);
  });
  test('a worker that stops is an event', async () => {
    const worker = new FakeWorker({ wasm: 0.5 }, (request) => {
      if (request.kind === 'open') worker.onerror?.({ message: 'out of memory' } as ErrorEvent);
    });
    expect((await heard(worker)).at(-1)).toEqual({
      kind: 'failed',
      reason: 'The test’s worker stopped: out of memory.',
    });
  });
});

test.each(benchAlgorithms)('the programs of %s are the size that was asked for', (algorithm) => {
  const flops = (size: typeof small, critics?: number) =>
    plan(benchPrograms(algorithm, size, critics === undefined ? {} : { critics }), {
      dataCapacity: 1,
      replayCapacity: 0,
      logRows: 1,
    }).flops;
  expect(benchPrograms(algorithm, published).update.columns).toBe(published.batch);
  expect(flops(published)).toBeGreaterThan(20 * flops(small));
  expect(flops(small, 8)).toBeGreaterThan(2 * flops(small, 2));
});

describe('plots', () => {
  test('ticks are round and hold the range between them', () => {
    expect(ticks(0.3, 12)).toEqual([0.2, 0.5, 1, 2, 5, 10, 20]);
    expect(ticks(5, 5)).toEqual([5, 10]);
  });
  test('logarithmic: equal factors are equal distances', () => {
    const points = [1, 10, 100].map((x) => ({ x, y: x }));
    const svg = plotSvg({ title: 'a < b', xLabel: 'Units', yLabel: 'Milliseconds', lines: [{ name: 'wasm', points }] });
    const centres = [...svg.matchAll(/circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)]);
    const [[x0, y0], [x1, y1], [x2, y2]] = centres;
    expect(x2 - x1).toBeCloseTo(x1 - x0, 0);
    expect(y2 - y1).toBeCloseTo(y1 - y0, 0);
    expect(y0).toBeGreaterThan(y2);
    for (const part of ['a &lt; b', 'Units', 'Milliseconds', 'wasm']) expect(svg).toContain(part);
    const nothing = { title: 'a', xLabel: '', yLabel: '', lines: [{ name: 'b', points: [{ x: 1, y: 0 }] }] };
    expect(() => plotSvg(nothing)).toThrow(RangeError);
  });
  test('scaling has a table and a plot for each axis that was measured', () => {
    const point = { axis: 'replicas', executor: 'wasm', hidden: 64, batch: 64, critics: 2, lowMs: 1, highMs: 1 };
    const points = [1, 2, 4, 8, 16, 32].map((replicas) => ({ ...point, replicas, medianMs: replicas / 4 }));
    const result = { rounds: 3, points, skipped: [] };
    expect(Object.keys(scalingPlots(result))).toEqual(['scaling-replicas.svg']);
    expect(scalingTable(result, 'text')).toMatch(/wasm +0\.25 ms +0\.50 ms +1\.00 ms +2\.00 ms +4\.00 ms +8\.00 ms/);
  });
});

test('a result replaces its own section of a document, or comes at its end', () => {
  const first = replaceSection('# Performance\n', 'a', 'one\n');
  expect(first).toBe('# Performance\n\n<!-- bench: a -->\n\none\n\n<!-- end -->\n');
  const both = replaceSection(first, 'b', 'two');
  expect(replaceSection(both, 'a', 'three')).toBe(both.replace('one', 'three'));
  expect(() => replaceSection('<!-- bench: a -->', 'a', '')).toThrow('has no');
});

test('processor time is that of the children', () => {
  expect(processorSeconds('0m0.000000s 0m0.010000s\n1m2.500000s 0m0.250000s\n')).toBe(62.75);
  expect(processorSeconds('nothing')).toBeNull();
});

test('growth forgives the warm-up, not what comes after', () => {
  const level = [10, 40, 80, ...new Array<number>(20).fill(100)];
  expect(growthOf(level).percent).toBe(0);
  const rising = Array.from({ length: 40 }, (_, i) => 100 + i);
  expect(growthOf(rising).percent).toBeGreaterThan(10);
  expect(() => growthOf([1, 2, 3])).toThrow(RangeError);
});
