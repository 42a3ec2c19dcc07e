/**
 * What the element-wise operations mean, in float64; whoever works in float32 rounds the result. Used to fold constants
 * while tracing and by the reference interpreter.
 */
import { cos, exp, log, sigmoid, sin, softplus, tanh } from '../../numeric/math';
import type { BinaryOp, UnaryOp } from './program';

export const unaryOperations: Readonly<Record<UnaryOp, (x: number) => number>> = {
  negate: (x) => -x,
  square: (x) => x * x,
  sqrt: (x) => Math.sqrt(x),
  reciprocal: (x) => 1 / x,
  exp,
  log,
  relu: (x) => (x < 0 ? 0 : x),
  tanh,
  sigmoid,
  softplus,
  absolute: (x) => Math.abs(x),
  sign: (x) => (x > 0 ? 1 : x < 0 ? -1 : 0),
  sine: sin,
  cosine: cos,
};
export const binaryOperations: Readonly<Record<BinaryOp, (x: number, y: number) => number>> = {
  add: (x, y) => x + y,
  subtract: (x, y) => x - y,
  multiply: (x, y) => x * y,
  divide: (x, y) => x / y,
  minimum: (x, y) => (y < x ? y : x),
  maximum: (x, y) => (x < y ? y : x),
  less: (x, y) => (x < y ? 1 : 0),
  equal: (x, y) => (x === y ? 1 : 0),
};
