/**
 * Counter-based random numbers, the same bits in JavaScript, WebAssembly and WGSL.
 *
 * Generator: Threefry2x32 with 20 rounds. Salmon, Moraes, Dror & Shaw 2011, "Parallel random numbers: as easy as 1, 2,
 * 3", https://doi.org/10.1145/2063384.2063405 (the Random123 library, whose known answers the test holds).
 *
 * Two ways in:
 * - `stream(seed, name, ...indices)`: an ordinary sequence for environments, data generation and the loop.
 * - `threefry2x32` and the `…FromBits` functions: what a tensor program draws at (seed, stream, update, index). These
 *   are the definition which the executors copy in WebAssembly and WGSL; they use 32-bit integers only.
 */
import { buildNormalTable } from './normalTable';

// ---------------------------------------------------------------------------------------------------------------------
// The generator

/** Bits by which the eight kinds of round rotate (Random123 threefry.h, R_32x2_0_0 … R_32x2_7_0). */
export const threefryRotations = [13, 15, 26, 6, 17, 29, 16, 24] as const;
/** Third key word is key0 ^ key1 ^ this (SKEIN_KS_PARITY32). */
export const threefryParity = 0x1bd11bda;

/**
 * Writes two random words, the Threefry2x32-20 block of a 64-bit key and a 64-bit counter, to `into[offset]` and
 * `into[offset + 1]`.
 *
 * All arithmetic is modulo 2³²; the parameters may be signed or unsigned. As a recipe for other languages:
 *
 *     k2 = k0 ^ k1 ^ 0x1bd11bda;  x0 = c0 + k0;  x1 = c1 + k1
 *     for group = 0 … 4:
 *       for each of the four rotations r of (13, 15, 26, 6) if group is even, else of (17, 29, 16, 24):
 *         x0 += x1;  x1 = (x1 rotated left by r) ^ x0
 *       x0 += k[(group + 1) mod 3];  x1 += k[(group + 2) mod 3] + group + 1
 */
export function threefry2x32(
  key0: number,
  key1: number,
  counter0: number,
  counter1: number,
  into: Uint32Array,
  offset = 0,
): void {
  const key2 = key0 ^ key1 ^ threefryParity;
  let x0 = (counter0 + key0) | 0;
  let x1 = (counter1 + key1) | 0;

  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
  x0 = (x0 + key1) | 0;
  x1 = (x1 + key2 + 1) | 0;

  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 24) | (x1 >>> 8)) ^ x0;
  x0 = (x0 + key2) | 0;
  x1 = (x1 + key0 + 2) | 0;

  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
  x0 = (x0 + key0) | 0;
  x1 = (x1 + key1 + 3) | 0;

  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 17) | (x1 >>> 15)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 29) | (x1 >>> 3)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 16) | (x1 >>> 16)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 24) | (x1 >>> 8)) ^ x0;
  x0 = (x0 + key1) | 0;
  x1 = (x1 + key2 + 4) | 0;

  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 13) | (x1 >>> 19)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 15) | (x1 >>> 17)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 26) | (x1 >>> 6)) ^ x0;
  x0 = (x0 + x1) | 0;
  x1 = ((x1 << 6) | (x1 >>> 26)) ^ x0;
  into[offset] = x0 + key2;
  into[offset + 1] = x1 + key0 + 5;
}

// ---------------------------------------------------------------------------------------------------------------------
// From 32 random bits to numbers: exact, so every executor gives the same

/**
 * Integer in [0, size): the high word of bits × size. `size` is a u32; 0 gives 0. The bias is below size·2⁻³².
 *
 * WGSL has no 64-bit product: with a = (bits >> 16)·size and b = (bits & 0xffff)·size, each of at most 48 bits, the
 * result is (a + (b >> 16)) >> 16. Four 16-bit products give a and b.
 */
export function indexFromBits(bits: number, size: number): number {
  const a = (bits >>> 16) * size;
  const b = (bits & 0xffff) * size;
  return Math.floor((a + Math.floor(b / 65536)) / 65536);
}

/** Uniform in [0, 1): (bits >>> 8)·2⁻²⁴, exact in float32. */
export function uniformFromBits(bits: number): number {
  return (bits >>> 8) * 5.9604644775390625e-8;
}

/**
 * −Φ⁻¹ at 1,985 probabilities in units of 2⁻²⁰, falling from 6.23 to 0; zeros fill it up to 2,048 entries.
 * Entry 64·e + s belongs to the probability (1 + s/64)·2^(e − 32), 0 ≤ e ≤ 30, 0 ≤ s ≤ 63; entry 1984 to ½.
 * The executors copy it byte for byte.
 */
export const normalTable: Int32Array = buildNormalTable();

/**
 * Standard normal number from 32 random bits, by integers alone; the result is an exact float32, a multiple of 2⁻²⁰.
 *
 *     bit 31        sign: 1 makes it negative
 *     bits 30 … 0   m; the probability of the tail beyond |z| is p = (m + 1)·2⁻³², in (0, ½]
 *
 * As a recipe for other languages, in unsigned 32-bit arithmetic:
 *
 *     tail     = (bits & 0x7fffffff) + 1             in [1, 2³¹]
 *     octave   = clz(tail)                           in [0, 31]: halvings of p below ½
 *     fraction = (tail << octave) << 1               drops the leading one; two shifts, since one may not be by 32
 *     segment  = fraction >>> 26                     next 6 bits
 *     weight   = (fraction >>> 10) & 0xffff          next 16 bits
 *     i        = (31 − octave)·64 + segment          in [0, 1984]
 *     high     = normalTable[i]
 *     fall     = high − normalTable[i + 1]           in [0, 2¹⁴)
 *     value    = high − ((fall·weight + 0x8000) >>> 16)   the product is below 2³⁰
 *     z        = float32(bit 31 ? −value : value) · 2⁻²⁰   |value| < 2²³: conversion and scaling are exact; never −0
 *
 * Error against the true quantile at p: at most 1.3e-5. |z| ≤ 6.231. Signs are symmetric, so odd moments vanish exactly.
 */
export function normalFromBits(bits: number): number {
  const tail = (bits & 0x7fffffff) + 1;
  const octave = Math.clz32(tail);
  const fraction = (tail << octave) << 1;
  const i = ((31 - octave) << 6) + (fraction >>> 26);
  const high = normalTable[i];
  const fall = high - normalTable[i + 1];
  const value = high - ((fall * ((fraction >>> 10) & 0xffff) + 0x8000) >>> 16);
  return (bits < 0 || bits > 0x7fffffff ? 0 - value : value) * 9.5367431640625e-7;
}

// ---------------------------------------------------------------------------------------------------------------------
// Named streams

/**
 * Number of each stream: part of what a link means, so numbers are never changed or reused. Numbers from 1024 up belong
 * to the draws of tensor programs.
 */
export const streamNumbers = {
  /** Generation of a dataset. */
  data: 1,
  /** Initial weights. */
  init: 2,
  /** Minibatch indices drawn outside a tensor program. */
  batch: 3,
  /** Noise in updates drawn outside a tensor program. */
  noise: 4,
  /** Training environments: resets and transitions. */
  environment: 5,
  /** Evaluation episodes. */
  evaluation: 6,
  /** Exploring actions. */
  exploration: 7,
  /** Episodes which measure J(π₀) and J(D). */
  regime: 8,
  /** Episodes which only the page looks at. */
  viewing: 9,
  /** Random and reference policies. */
  reference: 10,
  /** Resampling in bootstrap intervals. */
  bootstrap: 11,
  /** New weights at the switch: resets, shrink and perturb. */
  reset: 12,
  /** Predicted Q against realised return. */
  audit: 13,
  /** Examples in tests. */
  test: 14,
} as const;
export type StreamName = keyof typeof streamNumbers;

export interface RandomStream {
  /** Next 32 random bits as an unsigned integer. */
  bits(): number;
  /** Uniform in [low, high), 24 bits. */
  uniform(low?: number, high?: number): number;
  /** Uniform integer in [0, size). */
  index(size: number): number;
  /** Standard normal, from the integer table of `normalFromBits`: same bits everywhere. */
  normal(): number;
  /**
   * The number of words drawn, each draw being one word. Set it, and a stream of the same name, seed and indices goes
   * on from there: a checkpoint keeps this number and nothing else.
   * @throws RangeError if set to anything but an integer in [0, 2⁵³)
   */
  position: number;
}

/** Counter word 1 of the blocks from which keys of sub-streams come; no stream lives to draw a block with it. */
const keyDerivation = 0xffffffff;

/**
 * Key of a stream: (seed, number of the stream), then for each index in turn the Threefry block of that key at counter
 * (index, 2³² − 1). Streams with different names or indices are independent for all practical purposes.
 *
 * @param seed     u32
 * @param indices  u32 each: replica, episode, update, …
 * @throws RangeError if the seed or an index is not an integer in [0, 2³²)
 */
export function streamKey(seed: number, name: StreamName, ...indices: readonly number[]): readonly [number, number] {
  requireWord('seed', seed);
  const key = Uint32Array.of(seed, streamNumbers[name]);
  for (const index of indices) {
    requireWord(`index of stream ${name}`, index);
    threefry2x32(key[0], key[1], index, keyDerivation, key);
  }
  return [key[0], key[1]];
}

/**
 * The sequence of random numbers that belongs to a seed, a purpose and optional indices. Word n of it is word n mod 2 of
 * the Threefry block at counter (⌊n/2⌋ mod 2³², ⌊n/2³³⌋).
 *
 * @throws RangeError if the seed or an index is not an integer in [0, 2³²)
 */
export function stream(seed: number, name: StreamName, ...indices: readonly number[]): RandomStream {
  return new ThreefryStream(...streamKey(seed, name, ...indices));
}

class ThreefryStream implements RandomStream {
  readonly #key0: number;
  readonly #key1: number;
  readonly #block = new Uint32Array(2);
  #position = 0;

  constructor(key0: number, key1: number) {
    this.#key0 = key0;
    this.#key1 = key1;
  }

  get position(): number {
    return this.#position;
  }

  set position(position: number) {
    if (!Number.isSafeInteger(position) || position < 0) {
      throw new RangeError(`position: expected an integer in [0, 2^53), got ${position}`);
    }
    this.#position = position;
    if (position % 2 === 1) this.#draw(position - 1); // the next word is the second of a block drawn before
  }

  bits(): number {
    const position = this.#position++;
    if (position % 2 === 1) return this.#block[1];
    this.#draw(position);
    return this.#block[0];
  }

  uniform(low = 0, high = 1): number {
    return low + (high - low) * uniformFromBits(this.bits());
  }

  index(size: number): number {
    return indexFromBits(this.bits(), size);
  }

  normal(): number {
    return normalFromBits(this.bits());
  }

  /** Fills the block whose first word is at `position`, which is even. */
  #draw(position: number): void {
    const block = position / 2;
    threefry2x32(this.#key0, this.#key1, block % 4294967296, Math.floor(block / 4294967296), this.#block);
  }
}

function requireWord(what: string, value: number): void {
  if (!(Number.isInteger(value) && value >= 0 && value <= 0xffffffff)) {
    throw new RangeError(`${what}: expected an integer in [0, 2^32), got ${value}`);
  }
}
