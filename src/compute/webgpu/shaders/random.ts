/**
 * Random draws in WGSL, the same bits as `src/numeric/random.ts`: 32-bit integers, then conversions that are exact.
 */
import { threefryParity, threefryRotations } from '../../../numeric/random';

const rotations = [threefryRotations.slice(0, 4), threefryRotations.slice(4)];

/** Group `group` of four rounds, and the key words added behind it. */
function rounds(group: number): string {
  const mixed = rotations[group % 2].map(
    (rotation) => `x0 += x1; x1 = ((x1 << ${rotation}u) | (x1 >> ${32 - rotation}u)) ^ x0;`,
  );
  return `
  ${mixed.join('\n  ')}
  x0 += key[${(group + 1) % 3}]; x1 += key[${(group + 2) % 3}] + ${group + 1}u;`;
}

/**
 * WGSL of the functions
 *
 *     random_bits(key0, key1, stream, counter, index) -> u32   first word of Threefry2x32-20, key (key0, key1 + stream), counter (counter, index)
 *     index_from_bits(bits, size) -> u32                       in [0, size), 0 for size 0
 *     uniform_from_bits(bits) -> f32                           in [0, 1)
 *     normal_from_bits(bits) -> f32                            standard normal
 *
 * The shader that includes it must declare `normal_table`, the 2,048 integers of `normalTable`, as
 * `var<storage, read> normal_table: array<i32>` at a binding of its choice.
 */
export const randomFunctions = /* wgsl */ `
fn random_bits(key0: u32, key1: u32, stream: u32, counter: u32, index: u32) -> u32 {
  let key = vec3u(key0, key1 + stream, key0 ^ (key1 + stream) ^ ${threefryParity}u);
  var x0 = counter + key[0];
  var x1 = index + key[1];${[0, 1, 2, 3, 4].map(rounds).join('')}
  return x0;
}

// The high word of bits·size. No sum below reaches 2³².
fn index_from_bits(bits: u32, size: u32) -> u32 {
  let low = (bits & 0xffffu) * (size & 0xffffu);
  let first = (bits >> 16u) * (size & 0xffffu) + (low >> 16u);
  let second = (bits & 0xffffu) * (size >> 16u) + (first & 0xffffu);
  return (bits >> 16u) * (size >> 16u) + (first >> 16u) + (second >> 16u);
}

fn uniform_from_bits(bits: u32) -> f32 {
  return f32(bits >> 8u) * 0x1p-24f;
}

fn normal_from_bits(bits: u32) -> f32 {
  let tail = (bits & 0x7fffffffu) + 1u;
  let octave = countLeadingZeros(tail);
  let fraction = (tail << octave) << 1u;
  let entry = ((31u - octave) << 6u) + (fraction >> 26u);
  let high = normal_table[entry];
  let fall = u32(high - normal_table[entry + 1u]);
  let value = high - i32((fall * ((fraction >> 10u) & 0xffffu) + 0x8000u) >> 16u);
  return f32(select(value, -value, (bits >> 31u) != 0u)) * 0x1p-20f;
}
`;
