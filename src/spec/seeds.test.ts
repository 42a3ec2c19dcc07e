import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maxSeeds, nextSeeds, parseSeeds, readSeeds, seedsText, withSeedCount } from './seeds';

const seedLists = fc.uniqueArray(fc.oneof(fc.nat({ max: 12 }), fc.nat({ max: 0xffff_ffff })), {
  minLength: 1,
  maxLength: maxSeeds,
});

describe('seeds', () => {
  test('survive being written and read', () => {
    fc.assert(
      fc.property(seedLists, (seeds) => {
        expect(readSeeds(seedsText(seeds))).toEqual({ seeds, exact: true });
      }),
    );
  });

  test.each([
    [[0, 1, 2, 3, 4], '0..4'],
    [[0, 1], '0,1'],
    [[7, 3, 4, 5, 9], '7,3..5,9'],
    [[4294967295], '4294967295'],
  ])('%o is written %s', (seeds, text) => {
    expect(seedsText(seeds)).toBe(text);
  });

  test.each<[unknown, readonly number[] | null]>([
    ['0..4294967295', Array.from({ length: maxSeeds }, (_, seed) => seed)],
    ['3,3,x,5..4,1', [3, 1]],
    [
      [2, -1, 1.5, '7', null],
      [2, 7],
    ],
    [4, [4]],
    ['', null],
    ['4294967296', null],
    [{ length: 3 }, null],
  ])('of %o reads what is there and says that it is not exact', (given, seeds) => {
    const read = readSeeds(given);
    expect(read?.seeds ?? null).toEqual(seeds);
    if (read && given !== 4) expect(read.exact).toBe(false);
  });

  test('grow and shrink without losing the first ones', () => {
    fc.assert(
      fc.property(seedLists, fc.integer({ min: -3, max: 60 }), (seeds, count) => {
        const result = withSeedCount(seeds, count);
        expect(result).toHaveLength(Math.min(maxSeeds, Math.max(1, count)));
        expect(new Set(result).size).toBe(result.length);
        const same = Math.min(seeds.length, result.length);
        expect(result.slice(0, same)).toEqual(seeds.slice(0, same));
      }),
    );
  });

  test('that come next are as many, and none of them was used', () => {
    fc.assert(
      fc.property(seedLists, (seeds) => {
        const next = nextSeeds(seeds);
        expect(new Set([...seeds, ...next]).size).toBe(2 * seeds.length);
        for (const seed of next) expect(readSeeds(seed)).not.toBeNull();
      }),
    );
    expect(nextSeeds([0, 1, 2])).toEqual([3, 4, 5]);
  });

  test('typed wrongly are named in a sentence', () => {
    expect(parseSeeds('0..2')).toEqual({ seeds: [0, 1, 2] });
    expect(parseSeeds('a few')).toEqual({
      seeds: [0],
      problem: 'Seeds: expected 1 to 50 different whole numbers, like 0..4, got “a few”.',
    });
  });
});
