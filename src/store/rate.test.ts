import { describe, expect, test } from 'vitest';
import { RateMeter } from './rate';

/** Notes every 100 ms from `from` on, `each` updates apart. */
function train(meter: RateMeter, seed: string, from: number, notes: number, each: number, first = 0): void {
  for (let i = 0; i < notes; i++) meter.note(seed, first + i * each, from + 100 * i);
}

describe('rate', () => {
  test('is that of one seed', () => {
    const meter = new RateMeter();
    train(meter, 'a', 0, 21, 50);
    expect(meter.updatesPerSecond).toBeCloseTo(500);
  });
  test('adds up seeds that train at the same time', () => {
    const meter = new RateMeter();
    for (let i = 0; i <= 20; i++) {
      meter.note('a', 50 * i, 100 * i);
      meter.note('b', 50 * i, 100 * i + 1);
    }
    expect(meter.updatesPerSecond).toBeCloseTo(1000, -1);
  });
  test('is not known at once', () => {
    const meter = new RateMeter();
    train(meter, 'a', 0, 5, 50);
    expect(meter.updatesPerSecond).toBeNull();
  });
  test('does not count pauses and silences', () => {
    const meter = new RateMeter();
    train(meter, 'a', 0, 11, 50);
    meter.rest();
    train(meter, 'a', 1500, 11, 50, 500);
    train(meter, 'a', 60_000, 11, 50, 1000);
    expect(meter.updatesPerSecond).toBeCloseTo(500);
  });
  test('starts over with other runs', () => {
    const meter = new RateMeter();
    train(meter, 'a', 0, 21, 50);
    meter.clear();
    expect(meter.updatesPerSecond).toBeNull();
    train(meter, 'a', 5000, 21, 10);
    expect(meter.updatesPerSecond).toBeCloseTo(100);
  });
});
