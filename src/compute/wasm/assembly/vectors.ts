/** What every kernel shares: reading instruction words, and vectors at the ragged end of a row. */

/** Word `index` of the instruction at `instruction`. */
// @ts-expect-error: decorator
@inline
export function word(instruction: usize, index: i32): i32 {
  return load<i32>(instruction + (<usize>index << 2));
}

/** Word `index` as an address or a stride in bytes. */
// @ts-expect-error: decorator
@inline
export function address(instruction: usize, index: i32): usize {
  return <usize>load<u32>(instruction + (<usize>index << 2));
}

/** One float in all four lanes. */
// @ts-expect-error: decorator
@inline
export function splat(value: f32): v128 {
  return f32x4.splat(value);
}

/**
 * a·b + sum, the product rounded before it is added. In the relaxed engine (`RELAXED`, a constant the compiler is given)
 * the product may stay exact: one instruction where the processor has a fused one, and other last bits than elsewhere.
 */
// @ts-expect-error: decorator
@inline
export function madd(a: v128, b: v128, sum: v128): v128 {
  return RELAXED ? f32x4.relaxed_madd(a, b, sum) : f32x4.add(sum, f32x4.mul(a, b));
}

/**
 * Stores the first `count` lanes, at most four. Reading past a row's end is harmless (the session leaves room after the
 * image, and the lanes are dropped here); writing past it is not.
 */
// @ts-expect-error: decorator
@inline
export function storeFirst(pointer: usize, value: v128, count: i32): void {
  if (count >= 4) v128.store(pointer, value);
  else storeFewer(pointer, value, count);
}

function storeFewer(pointer: usize, value: v128, count: i32): void {
  v128.store_lane<f32>(pointer, value, 0);
  if (count > 1) v128.store_lane<f32>(pointer, value, 1, 4);
  if (count > 2) v128.store_lane<f32>(pointer, value, 2, 8);
}

/** All bits set in the first `count` lanes, 0 ≤ count ≤ 4. */
// @ts-expect-error: decorator
@inline
export function firstLanes(count: i32): v128 {
  return i32x4.gt_s(i32x4.splat(count), i32x4(0, 1, 2, 3));
}

/** Stores the columns of the 4 × 4 matrix with rows a, b, c, d, `step` bytes apart. */
// @ts-expect-error: decorator
@inline
export function transpose(a: v128, b: v128, c: v128, d: v128, to: usize, step: usize): void {
  const abLow = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
  const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
  const cdLow = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
  const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(abLow, cdLow, 0, 1, 4, 5));
  to += step;
  v128.store(to, v128.shuffle<f32>(abLow, cdLow, 2, 3, 6, 7));
  to += step;
  v128.store(to, v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5));
  to += step;
  v128.store(to, v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7));
}
