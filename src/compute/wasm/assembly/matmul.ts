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
 * Blocks hold eight accumulators (six where a row ends): with more, V8 spills at the loop's back edge and speed halves.
 * Each epilogue is a kernel of its own (`relu`, `masked`, `transposed` are literals which the compiler folds): flags for
 * work that a call does not need cost registers in the inner loop.
 *
 * nt transposes 16 rows of b at a time into a panel and multiplies as nn does. Dot products over k would save the
 * panel, but their sum over the lanes costs a third of the time at K = 64.
 *
 * Instruction, strides in bytes, columns contiguous:
 * [opcode, length, members, M, N, K, a, aMember, aRow, b, bMember, bRow, out, outMember, outRow,
 *  extra, extraMember, extraRow, scratch]; `extra` is the bias (one float a row; zeros for none) in nn and nt and the mask
 * in tn; `scratch` has room for a packed panel, K × 64 bytes, and in tn for all of a behind it.
 *
 * The block and the panel that a call needs: blocks.ts, panels.ts; tn: matmulTransposed.ts.
 */
import { block1x1, block1x4, block2x3, block2x4, block4x2, block8x1 } from './blocks';
import { pack16, transposePanel } from './panels';
import { address, word } from './vectors';

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

// @ts-expect-error: decorator
@inline
function multiply(instruction: usize, relu: bool, transposed: bool): void {
  const members = word(instruction, 2);
  const M = word(instruction, 3);
  const K = word(instruction, 5);
  const bRow = address(instruction, 11);
  const scratch = address(instruction, 18);
  const packed = <usize>K * bRow > packingBytes && M >= packingRows;

  for (let member: usize = 0; member < <usize>members; member++) {
    const a = address(instruction, 6) + member * address(instruction, 7);
    let b = address(instruction, 9) + member * address(instruction, 10);
    let out = address(instruction, 12) + member * address(instruction, 13);
    const bias = address(instruction, 15) + member * address(instruction, 16);

    let left = word(instruction, 4);
    for (; left >= 16; left -= 16) {
      let panel = b;
      let step = bRow;
      if (transposed) {
        transposePanel(b, bRow, 16, scratch, K);
        panel = scratch;
        step = 64;
        b += bRow << 4;
      } else {
        if (packed) {
          pack16(b, bRow, scratch, K);
          panel = scratch;
          step = 64;
        }
        b += 64;
      }
      fullPanel(instruction, a, bias, panel, step, out, relu);
      out += 64;
    }
    if (left > 0) {
      let panel = b;
      let step = bRow;
      if (transposed) {
        transposePanel(b, bRow, left, scratch, K);
        panel = scratch;
        step = 64;
      }
      tailPanel(instruction, a, bias, panel, step, out, left, relu);
    }
  }
}

/** All rows × 16 columns. */
// @ts-expect-error: decorator
@inline
function fullPanel(
  instruction: usize,
  a: usize,
  bias: usize,
  panel: usize,
  step: usize,
  out: usize,
  relu: bool,
): void {
  const depth = address(instruction, 5) << 2;
  const aRow = address(instruction, 8);
  const outRow = address(instruction, 14);
  const biasRow = address(instruction, 17);
  let m = word(instruction, 3);
  for (; m >= 2; m -= 2) {
    block2x4(a, a + aRow, a + depth, panel, step, bias, bias + biasRow, out, out + outRow, 4, relu);
    a += aRow << 1;
    out += outRow << 1;
    bias += biasRow << 1;
  }
  if (m > 0) block1x4(a, a + depth, panel, step, bias, out, relu);
}

/** All rows × fewer than 16 columns. */
// @ts-expect-error: decorator
@inline
function tailPanel(
  instruction: usize,
  a: usize,
  bias: usize,
  panel: usize,
  step: usize,
  out: usize,
  left: i32,
  relu: bool,
): void {
  const depth = address(instruction, 5) << 2;
  const aRow = address(instruction, 8);
  const outRow = address(instruction, 14);
  const biasRow = address(instruction, 17);
  let m = word(instruction, 3);
  if (left > 12) {
    for (; m >= 2; m -= 2) {
      block2x4(a, a + aRow, a + depth, panel, step, bias, bias + biasRow, out, out + outRow, left - 12, relu);
      a += aRow << 1;
      out += outRow << 1;
      bias += biasRow << 1;
    }
  } else if (left > 8) {
    for (; m >= 2; m -= 2) {
      block2x3(a, a + aRow, a + depth, panel, step, bias, bias + biasRow, out, out + outRow, left - 8, relu);
      a += aRow << 1;
      out += outRow << 1;
      bias += biasRow << 1;
    }
  } else if (left > 4) {
    for (; m >= 4; m -= 4) {
      block4x2(a, aRow, a + depth, panel, step, bias, biasRow, out, outRow, left - 4, relu);
      a += aRow << 2;
      out += outRow << 2;
      bias += biasRow << 2;
    }
  } else {
    for (; m >= 8; m -= 8) {
      block8x1(a, aRow, a + depth, panel, step, bias, biasRow, out, outRow, left, relu);
      a += aRow << 3;
      out += outRow << 3;
      bias += biasRow << 3;
    }
  }
  for (; m > 0; m--) {
    for (let column = 0; column < left; column += 4) {
      const at = <usize>column << 2;
      block1x1(a, a + depth, panel + at, step, bias, out + at, left - column, relu);
    }
    a += aRow;
    out += outRow;
    bias += biasRow;
  }
}
