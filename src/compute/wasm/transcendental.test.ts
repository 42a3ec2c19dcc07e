import { describe, expect, test } from 'vitest';
import { cos, exp, log, log1p, sigmoid, sin, tanh } from '../../numeric/math';
import type { UnaryOp } from '../program/program';
import { Image, shape, ulpDistance } from './testing';

async function evaluate(kind: UnaryOp, inputs: Float32Array): Promise<Float32Array> {
  const image = new Image();
  const x = image.place(shape(1, 1, inputs.length), inputs);
  const out = image.place(x.shape);
  const result = await image.run([{ op: 'unary', kind, x, out }]);
  return result(out);
}

/** `count` numbers evenly over [low, high], and as many whose size falls evenly over the powers of two down to 2⁻⁴⁰. */
function inputs(low: number, high: number, count = 20_000): Float32Array {
  const values: number[] = [];
  for (let i = 0; i <= count; i++) {
    const even = low + ((high - low) * i) / count;
    values.push(even);
    let power = 1;
    for (let n = i % 40; n > 0; n--) power /= 2;
    values.push(even * power);
  }
  return Float32Array.from(values);
}

/** `numeric/math` in float64, which is right to 2 units in the last place of a float64. */
const functions: { kind: UnaryOp; exact: (x: number) => number; low: number; high: number; bound: number }[] = [
  { kind: 'exp', exact: exp, low: -104, high: 90, bound: 2 },
  { kind: 'log', exact: log, low: 1e-38, high: 3e38, bound: 2 },
  { kind: 'log', exact: log, low: 0.25, high: 4, bound: 2 },
  { kind: 'log', exact: log, low: 1e-45, high: 1e-37, bound: 2 },
  { kind: 'tanh', exact: tanh, low: -10, high: 10, bound: 2 },
  { kind: 'sigmoid', exact: sigmoid, low: -103, high: 40, bound: 2 },
  { kind: 'softplus', exact: (x) => (x > 0 ? x + log1p(exp(-x)) : log1p(exp(x))), low: -103, high: 40, bound: 2 },
  { kind: 'sine', exact: sin, low: -20, high: 20, bound: 1 },
  { kind: 'cosine', exact: cos, low: -20, high: 20, bound: 1 },
];

describe.each(functions)('$kind over [$low, $high]', ({ kind, exact, low, high, bound }) => {
  test(`is right to ${bound} units in the last place`, async () => {
    const xs = inputs(low, high);
    const ys = await evaluate(kind, xs);
    let worst = { x: 0, distance: -1 };
    xs.forEach((x, i) => {
      const distance = ulpDistance(ys[i], Math.fround(exact(x)));
      if (distance > worst.distance) worst = { x, distance };
    });
    expect(worst.distance, `at ${worst.x}`).toBeLessThanOrEqual(bound);
  });
});

test('sine and cosine stay right to 1e-7 up to a million radians', async () => {
  const xs = inputs(-1e6, 1e6, 10_000);
  const [sines, cosines] = [await evaluate('sine', xs), await evaluate('cosine', xs)];
  const worst = Math.max(...xs.map((x, i) => Math.max(Math.abs(sines[i] - sin(x)), Math.abs(cosines[i] - cos(x)))));
  expect(worst).toBeLessThan(1e-7);
});

test.each<[UnaryOp, number[], number[]]>([
  ['exp', [-Infinity, -200, 0, 200, Infinity, Number.NaN], [0, 0, 1, Infinity, Infinity, Number.NaN]],
  [
    'log',
    [-1, -0, 0, 1, Infinity, Number.NaN, -Infinity],
    [Number.NaN, -Infinity, -Infinity, 0, Infinity, Number.NaN, Number.NaN],
  ],
  ['tanh', [-Infinity, -0, 0, Infinity, Number.NaN], [-1, -0, 0, 1, Number.NaN]],
  ['sigmoid', [-Infinity, -1000, 0, 1000, Infinity, Number.NaN], [0, 0, 0.5, 1, 1, Number.NaN]],
  ['softplus', [-Infinity, -1000, 1000, Infinity, Number.NaN], [0, 0, 1000, Infinity, Number.NaN]],
  ['sine', [0, Infinity, Number.NaN], [0, Number.NaN, Number.NaN]],
  ['cosine', [0, -Infinity, Number.NaN], [1, Number.NaN, Number.NaN]],
  ['relu', [-1, -0, 0, 2, Number.NaN], [0, -0, 0, 2, Number.NaN]],
  ['sign', [-3, -0, 0, 2, Number.NaN], [-1, 0, 0, 1, 0]],
  ['reciprocal', [-0, 0, 4, Infinity], [-Infinity, Infinity, 0.25, 0]],
])('%s at its special points', async (kind, xs, expected) => {
  expect(Array.from(await evaluate(kind, Float32Array.from(xs)))).toEqual(expected);
});
