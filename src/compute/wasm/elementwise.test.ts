import { describe, expect, test } from 'vitest';
import type { Instruction, Place } from '../program/plan';
import type { Axis, BinaryOp, Shape, UnaryOp } from '../program/program';
import { bitsOf, elements, Image, randomFloats, read, shape } from './testing';

/** A place of the shape `of` that reads `place`, broadcasting where `place` has size 1. */
function broadcast(place: Place, of: Shape): Place {
  return { ...place, shape: of };
}

const { fround } = Math;
const binary: Record<BinaryOp, (x: number, y: number) => number> = {
  add: (x, y) => fround(x + y),
  subtract: (x, y) => fround(x - y),
  multiply: (x, y) => fround(x * y),
  divide: (x, y) => fround(x / y),
  minimum: (x, y) => (y < x ? y : x),
  maximum: (x, y) => (x < y ? y : x),
  less: (x, y) => (x < y ? 1 : 0),
  equal: (x, y) => (x === y ? 1 : 0),
};
const unary: Partial<Record<UnaryOp | 'copy', (x: number) => number>> = {
  copy: (x) => x,
  negate: (x) => -x,
  square: (x) => fround(x * x),
  sqrt: (x) => fround(Math.sqrt(x)),
  reciprocal: (x) => fround(1 / x),
  relu: (x) => (x < 0 ? 0 : x),
  absolute: (x) => Math.abs(x),
  sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : 0),
};

/** Numbers with ties, both zeros, infinities and NaN among them. */
function awkward(of: Shape, seed: number): Float32Array {
  const special = [0, -0, 1, 1, Infinity, -Infinity, Number.NaN, 1e-40];
  return randomFloats(elements(of), seed).map((value, i) =>
    i % 3 === 0 ? special[(i + seed) % special.length] : value,
  );
}

const shapes = [
  shape(1, 1, 1),
  shape(1, 3, 1),
  shape(1, 1, 6),
  shape(2, 3, 5),
  shape(3, 2, 8),
  shape(2, 1, 17),
  shape(2, 4, 1),
];
/** Every way of broadcasting `of`: each axis kept or 1. */
function broadcastsOf({ members, rows, columns }: Shape): Shape[] {
  const found = new Map<string, Shape>();
  for (const m of [1, members])
    for (const r of [1, rows]) for (const c of [1, columns]) found.set(`${m},${r},${c}`, shape(m, r, c));
  return [...found.values()];
}

/** NaN has no fixed bits in WebAssembly, so all NaN count as one. */
const comparable = (values: Float32Array) => bitsOf(values.map((value) => (Number.isNaN(value) ? Number.NaN : value)));

test.each(Object.entries(binary))('%s, whatever broadcasts', async (kind, define) => {
  for (const of of shapes)
    for (const ofX of broadcastsOf(of))
      for (const ofY of broadcastsOf(of)) {
        const image = new Image();
        const x = broadcast(image.place(ofX, awkward(ofX, 1)), of);
        const y = broadcast(image.place(ofY, awkward(ofY, 2)), of);
        const out = image.place(of);
        const result = await image.run([{ op: 'binary', kind: kind as BinaryOp, x, y, out }]);
        const ys = result(y);
        const expected = result(x).map((value, i) => define(value, ys[i]));
        expect(comparable(result(out)), JSON.stringify([ofX, ofY])).toEqual(comparable(expected));
      }
});

test.each(Object.entries(unary))('%s, whatever broadcasts', async (kind, define) => {
  for (const of of shapes)
    for (const ofX of broadcastsOf(of)) {
      const image = new Image();
      const x = broadcast(image.place(ofX, awkward(ofX, 3)), of);
      const out = image.place(of);
      const result = await image.run([{ op: 'unary', kind: kind as UnaryOp, x, out }]);
      expect(comparable(result(out))).toEqual(comparable(result(x).map(define)));
    }
});

test('select takes x where the condition is not 0, and a NaN is not 0', async () => {
  for (const of of shapes)
    for (const ofX of broadcastsOf(of)) {
      const image = new Image();
      const ofCondition = shape(1, of.rows, of.columns);
      const chosen = awkward(ofCondition, 2).map((value) => (value < 0 ? 0 : value));
      const condition = broadcast(image.place(ofCondition, chosen), of);
      const x = broadcast(image.place(ofX, awkward(ofX, 1)), of);
      const y = image.place(of, awkward(of, 4));
      const out = image.place(of);
      const result = await image.run([{ op: 'select', condition, x, y, out }]);
      const [xs, ys] = [result(x), result(y)];
      const expected = result(condition).map((value, i) => (value !== 0 ? xs[i] : ys[i]));
      expect(comparable(result(out))).toEqual(comparable(expected));
    }
});

test('results may replace an operand', async () => {
  const image = new Image();
  const x = image.place(shape(2, 3, 5), randomFloats(30, 1));
  const y = image.place(shape(1, 3, 1), randomFloats(3, 2));
  const before = read(new Float32Array(image.state(image.plan([])).buffer), x);
  const result = await image.run([{ op: 'binary', kind: 'add', x, y: broadcast(y, x.shape), out: x }]);
  const ys = result(broadcast(y, x.shape));
  expect(bitsOf(result(x))).toEqual(bitsOf(before.map((value, i) => fround(value + ys[i]))));
});

test('fill and copy write rows or members inside a larger array, and nothing else', async () => {
  const image = new Image();
  const whole = image.place(shape(2, 6, 5), new Float32Array(60).fill(9));
  const x = image.place(shape(2, 2, 5), randomFloats(20, 1));
  const rows = (first: number, count: number): Place => ({
    ...whole,
    offset: whole.offset + 4 * 5 * first,
    shape: shape(2, count, 5),
  });
  const result = await image.run([
    { op: 'unary', kind: 'copy', x, out: rows(1, 2) },
    { op: 'fill', value: -0.25, out: rows(4, 1) },
  ]);
  const expected = new Float32Array(60).fill(9);
  const values = result(x);
  for (const member of [0, 1]) {
    expected.set(values.subarray(member * 10, member * 10 + 10), member * 30 + 5);
    expected.fill(-0.25, member * 30 + 20, member * 30 + 25);
  }
  expect(result(whole)).toEqual(expected);
});

// ---------------------------------------------------------------------------------------------------------------------

type Reduce = Extract<Instruction, { op: 'reduce' }>;
const combine: Record<Reduce['kind'], (x: number, y: number) => number> = {
  sum: binary.add,
  minimum: binary.minimum,
  maximum: binary.maximum,
};

/** The order assembly/reduce.ts fixes: from first to last, but sixteen partial results and a tree over columns. */
function reduceInOrder(values: readonly number[], kind: Reduce['kind'], axis: Axis): number {
  const f = combine[kind];
  if (axis !== 'columns' || values.length === 1) return values.reduce((x, y) => f(x, y));
  const neutral = { sum: 0, minimum: Infinity, maximum: -Infinity }[kind];
  const p = new Array<number>(16).fill(neutral);
  values.forEach((value, c) => {
    p[c % 16] = f(p[c % 16], value);
  });
  const q = [0, 1, 2, 3].map((j) => f(f(p[j], p[j + 4]), f(p[j + 8], p[j + 12])));
  return f(f(q[0], q[1]), f(q[2], q[3]));
}

describe.each(['members', 'rows', 'columns'] as const)('reduction over %s', (axis) => {
  test.each(['sum', 'minimum', 'maximum'] as const)('%s, in the fixed order', async (kind) => {
    for (const of of [...shapes, shape(2, 5, 64), shape(5, 2, 39), shape(2, 3, 15), shape(64, 1, 1), shape(1, 64, 1)])
      for (const ofX of broadcastsOf(of)) {
        const image = new Image();
        const x = broadcast(image.place(ofX, randomFloats(elements(ofX), 5)), of);
        const out = image.place({ ...of, [axis]: 1 });
        const result = await image.run([{ op: 'reduce', kind, axis, x, out }]);
        const values = result(x);
        const stride = { members: of.rows * of.columns, rows: of.columns, columns: 1 }[axis];
        const expected: number[] = [];
        for (let i = 0; i < values.length; i++)
          if (Math.floor(i / stride) % of[axis] === 0) {
            const along = Array.from({ length: of[axis] }, (_, n) => values[i + n * stride]);
            // What broadcasts along columns is added up one after another.
            expected.push(reduceInOrder(along, kind, axis === 'columns' && x.column === 0 ? 'rows' : axis));
          }
        expect(bitsOf(result(out)), JSON.stringify([of, ofX])).toEqual(bitsOf(Float32Array.from(expected)));
      }
  });
});
