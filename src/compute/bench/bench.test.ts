import { memory } from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import type { Contender } from './contender';
import { makeRecords, recordLayout, transitions } from './problem';
import { type EngineReport, type Row, ratiosOf, tableOf } from './report';
import { median, timeInRounds } from './rounds';
import { tfjsContender } from './tfjsIql';

/** Takes the milliseconds an update that `cost` says, and writes down who ran. */
function contender(executor: string, cost: (updatesBefore: number) => number, log: string[] = []) {
  let done = 0;
  const made: Contender & { updates(): number } = {
    executor,
    version: '1',
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
  });
});

describe('report', () => {
  const row = (executor: string, medianMs: number): Row => ({
    algorithm: 'iql',
    hidden: 64,
    batch: 64,
    executor,
    medianMs,
  });
  const rows = [row('wasm', 0.5), row('tfjs-wasm', 15), row('torch-cpu', 4)];

  test('ratios are of medians, against wasm at the same size', () => {
    expect(ratiosOf(rows).map(({ executor, timesWasm }) => [executor, timesWasm])).toEqual([
      ['tfjs-wasm', 30],
      ['torch-cpu', 8],
    ]);
    expect(() => ratiosOf([{ ...row('wasm', 1), batch: 256 }, row('peer', 1)])).toThrow('no wasm row');
  });
  test('the table shows every figure and names what was skipped', () => {
    const report: EngineReport = {
      benchmark: 'engine',
      host: 'Node',
      machine: 'a machine',
      versions: { wasm: 'here' },
      rounds: 3,
      rows,
      ratios: ratiosOf(rows),
      peak: { gigaflops: 40, form: 'nn', rows: 64, columns: 64, depth: 32 },
      efficiency: [{ hidden: 64, batch: 64, gigaflops: 30, shareOfPeak: 0.75 }],
      skipped: [{ executor: 'other', reason: 'not installed' }],
    };
    const text = tableOf(report);
    for (const part of [
      '2×64/64',
      '0.50 ms',
      '15.0 ms',
      '×30',
      '×8.0',
      '75 %',
      '40.0 GFLOP/s (nn, 64×64, depth 32)',
      'Skipped other: not installed',
    ]) {
      expect(text).toContain(part);
    }
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

test('the TensorFlow.js contender reads the clock around its work, and gives back what it took', async () => {
  const before = memory().numTensors;
  let ticks = 0;
  const peer = await tfjsContender('cpu', { hidden: 8, batch: 16 }, () => ticks++);
  expect(await peer.time(1)).toBe(1);
  const warm = memory().numTensors;
  expect(await peer.time(3)).toBe(1);
  expect(memory().numTensors).toBe(warm);
  await peer.close();
  expect(memory().numTensors).toBe(before);
});
