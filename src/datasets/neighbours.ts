/**
 * Which data lie near a state and an action, exactly: a row is a neighbour when every component of its observation and action lies
 * within that component's half-window. Answers "is this action outside the data?" for thousands of states at a time.
 *
 * Rows are sorted into a grid whose cells are as wide as a window, so a window touches at most two cells (three on rounding) along
 * each of the components that the grid uses, and only their rows are compared.
 */
import type { Environment } from '../environments/environment';
import type { Transitions } from './transitions';

/** Components the grid uses: a query visits up to 2^this cells, more would cost more than they save. */
const maxGridComponents = 6;

export interface Neighbours {
  /** Rows near the observation and the action (environment units; index for discrete actions). */
  nearbyCount(observation: ArrayLike<number>, action: ArrayLike<number>): number;
  /** Whether there is one. */
  hasNeighbour(observation: ArrayLike<number>, action: ArrayLike<number>): boolean;
}

/** @param halfWindows  one an observation component and one an action component; 0 means equal */
export function neighbours(
  transitions: Pick<Transitions, 'count' | 'observationSize' | 'actionSize' | 'observations' | 'actions'>,
  halfWindows: Environment['neighbourhood'],
): Neighbours {
  const { count, observationSize, actionSize, observations, actions } = transitions;
  const size = observationSize + actionSize;
  const windows = [...halfWindows.observation, ...halfWindows.action];
  if (halfWindows.observation.length !== observationSize || halfWindows.action.length !== actionSize) {
    throw new RangeError(`half-windows: expected ${observationSize} + ${actionSize} numbers, got ${windows.length}`);
  }

  // Observation and action side by side: a comparison walks one stretch of memory.
  const rows = new Float32Array(count * size);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < observationSize; i++) rows[row * size + i] = observations[row * observationSize + i];
    for (let i = 0; i < actionSize; i++) rows[row * size + observationSize + i] = actions[row * actionSize + i];
  }
  const grid = gridComponents(rows, size, windows);
  const exact = windows.flatMap((window, component) => (window === 0 ? [component] : []));

  // Buckets by hash: cells that share one only add rows to compare, never a wrong answer.
  const bucketCount = powerOfTwoAbove(2 * count);
  const mask = bucketCount - 1;
  const cell = new Int32Array(grid.length);
  const query = new Float32Array(size);
  const bits = new Uint32Array(query.buffer);

  /** Bucket of the grid cell in `cell` and the exact components in `query`. */
  function bucketOf(): number {
    let hash = 0x811c9dc5;
    for (let i = 0; i < cell.length; i++) hash = mix(hash, cell[i]);
    for (let i = 0; i < exact.length; i++) hash = mix(hash, bits[exact[i]]);
    return (hash ^ (hash >>> 15)) & mask;
  }
  function cellIndex(value: number, component: number): number {
    return Math.floor(value / (2 * windows[component]));
  }

  const bucketOfRow = new Int32Array(count);
  const start = new Int32Array(bucketCount + 1);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < size; i++) query[i] = rows[row * size + i] + 0; // + 0: −0 and 0 are equal and must hash alike
    for (let i = 0; i < grid.length; i++) cell[i] = cellIndex(query[grid[i]], grid[i]);
    bucketOfRow[row] = bucketOf();
    start[bucketOfRow[row] + 1]++;
  }
  for (let bucket = 0; bucket < bucketCount; bucket++) start[bucket + 1] += start[bucket];
  const next = start.slice(0, bucketCount);
  const sorted = new Float32Array(count * size);
  for (let row = 0; row < count; row++) {
    const slot = next[bucketOfRow[row]]++;
    sorted.set(rows.subarray(row * size, (row + 1) * size), slot * size);
  }

  const low = new Int32Array(grid.length);
  const high = new Int32Array(grid.length);
  const visited: number[] = [];

  function countUpTo(limit: number, observation: ArrayLike<number>, action: ArrayLike<number>): number {
    for (let i = 0; i < observationSize; i++) query[i] = observation[i] + 0;
    for (let i = 0; i < actionSize; i++) query[observationSize + i] = action[i] + 0;
    for (let i = 0; i < grid.length; i++) {
      const component = grid[i];
      // A hair wider than the window: the subtraction rounds, and a row on the edge must still be visited.
      const reach = windows[component] * (1 + 1e-9) + 1e-12 * Math.abs(query[component]);
      low[i] = cellIndex(query[component] - reach, component);
      high[i] = cellIndex(query[component] + reach, component);
      cell[i] = cellIndex(query[component], component);
    }
    visited.length = 0;
    let found = 0;
    // The query's own cell first, where a neighbour is likeliest; then all cells of its window.
    for (let isOwn = true; ; isOwn = false) {
      const bucket = bucketOf();
      if (!visited.includes(bucket)) {
        visited.push(bucket);
        for (let slot = start[bucket]; slot < start[bucket + 1]; slot++) {
          if (isNear(slot * size) && ++found >= limit) return found;
        }
      }
      if (isOwn) {
        cell.set(low);
        continue;
      }
      // The next cell of the box, like an odometer.
      let i = 0;
      while (i < cell.length && cell[i] === high[i]) {
        cell[i] = low[i];
        i++;
      }
      if (i === cell.length) return found;
      cell[i]++;
    }
  }
  function isNear(offset: number): boolean {
    for (let i = 0; i < size; i++) {
      if (!(Math.abs(sorted[offset + i] - query[i]) <= windows[i])) return false;
    }
    return true;
  }
  return {
    nearbyCount: (observation, action) => countUpTo(Number.POSITIVE_INFINITY, observation, action),
    hasNeighbour: (observation, action) => countUpTo(1, observation, action) === 1,
  };
}

/** The components with a window which the windows divide most finely, at most `maxGridComponents`, in ascending order. */
function gridComponents(rows: Float32Array, size: number, windows: readonly number[]): readonly number[] {
  const parts = windows.map((window, component) => {
    if (window === 0) return 0;
    let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let offset = component; offset < rows.length; offset += size) {
      low = Math.min(low, rows[offset]);
      high = Math.max(high, rows[offset]);
    }
    return (high - low) / window;
  });
  return windows
    .flatMap((window, component) => (window > 0 ? [component] : []))
    .sort((a, b) => parts[b] - parts[a] || a - b)
    .slice(0, maxGridComponents)
    .sort((a, b) => a - b);
}

/** One word into an FNV-like hash; the multiplier is MurmurHash3's, whose high bits reach the low ones through the shift. */
function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x85ebca6b);
  return mixed ^ (mixed >>> 13);
}

function powerOfTwoAbove(n: number): number {
  let power = 1;
  while (power < n) power *= 2;
  return power;
}
