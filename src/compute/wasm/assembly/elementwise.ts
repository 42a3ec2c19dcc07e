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

/** The choice of the kind lies outside all loops: it is made once an instruction. */
export function unary(instruction: usize): void {
  switch (word(instruction, 2)) {
    case 0: return unaryOf(0, instruction);
    case 1: return unaryOf(1, instruction);
    case 2: return unaryOf(2, instruction);
    case 3: return unaryOf(3, instruction);
    case 4: return unaryOf(4, instruction);
    case 5: return unaryOf(5, instruction);
    case 6: return unaryOf(6, instruction);
    case 7: return unaryOf(7, instruction);
    case 8: return unaryOf(8, instruction);
    case 9: return unaryOf(9, instruction);
    case 10: return unaryOf(10, instruction);
    case 11: return unaryOf(11, instruction);
    case 12: return unaryOf(12, instruction);
    case 13: return unaryOf(13, instruction);
    default: return unaryOf(14, instruction);
  }
}

export function binary(instruction: usize): void {
  switch (word(instruction, 2)) {
    case 0: return binaryOf(0, instruction);
    case 1: return binaryOf(1, instruction);
    case 2: return binaryOf(2, instruction);
    case 3: return binaryOf(3, instruction);
    case 4: return binaryOf(4, instruction);
    case 5: return binaryOf(5, instruction);
    case 6: return binaryOf(6, instruction);
    default: return binaryOf(7, instruction);
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
function unaryOf(kind: i32, instruction: usize): void {
  const inner = word(instruction, 5);
  const step = address(instruction, 12) << 2;
  for (let i: usize = 0; i < address(instruction, 3); i++) {
    for (let j: usize = 0; j < address(instruction, 4); j++) {
      let out = address(instruction, 6) + i * address(instruction, 7) + j * address(instruction, 8);
      let x = address(instruction, 9) + i * address(instruction, 10) + j * address(instruction, 11);
      x = operand(x, step, 0);
      let left = inner;
      // Cheap operations four vectors a turn: the loop itself would take longer than they do.
      if (isCheap(kind) && step) {
        for (; left >= 16; left -= 16) {
          const a = applyUnary(kind, v128.load(x));
          const b = applyUnary(kind, v128.load(x, 16));
          const c = applyUnary(kind, v128.load(x, 32));
          const d = applyUnary(kind, v128.load(x, 48));
          v128.store(out, a);
          v128.store(out, b, 16);
          v128.store(out, c, 32);
          v128.store(out, d, 48);
          x += 64;
          out += 64;
        }
      }
      for (; left > 0; left -= 4) {
        storeFirst(out, applyUnary(kind, v128.load(x)), left);
        x += step;
        out += 16;
      }
    }
  }
}

/** One machine instruction or two. */
// @ts-expect-error: decorator
@inline
function isCheap(kind: i32): bool {
  return kind < 5 || kind == 7 || kind == 11;
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

/**
 * Loads come before the stores of the same turn, so `out` may lie where an operand lies. Each mix of dense and broadcast operands
 * has a loop whose addresses are constants.
 */
// @ts-expect-error: decorator
@inline
function binaryOf(kind: i32, instruction: usize): void {
  const inner = word(instruction, 5);
  const xStep = address(instruction, 12) << 2;
  const yStep = address(instruction, 16) << 2;
  for (let i: usize = 0; i < address(instruction, 3); i++) {
    for (let j: usize = 0; j < address(instruction, 4); j++) {
      let out = address(instruction, 6) + i * address(instruction, 7) + j * address(instruction, 8);
      let x = address(instruction, 9) + i * address(instruction, 10) + j * address(instruction, 11);
      let y = address(instruction, 13) + i * address(instruction, 14) + j * address(instruction, 15);
      x = operand(x, xStep, 0);
      y = operand(y, yStep, 16);
      let left = inner;
      if (xStep && yStep) {
        for (; left >= 16; left -= 16) {
          const a = applyBinary(kind, v128.load(x), v128.load(y));
          const b = applyBinary(kind, v128.load(x, 16), v128.load(y, 16));
          const c = applyBinary(kind, v128.load(x, 32), v128.load(y, 32));
          const d = applyBinary(kind, v128.load(x, 48), v128.load(y, 48));
          v128.store(out, a);
          v128.store(out, b, 16);
          v128.store(out, c, 32);
          v128.store(out, d, 48);
          x += 64;
          y += 64;
          out += 64;
        }
      } else if (xStep) {
        const value = v128.load(y);
        for (; left >= 16; left -= 16) {
          const a = applyBinary(kind, v128.load(x), value);
          const b = applyBinary(kind, v128.load(x, 16), value);
          const c = applyBinary(kind, v128.load(x, 32), value);
          const d = applyBinary(kind, v128.load(x, 48), value);
          v128.store(out, a);
          v128.store(out, b, 16);
          v128.store(out, c, 32);
          v128.store(out, d, 48);
          x += 64;
          out += 64;
        }
      } else if (yStep) {
        const value = v128.load(x);
        for (; left >= 16; left -= 16) {
          const a = applyBinary(kind, value, v128.load(y));
          const b = applyBinary(kind, value, v128.load(y, 16));
          const c = applyBinary(kind, value, v128.load(y, 32));
          const d = applyBinary(kind, value, v128.load(y, 48));
          v128.store(out, a);
          v128.store(out, b, 16);
          v128.store(out, c, 32);
          v128.store(out, d, 48);
          y += 64;
          out += 64;
        }
      }
      for (; left > 0; left -= 4) {
        storeFirst(out, applyBinary(kind, v128.load(x), v128.load(y)), left);
        x += xStep;
        y += yStep;
        out += 16;
      }
    }
  }
}
