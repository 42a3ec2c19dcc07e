import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { viridis } from './palette';
import {
  grown,
  mergedLabels,
  niceStep,
  niceTicks,
  placeOf,
  rangeOf,
  shortNumber,
  spread,
  stepAt,
  switchAt,
} from './scale';

describe('the two zones', () => {
  test('meet at 45 % whatever the budgets, and fill the width alone', () => {
    expect(switchAt({ offline: 10_000, online: 5 })).toBe(0.45);
    expect(switchAt({ offline: 10_000, online: 0 })).toBe(1);
    expect(switchAt({ offline: 0, online: 5000 })).toBe(0);
  });
  test('the last update and the first step stand at one place', () => {
    const zones = { offline: 10_000, online: 5000 };
    expect(placeOf(zones, 'offline', 10_000)).toBe(placeOf(zones, 'online', 0));
    expect(placeOf(zones, 'online', 5000)).toBe(1);
  });
  test('a place gives back its step', () => {
    const budget = fc.integer({ min: 1, max: 100_000 });
    fc.assert(
      fc.property(budget, budget, fc.double({ min: 0.001, max: 1, noNaN: true }), (offline, online, part) => {
        for (const phase of ['offline', 'online'] as const) {
          const step = part * (phase === 'offline' ? offline : online);
          const back = stepAt({ offline, online }, placeOf({ offline, online }, phase, step));
          expect(back.phase).toBe(phase);
          expect(back.step / step).toBeCloseTo(1, 6);
        }
      }),
    );
  });
});

describe('ticks', () => {
  test.each([
    [1, 1],
    [1.2, 2],
    [3, 5],
    [7, 10],
    [0.03, 0.05],
    [4000, 5000],
  ])('a step of at least %d is %d', (rough, nice) => {
    expect(niceStep(rough)).toBeCloseTo(nice, 12);
  });
  test('are round numbers inside the range, without rounding dust', () => {
    expect(niceTicks(0, 1, 10)).toEqual([0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
    expect(niceTicks(-1180, -120, 4)).toEqual([-1000, -500]);
    expect(niceTicks(-7, 52, 5)).toEqual([0, 20, 40]);
  });
  test('stay inside any range and are few', () => {
    const end = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(
        end,
        fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
        fc.integer({ min: 1, max: 12 }),
        (low, span, count) => {
          const ticks = niceTicks(low, low + span, count);
          expect(ticks.length).toBeLessThanOrEqual(count + 1);
          for (const tick of ticks) {
            expect(tick).toBeGreaterThanOrEqual(low - span * 1e-6);
            expect(tick).toBeLessThanOrEqual(low + span * (1 + 1e-6));
          }
        },
      ),
    );
  });
});

describe('the range', () => {
  test('has air, but none beyond zero', () => {
    expect(rangeOf([0, 20])).toEqual([0, 21]);
    expect(rangeOf([-1000, 0])).toEqual([-1050, 0]);
    expect(rangeOf([-10, 10])).toEqual([-11, 11]);
    expect(rangeOf([5])).toEqual([4.5, 5.5]);
    expect(rangeOf([0, 0]), 'all zero is no empty range').toEqual([0, 1]);
    expect(rangeOf([Number.NaN, Number.POSITIVE_INFINITY])).toEqual([0, 1]);
  });
  test('only grows', () => {
    const range = fc.tuple(fc.double({ min: -100, max: 0, noNaN: true }), fc.double({ min: 1, max: 100, noNaN: true }));
    fc.assert(
      fc.property(range, range, (before, now) => {
        const [low, high] = grown(before, now);
        expect(low).toBeLessThanOrEqual(Math.min(before[0], now[0]));
        expect(high).toBeGreaterThanOrEqual(Math.max(before[1], now[1]));
      }),
    );
    expect(grown([0, 10], [1, 9])).toEqual([0, 10]);
  });
});

test('words of lines that are too near become one', () => {
  const labels = [
    { text: 'random', y: 100 },
    { text: 'planner', y: 10 },
    { text: 'data', y: 92 },
  ];
  expect(mergedLabels(labels, 14)).toEqual([
    { text: 'planner', y: 10 },
    { text: 'data, random', y: 92 },
  ]);
});

test.each([
  [0, '0'],
  [48.94, '48.9'],
  [12_345, '12,300'],
  [-1180.4, '−1,180'],
  [0.00284, '0.00284'],
  [0.0000123, '1.23e-5'],
  [Number.NaN, '–'],
])('%d reads %s', (value, text) => {
  expect(shortNumber(value)).toBe(text);
});

test('viridis goes from dark to bright and stays at its ends', () => {
  expect(viridis(-1)).toEqual([68, 1, 84]);
  expect(viridis(2)).toEqual([253, 231, 37]);
  const brightness = Array.from({ length: 33 }, (_, i) => viridis(i / 32)).map(
    ([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b,
  );
  for (let i = 1; i < brightness.length; i++) expect(brightness[i]).toBeGreaterThan(brightness[i - 1]);
});

describe('labels that are spread', () => {
  test('stay where they want to be when there is room', () => {
    expect(spread([20, 80], [50], 15, 0, 100)).toEqual([20, 80]);
  });
  test('keep their distance from each other and from what is there, inside the plot, as near as they can', () => {
    const height = 400;
    const gap = 15;
    const place = fc.double({ min: -50, max: 450, noNaN: true });
    fc.assert(
      fc.property(fc.array(place, { maxLength: 6 }), fc.array(place, { maxLength: 3 }), (wanted, taken) => {
        const places = spread(wanted, taken, gap, 0, height);
        places.forEach((own, i) => {
          expect(own).toBeGreaterThanOrEqual(0);
          expect(own).toBeLessThanOrEqual(height);
          for (const other of [...places.slice(0, i), ...taken])
            expect(Math.abs(own - other)).toBeGreaterThanOrEqual(gap - 1e-6);
        });
      }),
    );
  });
  test('lie on each other only where there is no room at all', () => {
    expect(spread([5, 5], [], 15, 0, 10)).toEqual([5, 5]);
  });
});
