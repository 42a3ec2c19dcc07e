import { describe, expect, test } from 'vitest';
import type { Instruction, Place } from '../program/plan';
import { bitsOf, Image, randomFloats, read, shape } from './testing';

type Product = Extract<Instruction, { op: 'matmul' }>;

/** The definition: one float32 accumulator an element, from the bias, k upwards, every product and sum rounded. */
function product({ form, a, b, out, bias, mask, activation }: Product, memory: (place: Place) => Float32Array) {
  const [A, B] = [memory(a), memory(b)];
  const [biases, masks] = [bias && memory(bias), mask && memory(mask)];
  const { members, rows, columns } = out.shape;
  const depth = form === 'tn' ? a.shape.rows : a.shape.columns;
  const [sizeA, sizeB] = [a.shape.rows * a.shape.columns, b.shape.rows * b.shape.columns];
  const values = new Float32Array(members * rows * columns);
  for (let member = 0; member < members; member++)
    for (let m = 0; m < rows; m++)
      for (let n = 0; n < columns; n++) {
        const firstA = a.shape.members > 1 ? member * sizeA : 0;
        const firstB = b.shape.members > 1 ? member * sizeB : 0;
        let sum = biases ? biases[(bias?.shape.members === 1 ? 0 : member * rows) + m] : 0;
        for (let k = 0; k < depth; k++) {
          const x = A[firstA + (form === 'tn' ? k * rows + m : m * depth + k)];
          const y = B[firstB + (form === 'nt' ? n * depth + k : k * columns + n)];
          sum = Math.fround(sum + Math.fround(x * y));
        }
        const i = (member * rows + m) * columns + n;
        if (activation === 'relu') sum = Math.max(sum, 0);
        values[i] = masks && masks[i] <= 0 ? 0 : sum;
      }
  return values;
}

interface Case {
  readonly form: 'nn' | 'tn' | 'nt';
  readonly sizes: readonly [rows: number, columns: number, depth: number];
  readonly members?: readonly [number, number];
  readonly bias?: boolean;
  readonly mask?: boolean;
  readonly relu?: boolean;
}
/** The engine's result and the definition's. */
async function both({ form, sizes: [M, N, K], members = [1, 1], bias, mask, relu }: Case) {
  const image = new Image();
  const fill = (of: ReturnType<typeof shape>, seed: number) =>
    image.place(of, randomFloats(of.members * of.rows * of.columns, seed));
  const a = fill(form === 'tn' ? shape(members[0], K, M) : shape(members[0], M, K), 1);
  const b = fill(form === 'nt' ? shape(members[1], N, K) : shape(members[1], K, N), 2);
  const count = Math.max(...members);
  const out = image.place(shape(count, M, N));
  const instruction: Product = {
    op: 'matmul',
    ...{ form, a, b, out },
    activation: relu ? 'relu' : 'none',
    ...(bias ? { bias: fill(shape(count, M, 1), 3) } : {}),
    ...(mask ? { mask: fill(shape(count, M, N), 4) } : {}),
  };
  const before = new Float32Array(image.state(image.plan([instruction])).buffer);
  const result = await image.run([instruction]);
  return { actual: result(out), expected: product(instruction, (place) => read(before, place)) };
}

const edges = [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17];

describe.each(['nn', 'tn', 'nt'] as const)('%s gives the bits of the plain loop', (form) => {
  test('at every size round the edges of its blocks', async () => {
    for (const M of edges)
      for (const N of [...edges, 20, 33]) {
        const { actual, expected } = await both({ form, sizes: [M, N, (M * 7 + N) % 19 || 1] });
        expect(bitsOf(actual), `${M} × ${N}`).toEqual(bitsOf(expected));
      }
  });
  test.each([
    [64, 64, 64],
    [63, 65, 127],
    [65, 63, 128],
    [10, 48, 129],
    [7, 32, 200],
    [30, 64, 128],
    [64, 96, 256],
  ])('at %i × %i, depth %i, packed or not', async (M, N, K) => {
    const { actual, expected } = await both({ form, sizes: [M, N, K] });
    expect(bitsOf(actual)).toEqual(bitsOf(expected));
  });
  test.each([
    [3, 3],
    [1, 3],
    [3, 1],
  ])('for %i and %i members, one of either serving all', async (...members) => {
    const { actual, expected } = await both({ form, sizes: [9, 20, 6], members });
    expect(bitsOf(actual)).toEqual(bitsOf(expected));
  });
});

test('nn starts from the bias and ends with ReLU', async () => {
  for (const M of [1, 2, 9])
    for (const N of [3, 4, 20, 32])
      for (const relu of [false, true]) {
        const { actual, expected } = await both({ form: 'nn', sizes: [M, N, 5], members: [2, 1], bias: true, relu });
        expect(bitsOf(actual)).toEqual(bitsOf(expected));
      }
});

test('tn gives 0 where the mask is not positive', async () => {
  for (const M of [1, 4, 6])
    for (const N of [3, 8, 13]) {
      const { actual, expected } = await both({ form: 'tn', sizes: [M, N, 5], members: [2, 2], mask: true });
      expect(bitsOf(actual)).toEqual(bitsOf(expected));
      expect(actual.some((value) => value === 0)).toBe(true);
    }
});

test('operands may be rows of a larger array, and the result rows of another', async () => {
  const image = new Image();
  const record = image.place(shape(1, 12, 16), randomFloats(192, 1));
  const weight = image.place(shape(1, 4, 3), randomFloats(12, 2));
  const b: Place = { ...record, offset: record.offset + 4 * 16 * 5, shape: shape(1, 3, 16) };
  const whole = image.place(shape(1, 9, 16), new Float32Array(144).fill(7));
  const out: Place = { ...whole, offset: whole.offset + 4 * 16 * 2, shape: shape(1, 4, 16) };
  const instruction: Product = { op: 'matmul', form: 'nn', a: weight, b, out, activation: 'none' };
  const before = new Float32Array(image.state(image.plan([instruction])).buffer);
  const result = await image.run([instruction]);
  expect(bitsOf(result(out))).toEqual(bitsOf(product(instruction, (place) => read(before, place))));
  expect(Array.from(result(whole).slice(0, 32))).toEqual(new Array(32).fill(7));
  expect(Array.from(result(whole).slice(96))).toEqual(new Array(48).fill(7));
});

test('NaN passes through ReLU, so a diverged network shows', async () => {
  const image = new Image();
  const a = image.place(shape(1, 1, 1), Float32Array.of(Number.NaN));
  const b = image.place(shape(1, 1, 4), Float32Array.of(1, 2, 3, 4));
  const out = image.place(shape(1, 1, 4));
  const result = await image.run([{ op: 'matmul', form: 'nn', a, b, out, activation: 'relu' }]);
  expect(Array.from(result(out))).toEqual([Number.NaN, Number.NaN, Number.NaN, Number.NaN]);
});

test('a plan whose sizes do not fit is refused in words', async () => {
  const image = new Image();
  const a = image.place(shape(1, 2, 3));
  const b = image.place(shape(1, 4, 8));
  const out = image.place(shape(1, 2, 8));
  await expect(image.run([{ op: 'matmul', form: 'nn', a, b, out, activation: 'none' }])).rejects.toThrow(
    'matmul nn: [1, 2, 3] and [1, 4, 8] do not give [1, 2, 8]',
  );
});
