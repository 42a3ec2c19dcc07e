/**
 * Unary, binary and select over [outer, middle, inner] elements. The encoder collapses axes, so that `inner` is as long as
 * it can be and lies densely in `out`; each operand has any strides on the outer axes and 1 or 0 on the inner one.
 *
 * [opcode, length, kind, outer, middle, inner, out, outOuter, outMiddle, then for each operand: start, outer, middle, inner],
 * strides in bytes.
 */
import {
  cosine, exponential, hyperbolicTangent, logarithm, sigmoid, sine, softplus,
} from './transcendental';
import { address, splat, storeFirst, word } from './vectors';

/** 16 bytes an operand for a broadcast value, four times over, so that the inner loops see one kind of operand. */
let cells: usize = 0;

export function setCells(pointer: usize): void {
  cells = pointer;
}

/** Start of the operand's inner loop: its own memory, or a cell filled with its one value. */
// @ts-expect-error: decorator
@inline
function operand(start: usize, innerStride: usize, cell: usize): usize {
  if (innerStride) return start;
  v128.store(cells + cell, v128.load_splat<f32>(start));
  return cells + cell;
}

export function unary(instruction: usize): void {
  const kind = word(instruction, 2);
  const inner = word(instruction, 5);
  const xInner = address(instruction, 12);
  for (let i: usize = 0; i < address(instruction, 3); i++) {
    for (let j: usize = 0; j < address(instruction, 4); j++) {
      const out = address(instruction, 6) + i * address(instruction, 7) + j * address(instruction, 8);
      const x = address(instruction, 9) + i * address(instruction, 10) + j * address(instruction, 11);
      unaryRow(kind, operand(x, xInner, 0), xInner << 2, out, inner);
    }
  }
}

export function binary(instruction: usize): void {
  const kind = word(instruction, 2);
  const inner = word(instruction, 5);
  const xInner = address(instruction, 12);
  const yInner = address(instruction, 16);
  for (let i: usize = 0; i < address(instruction, 3); i++) {
    for (let j: usize = 0; j < address(instruction, 4); j++) {
      const out = address(instruction, 6) + i * address(instruction, 7) + j * address(instruction, 8);
      const x = address(instruction, 9) + i * address(instruction, 10) + j * address(instruction, 11);
      const y = address(instruction, 13) + i * address(instruction, 14) + j * address(instruction, 15);
      binaryRow(kind, operand(x, xInner, 0), xInner << 2, operand(y, yInner, 16), yInner << 2, out, inner);
    }
  }
}

/** condition ≠ 0 ? x : y; a NaN condition is not 0. */
export function select(instruction: usize): void {
  const inner = word(instruction, 5);
  const conditionInner = address(instruction, 12);
  const xInner = address(instruction, 16);
  const yInner = address(instruction, 20);
  for (let i: usize = 0; i < address(instruction, 3); i++) {
    for (let j: usize = 0; j < address(instruction, 4); j++) {
      let out = address(instruction, 6) + i * address(instruction, 7) + j * address(instruction, 8);
      let condition = address(instruction, 9) + i * address(instruction, 10) + j * address(instruction, 11);
      let x = address(instruction, 13) + i * address(instruction, 14) + j * address(instruction, 15);
      let y = address(instruction, 17) + i * address(instruction, 18) + j * address(instruction, 19);
      condition = operand(condition, conditionInner, 0);
      x = operand(x, xInner, 16);
      y = operand(y, yInner, 32);
      for (let left = inner; left > 0; left -= 4) {
        const chosen = f32x4.ne(v128.load(condition), splat(0));
        storeFirst(out, v128.bitselect(v128.load(x), v128.load(y), chosen), left);
        condition += conditionInner << 2;
        x += xInner << 2;
        y += yInner << 2;
        out += 16;
      }
    }
  }
}

/** Same order as `unaryKinds` in encode.ts. */
// @ts-expect-error: decorator
@inline
function applyUnary(kind: i32, x: v128): v128 {
  switch (kind) {
    case 0: return x;
    case 1: return f32x4.neg(x);
    case 2: return f32x4.mul(x, x);
    case 3: return f32x4.sqrt(x);
    case 4: return f32x4.div(splat(1), x);
    case 5: return exponential(x);
    case 6: return logarithm(x);
    case 7: return f32x4.pmax(x, splat(0));
    case 8: return hyperbolicTangent(x);
    case 9: return sigmoid(x);
    case 10: return softplus(x);
    case 11: return f32x4.abs(x);
    // 1, −1, or 0 (of NaN too).
    case 12: return f32x4.sub(
      v128.and(f32x4.gt(x, splat(0)), splat(1)),
      v128.and(f32x4.lt(x, splat(0)), splat(1)),
    );
    case 13: return sine(x);
    default: return cosine(x);
  }
}

// @ts-expect-error: decorator
@inline
function unaryLoop(kind: i32, x: usize, step: usize, out: usize, count: i32): void {
  for (; count > 0; count -= 4) {
    storeFirst(out, applyUnary(kind, v128.load(x)), count);
    x += step;
    out += 16;
  }
}

/** The choice lies outside the loop: one loop a kind. */
function unaryRow(kind: i32, x: usize, step: usize, out: usize, count: i32): void {
  switch (kind) {
    case 0: return unaryLoop(0, x, step, out, count);
    case 1: return unaryLoop(1, x, step, out, count);
    case 2: return unaryLoop(2, x, step, out, count);
    case 3: return unaryLoop(3, x, step, out, count);
    case 4: return unaryLoop(4, x, step, out, count);
    case 5: return unaryLoop(5, x, step, out, count);
    case 6: return unaryLoop(6, x, step, out, count);
    case 7: return unaryLoop(7, x, step, out, count);
    case 8: return unaryLoop(8, x, step, out, count);
    case 9: return unaryLoop(9, x, step, out, count);
    case 10: return unaryLoop(10, x, step, out, count);
    case 11: return unaryLoop(11, x, step, out, count);
    case 12: return unaryLoop(12, x, step, out, count);
    case 13: return unaryLoop(13, x, step, out, count);
    default: return unaryLoop(14, x, step, out, count);
  }
}

/** Same order as `binaryKinds` in encode.ts. minimum: y < x ? y : x; maximum: x < y ? y : x. */
// @ts-expect-error: decorator
@inline
function applyBinary(kind: i32, x: v128, y: v128): v128 {
  switch (kind) {
    case 0: return f32x4.add(x, y);
    case 1: return f32x4.sub(x, y);
    case 2: return f32x4.mul(x, y);
    case 3: return f32x4.div(x, y);
    case 4: return f32x4.pmin(x, y);
    case 5: return f32x4.pmax(x, y);
    case 6: return v128.and(f32x4.lt(x, y), splat(1));
    default: return v128.and(f32x4.eq(x, y), splat(1));
  }
}

// @ts-expect-error: decorator
@inline
function binaryLoop(kind: i32, x: usize, xStep: usize, y: usize, yStep: usize, out: usize, count: i32): void {
  for (; count > 0; count -= 4) {
    storeFirst(out, applyBinary(kind, v128.load(x), v128.load(y)), count);
    x += xStep;
    y += yStep;
    out += 16;
  }
}

function binaryRow(kind: i32, x: usize, xStep: usize, y: usize, yStep: usize, out: usize, count: i32): void {
  switch (kind) {
    case 0: return binaryLoop(0, x, xStep, y, yStep, out, count);
    case 1: return binaryLoop(1, x, xStep, y, yStep, out, count);
    case 2: return binaryLoop(2, x, xStep, y, yStep, out, count);
    case 3: return binaryLoop(3, x, xStep, y, yStep, out, count);
    case 4: return binaryLoop(4, x, xStep, y, yStep, out, count);
    case 5: return binaryLoop(5, x, xStep, y, yStep, out, count);
    case 6: return binaryLoop(6, x, xStep, y, yStep, out, count);
    default: return binaryLoop(7, x, xStep, y, yStep, out, count);
  }
}
