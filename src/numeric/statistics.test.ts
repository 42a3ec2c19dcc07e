import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bootstrapInterval,
  type Interval,
  interquartileMean,
  mean,
  quantile,
  standardError,
  stratifiedBootstrapInterval,
  studentQuantile,
  tInterval,
  variance,
  welchInterval,
} from './statistics';

interface Sample {
  values: number[];
  mean: number;
  variance: number;
  quartiles: [number, number, number];
  interquartileMean: number;
  t95: Interval;
  t80: Interval;
}
/** Made by golden/golden.py: exact fractions, numeric integration, and every possible resample. */
const golden: {
  samples: Sample[];
  welch: { a: number[]; b: number[]; level: number; interval: Interval }[];
  studentQuantiles: [probability: number, degrees: number, quantile: number][];
  bootstrap: { tasks: number[][]; seed: number; resamples: number; level: number; interval: Interval }[];
  exhaustive: { values: number[]; level: number; interval: Interval };
} = JSON.parse(readFileSync(new URL('./golden/golden.json', import.meta.url), 'utf8')).statistics;

/** 1e-11 of the larger: float64 sums of a few terms, and golden quantiles good to 1e-12. */
function expectClose(actual: number, expected: number) {
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-11 * Math.max(Math.abs(actual), Math.abs(expected), 1));
}
function expectSameInterval(actual: Interval, expected: Interval) {
  expectClose(actual[0], expected[0]);
  expectClose(actual[1], expected[1]);
}

describe.each(golden.samples)('a sample of $values.length', (sample) => {
  test('has the golden mean, variance, standard error, quartiles and interquartile mean', () => {
    expectClose(mean(sample.values), sample.mean);
    expectClose(variance(sample.values), sample.variance);
    expectClose(standardError(sample.values), Math.sqrt(sample.variance / sample.values.length));
    [0.25, 0.5, 0.75].forEach((fraction, i) => {
      expectClose(quantile(sample.values, fraction), sample.quartiles[i]);
    });
    expectClose(interquartileMean(sample.values), sample.interquartileMean);
  });

  test('has the golden t-intervals', () => {
    expectSameInterval(tInterval(sample.values), sample.t95);
    expectSameInterval(tInterval(sample.values, 0.8), sample.t80);
  });
});

describe('interquartileMean', () => {
  test('cuts ⌊n/4⌋ from each end: nothing below four values', () => {
    expect(interquartileMean([100, 1, 2])).toBe(103 / 3);
    expect(interquartileMean([100, 1, 3, 2])).toBe(2.5);
    expect(interquartileMean([100, 1, 4, 3, 2])).toBe(3);
    expect(interquartileMean([-1e9, 8, 1, 7, 2, 6, 3, 1e9])).toBe(4.5);
  });

  test('leaves its argument as it was', () => {
    const values = [3, 1, 2, 0];
    interquartileMean(values);
    quantile(values, 0.5);
    bootstrapInterval(values);
    expect(values).toEqual([3, 1, 2, 0]);
  });
});

describe('studentQuantile', () => {
  test.each(golden.studentQuantiles)('p %d, %d degrees of freedom', (probability, degrees, expected) => {
    expect(Math.abs(studentQuantile(probability, degrees) / expected - 1)).toBeLessThan(2e-12);
    expect(Math.abs(studentQuantile(1 - probability, degrees) / -expected - 1)).toBeLessThan(1e-11); // 1 − p rounds
  });

  test('tends to the normal quantile', () => {
    expect(studentQuantile(0.975, 1e9)).toBeCloseTo(1.959963984540054, 8); // true difference 2.4e-9
    expect(studentQuantile(0.5, 3)).toBe(0);
  });

  test('refuses what has no quantile', () => {
    expect(() => studentQuantile(1, 3)).toThrow(RangeError);
    expect(() => studentQuantile(0.9, 0.5)).toThrow(RangeError);
    expect(() => studentQuantile(NaN, 3)).toThrow(RangeError);
  });
});

describe('welchInterval', () => {
  test.each(golden.welch)('$a less $b at $level', ({ a, b, level, interval }) => {
    expectSameInterval(welchInterval(a, b, level), interval);
    expectSameInterval(welchInterval(b, a, level), [-interval[1], -interval[0]]);
  });

  test('holds without spread on one side or both', () => {
    expect(welchInterval([2, 2, 2], [1, 1])).toEqual([1, 1]);
    expectSameInterval(welchInterval([0, 0, 0], [-1, -2, -3, -5]), tInterval([1, 2, 3, 5]));
  });
});

describe('bootstrap', () => {
  test('counting gives the bits of sorting, ties and infinities included', () => {
    const number = fc.oneof(
      fc.integer({ min: -2, max: 2 }),
      fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
    );
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 34 }), fc.nat(2), (values, seed) => {
        const options = { seed, resamples: 100 };
        expect(bootstrapInterval(values, options)).toEqual(stratifiedBootstrapInterval([values], options));
      }),
      { numRuns: 200 },
    );
    const infinite = [1, Number.POSITIVE_INFINITY, 2];
    expect(bootstrapInterval(infinite)).toEqual(stratifiedBootstrapInterval([infinite]));
  });
  test.each(golden.bootstrap)('seed $seed, level $level has the golden interval', (of) => {
    const { tasks, interval, ...options } = of;
    expectSameInterval(stratifiedBootstrapInterval(tasks, options), interval);
    if (tasks.length === 1)
      expect(bootstrapInterval(tasks[0], options)).toEqual(stratifiedBootstrapInterval(tasks, options));
  });

  test('approaches the interval over all 6⁶ resamples', () => {
    const { values, level, interval } = golden.exhaustive;
    const [low, high] = bootstrapInterval(values, { level, resamples: 50_000 });
    // About four standard errors of a 2.5 % quantile at 50,000 resamples, on values spread over 37.
    expect(Math.abs(low - interval[0])).toBeLessThan(0.5);
    expect(Math.abs(high - interval[1])).toBeLessThan(0.5);
  });

  test('takes another statistic, and depends on seed and level', () => {
    const values = [3, 9, 1, 12, 7];
    const byMean = bootstrapInterval(values, { statistic: mean });
    expect(byMean[0]).toBeLessThan(mean(values));
    expect(byMean[1]).toBeGreaterThan(mean(values));
    const narrow = bootstrapInterval(values, { statistic: mean, level: 0.5 });
    expect(narrow[1] - narrow[0]).toBeLessThan(byMean[1] - byMean[0]);
    const random = Array.from({ length: 12 }, (_, i) => (i * 37) % 101);
    expect(bootstrapInterval(random, { seed: 1 })).not.toEqual(bootstrapInterval(random, { seed: 2 }));
  });

  test('one value is its own interval', () => {
    expect(bootstrapInterval([4.5])).toEqual([4.5, 4.5]);
  });

  test('refuses levels, resamples and seeds that make no sense', () => {
    expect(() => bootstrapInterval([1, 2], { level: 1 })).toThrow(RangeError);
    expect(() => bootstrapInterval([1, 2], { resamples: 0 })).toThrow(RangeError);
    expect(() => bootstrapInterval([1, 2], { seed: -1 })).toThrow(RangeError);
  });
});

describe('samples too small or broken', () => {
  test('have NaN summaries and boundless intervals', () => {
    expect([mean([]), variance([1]), standardError([1]), quantile([], 0.5), interquartileMean([])]).toEqual(
      new Array(5).fill(NaN),
    );
    expect(tInterval([1])).toEqual([-Infinity, Infinity]);
    expect(welchInterval([1, 2], [1])).toEqual([-Infinity, Infinity]);
    expect(tInterval([5, 5, 5])).toEqual([5, 5]);
    expect(bootstrapInterval([])).toEqual([NaN, NaN]);
  });

  test('NaN stays NaN', () => {
    const values = [1, NaN, 3, 4, 5];
    expect([mean(values), variance(values), quantile(values, 0), interquartileMean(values)]).toEqual([
      NaN,
      NaN,
      NaN,
      NaN,
    ]);
    expect(tInterval(values)).toEqual([NaN, NaN]);
    expect(bootstrapInterval(values)).toEqual([NaN, NaN]);
  });

  test('infinite values do not turn quantiles into NaN', () => {
    expect(quantile([-Infinity, 1, 2], 0.5)).toBe(1);
    expect(quantile([1, 2, Infinity], 1)).toBe(Infinity);
    expect(() => quantile([1], 1.5)).toThrow(RangeError);
  });
});
