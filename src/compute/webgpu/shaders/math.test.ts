import { afterAll, describe, expect, test } from 'vitest';
import { provideGpu } from '../../../../workers/nodeGpu';
import { cos, exp, log, log1p, sigmoid, sin, tanh } from '../../../numeric/math';
import { binaryOperations, unaryOperations } from '../../program/operations';
import type { BinaryOp, UnaryOp } from '../../program/program';
import { ulpDistance } from '../../wasm/testing';
import { deviceForTests, evaluateFloats } from '../testing';
import { binaryExpression, mathFunctions, measuredErrors, selectExpression, unaryExpression, type Width } from './math';

const open = await deviceForTests(provideGpu, console.warn);
afterAll(() => open?.close());

/** What other devices may add: WGSL allows a division 2.5 units, a root the error of two operations. */
const looseness = open?.isSoftware ? 0 : 5;
/** Bounds of the operations that WGSL has itself: on SwiftShader they are rounded correctly. */
const errors: Record<UnaryOp, number> = {
  ...{ negate: 0, square: 0, sqrt: 0, reciprocal: 0, relu: 0, absolute: 0, sign: 0 },
  ...measuredErrors,
};
/** `numeric/math` in float64; softplus there is not right to float32's last place far below 0. */
const exact: Record<UnaryOp, (x: number) => number> = {
  ...unaryOperations,
  ...{ exp, log, tanh, sigmoid, sine: sin, cosine: cos },
  softplus: (x) => Math.max(x, 0) + log1p(exp(-Math.abs(x))),
};
const ranges: [kind: UnaryOp, low: number, high: number][] = [
  ...(['negate', 'square', 'relu', 'absolute', 'sign'] as const).map((kind): [UnaryOp, number, number] => [
    kind,
    -1e3,
    1e3,
  ]),
  ['sqrt', 1e-37, 1e38],
  ['reciprocal', -1e37, 1e37],
  ['exp', -87.3, 88.7],
  ['log', 1.1754944e-38, 3.4e38],
  ['log', 0.25, 4],
  ['tanh', -12, 12],
  ['sigmoid', -87.3, 40],
  ['softplus', -87.3, 40],
  ['sine', -20, 20],
  ['cosine', -20, 20],
];
const smallestNormal = 2 ** -126;

/** Numbers evenly over [low, high], and as many whose size falls evenly over the powers of two down to 2⁻⁴⁰. */
function grid(low: number, high: number, count = 10_000): Float32Array {
  const values: number[] = [];
  for (let i = 0; i <= count; i++) {
    const even = low + ((high - low) * i) / count;
    for (const value of [even, even / 2 ** (i % 40)]) if (value >= low && value <= high) values.push(value);
  }
  return Float32Array.from(values);
}
/** A scalar function of the expression, alone or as any of four. */
function unary(kind: UnaryOp, width: Width): string {
  return width === 1 ? unaryExpression(kind, 'x') : `${unaryExpression(kind, 'vec4f(1.0, x, 2.0, 3.0)', 4)}.y`;
}

describe.skipIf(open === null)('element-wise operations in WGSL', () => {
  const run = (expression: string, ...inputs: readonly Float32Array[]) =>
    evaluateFloats(open!, mathFunctions, expression, ...inputs);

  describe.each([1, 4] as const)('of width %i', (width) => {
    test.each(ranges)('%s over [%f, %f] is right to the stated error', async (kind, low, high) => {
      const xs = grid(low, high);
      const ys = await run(unary(kind, width), xs);
      let worst = { x: 0, distance: -1 };
      xs.forEach((x, i) => {
        const expected = Math.fround(exact[kind](x));
        if (Math.abs(expected) < smallestNormal && Math.abs(ys[i]) <= smallestNormal) return; // may be 0 there
        const distance = ulpDistance(ys[i], expected);
        if (distance > worst.distance) worst = { x, distance };
      });
      expect(worst.distance, `at ${worst.x}`).toBeLessThanOrEqual(errors[kind] + looseness);
    });
  });

  test('every operation has a range above', () => {
    expect([...new Set(ranges.map(([kind]) => kind))].sort()).toEqual(Object.keys(unaryOperations).sort());
  });

  test.each<[UnaryOp, number[], number[]]>([
    ['exp', [-3e38, -200, -104, 0], [0, 0, 0, 1]],
    ['exp', [89, 100, 3e38], [Infinity, Infinity, Infinity]],
    ['log', [0, 1], [-Infinity, 0]],
    ['tanh', [-3e38, -100, 0, 100, 3e38], [-1, -1, 0, 1, 1]],
    ['sigmoid', [-3e38, -200, 0, 100, 3e38], [0, 0, 0.5, 1, 1]],
    ['softplus', [-3e38, -200, 100, 3e38], [0, 0, 100, 3e38]],
    ['relu', [-3e38, -1, 0, 2], [0, 0, 0, 2]],
    ['sign', [-3, 0, 2], [-1, 0, 1]],
  ])('%s of %j', async (kind, xs, expected) => {
    const ys = await run(unary(kind, 1), Float32Array.from(xs));
    expect(Array.from(ys, (y) => y + 0)).toEqual(Array.from(Float32Array.from(expected)));
  });

  test('sine and cosine stay right to 1e-7 up to 8,000 radians', async () => {
    const xs = grid(-8000, 8000);
    const [sines, cosines] = [await run(unary('sine', 1), xs), await run(unary('cosine', 1), xs)];
    const worst = Math.max(...xs.map((x, i) => Math.max(Math.abs(sines[i] - sin(x)), Math.abs(cosines[i] - cos(x)))));
    expect(worst).toBeLessThan(1e-7);
  });

  test('sine and cosine of any finite number stay in [−1, 1]', async () => {
    const xs = Float32Array.from([1e4, -1e5, 1e6, 1e9, -1e20, 3.4e38, -3.4e38]);
    for (const kind of ['sine', 'cosine'] as const) {
      expect(Array.from(await run(unary(kind, 1), xs)).every((y) => Math.abs(y) <= 1)).toBe(true);
    }
  });

  test('a NaN is passed on, where the device has one', async () => {
    const passing = Object.keys(unaryOperations).filter((kind) => kind !== 'sign') as UnaryOp[];
    for (const kind of passing) {
      expect((await run(unary(kind, 1), Float32Array.of(Number.NaN)))[0], kind).toBeNaN();
    }
    expect((await run(unary('log', 1), Float32Array.of(-1)))[0]).toBeNaN();
  });

  const pairs = [-2, -1, -0.5, 0, 0.5, 1, 3].flatMap((x) => [-2, -1, -0.5, 0, 0.5, 1, 3].map((y) => [x, y]));
  test.each(Object.keys(binaryOperations) as BinaryOp[])('%s of every pair, both widths', async (kind) => {
    const used = kind === 'divide' ? pairs.filter(([, y]) => y !== 0) : pairs;
    const [xs, ys] = [0, 1].map((side) => Float32Array.from(used, (pair) => pair[side]));
    const expected = Float32Array.from(used, ([x, y]) => binaryOperations[kind](x, y));
    expect(await run(binaryExpression(kind, 'x', 'y'), xs, ys)).toEqual(expected);
    const wide = binaryExpression(kind, 'vec4f(9.0, 9.0, x, 9.0)', 'vec4f(8.0, 8.0, y, 8.0)', 4);
    expect(await run(`${wide}.z`, xs, ys)).toEqual(expected);
  });

  test('minimum and maximum give their first operand at a tie, as wasm does', async () => {
    const [zero, minusZero] = [Float32Array.of(0), Float32Array.of(-0)];
    expect(Object.is((await run(binaryExpression('minimum', 'x', 'y'), zero, minusZero))[0], 0)).toBe(true);
    expect(Object.is((await run(binaryExpression('maximum', 'x', 'y'), minusZero, zero))[0], -0)).toBe(true);
  });

  test('expressions bind as one operand', async () => {
    const x = Float32Array.of(3);
    const difference = binaryExpression('subtract', '1.0', 'x - 1.0');
    expect(await run(`${unaryExpression('negate', difference)} * 2.0`, x)).toEqual(Float32Array.of(2));
    expect(await run(`${unaryExpression('reciprocal', 'x + 1.0')}`, x)).toEqual(Float32Array.of(0.25));
  });

  test('select takes x where the condition is not 0', async () => {
    const conditions = Float32Array.of(0, 1, -2, 1e-30);
    const [xs, ys] = [new Float32Array(4).fill(5), new Float32Array(4).fill(7)];
    expect(await run(selectExpression('x', 'y', 'z'), conditions, xs, ys)).toEqual(Float32Array.of(7, 5, 5, 5));
    const wide = selectExpression('vec4f(0.0, x, 1.0, 0.0)', 'vec4f(y)', 'vec4f(z)', 4);
    expect(await run(`${wide}.y`, conditions, xs, ys)).toEqual(Float32Array.of(7, 5, 5, 5));
  });
});
