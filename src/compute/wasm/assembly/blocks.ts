/**
 * The inner loops of nn and nt: a block of the result stays in registers while k runs. Rows of a are contiguous; rows
 * of b lie `bStep` bytes apart. Sums start from the bias.
 */
import { madd, splat, storeFirst } from './vectors';

/** max(x, 0) in one instruction; NaN stays NaN and −0 stays −0. */
// @ts-expect-error: decorator
@inline
function activate(x: v128, relu: bool): v128 {
  return relu ? f32x4.pmax(x, splat(0)) : x;
}

/**
 * Two rows × 16 columns, of the last four only `columns`; `a0` runs to `aEnd`.
 *
 * Two values of k a turn, with the way out between them: TurboFan, V8's older compiler, gathers all loads between two
 * branches, and those of two values would not fit the registers.
 */
// @ts-expect-error: decorator
@inline
export function block2x4(
  a0: usize,
  a1: usize,
  aEnd: usize,
  b: usize,
  bStep: usize,
  bias0: usize,
  bias1: usize,
  out0: usize,
  out1: usize,
  columns: i32,
  relu: bool,
): void {
  let s00 = v128.load_splat<f32>(bias0);
  let s01 = s00;
  let s02 = s00;
  let s03 = s00;
  let s10 = v128.load_splat<f32>(bias1);
  let s11 = s10;
  let s12 = s10;
  let s13 = s10;
  const aLast = aEnd - 4;
  do {
    const x = v128.load_splat<f32>(a0);
    const y = v128.load_splat<f32>(a1);
    const b0 = v128.load(b);
    s00 = madd(x, b0, s00);
    s10 = madd(y, b0, s10);
    const b1 = v128.load(b, 16);
    s01 = madd(x, b1, s01);
    s11 = madd(y, b1, s11);
    const b2 = v128.load(b, 32);
    s02 = madd(x, b2, s02);
    s12 = madd(y, b2, s12);
    const b3 = v128.load(b, 48);
    s03 = madd(x, b3, s03);
    s13 = madd(y, b3, s13);
    b += bStep;
    if (a0 == aLast) break;
    const xNext = v128.load_splat<f32>(a0, 4);
    const yNext = v128.load_splat<f32>(a1, 4);
    const b0Next = v128.load(b);
    s00 = madd(xNext, b0Next, s00);
    s10 = madd(yNext, b0Next, s10);
    const b1Next = v128.load(b, 16);
    s01 = madd(xNext, b1Next, s01);
    s11 = madd(yNext, b1Next, s11);
    const b2Next = v128.load(b, 32);
    s02 = madd(xNext, b2Next, s02);
    s12 = madd(yNext, b2Next, s12);
    const b3Next = v128.load(b, 48);
    s03 = madd(xNext, b3Next, s03);
    s13 = madd(yNext, b3Next, s13);
    b += bStep;
    a0 += 8;
    a1 += 8;
  } while (a0 != aEnd);
  v128.store(out0, activate(s00, relu));
  v128.store(out0, activate(s01, relu), 16);
  v128.store(out0, activate(s02, relu), 32);
  storeFirst(out0 + 48, activate(s03, relu), columns);
  v128.store(out1, activate(s10, relu));
  v128.store(out1, activate(s11, relu), 16);
  v128.store(out1, activate(s12, relu), 32);
  storeFirst(out1 + 48, activate(s13, relu), columns);
}

/** Two rows × 12 columns, of the last four only `columns`. */
// @ts-expect-error: decorator
@inline
export function block2x3(
  a0: usize,
  a1: usize,
  aEnd: usize,
  b: usize,
  bStep: usize,
  bias0: usize,
  bias1: usize,
  out0: usize,
  out1: usize,
  columns: i32,
  relu: bool,
): void {
  let s00 = v128.load_splat<f32>(bias0);
  let s01 = s00;
  let s02 = s00;
  let s10 = v128.load_splat<f32>(bias1);
  let s11 = s10;
  let s12 = s10;
  do {
    const x = v128.load_splat<f32>(a0);
    const y = v128.load_splat<f32>(a1);
    const b0 = v128.load(b);
    s00 = madd(x, b0, s00);
    s10 = madd(y, b0, s10);
    const b1 = v128.load(b, 16);
    s01 = madd(x, b1, s01);
    s11 = madd(y, b1, s11);
    const b2 = v128.load(b, 32);
    s02 = madd(x, b2, s02);
    s12 = madd(y, b2, s12);
    a0 += 4;
    a1 += 4;
    b += bStep;
  } while (a0 != aEnd);
  v128.store(out0, activate(s00, relu));
  v128.store(out0, activate(s01, relu), 16);
  storeFirst(out0 + 32, activate(s02, relu), columns);
  v128.store(out1, activate(s10, relu));
  v128.store(out1, activate(s11, relu), 16);
  storeFirst(out1 + 32, activate(s12, relu), columns);
}

/** Four rows × 8 columns, of the last four only `columns`. */
// @ts-expect-error: decorator
@inline
export function block4x2(
  a0: usize,
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
  let a1 = a0 + aRow;
  let a2 = a1 + aRow;
  let a3 = a2 + aRow;
  let s00 = v128.load_splat<f32>(bias);
  let s10 = v128.load_splat<f32>(bias + biasRow);
  let s20 = v128.load_splat<f32>(bias + biasRow * 2);
  let s30 = v128.load_splat<f32>(bias + biasRow * 3);
  let s01 = s00;
  let s11 = s10;
  let s21 = s20;
  let s31 = s30;
  do {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    const x0 = v128.load_splat<f32>(a0);
    s00 = madd(x0, b0, s00);
    s01 = madd(x0, b1, s01);
    const x1 = v128.load_splat<f32>(a1);
    s10 = madd(x1, b0, s10);
    s11 = madd(x1, b1, s11);
    const x2 = v128.load_splat<f32>(a2);
    s20 = madd(x2, b0, s20);
    s21 = madd(x2, b1, s21);
    const x3 = v128.load_splat<f32>(a3);
    s30 = madd(x3, b0, s30);
    s31 = madd(x3, b1, s31);
    a0 += 4;
    a1 += 4;
    a2 += 4;
    a3 += 4;
    b += bStep;
  } while (a0 != aEnd);
  v128.store(out, activate(s00, relu));
  storeFirst(out + 16, activate(s01, relu), columns);
  out += outRow;
  v128.store(out, activate(s10, relu));
  storeFirst(out + 16, activate(s11, relu), columns);
  out += outRow;
  v128.store(out, activate(s20, relu));
  storeFirst(out + 16, activate(s21, relu), columns);
  out += outRow;
  v128.store(out, activate(s30, relu));
  storeFirst(out + 16, activate(s31, relu), columns);
}

/** Eight rows × at most 4 columns: acting on a few observations. */
// @ts-expect-error: decorator
@inline
export function block8x1(
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
  let s0 = v128.load_splat<f32>(bias);
  let s1 = v128.load_splat<f32>(bias + biasRow);
  let s2 = v128.load_splat<f32>(bias + biasRow * 2);
  let s3 = v128.load_splat<f32>(bias + biasRow * 3);
  let s4 = v128.load_splat<f32>(bias + biasRow * 4);
  let s5 = v128.load_splat<f32>(bias + biasRow * 5);
  let s6 = v128.load_splat<f32>(bias + biasRow * 6);
  let s7 = v128.load_splat<f32>(bias + biasRow * 7);
  let a4 = a + (aRow << 2);
  const aRow3 = aRow * 3;
  do {
    const x = v128.load(b);
    s0 = madd(v128.load_splat<f32>(a), x, s0);
    s1 = madd(v128.load_splat<f32>(a + aRow), x, s1);
    s2 = madd(v128.load_splat<f32>(a + aRow + aRow), x, s2);
    s3 = madd(v128.load_splat<f32>(a + aRow3), x, s3);
    s4 = madd(v128.load_splat<f32>(a4), x, s4);
    s5 = madd(v128.load_splat<f32>(a4 + aRow), x, s5);
    s6 = madd(v128.load_splat<f32>(a4 + aRow + aRow), x, s6);
    s7 = madd(v128.load_splat<f32>(a4 + aRow3), x, s7);
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

/** One row × 16 columns. */
// @ts-expect-error: decorator
@inline
export function block1x4(a: usize, aEnd: usize, b: usize, bStep: usize, bias: usize, out: usize, relu: bool): void {
  let s0 = v128.load_splat<f32>(bias);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  do {
    const x = v128.load_splat<f32>(a);
    s0 = madd(x, v128.load(b), s0);
    s1 = madd(x, v128.load(b, 16), s1);
    s2 = madd(x, v128.load(b, 32), s2);
    s3 = madd(x, v128.load(b, 48), s3);
    a += 4;
    b += bStep;
  } while (a != aEnd);
  v128.store(out, activate(s0, relu));
  v128.store(out, activate(s1, relu), 16);
  v128.store(out, activate(s2, relu), 32);
  v128.store(out, activate(s3, relu), 48);
}

/** One row × at most 4 columns. */
// @ts-expect-error: decorator
@inline
export function block1x1(
  a: usize,
  aEnd: usize,
  b: usize,
  bStep: usize,
  bias: usize,
  out: usize,
  columns: i32,
  relu: bool,
): void {
  let s = v128.load_splat<f32>(bias);
  do {
    s = madd(v128.load_splat<f32>(a), v128.load(b), s);
    a += 4;
    b += bStep;
  } while (a != aEnd);
  storeFirst(out, activate(s, relu), columns);
}
