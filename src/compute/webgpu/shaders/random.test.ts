import { afterAll, describe, expect, test } from 'vitest';
import { provideGpu } from '../../../../workers/nodeGpu';
import { indexFromBits, normalFromBits, stream, threefry2x32, uniformFromBits } from '../../../numeric/random';
import { deviceForTests, evaluate } from '../testing';
import { randomFunctions } from './random';

const open = await deviceForTests(provideGpu, console.warn);
afterAll(() => open?.close());

const extremes = [0, 1, 2, 3, 0xffff, 0x10000, 0x7ffffffe, 0x7fffffff, 0x80000000, 0x80000001, 0xfffffffe, 0xffffffff];
/** Every extreme, words around every power of two, and thousands between. */
const words = Uint32Array.from([
  ...extremes,
  ...Array.from({ length: 32 }, (_, n) => [2 ** n - 1, 2 ** n, 2 ** n + 1]).flat(),
  ...random(8000, 1),
]);

function random(count: number, index: number): number[] {
  const numbers = stream(3, 'test', index);
  return Array.from({ length: count }, () => numbers.bits());
}
/** Expected float32 as their words. */
const floats = (values: Uint32Array, of: (bits: number) => number) =>
  new Uint32Array(Float32Array.from(values, (bits) => of(bits)).buffer);

describe.skipIf(open === null)('random draws in WGSL are those of numeric/random, bit for bit', () => {
  const run = (expression: string, inputs: readonly Uint32Array[]) =>
    evaluate(open!, randomFunctions, expression, inputs);

  test('words at (key, stream, counter, index)', async () => {
    // Every extreme with every other in each place, then any five words.
    const cases: number[][] = [];
    for (let place = 0; place < 5; place++) {
      for (const extreme of extremes) cases.push([1, 2, 3, 4, 5].map((word, at) => (at === place ? extreme : word)));
    }
    for (const extreme of extremes) cases.push([extreme, extreme, extreme, extreme, extreme]);
    const numbers = random(5 * 4000, 2);
    for (let first = 0; first < numbers.length; first += 5) cases.push(numbers.slice(first, first + 5));

    const inputs = [0, 1, 2, 3, 4].map((place) => Uint32Array.from(cases, (values) => values[place]));
    const [key0, key1, stream, counter, index] = [0, 1, 2, 3, 4].map((place) => `words[i + ${place}u * count]`);
    const actual = await run(`random_bits(${key0}, ${key1}, ${stream}, ${counter}, ${index})`, inputs);
    const block = new Uint32Array(2);
    const expected = Uint32Array.from(cases, ([k0, k1, number, c0, c1]) => {
      threefry2x32(k0, (k1 + number) >>> 0, c0, c1, block);
      return block[0];
    });
    expect(actual).toEqual(expected);
  });

  test('indices below any size', async () => {
    const sizes = [...extremes, 50, 1000, 999_983, ...random(20, 4)];
    const bits = Uint32Array.from(sizes.flatMap(() => [...words.slice(0, 500)]));
    const size = Uint32Array.from(sizes.flatMap((value) => new Array<number>(500).fill(value)));
    const actual = await run('index_from_bits(words[i], words[i + count])', [bits, size]);
    // In integers of any length, apart from how either of the two does it.
    const expected = bits.map((word, n) => Number((BigInt(word) * BigInt(size[n])) >> 32n));
    expect(actual).toEqual(expected);
    expect(bits.map((word, n) => indexFromBits(word, size[n]))).toEqual(expected);
  });

  test('uniform numbers', async () => {
    expect(await run('bitcast<u32>(uniform_from_bits(words[i]))', [words])).toEqual(floats(words, uniformFromBits));
  });

  test('normal numbers, and each octave of their tails', async () => {
    expect(await run('bitcast<u32>(normal_from_bits(words[i]))', [words])).toEqual(floats(words, normalFromBits));
  });
});
