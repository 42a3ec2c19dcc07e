/**
 * The matrix product with its first operand transposed: `tn` of matmul.ts, whose instruction it shares.
 *
 * Columns of a are read four at a time from packed strips, rows of b from packed panels, wherever a column of b would
 * otherwise lie in few sets of the first-level cache: rows a power of two apart collide there with those of a.
 */
import { pack16, packStrips } from './panels';
import { address, madd, splat, storeFirst, word } from './vectors';

/** A b larger than this is packed. */
const packingBytes: usize = 8192;
/** Fewer rows than this use a packed panel too seldom to repay it. */
const packingRows = 8;

export function tn(instruction: usize): void {
  multiply(instruction, false);
}
export function tnMasked(instruction: usize): void {
  multiply(instruction, true);
}

/** 0 where mask ≤ 0: ReLU's gradient from its output. */
// @ts-expect-error: decorator
@inline
function gate(x: v128, mask: usize, masked: bool): v128 {
  return masked ? v128.andnot(x, f32x4.le(v128.load(mask), splat(0))) : x;
}

// @ts-expect-error: decorator
@inline
function multiply(instruction: usize, masked: bool): void {
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
        block2x4(strip, aStep, panel, step, panelEnd, out, outRow, mask, maskRow, masked);
        out += outRow << 1;
        mask += maskRow << 1;
        block2x4(strip + 8, aStep, panel, step, panelEnd, out, outRow, mask, maskRow, masked);
        out += outRow << 1;
        mask += maskRow << 1;
        strip += stripStep;
      }
      let a = aStart + (<usize>(M - m) << 2);
      for (; m > 0; m--) {
        block1x4(a, aRow, panel, step, panelEnd, out, mask, masked);
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
        block1x1(a, aRow, bPanel, bRow, K, out, mask, left, masked);
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

/** Two rows × 16 columns. */
// @ts-expect-error: decorator
@inline
function block2x4(
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
    s00 = madd(x0, b0, s00);
    s10 = madd(x1, b0, s10);
    const b1 = v128.load(b, 16);
    s01 = madd(x0, b1, s01);
    s11 = madd(x1, b1, s11);
    const b2 = v128.load(b, 32);
    s02 = madd(x0, b2, s02);
    s12 = madd(x1, b2, s12);
    const b3 = v128.load(b, 48);
    s03 = madd(x0, b3, s03);
    s13 = madd(x1, b3, s13);
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
// @ts-expect-error: decorator
@inline
function block1x4(
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
    s0 = madd(x, v128.load(b), s0);
    s1 = madd(x, v128.load(b, 16), s1);
    s2 = madd(x, v128.load(b, 32), s2);
    s3 = madd(x, v128.load(b, 48), s3);
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
function block1x1(
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
    s = madd(v128.load_splat<f32>(a), v128.load(b), s);
    a += aRow;
    b += bStep;
  } while (--K);
  storeFirst(out, gate(s, mask, masked), columns);
}
