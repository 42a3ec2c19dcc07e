/**
 * From rows of data back to the plane of the map: which of its cells an observation lies in, which way an action points.
 *
 * An environment says how a point of its plane is observed; this is the way back, for data that hold observations only.
 */
import type { Environment } from '../environments/environment';
import { observationSize } from '../environments/spaces';

/** Parts of the range of an observation component below which two observations count as equal when looking up a cell. */
const finest = 256;

export interface PlaneCells {
  /** Cells of the map where a state can be, shape [cells] as row · columns + column of `plane.grid`. */
  readonly reachable: readonly number[];
  /** Row · columns + column of the cell nearest to the observation that starts at `offset`. Only components that vary over the plane count. */
  cellOf(observations: Float32Array, offset: number): number;
}

export function planeCells(environment: Environment): PlaneCells {
  const { plane } = environment;
  const size = observationSize(environment);
  const [columns, rows] = plane.grid;
  const reachable: number[] = [];
  const observed: Float32Array[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const x = plane.x.min + ((column + 0.5) / columns) * (plane.x.max - plane.x.min);
      const y = plane.y.min + ((row + 0.5) / rows) * (plane.y.max - plane.y.min);
      const state = plane.stateAt(x, y);
      if (state === null) continue;
      const observation = new Float32Array(size);
      environment.observe(state, observation, 0);
      reachable.push(row * columns + column);
      observed.push(observation);
    }
  }
  // What stands still over the plane (speed in a maze, the cart of a cart-pole) says nothing about the place.
  const axes: { readonly component: number; readonly low: number; readonly width: number }[] = [];
  for (let component = 0; component < size; component++) {
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (const observation of observed) {
      low = Math.min(low, observation[component]);
      high = Math.max(high, observation[component]);
    }
    if (high > low) axes.push({ component, low, width: (high - low) / finest });
  }
  // Sorted along the first axis: a search goes outwards from the spot and stops where that axis alone is too far.
  const points = observed
    .map((observation, point) => ({
      cell: reachable[point],
      at: Float64Array.from(axes, ({ component, low, width }) => (observation[component] - low) / width),
    }))
    .sort((a, b) => a.at[0] - b.at[0] || a.cell - b.cell);

  // Found once for each spot that occurs: data lie close together.
  const known = new Map<string, number>();
  const spot = new Float64Array(axes.length);
  return {
    reachable,
    cellOf(observations, offset) {
      let key = '';
      for (let i = 0; i < axes.length; i++) {
        const { component, low, width } = axes[i];
        spot[i] = Math.floor((observations[offset + component] - low) / width + 0.5);
        if (spot[i] !== 0) key += `${i}:${spot[i]} `;
      }
      const before = known.get(key);
      if (before !== undefined) return before;
      const cell = nearest(points, spot);
      known.set(key, cell);
      return cell;
    },
  };
}

interface Point {
  readonly cell: number;
  readonly at: Float64Array;
}

/** Cell of the point with the least squared distance from `spot`; of equals, the one with the lowest number. */
function nearest(points: readonly Point[], spot: Float64Array): number {
  let above = firstAtLeast(points, spot[0]);
  let below = above - 1;
  let best = 0;
  let least = Number.POSITIVE_INFINITY;
  const consider = ({ cell, at }: Point): boolean => {
    const first = at[0] - spot[0];
    if (first * first > least) return false;
    let distance = first * first;
    for (let axis = 1; axis < spot.length; axis++) {
      const difference = at[axis] - spot[axis];
      distance += difference * difference;
    }
    if (distance < least || (distance === least && cell < best)) {
      least = distance;
      best = cell;
    }
    return true;
  };
  while (above < points.length || below >= 0) {
    if (above < points.length && !consider(points[above++])) above = points.length;
    if (below >= 0 && !consider(points[below--])) below = -1;
  }
  return best;
}

/** Number of the first point whose first axis is at least `value`; binary search. */
function firstAtLeast(points: readonly Point[], value: number): number {
  let [low, high] = [0, points.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle].at[0] < value) low = middle + 1;
    else high = middle;
  }
  return low;
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
    const [low, high] = [space.low[0], space.high[0]];
    return {
      count: 8,
      directionOf(actions, offset) {
        const eighth = Math.floor((8 * (actions[offset] - low)) / (high - low));
        return Math.max(0, Math.min(7, eighth)); // the very top belongs to the last eighth
      },
    };
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
