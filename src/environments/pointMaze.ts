/**
 * Push a ball through a maze to a fixed goal and keep it there. No demonstration need cross the maze: routes can be stitched.
 * Source: D4RL maze2d (Fu et al. 2020, https://arxiv.org/abs/2004.07219; https://github.com/Farama-Foundation/D4RL),
 * its maps, coordinates and constants.
 *
 * observation [x, y (m), vx, vy (m/s)] · action [force along x, along y] in ±1 (100 N) · truncated after 300 / 600 / 800 physics steps
 * reward sparse: 1 within 0.5 m of the goal, else 0; dense: exp(−distance) · never terminates, so the return counts steps at the goal
 *
 * x counts the map's rows and y its columns. The ball's zero lies 0.2 m off: cell (i, j) is centred at (i − 0.2, j − 0.2), yet goals
 * and starts are the bare integers (i, j), as in D4RL.
 * Dynamics, walls included, are MuJoCo's in closed form: no single step of 300,000 differs from MuJoCo 3.3.8 by 1e-9 (the test holds traces).
 * Differs from D4RL: `actionRepeat` physics steps a decision, the reward read once after them, the time limit divided by it; 1 is D4RL.
 */
import { clamp, exp, hypot } from '../numeric/math';
import { choice, integer } from '../schema/fields';
import { defineEnvironment, type Shape } from './environment';

const timeStep = 0.01; // s
const ballRadius = 0.1; // m
const density = 1000; // kg/m³
const mass = (4 / 3) * Math.PI * ballRadius * ballRadius * ballRadius * density; // 4.189 kg
const damping = 1; // N·s/m
const maxForce = 100; // N
/** Velocities are cut to this before each physics step, so what is observed may exceed it by one step's push. */
const maxVelocity = 5; // m/s
const observedVelocity = maxVelocity + (timeStep * maxForce) / (mass + timeStep * damping);
const goalRadius = 0.5; // m
/** Cell (i, j) is centred at (i − shift, j − shift). */
const shift = 0.2; // m
const planner = { gain: 10, damping: 1 }; // D4RL's waypoint controller

/** D4RL's maps: row by row, # wall, . free, G goal. */
const maps = {
  umaze: { name: 'U-maze', steps: 300, rows: ['#####', '#G..#', '###.#', '#...#', '#####'] },
  medium: {
    name: 'Medium maze',
    steps: 600,
    rows: ['########', '#..##..#', '#..#...#', '##...###', '#..#...#', '#.#..#.#', '#...#.G#', '########'],
  },
  large: {
    name: 'Large maze',
    steps: 800,
    rows: [
      '############',
      '#....#.....#',
      '#.##.#.#.#.#',
      '#......#...#',
      '#.####.###.#',
      '#..#.#.....#',
      '##.#.#.#.###',
      '#..#...#.G.#',
      '############',
    ],
  },
} as const;

/** Position in m, velocity in m/s. */
export type PointMazeState = { readonly x: number; readonly y: number; readonly vx: number; readonly vy: number };
type Cell = readonly [number, number];
type RewardKind = 'sparse' | 'dense';

const params = {
  map: choice({
    label: 'Maze',
    default: 'umaze',
    options: [
      { value: 'umaze', label: 'U-maze', help: 'One bent corridor of seven cells.' },
      { value: 'medium', label: 'Medium', help: 'Rooms and dead ends, 6 × 6 cells.' },
      { value: 'large', label: 'Large', help: 'Many routes, 7 × 10 cells.' },
    ],
    help: 'Walls and goal. Larger mazes need longer routes put together from more pieces.',
    main: true,
  }),
  reward: choice({
    label: 'Reward',
    default: 'sparse',
    options: [
      { value: 'sparse', label: 'Sparse', help: '1 within half a metre of the goal, else 0.' },
      { value: 'dense', label: 'Dense', help: 'Falls off exponentially with the straight distance to the goal.' },
    ],
    help: 'Sparse pays only at the goal. Dense also pays for being near it, through walls.',
  }),
  actionRepeat: integer({
    label: 'Action repeat',
    default: 5,
    min: 1,
    max: 10,
    help: "Physics steps for each decision. 1 is D4RL's; 5 shortens episodes so that a tab learns in seconds.",
  }),
};

/** Whole decisions in D4RL's time limit. */
function decisions(values: { readonly map: keyof typeof maps; readonly actionRepeat: number }): number {
  return Math.floor(maps[values.map].steps / values.actionRepeat);
}

export const pointMaze = defineEnvironment({
  id: 'pointMaze',
  name: 'Point maze',
  nameOf: ({ map }) => maps[map].name,
  summary: 'Push a ball through a maze to a fixed goal and keep it there.',
  source: 'D4RL maze2d, https://github.com/Farama-Foundation/D4RL',
  params,
  returnUnit: (values) => ({
    name: values.reward === 'sparse' ? 'steps at the goal' : 'closeness to the goal, summed',
    of: decisions(values),
  }),

  make(values) {
    const maze = createMaze(maps[values.map].rows);
    const physicsStep = createPhysics(maze);
    const goalDistance = (x: number, y: number) => hypot(x - maze.goal[0], y - maze.goal[1]);
    /** x, y, vx, vy of the step under way; nothing in it outlives a call. */
    const body = new Float64Array(4);

    const actTowards = ({ x, y, vx, vy }: PointMazeState, goal: Cell, jitter: readonly [number, number]) => {
      const [row, column] = maze.nextCell(cellOf(x, y), goal);
      return [
        clamp(planner.gain * (row + jitter[0] - x) - planner.damping * vx, -1, 1),
        clamp(planner.gain * (column + jitter[1] - y) - planner.damping * vy, -1, 1),
      ];
    };

    // Inside the outer wall, which is all wall.
    const inside = (cells: number) => ({ min: 0.5 - shift, max: cells - 1.5 - shift });
    const x = inside(maze.rows);
    const y = inside(maze.columns);

    return {
      observation: {
        kind: 'box',
        low: [x.min, y.min, -observedVelocity, -observedVelocity],
        high: [x.max, y.max, observedVelocity, observedVelocity],
        names: ['x', 'y', 'x velocity', 'y velocity'],
        units: ['m', 'm', 'm/s', 'm/s'],
      },
      action: { kind: 'box', low: [-1, -1], high: [1, 1], names: ['x force', 'y force'], units: ['100 N', '100 N'] },
      maxSteps: decisions(values),

      reset(random) {
        const [row, column] = maze.free[random.index(maze.free.length)];
        return {
          x: row + random.uniform(-0.1, 0.1),
          y: column + random.uniform(-0.1, 0.1),
          vx: 0.1 * random.normal(),
          vy: 0.1 * random.normal(),
        };
      },

      observe(state: PointMazeState, into, offset) {
        into[offset] = state.x;
        into[offset + 1] = state.y;
        into[offset + 2] = state.vx;
        into[offset + 3] = state.vy;
      },

      step(state: PointMazeState, action) {
        const xForce = maxForce * clamp(action[0], -1, 1);
        const yForce = maxForce * clamp(action[1], -1, 1);
        body[0] = state.x;
        body[1] = state.y;
        body[2] = state.vx;
        body[3] = state.vy;
        for (let repeat = 0; repeat < values.actionRepeat; repeat++) physicsStep(body, xForce, yForce);
        const distance = goalDistance(body[0], body[1]);
        return {
          state: { x: body[0], y: body[1], vx: body[2], vy: body[3] },
          reward: rewardAt(distance, values.reward),
          terminated: false,
        };
      },

      reference: { name: 'planner', act: (state: PointMazeState) => actTowards(state, maze.goal, [0, 0]) },

      ceiling: (discount) => 1 / (1 - discount), // at the goal for ever

      neighbourhood: { observation: [0.5, 0.5, 2, 2], action: [0.5, 0.5] }, // half a cell, ±2 m/s

      plane: {
        kind: 'maze',
        x: { name: 'x', unit: 'm', ...x },
        y: { name: 'y', unit: 'm', ...y },
        stateAt: (x, y) => (maze.isFree(...cellOf(x, y)) ? { x, y, vx: 0, vy: 0 } : null),
        project: (state: PointMazeState) => [state.x, state.y],
        locate: (observations, offset) => [observations[offset], observations[offset + 1]],
        arrow: (action) => [clamp(action[0], -1, 1), clamp(action[1], -1, 1)],
        grid: [6 * (maze.rows - 2), 6 * (maze.columns - 2)],
      },

      scene: {
        still: [
          // Walls after the goal: they cover the part of its circle that lies behind them.
          { shape: 'circle', at: maze.goal, radius: goalRadius, role: 'goal' },
          ...wallRectangles(maze),
        ],
        moving(state: PointMazeState, action) {
          const at = [state.x, state.y] as const;
          const shapes: Shape[] = [{ shape: 'circle', at, radius: ballRadius, role: 'body' }];
          if (action.length === 2) {
            const to = [at[0] + 0.5 * clamp(action[0], -1, 1), at[1] + 0.5 * clamp(action[1], -1, 1)] as const;
            shapes.push({ shape: 'rod', from: at, to, width: 0.04, role: 'force' });
          }
          return shapes;
        },
        bounds: { x: [x.min - 0.25, x.max + 0.25], y: [y.min - 0.25, y.max + 0.25] },
      },

      goals: {
        cells: maze.free,
        distance: maze.distance,
        cellOf: (state: PointMazeState) => cellOf(state.x, state.y),
        actTowards,
        reached: (state: PointMazeState, goal) => hypot(state.x - goal[0], state.y - goal[1]) <= goalRadius,
      },
    };
  },
});

function rewardAt(distance: number, kind: RewardKind): number {
  if (kind === 'dense') return exp(-distance);
  return distance <= goalRadius ? 1 : 0;
}

function cellOf(x: number, y: number): Cell {
  return [Math.floor(x + shift + 0.5), Math.floor(y + shift + 0.5)];
}

// ---------------------------------------------------------------------------------------------------------------------
// The map and its shortest paths

interface Maze {
  readonly rows: number;
  readonly columns: number;
  /** Row by row, the goal included. */
  readonly free: readonly Cell[];
  readonly goal: Cell;
  /** False outside the map too. */
  isFree(row: number, column: number): boolean;
  /** Cells on the shortest path; infinite where there is none. */
  distance(from: Cell, to: Cell): number;
  /** The cell after `from` on a shortest path to `to`; `to` itself on arrival. */
  nextCell(from: Cell, to: Cell): Cell;
}

const neighbours: readonly Cell[] = [
  [-1, 0],
  [1, 0],
  [0, -1],
  [0, 1],
];

function createMaze(map: readonly string[]): Maze {
  const rows = map.length;
  const columns = map[0].length;
  const open = new Uint8Array(rows * columns);
  const isFree = (row: number, column: number) =>
    row >= 0 && row < rows && column >= 0 && column < columns && open[row * columns + column] === 1;
  const free: Cell[] = [];
  let goal: Cell = [0, 0];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (map[row][column] === '#') continue;
      open[row * columns + column] = 1;
      free.push([row, column]);
      if (map[row][column] === 'G') goal = [row, column];
    }
  }

  const indexOf = ([row, column]: Cell) => row * columns + column;
  /** For each free goal, breadth first: the distance of every cell to it. */
  const distances = new Map<number, Float64Array>();
  for (const target of free) {
    const reached = new Float64Array(rows * columns).fill(Number.POSITIVE_INFINITY);
    reached[indexOf(target)] = 0;
    const queue: Cell[] = [target];
    for (const cell of queue) {
      for (const [dRow, dColumn] of neighbours) {
        const next: Cell = [cell[0] + dRow, cell[1] + dColumn];
        if (!isFree(...next) || reached[indexOf(next)] !== Number.POSITIVE_INFINITY) continue;
        reached[indexOf(next)] = reached[indexOf(cell)] + 1;
        queue.push(next);
      }
    }
    distances.set(indexOf(target), reached);
  }

  const distance = (from: Cell, to: Cell) =>
    isFree(...from) && isFree(...to) ? distances.get(indexOf(to))![indexOf(from)] : Number.POSITIVE_INFINITY;
  const nextCell = (from: Cell, to: Cell) => {
    let best = to;
    let shortest = distance(from, to);
    if (shortest === 0) return to;
    for (const [dRow, dColumn] of neighbours) {
      const next: Cell = [from[0] + dRow, from[1] + dColumn];
      if (distance(next, to) < shortest) {
        best = next;
        shortest = distance(next, to);
      }
    }
    return best;
  };
  return { rows, columns, free, goal, isFree, distance, nextCell };
}

/** Walls as rectangles, neighbours along y joined. */
function wallRectangles({ rows, columns, isFree }: Maze): Shape[] {
  const edge = (cell: number) => cell - 0.5 - shift;
  const rectangles: Shape[] = [];
  for (let row = 0; row < rows; row++) {
    for (let start = 0; start < columns; start++) {
      if (isFree(row, start)) continue;
      let end = start + 1;
      while (end < columns && !isFree(row, end)) end++;
      rectangles.push({
        shape: 'rectangle',
        from: [edge(row), edge(start)],
        to: [edge(row + 1), edge(end)],
        role: 'wall',
      });
      start = end;
    }
  }
  return rectangles;
}

// ---------------------------------------------------------------------------------------------------------------------
// Physics

// MuJoCo's defaults for a contact (solref 0.02 1, solimp 0.9 0.95 0.001 0.5 2) and D4RL's margin.
const contactMargin = 0.002; // m: contacts push from this distance on
/** A wall further from the centre than this does not touch; a hair more than it is, as the comparison rounds. */
const reach = ballRadius + contactMargin + 1e-9; // m
const impedanceLow = 0.9;
const impedanceHigh = 0.95;
const impedanceWidth = 0.001; // m
const contactTime = 0.02; // s
const contactDamping = 2 / (impedanceHigh * contactTime); // 1/s
const contactStiffness = 1 / (impedanceHigh * impedanceHigh * contactTime * contactTime); // 1/s²

/** How firmly a contact holds, by how deep inside its margin the ball is: from 0.9 to 0.95 within a millimetre. */
function impedance(depth: number): number {
  const x = Math.min(depth / impedanceWidth, 1);
  const y = x <= 0.5 ? 2 * x * x : 1 - 2 * (1 - x) * (1 - x);
  return impedanceLow + y * (impedanceHigh - impedanceLow);
}

/**
 * One physics step of `body` = [x, y, vx, vy] under a force in N, in place, as MuJoCo makes it: frictionless soft contacts found at
 * the position before the step, then semi-implicit Euler with implicit damping: v′ = v + dt·(F − v)/(m + dt), x′ = x + dt·v′.
 *
 * A wall within reach, with normal n and depth r, would have the ball accelerate by a* = −b·(n·v) + k·d·r along n. Of what is missing
 * it gives the share d, its impedance, and it never pulls: p = max(0, d·(a* − n·a)), where a holds the other walls' pushes too.
 * A step moves at most 0.053 m, less than the radius, so the centre never enters a wall.
 *
 * @see https://mujoco.readthedocs.io/en/stable/computation/index.html#constraint-model, for a point mass, where A = n·n′/m and
 *      R = (1 − d)/d/m
 */
function createPhysics({ isFree }: Maze) {
  // The contacts of the step under way; walls of the nine cells around are looked at.
  const xNormal = new Float64Array(9);
  const yNormal = new Float64Array(9);
  const firmness = new Float64Array(9); // d
  const missing = new Float64Array(9); // a* − n·a without any push, m/s²
  const push = new Float64Array(9); // p, m/s²

  return (body: Float64Array, xForce: number, yForce: number): void => {
    const x = body[0];
    const y = body[1];
    const vx = clamp(body[2], -maxVelocity, maxVelocity);
    const vy = clamp(body[3], -maxVelocity, maxVelocity);
    let xTotal = xForce - damping * vx;
    let yTotal = yForce - damping * vy;

    const row = Math.floor(x + shift + 0.5);
    const column = Math.floor(y + shift + 0.5);
    let contacts = 0;
    // Only walls of cells within reach are looked at: mostly none, in the middle of a cell.
    const xInside = x - (row - shift);
    const yInside = y - (column - shift);
    const lastRow = xInside > 0.5 - reach ? row + 1 : row;
    const firstColumn = yInside < reach - 0.5 ? column - 1 : column;
    const lastColumn = yInside > 0.5 - reach ? column + 1 : column;
    for (let i = xInside < reach - 0.5 ? row - 1 : row; i <= lastRow; i++) {
      for (let j = firstColumn; j <= lastColumn; j++) {
        if (isFree(i, j)) continue;
        // From the nearest point of the wall to the ball's centre.
        const xAway = x - clamp(x, i - shift - 0.5, i - shift + 0.5);
        const yAway = y - clamp(y, j - shift - 0.5, j - shift + 0.5);
        const distance = hypot(xAway, yAway);
        const depth = ballRadius + contactMargin - distance;
        if (depth <= 0 || distance === 0) continue;
        const xn = xAway / distance;
        const yn = yAway / distance;
        const d = impedance(depth);
        xNormal[contacts] = xn;
        yNormal[contacts] = yn;
        firmness[contacts] = d;
        missing[contacts] =
          contactStiffness * d * depth - contactDamping * (xn * vx + yn * vy) - (xn * xTotal + yn * yTotal) / mass;
        contacts++;
      }
    }
    solveContacts(contacts);
    for (let c = 0; c < contacts; c++) {
      xTotal += mass * xNormal[c] * push[c];
      yTotal += mass * yNormal[c] * push[c];
    }
    body[2] = vx + (timeStep * xTotal) / (mass + timeStep * damping);
    body[3] = vy + (timeStep * yTotal) / (mass + timeStep * damping);
    body[0] = x + timeStep * body[2];
    body[1] = y + timeStep * body[3];
  };

  /**
   * Gauss-Seidel on the equations of p. One contact, or two at right angles, are solved by the first sweep; two walls in line, touched
   * at their seam, take about 300.
   */
  function solveContacts(contacts: number): void {
    push.fill(0, 0, contacts);
    for (let sweep = 0; sweep < 1000 && contacts > 0; sweep++) {
      let change = 0; // m/s²
      for (let c = 0; c < contacts; c++) {
        let rest = missing[c];
        for (let k = 0; k < contacts; k++) {
          if (k !== c) rest -= (xNormal[c] * xNormal[k] + yNormal[c] * yNormal[k]) * push[k];
        }
        const next = Math.max(0, firmness[c] * rest);
        change = Math.max(change, Math.abs(next - push[c]));
        push[c] = next;
      }
      if (change <= 1e-12) return;
    }
  }
}
