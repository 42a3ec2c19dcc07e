/** Arithmetic of [members, rows, columns] shapes. */
import type { Axis, Shape } from './program';

export const scalarShape: Shape = { members: 1, rows: 1, columns: 1 };
export const axes = ['members', 'rows', 'columns'] as const satisfies readonly Axis[];

export function shapeOf(members: number, rows: number, columns: number): Shape {
  return { members, rows, columns };
}
export function sizeOf({ members, rows, columns }: Shape): number {
  return members * rows * columns;
}
export function sameShape(a: Shape, b: Shape): boolean {
  return a.members === b.members && a.rows === b.rows && a.columns === b.columns;
}
export function describeShape({ members, rows, columns }: Shape): string {
  return `[${members}, ${rows}, ${columns}]`;
}

/**
 * The common shape of element-wise operands: sizes agree or are 1.
 * @throws RangeError naming the operation, both shapes and the axis on which they differ
 */
export function broadcastShape(operation: string, a: Shape, b: Shape): Shape {
  const size = (axis: Axis): number => {
    if (a[axis] !== b[axis] && a[axis] !== 1 && b[axis] !== 1) {
      throw new RangeError(
        `${operation}: shapes ${describeShape(a)} and ${describeShape(b)} differ in ${axis}, where neither has size 1.`,
      );
    }
    return Math.max(a[axis], b[axis]);
  };
  return shapeOf(size('members'), size('rows'), size('columns'));
}

/** @throws RangeError unless `to` is `from` with some sizes of 1 enlarged */
export function requireBroadcast(operation: string, from: Shape, to: Shape): void {
  for (const axis of axes) {
    if (from[axis] !== to[axis] && from[axis] !== 1) {
      throw new RangeError(`${operation}: ${describeShape(from)} cannot be spread to ${describeShape(to)}.`);
    }
  }
}
