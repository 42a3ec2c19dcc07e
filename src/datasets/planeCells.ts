/** Rows of data on the plane of the map: which of its cells an observation lies in, which way an action points. */
import type { Environment } from '../environments/environment';

export interface PlaneCells {
  /** Cells of the map where a state can be, each as row · columns + column of `plane.grid`. */
  readonly reachable: ReadonlySet<number>;
  /** Row · columns + column of the cell of the observation that starts at `offset`. Cells at the border hold what lies beyond. */
  cellOf(observations: Float32Array, offset: number): number;
}

export function planeCells({ plane }: Pick<Environment, 'plane'>): PlaneCells {
  const { x, y } = plane;
  const [columns, rows] = plane.grid;
  const reachable = new Set<number>();
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const middle = [
        x.min + ((column + 0.5) / columns) * (x.max - x.min),
        y.min + ((row + 0.5) / rows) * (y.max - y.min),
      ] as const;
      if (plane.stateAt(...middle) !== null) reachable.add(row * columns + column);
    }
  }
  return {
    reachable,
    cellOf(observations, offset) {
      const [atX, atY] = plane.locate(observations, offset);
      return partOf(atY, y, rows) * columns + partOf(atX, x, columns);
    },
  };
}

/** Which of `parts` equal parts of the range holds `value`; the first or the last for what lies outside. */
function partOf(value: number, { min, max }: { readonly min: number; readonly max: number }, parts: number): number {
  return Math.max(0, Math.min(parts - 1, Math.floor(((value - min) / (max - min)) * parts)));
}

export interface ActionDirections {
  readonly count: number;
  /** Which of `count` ways the action that starts at `offset` goes; null for an action without direction. */
  directionOf(actions: Float32Array, offset: number): number | null;
}

/**
 * The ways an action can go, told apart on the coverage card: each discrete action; eighths of the range of a single number; eight
 * directions on the plane for two numbers or more.
 */
export function actionDirections(environment: Pick<Environment, 'action' | 'plane'>): ActionDirections {
  const { action: space, plane } = environment;
  if (space.kind === 'discrete') {
    return { count: space.names.length, directionOf: (actions, offset) => actions[offset] };
  }
  const components = space.low.length;
  if (components === 1) {
    const range = { min: space.low[0], max: space.high[0] };
    return { count: 8, directionOf: (actions, offset) => partOf(actions[offset], range, 8) };
  }
  return {
    count: 8,
    directionOf(actions, offset) {
      const [x, y] = plane.arrow(actions.subarray(offset, offset + components));
      return x === 0 && y === 0 ? null : octant(x, y);
    },
  };
}

const tangentOfEighthTurn = Math.SQRT2 - 1; // tan 22.5°

/** The nearest of the eight compass directions, anticlockwise from x: 0 is +x, 2 is +y, 4 is −x, 6 is −y. */
export function octant(x: number, y: number): number {
  const [width, height] = [Math.abs(x), Math.abs(y)];
  if (height <= width * tangentOfEighthTurn) return x > 0 ? 0 : 4;
  if (width <= height * tangentOfEighthTurn) return y > 0 ? 2 : 6;
  if (y > 0) return x > 0 ? 1 : 3;
  return x > 0 ? 7 : 5;
}
