import { describe, expect, test } from 'vitest';
import { nearestPlace, placeOfValue, ticksThatFit } from './sweepScale';

describe('places of values', () => {
  test('lie evenly on the scale that is asked for, with room at both ends', () => {
    const log = { low: 1e-4, high: 1e-2, scale: 'log' } as const;
    expect(placeOfValue(log, 1e-4)).toBeCloseTo(0.05);
    expect(placeOfValue(log, 1e-3)).toBeCloseTo(0.5);
    expect(placeOfValue(log, 1e-2)).toBeCloseTo(0.95);
    expect(placeOfValue({ low: 0, high: 10, scale: 'linear' }, 2.5)).toBeCloseTo(0.275);
  });
  test('of values outside the range lie outside, and zero has none on a log scale', () => {
    expect(placeOfValue({ low: 1, high: 2, scale: 'linear' }, 5)).toBeGreaterThan(1);
    expect(placeOfValue({ low: 1, high: 2, scale: 'log' }, 0)).toBeNull();
  });
});

describe('ticks', () => {
  const even = [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];
  test('are all written where there is room', () => {
    expect(ticksThatFit([0, 0.5, 1], 200, 50)).toEqual([0, 1, 2]);
  });
  test('keep their distance, and both ends stay', () => {
    const kept = ticksThatFit(even, 200, 50);
    expect([kept[0], kept.at(-1)]).toEqual([0, 10]);
    for (const [i, index] of kept.entries())
      if (i > 0) expect((even[index] - even[kept[i - 1]]) * 200).toBeGreaterThanOrEqual(50);
  });
  test('of a single or no value', () => {
    expect(ticksThatFit([0.5], 200, 50)).toEqual([0]);
    expect(ticksThatFit([], 200, 50)).toEqual([]);
  });
});

test('the pointer takes the nearest place', () => {
  expect(nearestPlace([0, 0.5, 1], 0.3)).toBe(1);
  expect(nearestPlace([], 0.3)).toBe(-1);
});
