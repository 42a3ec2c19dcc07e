import { describe, expect, test } from 'vitest';
import { sha256Hex } from '../../numeric/digest';
import type { Instruction, Place } from '../program/plan';
import { adam } from '../program/program';
import { openPlan } from './engine';
import { bitsOf, Image, randomFloats, shape } from './testing';

const { fround } = Math;

describe('blocks', () => {
  /** Counts how often its body ran. */
  async function passes(
    block: (scalar: (value: number) => Place) => Omit<Extract<Instruction, { op: 'block' }>, 'op' | 'body'>,
    updates: number,
  ) {
    const image = new Image();
    const count = image.scalar(0);
    const one = image.scalar(1);
    const body: Instruction[] = [{ op: 'binary', kind: 'add', x: count, y: one, out: count }];
    const after = image.scalar(0);
    const result = await image.run(
      [
        { op: 'block', ...block((value) => image.scalar(value)), body },
        { op: 'binary', kind: 'add', x: after, y: one, out: after },
      ],
      updates,
    );
    expect(result(after)[0]).toBe(updates);
    return result(count)[0];
  }
  test('every 3 runs at updates 0, 3 and 6 of 8', async () => expect(await passes(() => ({ every: 3 }), 8)).toBe(3));
  test('repeat 5 runs five times an update', async () => expect(await passes(() => ({ repeat: 5 }), 2)).toBe(10));
  test('repeat 0 never runs', async () => expect(await passes(() => ({ repeat: 0 }), 2)).toBe(0));
  test('enabled runs while the scalar is not 0', async () => {
    expect(await passes((scalar) => ({ enabled: scalar(0) }), 4)).toBe(0);
    expect(await passes((scalar) => ({ enabled: scalar(0.5) }), 4)).toBe(4);
  });
});

test('Adam follows its formula, one float32 rounding an operation, and flushes dead moments to 0', async () => {
  const image = new Image();
  const count = 12;
  const [parameters, gradients, first, second] = [1, 2, 3, 4].map((seed) =>
    image.place(
      shape(1, 1, count),
      randomFloats(count, seed).map((value) => (seed === 4 ? value * value : value)),
    ),
  );
  const expected = {
    parameter: randomFloats(count, 1),
    first: randomFloats(count, 3),
    second: randomFloats(count, 4).map((value) => value * value),
  };
  // Element 0 has no gradient and moments about to become subnormal.
  const powers = image.place(shape(1, 1, 4), new Float32Array(new Float64Array([1, 1]).buffer));
  const rate = image.scalar(0.01);
  const zero: Place = { ...gradients, shape: shape(1, 1, 1), column: 0 };
  const tiny = image.scalar(1.05e-30);
  const at = (place: Place): Place => ({ ...place, shape: shape(1, 1, 1), column: 0 });
  const prepare: Instruction[] = [
    { op: 'fill', value: 0, out: zero },
    {
      op: 'block',
      every: 100,
      body: [
        { op: 'unary', kind: 'copy', x: tiny, out: at(first) },
        { op: 'unary', kind: 'copy', x: tiny, out: at(second) },
      ],
    },
  ];
  const result = await image.run(
    [
      ...prepare,
      {
        op: 'adam',
        ...{ parameters: parameters.offset, gradients: gradients.offset, first: first.offset, second: second.offset },
        ...{ powers: powers.offset, count, learningRate: rate },
      },
    ],
    2,
  );
  const gradient = result(gradients);
  expected.first[0] = expected.second[0] = 1.05e-30;
  let [power1, power2] = [1, 1];
  const [beta1, beta2, rest1, rest2] = [adam.beta1, adam.beta2, 1 - adam.beta1, 1 - adam.beta2].map(fround);
  const flush = (value: number) => (Math.abs(value) < fround(1e-30) ? 0 : value);
  for (let update = 0; update < 2; update++) {
    power1 *= adam.beta1;
    power2 *= adam.beta2;
    const step = fround(fround(0.01) / (1 - power1));
    const scale = fround(1 / Math.sqrt(1 - power2));
    for (let i = 0; i < count; i++) {
      const g = gradient[i];
      const m = flush(fround(fround(expected.first[i] * beta1) + fround(g * rest1)));
      const v = flush(fround(fround(expected.second[i] * beta2) + fround(fround(g * g) * rest2)));
      const divisor = fround(fround(fround(Math.sqrt(v)) * scale) + fround(adam.epsilon));
      expected.first[i] = m;
      expected.second[i] = v;
      expected.parameter[i] = fround(expected.parameter[i] - fround(fround(step * m) / divisor));
    }
  }
  expect(expected.first[0]).toBe(0);
  expect(bitsOf(result(parameters))).toEqual(bitsOf(expected.parameter));
  expect(bitsOf(result(first))).toEqual(bitsOf(expected.first));
  expect(bitsOf(result(second))).toEqual(bitsOf(expected.second));
  expect(Array.from(new Float64Array(result(powers).buffer))).toEqual([power1, power2]);
});

test('polyak moves the target by the rate', async () => {
  const image = new Image();
  const target = image.place(shape(1, 1, 8), randomFloats(8, 1));
  const source = image.place(shape(1, 1, 8), randomFloats(8, 2));
  const rate = image.scalar(0.005);
  const result = await image.run([{ op: 'polyak', target: target.offset, source: source.offset, count: 8, rate }]);
  const before = randomFloats(8, 1);
  const expected = result(source).map((value, i) =>
    fround(before[i] + fround(fround(0.005) * fround(value - before[i]))),
  );
  expect(bitsOf(result(target))).toEqual(bitsOf(expected));
});

test.each([
  [1, [3, 0, 0, 4, 0, 0, 0, 12], 13],
  [20, [3, 0, 0, 4, 0, 0, 0, 12], 13],
])('clipping to %i leaves the direction and shortens what is longer', async (limit, values, norm) => {
  const image = new Image();
  const gradients = image.place(shape(1, 1, 8), Float32Array.from(values));
  const result = await image.run([{ op: 'clip', gradients: gradients.offset, count: 8, limit }]);
  const scale = norm > limit ? fround(limit / norm) : 1;
  expect(Array.from(result(gradients))).toEqual(values.map((value) => fround(value * scale)));
});

/** Regression of a noisy quadratic by a small network: every kind of instruction that training uses. */
function regression() {
  const image = new Image({ seed: 3, stride: 4, records: [64, 0] });
  const fill = (of: ReturnType<typeof shape>, seed: number) =>
    image.place(
      of,
      randomFloats(of.members * of.rows * of.columns, seed).map((value) => value * 0.5),
    );
  const arenaCount = 8 * 3 + 8 + 8 + 4;
  const arena = fill(shape(1, 1, arenaCount), 1);
  const [first, second] = [0, 1].map(() => image.place(shape(1, 1, arenaCount), new Float32Array(arenaCount)));
  const gradients = image.place(shape(1, 1, arenaCount), new Float32Array(arenaCount));
  const target = fill(shape(1, 1, arenaCount), 2);
  const powers = image.place(shape(1, 1, 4), new Float32Array(new Float64Array([1, 1]).buffer));
  const part = (whole: Place, firstFloat: number, rows: number, columns: number): Place => ({
    offset: whole.offset + 4 * firstFloat,
    shape: shape(1, rows, columns),
    member: 0,
    row: rows > 1 ? columns : 0,
    column: columns > 1 ? 1 : 0,
  });
  const [weight0, bias0, weight1] = [part(arena, 0, 8, 3), part(arena, 24, 8, 1), part(arena, 32, 1, 8)];
  const [weightGradient0, biasGradient0, weightGradient1] = [
    part(gradients, 0, 8, 3),
    part(gradients, 24, 8, 1),
    part(gradients, 32, 1, 8),
  ];
  const batch = image.place(shape(1, 4, 16));
  const noise = image.place(shape(1, 1, 16));
  const [hidden, hiddenGradient] = [0, 1].map(() => image.place(shape(1, 8, 16)));
  const [output, error, squares] = [0, 1, 2].map(() => image.place(shape(1, 1, 16)));
  const loss = image.place(shape(1, 1, 1));
  const features = { ...batch, shape: shape(1, 3, 16) };
  const labels: Place = { ...batch, offset: batch.offset + 4 * 3 * 16, shape: shape(1, 1, 16), row: 0 };
  const none = { activation: 'none' } as const;
  const instructions: Instruction[] = [
    { op: 'gather', stream: 0x10000, out: batch },
    { op: 'random', distribution: 'normal', stream: 0x20000, out: noise },
    { op: 'matmul', form: 'nn', a: weight0, b: features, bias: bias0, out: hidden, activation: 'relu' },
    { op: 'matmul', form: 'nn', a: weight1, b: hidden, out: output, activation: 'tanh' },
    { op: 'binary', kind: 'subtract', x: output, y: labels, out: error },
    { op: 'binary', kind: 'add', x: error, y: noise, out: error },
    { op: 'unary', kind: 'square', x: error, out: squares },
    { op: 'unary', kind: 'softplus', x: squares, out: squares },
    { op: 'reduce', kind: 'sum', axis: 'columns', x: squares, out: loss },
    { op: 'metric', column: 0, value: loss },
    { op: 'matmul', form: 'tn', a: weight1, b: error, mask: hidden, out: hiddenGradient, ...none },
    { op: 'matmul', form: 'nt', a: error, b: hidden, out: weightGradient1, ...none },
    { op: 'matmul', form: 'nt', a: hiddenGradient, b: features, out: weightGradient0, ...none },
    { op: 'reduce', kind: 'sum', axis: 'columns', x: hiddenGradient, out: biasGradient0 },
    { op: 'clip', gradients: gradients.offset, count: arenaCount, limit: 5 },
    {
      op: 'adam',
      ...{ parameters: arena.offset, gradients: gradients.offset, first: first.offset, second: second.offset },
      ...{ powers: powers.offset, count: arenaCount, learningRate: image.scalar(0.01) },
    },
    {
      op: 'block',
      every: 2,
      body: [{ op: 'polyak', target: target.offset, source: arena.offset, count: arenaCount, rate: image.scalar(0.1) }],
    },
  ];
  const plan = image.plan(instructions, ['loss', 'unused'], 8);
  return { plan, state: image.state(plan) };
}

async function openRegression() {
  const { plan, state } = regression();
  const session = await openPlan(plan, state);
  await session.writeRecords('data', 0, randomFloats(64 * 4, 9), 64);
  session.setBatchSplit({ offlineColumns: 16 });
  return session;
}

test('the same bits whether updates come in one call or in many, shorter and longer than the log', async () => {
  const [whole, parts] = [await openRegression(), await openRegression()];
  const rows = await whole.run(40);
  const collected: number[] = [];
  for (const updates of [1, 7, 8, 9, 15]) collected.push(...(await parts.run(updates)));
  expect(rows.length).toBe(80);
  expect(collected).toEqual(Array.from(rows));
  expect(await parts.readState()).toEqual(await whole.readState());
});

test('a session continues from another one’s state, bit for bit', async () => {
  const [first, second] = [await openRegression(), await openRegression()];
  await first.run(10);
  await second.writeState(await first.readState());
  expect(await second.run(5)).toEqual(await first.run(5));
});

test('100 updates of a small program give the bits they always gave', async () => {
  const session = await openRegression();
  const rows = await session.run(100);
  const state = await session.readState();
  // Made by this program; changes only when a kernel's order of operations does, and then every link's digest changes too.
  expect(sha256Hex(new Uint8Array(rows.buffer), state)).toBe(
    'd4df6c1709ba7f1b1f1da1641a1276e9a4aaabe772a64c9f2def7529f51f3410',
  );
  expect(rows[198]).toBeLessThan(rows[0]);
});
