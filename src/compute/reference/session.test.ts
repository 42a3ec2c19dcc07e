import { describe, expect, test } from 'vitest';
import { indexFromBits, normalFromBits, threefry2x32, uniformFromBits } from '../../numeric/random';
import { shapeOf } from '../program/shapes';
import type { Tensor } from '../program/tensor';
import { type ProgramRecorder, traceProgramSet, transitionLayout } from '../program/trace';
import { readParameters } from '../state';
import { ReferenceSession } from './session';

const record = transitionLayout(1, 1);
const seed = 11;
type Body = (tools: { record: ProgramRecorder; observation: Tensor; weight: Tensor }) => Record<string, Tensor>;
function open(body: Body): ReferenceSession {
  const programs = traceProgramSet({ record, batch: 4 }, (tracer) => {
    tracer.module('m', [{ name: 'w', shape: shapeOf(1, 1, 2), initial: { kind: 'constant', value: 0.5 } }]);
    const weight = () => tracer.parameter('m', 'w');
    tracer.update(
      ({ observation }, recorder) =>
        body({
          record: recorder,
          observation,
          get weight() {
            return weight();
          },
        }),
      { learningRate: tracer.scalar('learningRate', 0.1) },
    );
  });
  return new ReferenceSession(programs, { seed, dataCapacity: 100, replayCapacity: 100 });
}
/** Record i of a source holds the observation first + i. */
function numbered(first: number, count: number): Float32Array {
  const records = new Float32Array(count * record.stride);
  for (let i = 0; i < count; i++) records[i * record.stride] = first + i;
  return records;
}
function bits(stream: number, counter: number, index: number): number {
  const words = new Uint32Array(2);
  threefry2x32(seed, stream, counter, index, words);
  return words[0];
}
/** Three sums that together tell which numbers the four columns hold. */
const sums = (x: Tensor) => ({ sum: x.sum(), squares: x.square().sum(), cubes: x.square().mul(x).sum() });
const sumsOf = (values: readonly number[]) => [
  values.reduce((sum, x) => sum + x, 0),
  values.reduce((sum, x) => sum + x * x, 0),
  values.reduce((sum, x) => sum + x * x * x, 0),
];
const four = [0, 1, 2, 3];

describe('batches', () => {
  const body: Body = ({ observation }) => sums(observation);
  async function filled() {
    const session = open(body);
    await session.writeRecords('data', 0, numbered(0, 30), 30);
    await session.writeRecords('replay', 0, numbered(40, 20), 20);
    return session;
  }
  test('apart: the first columns from the data, the rest from replay', async () => {
    const session = await filled();
    session.setBatchSplit({ offlineColumns: 3 });
    const log = await session.run(2);
    const expected = [0, 1].flatMap((update) =>
      sumsOf(
        four.map((c) => {
          const word = bits(0x10000, update, c);
          return c < 3 ? indexFromBits(word, 30) : 40 + indexFromBits(word, 20);
        }),
      ),
    );
    expect(Array.from(log)).toEqual(expected);
  });
  test('together: one draw over both', async () => {
    const session = await filled();
    session.setBatchSplit({ offlineColumns: 'proportional' });
    const log = await session.run(5);
    const expected = [0, 1, 2, 3, 4].flatMap((update) =>
      sumsOf(
        four.map((c) => {
          const index = indexFromBits(bits(0x10000, update, c), 50);
          return index < 30 ? index : 40 + index - 30;
        }),
      ),
    );
    expect(Array.from(log)).toEqual(expected);
  });
  test('too many records are refused', async () => {
    const session = open(body);
    await expect(session.writeRecords('data', 90, numbered(0, 20), 110)).rejects.toThrow('do not fit');
  });
});

describe('noise', () => {
  test('is addressed by stream, update and element', async () => {
    const session = open(({ record: { normal, uniform } }) => ({
      ...sums(normal(1)),
      uniform: uniform(2).sum(),
    }));
    const log = await session.run(2);
    for (const update of [0, 1]) {
      const [sum, , , uniforms] = log.slice(4 * update, 4 * update + 4);
      const normals = four.map((i) => normalFromBits(bits(0x20000, update, i)));
      expect(sum).toBeCloseTo(
        normals.reduce((a, b) => a + b),
        5,
      );
      const expected = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => uniformFromBits(bits(0x20001, update, i)));
      expect(uniforms).toBeCloseTo(
        expected.reduce((a, b) => a + b),
        5,
      );
    }
  });
  test('is fresh in every pass of nested loops', async () => {
    const session = open(({ record: { normal, repeat } }) =>
      repeat(2, () => repeat(3, () => ({ last: normal(1).sum() }))),
    );
    const [, last] = await session.run(2);
    // Second update, pass 1 of 2 and 2 of 3: repetition 1·3 + 2.
    const expected = four.map((i) => normalFromBits(bits(0x20000, 1 + 5 * 2 ** 24, i)));
    expect(last).toBeCloseTo(
      expected.reduce((a, b) => a + b),
      5,
    );
  });
});

describe('blocks', () => {
  test('every n runs on updates divisible by n; its metrics stay in between', async () => {
    const session = open(({ record: { every, minimize }, weight }) => {
      const now = weight.sum();
      const held = every(3, () => minimize(weight.sum(), { module: 'm' }));
      return { now, held };
    });
    const log = await session.run(5);
    const [now, held] = [0, 1].map((column) => four.concat(4).map((update) => log[2 * update + column]));
    expect(held).toEqual([now[0], now[0], now[0], now[3], now[3]]);
    expect(now[1]).toBeLessThan(now[0]);
    expect([now[2], now[3]]).toEqual([now[1], now[1]]);
    expect(now[4]).toBeLessThan(now[3]);
  });
});

describe('Adam', () => {
  test('moves by about the learning rate against the sign of a constant gradient', async () => {
    const session = open(({ record: { minimize }, weight }) => ({
      loss: minimize(weight.mul(3).sum(), { module: 'm' }),
    }));
    await session.run(4);
    const { m } = readParameters(session.plan, await session.readState());
    for (const value of m.w) expect(value).toBeCloseTo(0.5 - 4 * 0.1, 5);
  });
  test('follows the published recursion', async () => {
    // Kingma & Ba 2014, https://arxiv.org/abs/1412.6980, algorithm 1, in float64.
    const session = open(({ record: { minimize }, weight }) => ({
      loss: minimize(weight.square().sum(), { module: 'm' }),
    }));
    await session.run(20);
    let [theta, m, v] = [0.5, 0, 0];
    for (let t = 1; t <= 20; t++) {
      const gradient = 2 * theta;
      m = 0.9 * m + 0.1 * gradient;
      v = 0.999 * v + 0.001 * gradient ** 2;
      theta -= (0.1 * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8);
    }
    const { m: weights } = readParameters(session.plan, await session.readState());
    for (const value of weights.w) expect(value).toBeCloseTo(theta, 5);
  });
  test('clips the gradient’s norm', async () => {
    const session = open(({ record: { minimize }, weight }) => ({
      loss: minimize(weight.mul(30).sum(), { module: 'm' }, undefined, { gradientClip: 0.5 }),
    }));
    await session.run(1);
    const [arena] = session.plan.arenas;
    const gradient = session.interpreter.floats.subarray(arena.gradients! / 4, arena.gradients! / 4 + 2);
    for (const value of gradient) expect(value).toBeCloseTo(0.5 / Math.sqrt(2), 6);
  });
});

test.each(['single', 'double'] as const)('a state read and written back goes on unchanged (%s)', async (precision) => {
  const make = () => {
    const { programs } = learner();
    return new ReferenceSession(programs, { seed, dataCapacity: 4, replayCapacity: 4 }, precision);
  };
  const [whole, first, second] = [make(), make(), make()];
  await whole.run(2);
  await first.run(2);
  await second.writeState(await first.readState());
  const [expected, actual] = [await whole.run(3), await second.run(3)];
  // In double precision the image rounds to float32, so only the first digits agree.
  if (precision === 'single') expect(actual).toEqual(expected);
  else
    actual.forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i], 5);
    });
});
function learner() {
  const programs = traceProgramSet({ record, batch: 4 }, (tracer) => {
    tracer.module('m', [{ name: 'w', shape: shapeOf(1, 1, 2), initial: { kind: 'uniform', bound: 1 } }]);
    tracer.update(
      (_, { minimize }) => ({ loss: minimize(tracer.parameter('m', 'w').square().sum(), { module: 'm' }) }),
      {
        learningRate: tracer.scalar('learningRate', 0.1),
      },
    );
  });
  return { programs };
}
