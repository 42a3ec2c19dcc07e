import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sha256Hex } from './digest';
import {
  atan,
  atan2,
  clamp,
  cos,
  exp,
  expm1,
  hypot,
  log,
  log1p,
  sigmoid,
  sin,
  softplus,
  tanh,
  wrapAngle,
} from './math';
import { stream } from './random';
import { floatsBetween, unitInTheLastPlace } from './testing';

const own = { exp, expm1, log, log1p, sin, cos, atan, atan2, hypot, tanh, sigmoid, softplus };
type Unary = 'exp' | 'expm1' | 'log' | 'log1p' | 'sin' | 'cos' | 'atan' | 'tanh' | 'sigmoid' | 'softplus';
type Binary = 'atan2' | 'hypot';
/** Rows: arguments, the nearest float64, what is left of the true value in ulp. Made by golden/golden.py. */
const golden: Record<Unary | Binary, number[][]> = JSON.parse(
  readFileSync(new URL('./golden/golden.json', import.meta.url), 'utf8'),
).elementary;

/** Errors in ulp of the true value; 0.5 is perfect rounding. Measured: 0.56 to 0.69 for most, hypot 0.78, softplus 0.93, atan2 1.0, tanh 1.24, sigmoid 1.74. */
const bounds: Record<Unary | Binary, number> = {
  exp: 0.7,
  expm1: 0.7,
  log: 0.7,
  log1p: 0.7,
  sin: 0.7,
  cos: 0.7,
  atan: 0.7,
  atan2: 1,
  hypot: 1,
  tanh: 1.5,
  sigmoid: 2,
  softplus: 1,
};

test.each(Object.entries(bounds) as [Unary | Binary, number][])(
  '%s is within %d ulp of the true value',
  (name, bound) => {
    const of = own[name] as (...given: number[]) => number;
    const errors = golden[name].map((row) => {
      const [nearest, rest] = row.slice(-2);
      return Math.abs((of(...row.slice(0, -2)) - nearest) / unitInTheLastPlace(nearest) - rest);
    });
    expect(errors.length).toBeGreaterThanOrEqual(300);
    expect(Math.max(...errors)).toBeLessThanOrEqual(bound);
  },
);

const ranges: [Exclude<Unary, 'sigmoid' | 'softplus'>, number, number][] = [
  ['exp', -745, 709],
  ['expm1', -40, 700],
  ['log', 0, 1e3],
  ['log1p', -1, 1e3],
  ['sin', -1e4, 1e4],
  ['cos', -1e4, 1e4],
  ['atan', -20, 20],
  ['tanh', -23, 23],
];

test.each(ranges)('%s stays within 2 ulp of this engine’s own at 100,000 points in [%d, %d)', (name, low, high) => {
  const random = stream(1, 'test');
  let worst = 0;
  for (let i = 0; i < 100_000; i++) {
    const x = random.uniform(low, high);
    worst = Math.max(worst, floatsBetween(own[name](x), Math[name](x)));
  }
  expect(worst).toBeLessThanOrEqual(2);
});

const special = [0, -0, 0.5, 1, -1, 3, 5e-324, -5e-324, 1e-310, 1e-200, 1e200, 1e308, -1e308, Infinity, -Infinity, NaN];

test.each(ranges)('%s treats zeros, infinities and extremes as Math does', (name) => {
  for (const x of special) {
    const [actual, expected] = [own[name](x), Math[name](x)];
    if (Number.isFinite(expected) && expected !== 0) expect(floatsBetween(actual, expected)).toBeLessThanOrEqual(2);
    else expect(actual, `${name}(${x})`).toBe(expected); // toBe tells −0 from 0
  }
});

test.each(['atan2', 'hypot'] as const)('%s treats zeros, infinities and extremes as Math does', (name) => {
  for (const a of special) {
    for (const b of special) {
      const [actual, expected] = [own[name](a, b), Math[name](a, b)];
      if (Number.isFinite(expected) && expected !== 0) expect(floatsBetween(actual, expected)).toBeLessThanOrEqual(2);
      else expect(actual, `${name}(${a}, ${b})`).toBe(expected);
    }
  }
});

test('exp rounds once where its result is subnormal', () => {
  for (let x = -708; x > -746; x -= 0.37) expect(floatsBetween(exp(x), Math.exp(x))).toBeLessThanOrEqual(1);
  expect(exp(-745.2)).toBe(0);
  expect(exp(709.79)).toBe(Infinity);
});

test('sigmoid and softplus keep to their ranges at the ends', () => {
  expect(sigmoid(0)).toBe(0.5);
  expect([sigmoid(-800), sigmoid(800), sigmoid(-Infinity), sigmoid(Infinity)]).toEqual([0, 1, 0, 1]);
  expect([softplus(-800), softplus(800), softplus(-Infinity)]).toEqual([0, 800, 0]);
  expect(softplus(Infinity)).toBe(Infinity);
  expect([sigmoid(NaN), softplus(NaN)]).toEqual([NaN, NaN]);
});

test('clamp gives the nearest value inside, and NaN for NaN', () => {
  expect([clamp(-3, -2, 2), clamp(3, -2, 2), clamp(1, -2, 2)]).toEqual([-2, 2, 1]);
  expect(clamp(NaN, -2, 2)).toBeNaN();
});

test('wrapAngle gives the same direction in [−π, π)', () => {
  fc.assert(
    fc.property(fc.double({ min: -1000, max: 1000, noNaN: true }), (angle) => {
      const wrapped = wrapAngle(angle);
      expect(wrapped >= -Math.PI && wrapped < Math.PI).toBe(true);
      // 1e-12: adding π to 1000 rounds by 1e-13.
      expect(Math.abs(sin(wrapped) - sin(angle))).toBeLessThan(1e-12);
      expect(Math.abs(cos(wrapped) - cos(angle))).toBeLessThan(1e-12);
    }),
    { seed: 1, numRuns: 2000 },
  );
  expect([wrapAngle(Math.PI), wrapAngle(-Math.PI), wrapAngle(0)]).toEqual([-Math.PI, -Math.PI, 0]);
  expect(wrapAngle(-Math.PI - 1e-20)).toBe(-Math.PI);
  expect(wrapAngle(-Math.PI - 4.5e-16)).toBeLessThan(Math.PI); // the next float64 below −π
});

test('the bits are those of every other engine', () => {
  const random = stream(2, 'test');
  const results: number[] = [];
  for (const [name, low, high] of ranges) {
    for (let i = 0; i < 5000; i++) results.push(own[name](random.uniform(low, high)));
  }
  for (let i = 0; i < 1000; i++) results.push(sin(random.uniform(-1e9, 1e9)));
  for (let i = 0; i < 5000; i++) {
    const [x, y] = [random.uniform(-10, 10), random.uniform(-10, 10)];
    results.push(atan2(y, x), hypot(x, y), sigmoid(x), softplus(y), wrapAngle(x));
  }
  const bytes = new Uint8Array(Float64Array.from(results).buffer);
  // Recorded in Node 20; another value means that links no longer repeat.
  expect(sha256Hex(bytes)).toBe('968d9be6490b91792b8884310201ea50b73ece2aac921be9303dd8e77ce69be9');
});
