import { describe, expect, test } from 'vitest';
import { indexFromBits, normalFromBits, threefry2x32, uniformFromBits } from '../../numeric/random';
import type { Instruction } from '../program/plan';
import { openPlan } from './engine';
import { bitsOf, Image, randomFloats, read, shape } from './testing';

const seed = 0xdeadbeef;

/** Word n of a stream, as `StateHeader` in plan.ts defines it. */
function bits(stream: number, update: number, n: number, repetition = 0): number {
  const words = new Uint32Array(2);
  threefry2x32(seed, stream, (update + repetition * 2 ** 24) >>> 0, n, words);
  return words[0];
}

describe.each([
  ['normal', normalFromBits],
  ['uniform', uniformFromBits],
] as const)('%s numbers', (distribution, fromBits) => {
  test('are those of numeric/random, bit for bit, at every count and update', async () => {
    for (const count of [1, 3, 4, 6, 257]) {
      const image = new Image({ seed });
      const out = image.place(shape(1, 1, count));
      const result = await image.run([{ op: 'random', distribution, stream: 0x20007, out }], 3);
      const expected = Float32Array.from({ length: count }, (_, n) => fromBits(bits(0x20007, 2, n)));
      expect(bitsOf(result(out))).toEqual(bitsOf(expected));
    }
  });
});

test('a tail of normal numbers as far out as the table goes is right', async () => {
  // 40,000 draws reach the octave of probabilities near 2⁻¹⁵.
  const image = new Image({ seed });
  const out = image.place(shape(1, 100, 400));
  const result = await image.run([{ op: 'random', distribution: 'normal', stream: 0x20000, out }]);
  const values = result(out);
  expect(Math.max(...values)).toBeGreaterThan(3.8);
  const expected = Float32Array.from({ length: 40_000 }, (_, n) => normalFromBits(bits(0x20000, 0, n)));
  expect(bitsOf(values)).toEqual(bitsOf(expected));
});

test('each pass of a repeated block draws afresh, nested ones numbered outer·inner', async () => {
  const image = new Image({ seed });
  const draw = image.place(shape(1, 1, 4));
  const total = image.place(shape(1, 1, 4), new Float32Array(4));
  const body: Instruction[] = [
    { op: 'random', distribution: 'uniform', stream: 5, out: draw },
    { op: 'binary', kind: 'add', x: total, y: draw, out: total },
  ];
  const result = await image.run([
    { op: 'block', repeat: 2, body: [{ op: 'block', repeat: 3, body }] },
    { op: 'random', distribution: 'uniform', stream: 6, out: draw },
  ]);
  const expected = Float32Array.from({ length: 4 }, (_, n) => {
    let sum = 0;
    for (let repetition = 0; repetition < 6; repetition++)
      sum = Math.fround(sum + uniformFromBits(bits(5, 0, n, repetition)));
    return sum;
  });
  expect(bitsOf(result(total))).toEqual(bitsOf(expected));
  expect(result(draw)[3]).toBe(uniformFromBits(bits(6, 0, 3)));
});

describe('a gathered batch', () => {
  const stride = 12;
  const counts = [50, 7] as const;
  const data = randomFloats(counts[0] * stride, 1);
  const replay = randomFloats(counts[1] * stride, 2);

  async function gather(columns: number, offlineColumns: number | 'proportional', sizes: readonly number[] = counts) {
    const image = new Image({ seed, stride, records: [60, 9] });
    const out = image.place(shape(1, stride, columns));
    const plan = image.plan([{ op: 'gather', stream: 0x10000, out }]);
    const session = await openPlan(plan, image.state(plan));
    await session.writeRecords('data', 0, data.subarray(0, sizes[0] * stride), sizes[0]);
    await session.writeRecords('replay', 0, replay.subarray(0, sizes[1] * stride), sizes[1]);
    session.setBatchSplit({ offlineColumns });
    await session.run(2);
    return read(new Float32Array((await session.readState()).buffer), out);
  }
  function expected(columns: number, record: (column: number, word: number) => Float32Array) {
    const values = new Float32Array(stride * columns);
    for (let column = 0; column < columns; column++) {
      const fields = record(column, bits(0x10000, 1, column));
      for (let field = 0; field < stride; field++) values[field * columns + column] = fields[field];
    }
    return values;
  }
  const row = (records: Float32Array, i: number) => records.subarray(i * stride, (i + 1) * stride);

  test.each([
    [16, 16],
    [16, 5],
    [32, 0],
    [4, 3],
  ])('of %i columns takes the first %i from the data, the others from replay', async (columns, offline) => {
    const drawn = expected(columns, (column, word) =>
      column < offline ? row(data, indexFromBits(word, counts[0])) : row(replay, indexFromBits(word, counts[1])),
    );
    expect(await gather(columns, offline)).toEqual(drawn);
  });
  test.each([
    [50, 7],
    [50, 0],
    [0, 7],
  ])('draws one index over both when proportional: %i records and %i', async (...sizes) => {
    const drawn = expected(64, (_, word) => {
      const index = indexFromBits(word, sizes[0] + sizes[1]);
      return index < sizes[0] ? row(data, index) : row(replay, index - sizes[0]);
    });
    expect(await gather(64, 'proportional', sizes)).toEqual(drawn);
  });
  test('of a ragged number of columns is refused', async () => {
    await expect(gather(7, 3)).rejects.toThrow('expected a batch of a multiple of 4, got 7');
  });
});
