/**
 * Sum, minimum and maximum over one axis. Orders of summation are fixed:
 * - over members or rows (`vertical`): from the first to the last;
 * - over columns (`horizontal`): element c goes to partial sum c mod 16, in order, each from 0; the sixteen partial sums
 *   p are combined as q[j] = (p[j] + p[j + 4]) + (p[j + 8] + p[j + 12]), then (q[0] + q[1]) + (q[2] + q[3]).
 */
import { address, firstLanes, splat, storeFirst, word } from './vectors';

/** Same order as `reduceKinds` in encode.ts. */
// @ts-expect-error: decorator
@inline
function combine(kind: i32, x: v128, y: v128): v128 {
  if (kind == 0) return f32x4.add(x, y);
  return kind == 1 ? f32x4.pmin(x, y) : f32x4.pmax(x, y);
}
// @ts-expect-error: decorator
@inline
function neutral(kind: i32): v128 {
  if (kind == 0) return splat(0);
  return kind == 1 ? splat(Infinity) : splat(-Infinity);
}

/**
 * [opcode, length, kind, count, outer, middle, inner, out, outOuter, outMiddle, x, xOuter, xMiddle, xCount]; inner is dense in
 * both.
 */
export function vertical(instruction: usize): void {
  const kind = word(instruction, 2);
  if (kind == 0) verticalOf(instruction, 0);
  else if (kind == 1) verticalOf(instruction, 1);
  else verticalOf(instruction, 2);
}

// @ts-expect-error: decorator
@inline
function verticalOf(instruction: usize, kind: i32): void {
  const count = word(instruction, 3);
  const step = address(instruction, 13);
  for (let i: usize = 0; i < address(instruction, 4); i++) {
    for (let j: usize = 0; j < address(instruction, 5); j++) {
      let out = address(instruction, 7) + i * address(instruction, 8) + j * address(instruction, 9);
      let x = address(instruction, 10) + i * address(instruction, 11) + j * address(instruction, 12);
      let left = word(instruction, 6);
      // Four vectors a turn hide the latency of the additions.
      for (; left >= 16; left -= 16) {
        let p0 = v128.load(x);
        let p1 = v128.load(x, 16);
        let p2 = v128.load(x, 32);
        let p3 = v128.load(x, 48);
        let next = x;
        for (let n = count - 1; n > 0; n--) {
          next += step;
          p0 = combine(kind, p0, v128.load(next));
          p1 = combine(kind, p1, v128.load(next, 16));
          p2 = combine(kind, p2, v128.load(next, 32));
          p3 = combine(kind, p3, v128.load(next, 48));
        }
        v128.store(out, p0);
        v128.store(out, p1, 16);
        v128.store(out, p2, 32);
        v128.store(out, p3, 48);
        x += 64;
        out += 64;
      }
      for (; left > 0; left -= 4) {
        let p = v128.load(x);
        let next = x;
        for (let n = count - 1; n > 0; n--) {
          next += step;
          p = combine(kind, p, v128.load(next));
        }
        storeFirst(out, p, left);
        x += 16;
        out += 16;
      }
    }
  }
}

/** [opcode, length, kind, outer, middle, count, out, outOuter, outMiddle, x, xOuter, xMiddle]; columns of x are contiguous. */
export function horizontal(instruction: usize): void {
  const kind = word(instruction, 2);
  if (kind == 0) horizontalOf(instruction, 0);
  else if (kind == 1) horizontalOf(instruction, 1);
  else horizontalOf(instruction, 2);
}

// @ts-expect-error: decorator
@inline
function horizontalOf(instruction: usize, kind: i32): void {
  const count = word(instruction, 5);
  for (let i: usize = 0; i < address(instruction, 3); i++) {
    for (let j: usize = 0; j < address(instruction, 4); j++) {
      const out = address(instruction, 6) + i * address(instruction, 7) + j * address(instruction, 8);
      let x = address(instruction, 9) + i * address(instruction, 10) + j * address(instruction, 11);
      let p0 = neutral(kind);
      let p1 = p0;
      let p2 = p0;
      let p3 = p0;
      let left = count;
      for (; left >= 16; left -= 16) {
        p0 = combine(kind, p0, v128.load(x));
        p1 = combine(kind, p1, v128.load(x, 16));
        p2 = combine(kind, p2, v128.load(x, 32));
        p3 = combine(kind, p3, v128.load(x, 48));
        x += 64;
      }
      if (left > 0) p0 = combine(kind, p0, first(kind, x, left));
      if (left > 4) p1 = combine(kind, p1, first(kind, x + 16, left - 4));
      if (left > 8) p2 = combine(kind, p2, first(kind, x + 32, left - 8));
      if (left > 12) p3 = combine(kind, p3, first(kind, x + 48, left - 12));
      const q = combine(kind, combine(kind, p0, p1), combine(kind, p2, p3));
      const pairs = combine(kind, q, v128.shuffle<f32>(q, q, 1, 0, 3, 2));
      const whole = combine(kind, pairs, v128.shuffle<f32>(pairs, pairs, 2, 3, 0, 1));
      v128.store_lane<f32>(out, whole, 0);
    }
  }
}

/** The first `count` lanes at x, the others neutral. */
// @ts-expect-error: decorator
@inline
function first(kind: i32, x: usize, count: i32): v128 {
  return v128.bitselect(v128.load(x), neutral(kind), firstLanes(count));
}
