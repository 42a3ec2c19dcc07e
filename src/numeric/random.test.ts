import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sha256Hex } from './digest';
import { normalQuantile } from './normalTable';
import {
  indexFromBits,
  normalFromBits,
  normalTable,
  type StreamName,
  stream,
  streamKey,
  streamNumbers,
  threefry2x32,
  uniformFromBits,
} from './random';

/** Made by golden/golden.py with its own Threefry and its own normal quantiles. */
const golden: {
  streams: { seed: number; name: StreamName; indices: number[]; words: number[] }[];
  normal: { tableSha256: string; tails: [tail: number, quantile: number][] };
} = JSON.parse(readFileSync(new URL('./golden/golden.json', import.meta.url), 'utf8'));

const word = fc.integer({ min: 0, max: 0xffffffff });

describe('threefry2x32', () => {
  // Random123 1.14, tests/kat_vectors, the lines "threefry2x32 20": counter, key, result.
  test.each([
    [
      [0x00000000, 0x00000000],
      [0x00000000, 0x00000000],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x243f6a88, 0x85a308d3],
      [0x13198a2e, 0x03707344],
      [0xc4923a9c, 0x483df7a0],
    ],
  ])('gives the published answer for counter %j, key %j', (counter, key, expected) => {
    const into = new Uint32Array(4);
    threefry2x32(key[0], key[1], counter[0], counter[1], into, 1);
    expect([...into]).toEqual([0, ...expected, 0]);
  });
});

describe('numbers from bits', () => {
  test('indexFromBits is the high word of the 64-bit product', () => {
    fc.assert(
      fc.property(word, word, (bits, size) => {
        const expected = Number((BigInt(bits) * BigInt(size)) >> 32n);
        expect(indexFromBits(bits, size)).toBe(expected);
        expect(indexFromBits(bits | 0, size)).toBe(expected); // signed words are the same words
      }),
      { seed: 1, numRuns: 5000 },
    );
    expect(indexFromBits(0xffffffff, 0xffffffff)).toBe(0xfffffffe);
    expect(indexFromBits(0xffffffff, 0)).toBe(0);
  });

  test('uniformFromBits is in [0, 1), exact in float32', () => {
    expect(uniformFromBits(0)).toBe(0);
    expect(uniformFromBits(0xffffffff)).toBe(1 - 2 ** -24);
    expect(uniformFromBits(-1)).toBe(1 - 2 ** -24);
    for (const bits of [0x80000000, 0x12345678, 0xff]) {
      expect(Math.fround(uniformFromBits(bits))).toBe(uniformFromBits(bits));
      expect(uniformFromBits(bits)).toBe(Math.floor(bits / 256) / 2 ** 24);
    }
  });
});

describe('normal numbers', () => {
  test('the table has the integers of an independent computation', () => {
    expect(sha256Hex(new Uint8Array(normalTable.buffer))).toBe(golden.normal.tableSha256);
  });

  test('the quantile is off by at most 1.3e-5', () => {
    for (const [tail, quantile] of golden.normal.tails) {
      expect(Math.abs(normalFromBits(tail) - quantile), `tail ${tail}`).toBeLessThanOrEqual(1.3e-5);
    }
  });

  test('bit 31 mirrors, results are exact float32 multiples of 2⁻²⁰ and no larger than 6.231, and none is −0', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0x7fffffff }), fc.integer({ min: 0, max: 30 }), (bits, shift) => {
        const tail = bits >>> shift; // every octave, not only the common ones
        const z = normalFromBits(tail);
        expect(normalFromBits(tail + 0x80000000)).toBe(z === 0 ? 0 : -z);
        expect(normalFromBits(tail | 0x80000000)).toBe(z === 0 ? 0 : -z); // the same word, signed
        expect(Math.fround(z)).toBe(z);
        expect(Number.isInteger(z * 2 ** 20)).toBe(true);
        expect(z).toBeGreaterThanOrEqual(0);
        expect(z).toBeLessThanOrEqual(6.231);
      }),
      { seed: 1, numRuns: 5000 },
    );
    expect(normalFromBits(0)).toBe(normalTable[0] / 2 ** 20);
    expect(normalFromBits(0xffffffff)).toBe(0); // toBe tells −0 from 0
  });

  test('it never rises with the tail, across segments and octaves', () => {
    const tails = new Set<number>();
    for (let octave = 0; octave <= 30; octave++) {
      for (let segment = 0; segment < 64; segment++) {
        const edge = Math.floor((1 + segment / 64) * 2 ** octave) - 1; // (m + 1) = (1 + s/64)·2ᵉ
        for (const tail of [edge - 1, edge, edge + 1]) if (tail >= 0 && tail <= 0x7fffffff) tails.add(tail);
      }
    }
    const values = [...tails].sort((a, b) => a - b).map(normalFromBits);
    expect(values.length).toBeGreaterThan(4000);
    for (let i = 1; i < values.length; i++) expect(values[i]).toBeLessThanOrEqual(values[i - 1]);
  });

  test('the second moment is 1 and the fourth 3 over all 2³² words', () => {
    // Each segment by 32 evenly spread words weighted with its share of all words; odd moments vanish by symmetry.
    let [mass, second, fourth] = [0, 0, 0];
    for (let octave = 6; octave <= 30; octave++) {
      const length = 2 ** octave / 64;
      const points = Math.min(32, length);
      for (let segment = 0; segment < 64; segment++) {
        for (let i = 0; i < points; i++) {
          const tail = 2 ** octave + segment * length + Math.floor(((i + 0.5) * length) / points) - 1;
          const z = normalFromBits(tail);
          const weight = length / points / 2 ** 31;
          mass += weight;
          second += weight * z * z;
          fourth += weight * z ** 4;
        }
      }
    }
    expect(mass).toBeCloseTo(1, 6);
    expect(Math.abs(second - 1)).toBeLessThan(3e-5);
    expect(Math.abs(fourth - 3)).toBeLessThan(3e-4);
  });

  test('the stream has the moments of a normal sample', () => {
    const random = stream(3, 'test');
    const count = 200_000;
    let [first, second, third, fourth] = [0, 0, 0, 0];
    for (let i = 0; i < count; i++) {
      const z = random.normal();
      first += z / count;
      second += z ** 2 / count;
      third += z ** 3 / count;
      fourth += z ** 4 / count;
    }
    // Four standard errors of each sample moment: √(1, 2, 15, 96)/√count.
    const error = 4 / Math.sqrt(count);
    expect(Math.abs(first)).toBeLessThan(error);
    expect(Math.abs(second - 1)).toBeLessThan(error * Math.sqrt(2));
    expect(Math.abs(third)).toBeLessThan(error * Math.sqrt(15));
    expect(Math.abs(fourth - 3)).toBeLessThan(error * Math.sqrt(96));
  });

  test('normalQuantile knows its ends and its centre', () => {
    expect([normalQuantile(0), normalQuantile(0.5), normalQuantile(1)]).toEqual([-Infinity, 0, Infinity]);
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 14); // any table of the normal distribution
    expect(() => normalQuantile(1.1)).toThrow(RangeError);
    expect(() => normalQuantile(NaN)).toThrow(RangeError);
  });
});

describe('stream', () => {
  test.each(golden.streams)('$name of seed $seed at $indices has the words of an independent implementation', (of) => {
    const random = stream(of.seed, of.name, ...of.indices);
    expect(of.words.map(() => random.bits())).toEqual(of.words);
  });

  test('names, seeds and indices each make another stream', () => {
    const firsts = new Set<string>();
    let made = 0;
    for (const seed of [0, 1, 0xffffffff]) {
      for (const name of Object.keys(streamNumbers) as StreamName[]) {
        for (const indices of [[], [0], [1], [0, 0], [0, 1], [1, 0]]) {
          firsts.add(streamKey(seed, name, ...indices).join());
          made++;
        }
      }
    }
    expect(firsts.size).toBe(made);
    expect(new Set(Object.values(streamNumbers)).size).toBe(Object.keys(streamNumbers).length);
  });

  test('its position restores it exactly, whatever was drawn', () => {
    fc.assert(
      fc.property(
        word,
        fc.array(fc.constantFrom('bits', 'uniform', 'normal', 'index'), { maxLength: 9 }),
        (seed, draws) => {
          const whole = stream(seed, 'environment', 5);
          for (const kind of draws) kind === 'index' ? whole.index(10) : whole[kind as 'bits']();
          expect(whole.position).toBe(draws.length);
          const restored = stream(seed, 'environment', 5);
          restored.position = whole.position;
          for (let i = 0; i < 5; i++) expect(restored.bits()).toBe(whole.bits());
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });

  test('the counter carries into its second word', () => {
    const random = stream(9, 'test', 2);
    random.position = 2 ** 33 * 3 + 7; // word 1 of block 3·2³² + 3
    const block = new Uint32Array(2);
    threefry2x32(...streamKey(9, 'test', 2), 3, 3, block);
    expect(random.bits()).toBe(block[1]);
  });

  test('uniform and index keep to their ranges and fill them evenly', () => {
    const random = stream(4, 'test');
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 70_000; i++) counts[random.index(7)]++;
    const chiSquare = counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0);
    expect(chiSquare).toBeLessThan(22.5); // 99.9 % of the χ² distribution with 6 degrees of freedom
    for (let i = 0; i < 1000; i++) {
      const x = random.uniform(-3, -2);
      expect(x >= -3 && x < -2).toBe(true);
    }
  });

  test('refuses seeds, indices and positions that are no such integers', () => {
    expect(() => stream(-1, 'data')).toThrow(RangeError);
    expect(() => stream(0.5, 'data')).toThrow(RangeError);
    expect(() => stream(2 ** 32, 'data')).toThrow(RangeError);
    expect(() => stream(0, 'data', NaN)).toThrow(RangeError);
    for (const position of [-1, 1.5, 2 ** 53, NaN]) {
      expect(() => {
        stream(0, 'data').position = position;
      }).toThrow(RangeError);
    }
  });
});
