import { engine, memory } from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import { barLine, judge } from './bars';
import type { Contender } from './contender';
import { draw } from './grid';
import { makeRecords, recordLayout, transitions } from './problem';
import { type EngineReport, engineBars, quietnessOf, type Row, ratiosOf, replicaRatiosOf, tableOf } from './report';
import { median, quantile, timeInRounds } from './rounds';
import { benchAlgorithms, engineWorks } from './sizes';
import { tfjsContender } from './tfjsContender';

/** Takes the milliseconds an update that `cost` says, and writes down who ran. */
function contender(executor: string, cost: (updatesBefore: number) => number, log: string[] = []) {
  let done = 0;
  const made: Contender & { updates(): number } = {
    executor,
    version: '1',
    replicas: 1,
    async time(updates) {
      const milliseconds = cost(done) * updates;
      done += updates;
      log.push(executor);
      return milliseconds;
    },
    async close() {},
    updates: () => done,
  };
  return made;
}

describe('rounds', () => {
  test('the median is that of warm updates', async () => {
    const [timing] = await timeInRounds([contender('wasm', (before) => (before < 200 ? 100 : 2))], 5);
    expect(timing.medianMs).toBe(2);
    expect(timing.samples.length).toBe(5);
  });
  test('contenders take turns after the warm-up', async () => {
    const log: string[] = [];
    await timeInRounds([contender('wasm', () => 1, log), contender('peer', () => 3, log)], 3);
    expect(log.slice(-6)).toEqual(['wasm', 'peer', 'wasm', 'peer', 'wasm', 'peer']);
  });
  test('a slow peer warms up for seconds, the lab’s engine for 200 updates however slow', async () => {
    const [engine, peer] = [contender('wasm', () => 500), contender('peer', () => 500)];
    await timeInRounds([engine, peer], 1);
    expect(engine.updates()).toBeGreaterThan(200);
    expect(peer.updates()).toBeLessThan(20);
  });
  test('the median of an even number is the middle of the middle two', () => {
    expect(median([4, 1, 3, 100])).toBe(3.5);
    expect([0, 0.25, 1].map((share) => quantile([3, 1, 2], share))).toEqual([1, 1.5, 3]);
  });
  test('one who is slow gets fewer rounds, spread over all, but one at least', async () => {
    const log: string[] = [];
    const pair = [contender('wasm', () => 1, log), contender('peer', () => 900, log)];
    const timings = await timeInRounds(pair, 20, { capMs: 7000 });
    expect(timings.map(({ samples }) => samples.length)).toEqual([20, 4]);
    expect(log.slice(-6).filter((executor) => executor === 'peer').length).toBe(1);
    const [crawler] = await timeInRounds([contender('peer', () => 60_000)], 20, { capMs: 6000 });
    expect(crawler.samples.length).toBe(1);
  });
  test('compiling during the first update neither counts nor ends the warm-up', async () => {
    const peer = contender('peer', (before) => (before === 0 ? 9000 : 2));
    const [timing] = await timeInRounds([peer], 2, { capMs: 6000 });
    expect(timing.medianMs).toBe(2);
    expect(peer.updates()).toBeGreaterThan(200);
  });
  test('one who fails leaves the others their timings', async () => {
    const failing = contender('peer', (before) => {
      if (before > 300) throw new Error('lost');
      return 1;
    });
    const failures: string[] = [];
    const timings = await timeInRounds([failing, contender('wasm', () => 1)], 5, {
      onFailure: ({ executor }, error) => failures.push(`${executor}: ${(error as Error).message}`),
    });
    expect(failures).toEqual(['peer: lost']);
    expect(timings.map(({ contender: { executor } }) => executor)).toEqual(['wasm']);
    await expect(timeInRounds([failing], 1)).rejects.toThrow('lost');
  });
  test('progress grows to the whole', async () => {
    const shares: number[] = [];
    const pair = [contender('wasm', () => 1), contender('peer', () => 1)];
    await timeInRounds(pair, 2, { onProgress: (share) => shares.push(share) });
    expect(shares).toEqual([0.25, 0.5, 0.75, 1]);
  });
});

describe('report', () => {
  const row = (executor: string, medianMs: number, rest: Partial<Row> = {}): Row => ({
    algorithm: 'iql',
    hidden: 64,
    batch: 64,
    replicas: 1,
    executor,
    medianMs,
    lowMs: medianMs,
    highMs: medianMs,
    rounds: 3,
    ...rest,
  });
  const large = { hidden: 256, batch: 256 };
  const rows = [row('wasm', 0.5), row('tfjs-wasm', 15), row('torch-cpu', 4)];
  const report: EngineReport = {
    benchmark: 'engine',
    host: 'Node',
    isBrowser: false,
    machine: 'a machine',
    command: 'npm run bench',
    versions: { wasm: 'here' },
    rounds: 3,
    capSeconds: 10,
    rows,
    ratios: ratiosOf(rows),
    replicaRatios: [],
    peak: { gigaflops: 40, form: 'nn', rows: 64, columns: 64, depth: 32 },
    device: { vendor: 'google', architecture: 'swiftshader', description: 'SwiftShader', isSoftware: true },
    devicePeak: { gigaflops: 5, size: 256, tile: { threads: 8, rows: 4, columns: 4, isStaged: true } },
    efficiency: [
      {
        algorithm: 'iql',
        hidden: 64,
        batch: 64,
        replicas: 1,
        executor: 'wasm',
        gigaflops: 30,
        peakGigaflops: 40,
        shareOfPeak: 0.75,
      },
    ],
    bars: [],
    skipped: [{ executor: 'other', reason: 'not installed' }],
  };

  test('ratios are of medians, against wasm doing the same work', () => {
    expect(ratiosOf(rows).map(({ executor, timesWasm }) => [executor, timesWasm])).toEqual([
      ['tfjs-wasm', 30],
      ['torch-cpu', 8],
    ]);
    const other = [row('wasm', 1), row('peer', 1, { batch: 256 }), row('peer', 1, { algorithm: 'sac' })];
    expect(ratiosOf(other)).toEqual([]);
  });
  test('replicas are held against one learner on the same executor', () => {
    const many = [...rows, row('wasm', 8, { replicas: 16 }), row('webgpu', 3, { replicas: 16 })];
    expect(replicaRatiosOf(many).map(({ executor, timesOne }) => [executor, timesOne])).toEqual([['wasm', 16]]);
  });
  test.each(['text', 'markdown'] as const)('as %s shows every figure and names what was skipped', (style) => {
    const shown = tableOf({ ...report, bars: engineBars(report) }, style);
    for (const part of [
      '2×64/64',
      '0.50 ms',
      '15.0 ms',
      '×30',
      '×8.0',
      '75 %',
      '40.0 GFLOP/s (nn, 64×64, depth 32)',
      '5.0 GFLOP/s (256×256, 8×8 invocations of 4×4, staged)',
      'SwiftShader (software)',
      'Skipped other: not installed',
      'held: wasm, one thread, IQL 2×64/64, against tfjs-wasm: ×30, bar at least ×30',
    ]) {
      expect(shown).toContain(part);
    }
  });
  test('every column of the table has a name of its own', () => {
    expect(new Set(engineWorks.map((work) => JSON.stringify(work))).size).toBe(engineWorks.length);
    expect([...new Set(engineWorks.map(({ algorithm }) => algorithm))]).toEqual([...benchAlgorithms]);
  });

  describe('bars', () => {
    const verdicts = (changed: Partial<EngineReport>) =>
      engineBars({ ...report, ...changed }).map(({ name, verdict }) => `${verdict}: ${name}`);
    test('a graphics processor’s are not judged in software, SwiftShader’s not on a graphics processor', () => {
      const gpuRows = [
        row('webgpu', 2, large),
        row('webgpu', 5, { ...large, replicas: 16 }),
        row('tfjs-webgpu', 80, large),
        row('torch-cuda', 12, large),
        row('jax', 1, large),
      ];
      const software = verdicts({ rows: gpuRows });
      expect(software).toContain('not measured: webgpu on a graphics processor, IQL 2×256/256, against torch-cuda');
      expect(software).toContain('held: webgpu on SwiftShader, IQL 2×256/256, against tfjs-webgpu');
      expect(software).toContain('not measured: webgpu on SwiftShader, IQL 2×64/64, against tfjs-webgpu');
      const real = { ...report.device!, isSoftware: false };
      const hardware = verdicts({ rows: gpuRows, device: real, versions: { jax: 'JAX 1, NVIDIA' } });
      expect(hardware).toContain('missed: webgpu on a graphics processor, IQL 2×256/256, against tfjs-webgpu');
      expect(hardware).toContain('held: webgpu on a graphics processor, IQL 2×256/256, against torch-cuda');
      expect(hardware).toContain('missed: webgpu on a graphics processor, IQL 2×256/256, against jax');
      expect(hardware).toContain('missed: webgpu on a graphics processor, IQL 2×256/256, 16 replicas against 1');
      expect(hardware).toContain('not measured: webgpu on SwiftShader, IQL 2×256/256, against tfjs-webgpu');
      const jaxOnCpu = verdicts({ rows: gpuRows, device: real, versions: { jax: 'JAX 1, one core' } });
      expect(jaxOnCpu).toContain('not measured: webgpu on a graphics processor, IQL 2×256/256, against jax');
    });
    test('the share of the peak is asked for more in a browser', () => {
      const efficiency = [{ ...report.efficiency[0], ...large, shareOfPeak: 0.77 }];
      const share = (isBrowser: boolean) => verdicts({ efficiency, isBrowser }).find((line) => line.includes('strict'));
      expect(share(false)).toMatch(/^held.*Node$/);
      expect(share(true)).toMatch(/^missed.*Chromium$/);
    });
    test('a busy machine judges no share of the peak, and the table says that it was busy', () => {
      const efficiency = [{ ...report.efficiency[0], ...large, peakGigaflops: 20, shareOfPeak: 1.2 }];
      expect(verdicts({ efficiency }).find((line) => line.includes('strict'))).toMatch(/^not measured/);
      expect(quietnessOf({ ...report, efficiency })).toBe(0.5);
      expect(tableOf({ ...report, efficiency })).toContain('at 50 % of its best');
      expect(tableOf(report)).not.toContain('busy');
    });
    test('a line says by how much, and why nothing was measured', () => {
      const atLeast = { name: 'a', bound: 10, sense: 'at least', unit: '×' } as const;
      const atMost = { name: 'b', bound: 40, sense: 'at most', unit: 's' } as const;
      expect(barLine(judge(atLeast, 8))).toBe('missed by 20 %: a: ×8, bar at least ×10');
      expect(barLine(judge(atLeast, 10))).toBe('held: a: ×10, bar at least ×10');
      expect(barLine(judge(atMost, 40.1))).toBe('missed by 1 %: b: 40 s, bar at most 40 s');
      expect(barLine(judge(atMost, null, 'no time'))).toBe('not measured here: b, at most 40 s (no time)');
    });
  });

  test('a grid lines up its columns, as text and as Markdown', () => {
    const grid = { head: ['', 'ms'], lines: [['wasm', '0.5'], ['×']] };
    expect(draw(grid, 'text')).toBe('        ms\nwasm   0.5\n×');
    expect(draw(grid, 'markdown')).toBe('|      |  ms |\n| ---- | --: |\n| wasm | 0.5 |\n| ×    |     |');
  });
});

describe('problem', () => {
  test('records are whole, actions inside their range, ends rare', () => {
    const records = makeRecords();
    expect(records.length).toBe(transitions * recordLayout.stride);
    const field = (name: string) => recordLayout.fields.find((candidate) => candidate.name === name)!;
    const column = (first: number) => records.filter((_, i) => i % recordLayout.stride === first);
    for (const action of column(field('action').first)) expect(Math.abs(action)).toBeLessThanOrEqual(1);
    const ends = column(field('terminated').first).reduce((sum, ended) => sum + ended, 0);
    expect(ends).toBeGreaterThan(50);
    expect(ends).toBeLessThan(200);
  });
});

describe.each(benchAlgorithms)('the TensorFlow.js contender of %s', (algorithm) => {
  test('reads the clock around its work, and gives back what it took', async () => {
    const before = memory().numTensors;
    let ticks = 0;
    const peer = await tfjsContender('cpu', { algorithm, hidden: 8, batch: 16 }, () => ticks++);
    expect(await peer.time(2)).toBe(1);
    const warm = memory().numTensors;
    expect(await peer.time(4)).toBe(1);
    expect(memory().numTensors).toBe(warm);
    await peer.close();
    expect(memory().numTensors).toBe(before);
  });
  test('moves every weight and keeps it finite', async () => {
    const others = new Set(Object.keys(engine().registeredVariables));
    const peer = await tfjsContender('cpu', { algorithm, hidden: 8, batch: 16 }, () => 0);
    const weights = Object.values(engine().registeredVariables).filter(({ name }) => !others.has(name));
    const before = weights.map((weight) => [...weight.dataSync()]);
    await peer.time(6);
    for (const [place, weight] of weights.entries()) {
      const after = [...weight.dataSync()];
      expect(after, weight.name).not.toEqual(before[place]);
      expect(after.every(Number.isFinite), weight.name).toBe(true);
    }
    await peer.close();
  });
});
