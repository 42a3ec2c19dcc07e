/**
 * Walk through four rooms to a goal on a slippery floor: small enough that every value can be computed exactly.
 * Source: Sutton, Precup & Singh 1999, "Between MDPs and semi-MDPs", https://doi.org/10.1016/S0004-3702(99)00052-1, section 2:
 * the rooms, the four moves and their noise. The goal's cell and the time limit are ours.
 *
 * observation one-hot of the 104 free cells, row by row · actions 0 up, 1 down, 2 left, 3 right · truncated after 100 steps
 * A move goes as intended with probability 2/3 and each other way with 1/9; into a wall it stays.
 * reward 1 on entering the goal, which terminates; else 0 · starts in any other free cell, uniformly
 */
import type { RandomStream } from '../numeric/random';
import { defineEnvironment, type Shape } from './environment';

const map = [
  '#############',
  '#.....#.....#',
  '#.....#.....#',
  '#...........#',
  '#.....#.....#',
  '#.....#.....#',
  '##.####.....#',
  '#.....###.###',
  '#.....#.....#',
  '#.....#.....#',
  '#...........#',
  '#.....#....G#',
  '#############',
] as const;
const size = map.length;
const maxSteps = 100;
const intended = 2 / 3;
/** γ under which the reference policy is optimal. Near 1, so it goes for the goal and not merely for speed. */
const referenceDiscount = 0.99;

/** Counted from the top left corner of the map, walls included. */
export type FourRoomsState = { readonly row: number; readonly column: number };

const moves = [
  { name: 'up', row: -1, column: 0 },
  { name: 'down', row: 1, column: 0 },
  { name: 'left', row: 0, column: -1 },
  { name: 'right', row: 0, column: 1 },
] as const;

const cells: readonly FourRoomsState[] = map.flatMap((line, row) =>
  [...line].flatMap((mark, column) => (mark === '#' ? [] : [{ row, column }])),
);
/** Index in `cells` of each square of the map, −1 for walls. */
const cellIndex = map.map((line, row) =>
  [...line].map((_, column) => cells.findIndex((cell) => cell.row === row && cell.column === column)),
);
const goal = cells.findIndex(({ row, column }) => map[row][column] === 'G');
const starts = cells.filter((_, index) => index !== goal);

/** Index of the cell that each move leads to, shape [cells][moves]. */
const destinations: readonly (readonly number[])[] = cells.map(({ row, column }, index) =>
  moves.map((move) => {
    const next = cellIndex[row + move.row][column + move.column];
    return next < 0 ? index : next;
  }),
);

const indexOf = ({ row, column }: FourRoomsState): number => cellIndex[row]?.[column] ?? -1;

/** Height on the plane: rows count downwards, the plane's y upwards. */
const heightOf = (row: number) => size - 1 - row;

export const fourRooms = defineEnvironment({
  id: 'fourRooms',
  name: 'Four rooms',
  summary: 'Walk through four rooms to the goal on a slippery floor; every true value is known exactly.',
  source: 'Sutton, Precup & Singh 1999, https://doi.org/10.1016/S0004-3702(99)00052-1',
  params: {},
  returnUnit: () => ({ name: 'goals reached', of: 1 }),

  make: () => {
    let optimalActions: readonly number[] | undefined; // worked out when first asked for

    return {
      observation: {
        kind: 'box',
        low: cells.map(() => 0),
        high: cells.map(() => 1),
        names: cells.map(({ row, column }) => `in row ${row}, column ${column}`),
        units: cells.map(() => ''),
      },
      action: {
        kind: 'discrete',
        names: moves.map(({ name }) => name),
        directions: moves.map(({ row, column }) => [column, row === 0 ? 0 : -row] as const),
      },
      maxSteps,

      reset: (random) => starts[random.index(starts.length)],

      observe(state, into, offset) {
        into.fill(0, offset, offset + cells.length);
        into[offset + indexOf(state)] = 1;
      },

      step(state: FourRoomsState, action, random) {
        const next = destinations[indexOf(state)][slip(action[0], random)];
        return { state: cells[next], reward: next === goal ? 1 : 0, terminated: next === goal };
      },

      reference: {
        name: 'optimal',
        act(state) {
          optimalActions ??= optimalValues(referenceDiscount).map((values) => values.indexOf(Math.max(...values)));
          return [optimalActions[indexOf(state)]];
        },
      },

      ceiling: () => 1, // one reward of 1, then the end

      neighbourhood: { observation: cells.map(() => 0), action: [0] },

      plane: {
        kind: 'cells',
        x: { name: 'column', unit: '', min: 0.5, max: size - 1.5 },
        y: { name: 'row, from below', unit: '', min: 0.5, max: size - 1.5 },
        stateAt(x, y) {
          const row = size - 1 - Math.floor(y + 0.5);
          const column = Math.floor(x + 0.5);
          const index = indexOf({ row, column });
          return index < 0 ? null : cells[index];
        },
        project: ({ row, column }) => [column, heightOf(row)],
        locate(observations, offset) {
          let index = 0;
          while (index < cells.length - 1 && observations[offset + index] !== 1) index++;
          return [cells[index].column, heightOf(cells[index].row)];
        },
        arrow: (action) => {
          const move = moves[action[0]];
          return [move.column, move.row === 0 ? 0 : -move.row];
        },
        grid: [size - 2, size - 2],
      },

      scene: {
        still: [square(cells[goal], 'goal'), ...walls()],
        moving(state, action) {
          const at = [state.column, heightOf(state.row)] as const;
          const shapes: Shape[] = [{ shape: 'circle', at, radius: 0.3, role: 'body' }];
          if (action.length > 0) {
            const move = moves[action[0]];
            const to = [at[0] + 0.5 * move.column, at[1] - 0.5 * move.row] as const;
            shapes.push({ shape: 'rod', from: at, to, width: 0.08, role: 'force' });
          }
          return shapes;
        },
        bounds: { x: [0, size - 1], y: [0, size - 1] },
      },

      exact: { states: cells, indexOf, optimalValues, policyValues },
    };
  },
});

/** The way the floor takes a move: itself with 2/3, each of the other three with 1/9. Draws one word. */
function slip(action: number, random: RandomStream): number {
  const draw = random.index(9);
  if (draw < 6) return action;
  return (action + draw - 5) % moves.length; // 6, 7, 8: one, two, three on
}

function square({ row, column }: FourRoomsState, role: 'wall' | 'goal'): Shape {
  const y = heightOf(row);
  return { shape: 'rectangle', from: [column - 0.5, y - 0.5], to: [column + 0.5, y + 0.5], role };
}

function walls(): Shape[] {
  return map.flatMap((line, row) =>
    [...line].flatMap((mark, column) => (mark === '#' ? [square({ row, column }, 'wall')] : [])),
  );
}

// ---------------------------------------------------------------------------------------------------------------------
// Exact values. The goal is a state like the others, with value 0: nothing follows it.

function checkDiscount(discount: number): void {
  if (!(discount >= 0 && discount <= 1)) throw new RangeError(`discount: expected 0 to 1, got ${discount}`);
}

/** Q(s, ·) for one cell from the values of the cells, shape [moves]: Σ_s′ P(s′|s,a)·(1[s′ = goal] + γ·V(s′)). */
function backup(cell: number, values: ArrayLike<number>, discount: number): number[] {
  if (cell === goal) return moves.map(() => 0);
  const worth = destinations[cell].map((next) => (next === goal ? 1 : discount * values[next]));
  const anyWay = worth[0] + worth[1] + worth[2] + worth[3];
  const other = (1 - intended) / (moves.length - 1);
  return worth.map((value) => intended * value + other * (anyWay - value));
}

/**
 * Q*, shape [104 cells][4 moves], by value iteration: V(s) ← max_a Q(s, a), cell by cell in place, until nothing moves by 1e-14.
 *
 * @throws RangeError if `discount` is outside [0, 1]
 * @see Sutton & Barto 2018, section 4.4
 */
function optimalValues(discount: number): readonly (readonly number[])[] {
  checkDiscount(discount);
  const values = new Float64Array(cells.length);
  let change = Number.POSITIVE_INFINITY;
  while (change > 1e-14) {
    change = 0;
    for (let cell = 0; cell < cells.length; cell++) {
      const next = Math.max(...backup(cell, values, discount));
      change = Math.max(change, Math.abs(next - values[cell]));
      values[cell] = next;
    }
  }
  return cells.map((_, cell) => backup(cell, values, discount));
}

/**
 * Q^π, shape [104 cells][4 moves], of the policy with these action probabilities (same shape): solves the linear equations
 * V(s) = Σ_a π(a|s)·Q(s, a) directly, by elimination with pivoting.
 *
 * @throws RangeError if `discount` is outside [0, 1], or the shape is not [104][4]
 * @see Sutton & Barto 2018, section 4.1
 */
function policyValues(probabilities: readonly ArrayLike<number>[], discount: number): readonly (readonly number[])[] {
  checkDiscount(discount);
  if (probabilities.length !== cells.length || probabilities.some((row) => row.length !== moves.length)) {
    throw new RangeError(`probabilities: expected shape [${cells.length}][${moves.length}]`);
  }
  // Row s of the system: V(s) − γ·Σ_s′≠goal P_π(s′|s)·V(s′) = P_π(goal|s). Every move may slip any way, so it is never singular.
  const other = (1 - intended) / (moves.length - 1);
  const system = cells.map((_, cell) => {
    const row = new Float64Array(cells.length + 1);
    row[cell] = 1;
    if (cell === goal) return row;
    for (let action = 0; action < moves.length; action++) {
      for (let way = 0; way < moves.length; way++) {
        const chance = probabilities[cell][action] * (way === action ? intended : other);
        const next = destinations[cell][way];
        if (next === goal) row[cells.length] += chance;
        else row[next] -= discount * chance;
      }
    }
    return row;
  });
  const values = solve(system);
  return cells.map((_, cell) => backup(cell, values, discount));
}

/** Solution of the square linear system whose last column is the right-hand side; uses `system` up. */
function solve(system: Float64Array[]): Float64Array {
  const n = system.length;
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column + 1; row < n; row++) {
      if (Math.abs(system[row][column]) > Math.abs(system[pivot][column])) pivot = row;
    }
    [system[column], system[pivot]] = [system[pivot], system[column]];
    for (let row = column + 1; row < n; row++) {
      const factor = system[row][column] / system[column][column];
      if (factor === 0) continue;
      for (let k = column; k <= n; k++) system[row][k] -= factor * system[column][k];
    }
  }
  const solution = new Float64Array(n);
  for (let row = n - 1; row >= 0; row--) {
    let rest = system[row][n];
    for (let k = row + 1; k < n; k++) rest -= system[row][k] * solution[k];
    solution[row] = rest / system[row][row];
  }
  return solution;
}
