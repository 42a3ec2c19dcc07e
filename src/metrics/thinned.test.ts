import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Thinned } from './thinned';

interface Point {
  readonly step: number;
  readonly value: number;
}
const numberOf = ({ value }: Point) => value;
const pointsOf = (values: readonly number[]): readonly Point[] => values.map((value, step) => ({ step, value }));
function thinned(points: readonly Point[], limit: number): Thinned<Point> {
  const line = new Thinned(numberOf, limit);
  for (const point of points) line.add(point);
  return line;
}
const lines = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 700 });
const limits = fc.integer({ min: 4, max: 60 });

describe('thinning', () => {
  test('keeps the ends, the order, the lowest and the highest point, and the limit', () => {
    fc.assert(
      fc.property(lines, limits, (values, limit) => {
        const points = pointsOf(values);
        const kept = thinned(points, limit).points();
        expect(kept.length).toBeLessThanOrEqual(limit);
        expect(kept[0]).toBe(points[0]);
        expect(kept.at(-1)).toBe(points.at(-1));
        for (let i = 1; i < kept.length; i++) expect(kept[i].step).toBeGreaterThan(kept[i - 1].step);
        const extremes = (all: readonly Point[]) => [
          Math.min(...all.map(numberOf)) + 0,
          Math.max(...all.map(numberOf)) + 0,
        ];
        expect(extremes(kept)).toEqual(extremes(points));
      }),
    );
  });
  test('loses nothing up to the limit', () => {
    const points = pointsOf([3, 1, 2, 5, 4]);
    expect(thinned(points, 5).points()).toEqual(points);
  });
  test('a spike stays, wherever it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999 }), (spike) => {
        const points = pointsOf(
          Array.from({ length: 1000 }, (_, step) => (step === spike ? 9 : Math.abs(step - 500) / 1000)),
        );
        expect(thinned(points, 40).points()).toContain(points[spike]);
      }),
    );
  });
  test('fills at least a fifth of the limit once it is reached: a long line is no stump', () => {
    for (let count = 100; count < 3000; count += 7) {
      const points = pointsOf(Array.from({ length: count }, (_, step) => (step * 37) % 101));
      expect(thinned(points, 100).points().length).toBeGreaterThan(20);
    }
  });
  test('does not depend on when somebody looked', () => {
    fc.assert(
      fc.property(lines, limits, fc.integer({ min: 1, max: 50 }), (values, limit, every) => {
        const points = pointsOf(values);
        const line = new Thinned(numberOf, limit);
        points.forEach((point, i) => {
          line.add(point);
          if (i % every === 0) line.points();
        });
        expect(line.points()).toEqual(thinned(points, limit).points());
      }),
    );
  });
  test('gives the same picture until a point is added', () => {
    const line = thinned(pointsOf([1, 2]), 4);
    const before = line.points();
    expect(line.points()).toBe(before);
    line.add({ step: 2, value: 0 });
    expect(line.points()).toHaveLength(3);
    expect(before).toHaveLength(2);
  });
  test('refuses a limit that leaves no room for a bucket', () => {
    expect(() => new Thinned(numberOf, 3)).toThrow('at least 4');
  });
});
