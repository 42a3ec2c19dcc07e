/**
 * The tensor an algorithm writes with. Calling a method records a node (program.ts); nothing is computed.
 *
 * Shapes read [members, rows, columns]: rows are features, columns the batch. Sizes of 1 broadcast, as do numbers.
 * The implementation is `trace.ts`; algorithms see only these types.
 */
import type { Shape } from './program';

export type Operand = Tensor | number;
export interface Tensor {
  readonly shape: Shape;
  add(other: Operand): Tensor;
  sub(other: Operand): Tensor;
  mul(other: Operand): Tensor;
  div(other: Operand): Tensor;
  /** Element-wise; the gradient of a tie goes to `this`. */
  min(other: Operand): Tensor;
  max(other: Operand): Tensor;
  /** 1 where this < other, else 0; no gradient. */
  less(other: Operand): Tensor;
  equal(other: Operand): Tensor;
  /** this ≠ 0 ? whenTrue : whenFalse */
  select(whenTrue: Operand, whenFalse: Operand): Tensor;
  neg(): Tensor;
  oneMinus(): Tensor;
  square(): Tensor;
  sqrt(): Tensor;
  exp(): Tensor;
  log(): Tensor;
  relu(): Tensor;
  tanh(): Tensor;
  sigmoid(): Tensor;
  /** log(1 + eˣ), without overflow. */
  softplus(): Tensor;
  abs(): Tensor;
  clamp(low: number, high: number): Tensor;
  /** Features first … first + count − 1. */
  rows(first: number, count: number): Tensor;
  member(index: number): Tensor;
  sumOverMembers(): Tensor;
  minOverMembers(): Tensor;
  maxOverMembers(): Tensor;
  meanOverMembers(): Tensor;
  sumOverRows(): Tensor;
  meanOverRows(): Tensor;
  minOverRows(): Tensor;
  maxOverRows(): Tensor;
  logSumExpOverRows(): Tensor;
  /** Index of the largest row, the first of equals; [members, 1, columns]; no gradient. */
  argmaxOverRows(): Tensor;
  /** One row per class, 1 where the index matches; from [1, 1, columns] to [1, classes, columns]. */
  oneHot(classes: number): Tensor;
  /** Mean over the batch (and every row and member): [1, 1, 1]. */
  mean(): Tensor;
  /** Sum of every element: [1, 1, 1]. */
  sum(): Tensor;
  stopGradient(): Tensor;
}
