/**
 * The three matrix products, member by member:
 *
 *     nn  out[m, n] = bias[m] + Σ_k a[m, k]·b[k, n]    forward          W·X + bias, ReLU
 *     tn  out[m, n] = Σ_k a[k, m]·b[k, n]              input gradient   Wᵀ·dY, ReLU's mask
 *     nt  out[m, n] = Σ_k a[m, k]·b[n, k]              weight gradient  dY·Xᵀ
 *
 * One order of summation for all: a single accumulator an element, starting from the bias (else 0), k = 0 … K − 1, each
 * product rounded before it is added. So block shapes, packing and tails can change without changing a bit.
 *
 * Blocks hold eight accumulators and k is not unrolled: with more, V8 spills at the loop's back edge and speed halves.
 * Each epilogue is a kernel of its own (`relu`, `masked`, `transposed` are literals which the compiler folds): flags for
 * work that a call does not need cost registers in the inner loop.
 *
 * nt transposes 16 rows of b at a time into a panel and multiplies as nn does. Dot products over k would save the
 * panel, but their sum over the lanes costs a third of the time at K = 64.
 *
 * Instruction, strides in bytes, columns contiguous:
 * [opcode, length, members, M, N, K, a, aMember, aRow, b, bMember, bRow, out, outMember, outRow,
 *  extra, extraMember, extraRow, scratch]; `extra` is the bias (one float a row; zeros for none) in nn and nt and the mask
 * in tn; `scratch` has room for a packed panel, K × 64 bytes.
 */
import { address, splat, storeFirst, transpose, word } from './vectors';

/** A b larger than this does not stay in the first-level cache, least of all when its rows lie a power of two apart. */
const packingBytes: usize = 24576;
/** Fewer rows than this use a packed panel too seldom to repay it. */
const packingRows = 8;

export function nn(instruction: usize): void {
  multiply(instruction, false, false);
}
export function nnRelu(instruction: usize): void {
  multiply(instruction, true, false);
}
export function nt(instruction: usize): void {
  multiply(instruction, false, true);
}
export function tn(instruction: usize): void {
  multiplyTN(instruction, false);
}
export function tnMasked(instruction: usize): void {
  multiplyTN(instruction, true);
}

/** max(x, 0) in one instruction; NaN stays NaN and −0 stays −0. */
// @ts-expect-error: decorator
@inline
function activate(x: v128, relu: bool): v128 {
  return relu ? f32x4.pmax(x, splat(0)) : x;
}

// @ts-expect-error: decorator
@inline
function multiply(instruction: usize, relu: bool, transposed: bool): void {
  const members = word(instruction, 2);
  const M = word(instruction, 3);
  const N = word(instruction, 4);
  const K = word(instruction, 5);
  const aRow = address(instruction, 8);
  const bRow = address(instruction, 11);
  const outRow = address(instruction, 14);
  const biasRow = address(instruction, 17);
  const scratch = address(instruction, 18);
  const packed = <usize>K * bRow > packingBytes && M >= packingRows;
  const depth = <usize>K << 2;

  for (let member: usize = 0; member < <usize>members; member++) {
    const aStart = address(instruction, 6) + member * address(instruction, 7);
    let bPanel = address(instruction, 9) + member * address(instruction, 10);
    let outPanel = address(instruction, 12) + member * address(instruction, 13);
    const biasStart = address(instruction, 15) + member * address(instruction, 16);

    let left = N;
    for (; left >= 16; left -= 16) {
      let panel = bPanel;
      let step = bRow;
      if (transposed) {
        transpose4(bPanel, bRow, 4, scratch, 64, K);
        transpose4(bPanel + bRow * 4, bRow, 4, scratch + 16, 64, K);
        transpose4(bPanel + bRow * 8, bRow, 4, scratch + 32, 64, K);
        transpose4(bPanel + bRow * 12, bRow, 4, scratch + 48, 64, K);
        panel = scratch;
        step = 64;
        bPanel += bRow << 4;
      } else {
        if (packed) {
          pack16(bPanel, bRow, scratch, K);
          panel = scratch;
          step = 64;
        }
        bPanel += 64;
      }
      let a = aStart;
      let out = outPanel;
      let bias = biasStart;
      let m = M;
      for (; m >= 2; m -= 2) {
        block2x4(a, a + aRow, a + depth, panel, step, load<f32>(bias), load<f32>(bias + biasRow), out, out + outRow, relu);
        a += aRow << 1;
        out += outRow << 1;
        bias += biasRow << 1;
      }
      if (m > 0) block1x4(a, a + depth, panel, step, load<f32>(bias), out, relu);
      outPanel += 64;
    }
    for (; left > 0; left -= 4) {
      let panel = bPanel;
      let step = bRow;
      if (transposed) {
        transpose4(bPanel, bRow, left, scratch, 16, K);
        panel = scratch;
        step = 16;
        bPanel += bRow << 2;
      } else {
        bPanel += 16;
      }
      let a = aStart;
      let out = outPanel;
      let bias = biasStart;
      let m = M;
      for (; m >= 8; m -= 8) {
        block8x1(a, aRow, a + depth, panel, step, bias, biasRow, out, outRow, left, relu);
        a += aRow << 3;
        out += outRow << 3;
        bias += biasRow << 3;
      }
      for (; m > 0; m--) {
        block1x1(a, a + depth, panel, step, load<f32>(bias), out, left, relu);
        a += aRow;
        out += outRow;
        bias += biasRow;
      }
      outPanel += 16;
    }
  }
}

/**
 * Writes the first four rows of b (`rows`, if fewer: the last one repeated) as columns: K vectors, `step` bytes apart.
 * Four rows at a time, since sixteen a power of two apart would not fit the ways of a first-level cache.
 */
function transpose4(b: usize, bRow: usize, rows: i32, to: usize, step: usize, K: i32): void {
  let b1 = rows > 1 ? b + bRow : b;
  let b2 = rows > 2 ? b1 + bRow : b1;
  let b3 = rows > 3 ? b2 + bRow : b2;
  for (; K >= 4; K -= 4) {
    transpose(v128.load(b), v128.load(b1), v128.load(b2), v128.load(b3), to, step);
    b += 16;
    b1 += 16;
    b2 += 16;
    b3 += 16;
    to += step << 2;
  }
  for (; K > 0; K--) {
    v128.store(to, f32x4(load<f32>(b), load<f32>(b1), load<f32>(b2), load<f32>(b3)));
    b += 4;
    b1 += 4;
    b2 += 4;
    b3 += 4;
    to += step;
  }
}

/** Copies K rows of 16 floats, `row` bytes apart, into one contiguous panel. */
// @ts-expect-error: decorator
@inline
function pack16(from: usize, row: usize, to: usize, K: i32): void {
  for (const end = to + (<usize>K << 6); to < end; to += 64) {
    v128.store(to, v128.load(from));
    v128.store(to, v128.load(from, 16), 16);
    v128.store(to, v128.load(from, 32), 32);
    v128.store(to, v128.load(from, 48), 48);
    from += row;
  }
}

/** Two rows × 16 columns; `a0` runs to `aEnd`. */
// @ts-expect-error: decorator
@inline
function block2x4(
  a0: usize,
  a1: usize,
  aEnd: usize,
  b: usize,
  bStep: usize,
  bias0: f32,
  bias1: f32,
  out0: usize,
  out1: usize,
  relu: bool,
): void {
  let s00 = splat(bias0);
  let s01 = s00;
  let s02 = s00;
  let s03 = s00;
  let s10 = splat(bias1);
  let s11 = s10;
  let s12 = s10;
  let s13 = s10;
  do {
    const x = v128.load_splat<f32>(a0);
    const y = v128.load_splat<f32>(a1);
    const b0 = v128.load(b);
    s00 = f32x4.add(s00, f32x4.mul(x, b0));
    s10 = f32x4.add(s10, f32x4.mul(y, b0));
    const b1 = v128.load(b, 16);
    s01 = f32x4.add(s01, f32x4.mul(x, b1));
    s11 = f32x4.add(s11, f32x4.mul(y, b1));
    const b2 = v128.load(b, 32);
    s02 = f32x4.add(s02, f32x4.mul(x, b2));
    s12 = f32x4.add(s12, f32x4.mul(y, b2));
    const b3 = v128.load(b, 48);
    s03 = f32x4.add(s03, f32x4.mul(x, b3));
    s13 = f32x4.add(s13, f32x4.mul(y, b3));
    a0 += 4;
    a1 += 4;
    b += bStep;
  } while (a0 != aEnd);
  v128.store(out0, activate(s00, relu));
  v128.store(out0, activate(s01, relu), 16);
  v128.store(out0, activate(s02, relu), 32);
  v128.store(out0, activate(s03, relu), 48);
  v128.store(out1, activate(s10, relu));
  v128.store(out1, activate(s11, relu), 16);
  v128.store(out1, activate(s12, relu), 32);
  v128.store(out1, activate(s13, relu), 48);
}

/** One row × 16 columns. */
// @ts-expect-error: decorator
@inline
function block1x4(a: usize, aEnd: usize, b: usize, bStep: usize, bias: f32, out: usize, relu: bool): void {
  let s0 = splat(bias);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  do {
    const x = v128.load_splat<f32>(a);
    s0 = f32x4.add(s0, f32x4.mul(x, v128.load(b)));
    s1 = f32x4.add(s1, f32x4.mul(x, v128.load(b, 16)));
    s2 = f32x4.add(s2, f32x4.mul(x, v128.load(b, 32)));
    s3 = f32x4.add(s3, f32x4.mul(x, v128.load(b, 48)));
    a += 4;
    b += bStep;
  } while (a != aEnd);
  v128.store(out, activate(s0, relu));
  v128.store(out, activate(s1, relu), 16);
  v128.store(out, activate(s2, relu), 32);
  v128.store(out, activate(s3, relu), 48);
}

/** Eight rows × at most 4 columns: acting on a few observations. */
// @ts-expect-error: decorator
@inline
function block8x1(
  a: usize,
  aRow: usize,
  aEnd: usize,
  b: usize,
  bStep: usize,
  bias: usize,
  biasRow: usize,
  out: usize,
  outRow: usize,
  columns: i32,
  relu: bool,
): void {
  let s0 = splat(load<f32>(bias));
  let s1 = splat(load<f32>(bias + biasRow));
  let s2 = splat(load<f32>(bias + biasRow * 2));
  let s3 = splat(load<f32>(bias + biasRow * 3));
  let s4 = splat(load<f32>(bias + biasRow * 4));
  let s5 = splat(load<f32>(bias + biasRow * 5));
  let s6 = splat(load<f32>(bias + biasRow * 6));
  let s7 = splat(load<f32>(bias + biasRow * 7));
  let a4 = a + (aRow << 2);
  const aRow3 = aRow * 3;
  do {
    const x = v128.load(b);
    s0 = f32x4.add(s0, f32x4.mul(v128.load_splat<f32>(a), x));
    s1 = f32x4.add(s1, f32x4.mul(v128.load_splat<f32>(a + aRow), x));
    s2 = f32x4.add(s2, f32x4.mul(v128.load_splat<f32>(a + aRow + aRow), x));
    s3 = f32x4.add(s3, f32x4.mul(v128.load_splat<f32>(a + aRow3), x));
    s4 = f32x4.add(s4, f32x4.mul(v128.load_splat<f32>(a4), x));
    s5 = f32x4.add(s5, f32x4.mul(v128.load_splat<f32>(a4 + aRow), x));
    s6 = f32x4.add(s6, f32x4.mul(v128.load_splat<f32>(a4 + aRow + aRow), x));
    s7 = f32x4.add(s7, f32x4.mul(v128.load_splat<f32>(a4 + aRow3), x));
    a += 4;
    a4 += 4;
    b += bStep;
  } while (a != aEnd);
  storeFirst(out, activate(s0, relu), columns);
  storeFirst(out + outRow, activate(s1, relu), columns);
  storeFirst(out + outRow * 2, activate(s2, relu), columns);
  storeFirst(out + outRow * 3, activate(s3, relu), columns);
  storeFirst(out + outRow * 4, activate(s4, relu), columns);
  storeFirst(out + outRow * 5, activate(s5, relu), columns);
  storeFirst(out + outRow * 6, activate(s6, relu), columns);
  storeFirst(out + outRow * 7, activate(s7, relu), columns);
}

/** One row × at most 4 columns. */
// @ts-expect-error: decorator
@inline
function block1x1(
  a: usize,
  aEnd: usize,
  b: usize,
  bStep: usize,
  bias: f32,
  out: usize,
  columns: i32,
  relu: bool,
): void {
  let s = splat(bias);
  do {
    s = f32x4.add(s, f32x4.mul(v128.load_splat<f32>(a), v128.load(b)));
    a += 4;
    b += bStep;
  } while (a != aEnd);
  storeFirst(out, activate(s, relu), columns);
}

// ---------------------------------------------------------------------------------------------------------------------

/** 0 where mask ≤ 0: ReLU's gradient from its output. */
// @ts-expect-error: decorator
@inline
function gate(x: v128, mask: usize, masked: bool): v128 {
  return masked ? v128.andnot(x, f32x4.le(v128.load(mask), splat(0))) : x;
}

// @ts-expect-error: decorator
@inline
function multiplyTN(instruction: usize, masked: bool): void {
  const members = word(instruction, 2);
  const M = word(instruction, 3);
  const N = word(instruction, 4);
  const K = word(instruction, 5);
  const aRow = address(instruction, 8);
  const bRow = address(instruction, 11);
  const outRow = address(instruction, 14);
  const maskRow = address(instruction, 17);
  const scratch = address(instruction, 18);
  const packed = <usize>K * bRow > packingBytes && M >= packingRows;
  const strips = scratch + (<usize>K << 6);

  for (let member: usize = 0; member < <usize>members; member++) {
    const aStart = address(instruction, 6) + member * address(instruction, 7);
    let bPanel = address(instruction, 9) + member * address(instruction, 10);
    let outPanel = address(instruction, 12) + member * address(instruction, 13);
    let maskPanel = address(instruction, 15) + member * address(instruction, 16);
    if (packed) packStrips(aStart, aRow, strips, M, K);

    let left = N;
    for (; left >= 16; left -= 16) {
      let panel = bPanel;
      let step = bRow;
      if (packed) {
        pack16(bPanel, bRow, scratch, K);
        panel = scratch;
        step = 64;
      }
      const panelEnd = panel + <usize>K * step;
      const aStep: usize = packed ? 16 : aRow;
      const stripStep: usize = packed ? <usize>K << 4 : 16;
      let strip = packed ? strips : aStart;
      let out = outPanel;
      let mask = maskPanel;
      let m = M;
      for (; m >= 4; m -= 4) {
        tnBlock2x4(strip, aStep, panel, step, panelEnd, out, outRow, mask, maskRow, masked);
        out += outRow << 1;
        mask += maskRow << 1;
        tnBlock2x4(strip + 8, aStep, panel, step, panelEnd, out, outRow, mask, maskRow, masked);
        out += outRow << 1;
        mask += maskRow << 1;
        strip += stripStep;
      }
      let a = aStart + (<usize>(M - m) << 2);
      for (; m > 0; m--) {
        tnBlock1x4(a, aRow, panel, step, panelEnd, out, mask, masked);
        a += 4;
        out += outRow;
        mask += maskRow;
      }
      bPanel += 64;
      outPanel += 64;
      maskPanel += 64;
    }
    for (; left > 0; left -= 4) {
      let a = aStart;
      let out = outPanel;
      let mask = maskPanel;
      for (let m = M; m > 0; m--) {
        tnBlock1x1(a, aRow, bPanel, bRow, K, out, mask, left, masked);
        a += 4;
        out += outRow;
        mask += maskRow;
      }
      bPanel += 16;
      outPanel += 16;
      maskPanel += 16;
    }
  }
}

/** Copies a into strips of four columns, K vectors each; columns past M / 4 · 4 are left out. */
function packStrips(a: usize, aRow: usize, to: usize, M: i32, K: i32): void {
  const strip = <usize>K << 4;
  // A cache line of a at a time: strips lie far apart, and so do rows.
  for (; M >= 16; M -= 16) {
    let from = a;
    for (const end = to + strip; to < end; to += 16) {
      v128.store(to, v128.load(from));
      v128.store(to + strip, v128.load(from, 16));
      v128.store(to + strip * 2, v128.load(from, 32));
      v128.store(to + strip * 3, v128.load(from, 48));
      from += aRow;
    }
    a += 64;
    to += strip * 3;
  }
  for (; M >= 4; M -= 4) {
    let from = a;
    for (const end = to + strip; to < end; to += 16) {
      v128.store(to, v128.load(from));
      from += aRow;
    }
    a += 16;
  }
}

/** Two rows × 16 columns. */
// @ts-ignore: decorator
@inline
function tnBlock2x4(
  a: usize,
  aRow: usize,
  b: usize,
  bStep: usize,
  bEnd: usize,
  out: usize,
  outRow: usize,
  mask: usize,
  maskRow: usize,
  masked: bool,
): void {
  let s00 = splat(0);
  let s01 = s00;
  let s02 = s00;
  let s03 = s00;
  let s10 = s00;
  let s11 = s00;
  let s12 = s00;
  let s13 = s00;
  do {
    const x0 = v128.load_splat<f32>(a);
    const x1 = v128.load_splat<f32>(a, 4);
    const b0 = v128.load(b);
    s00 = f32x4.add(s00, f32x4.mul(x0, b0));
    s10 = f32x4.add(s10, f32x4.mul(x1, b0));
    const b1 = v128.load(b, 16);
    s01 = f32x4.add(s01, f32x4.mul(x0, b1));
    s11 = f32x4.add(s11, f32x4.mul(x1, b1));
    const b2 = v128.load(b, 32);
    s02 = f32x4.add(s02, f32x4.mul(x0, b2));
    s12 = f32x4.add(s12, f32x4.mul(x1, b2));
    const b3 = v128.load(b, 48);
    s03 = f32x4.add(s03, f32x4.mul(x0, b3));
    s13 = f32x4.add(s13, f32x4.mul(x1, b3));
    a += aRow;
    b += bStep;
  } while (b != bEnd);
  v128.store(out, gate(s00, mask, masked));
  v128.store(out, gate(s01, mask + 16, masked), 16);
  v128.store(out, gate(s02, mask + 32, masked), 32);
  v128.store(out, gate(s03, mask + 48, masked), 48);
  out += outRow;
  mask += maskRow;
  v128.store(out, gate(s10, mask, masked));
  v128.store(out, gate(s11, mask + 16, masked), 16);
  v128.store(out, gate(s12, mask + 32, masked), 32);
  v128.store(out, gate(s13, mask + 48, masked), 48);
}

/** One row × 16 columns. */
// @ts-ignore: decorator
@inline
function tnBlock1x4(
  a: usize,
  aRow: usize,
  b: usize,
  bStep: usize,
  bEnd: usize,
  out: usize,
  mask: usize,
  masked: bool,
): void {
  let s0 = splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  do {
    const x = v128.load_splat<f32>(a);
    s0 = f32x4.add(s0, f32x4.mul(x, v128.load(b)));
    s1 = f32x4.add(s1, f32x4.mul(x, v128.load(b, 16)));
    s2 = f32x4.add(s2, f32x4.mul(x, v128.load(b, 32)));
    s3 = f32x4.add(s3, f32x4.mul(x, v128.load(b, 48)));
    a += aRow;
    b += bStep;
  } while (b != bEnd);
  v128.store(out, gate(s0, mask, masked));
  v128.store(out, gate(s1, mask + 16, masked), 16);
  v128.store(out, gate(s2, mask + 32, masked), 32);
  v128.store(out, gate(s3, mask + 48, masked), 48);
}

/** One row × at most 4 columns. */
// @ts-expect-error: decorator
@inline
function tnBlock1x1(
  a: usize,
  aRow: usize,
  b: usize,
  bStep: usize,
  K: i32,
  out: usize,
  mask: usize,
  columns: i32,
  masked: bool,
): void {
  let s = splat(0);
  do {
    s = f32x4.add(s, f32x4.mul(v128.load_splat<f32>(a), v128.load(b)));
    a += aRow;
    b += bStep;
  } while (--K);
  storeFirst(out, gate(s, mask, masked), columns);
}
