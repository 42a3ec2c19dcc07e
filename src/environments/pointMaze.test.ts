/** Against MuJoCo (golden/point-maze.json says how it was recorded), the closed form of free motion, and D4RL's scores. */
import { describe, expect, test } from 'vitest';
import { stream } from '../numeric/random';
import golden from './golden/point-maze.json';
import { type PointMazeState, pointMaze } from './pointMaze';
import { measureReferences } from './references';
import { rollout } from './testing';

const maps = ['umaze', 'medium', 'large'] as const;
type MapName = (typeof maps)[number];
const maze = (map: MapName, actionRepeat = 1, reward: 'sparse' | 'dense' = 'sparse') =>
  pointMaze.make({ map, reward, actionRepeat });
const random = stream(0, 'test');
const at = (x: number, y: number, vx = 0, vy = 0): PointMazeState => ({ x, y, vx, vy });

/** The state after `steps` steps of one action. */
function push(environment: ReturnType<typeof maze>, start: PointMazeState, action: number[], steps: number) {
  let state = start;
  for (let i = 0; i < steps; i++) ({ state } = environment.step(state, action, random));
  return state;
}

describe('motion', () => {
  test.each(maps)('%s: every state along three episodes of bumping into walls is MuJoCo’s', (map) => {
    // Rounding errors grow at every bounce; over these 200 steps the largest seen is 2e-12.
    const tolerance = 1e-10;
    for (const { state0, actions, states } of golden[map]) {
      const environment = maze(map, golden.held);
      const [x, y, vx, vy] = state0;
      let state = at(x, y, vx, vy);
      for (const [i, action] of actions.entries()) {
        ({ state } = environment.step(state, action, random));
        [state.x, state.y, state.vx, state.vy].forEach((value, k) => {
          expect(Math.abs(value - states[i][k]), `action ${i}`).toBeLessThanOrEqual(tolerance);
        });
      }
    }
  });

  test('in free space v follows its closed form, 1e-12 over ten steps', () => {
    // v′ = v·m/(m + dt) + a·100·dt/(m + dt): geometric towards 100·a, and x its sum.
    const mass = (4000 / 3) * Math.PI * 1e-3;
    const kept = mass / (mass + 0.01);
    const [action, start] = [0.7, -0.4];
    const state = push(maze('umaze'), at(3, 2, 0, start), [0, action], 10);
    let power = 1;
    for (let i = 0; i < 10; i++) power *= kept;
    expect(Math.abs(state.vy - (70 - (70 - start) * power))).toBeLessThan(1e-12);
    const travelled = 0.01 * (700 - ((70 - start) * kept * (1 - power)) / (1 - kept));
    expect(Math.abs(state.y - (2 + travelled))).toBeLessThan(1e-12);
    expect([state.x, state.vx]).toEqual([3, 0]);
  });

  test('a velocity above 5 m/s is cut before the step, so one step’s push may be seen above it', () => {
    const { vx } = push(maze('large'), at(3, 1, 9, 0), [1, 0], 1);
    expect(vx).toBeGreaterThan(5);
    expect(vx).toBeLessThanOrEqual(maze('large').observation.high[2]);
  });

  test('a ball pushed into a wall rests at +0.1986 or −0.5986 of its cell', () => {
    const environment = maze('umaze'); // the cell (3, 3) has walls below and to the right, (1, 3) above and to the right
    const corner = push(environment, at(3, 3), [1, 1], 300);
    expect(corner.x).toBeCloseTo(3.1986, 4);
    expect(corner.y).toBeCloseTo(3.1986, 4);
    expect(push(environment, at(1, 3), [-1, 0], 300).x).toBeCloseTo(0.4014, 4);
    expect(push(environment, at(1, 1), [0, -1], 300).y).toBeCloseTo(0.4014, 4);
  });

  test('at full speed and full push the ball never goes through a wall, nor its centre into one', () => {
    for (const map of maps) {
      const environment = maze(map);
      const turns = stream(1, 'test', 7);
      let state = environment.reset(turns);
      for (let turn = 0; turn < 300; turn++) {
        const action = [turns.index(3) - 1, turns.index(3) - 1];
        for (let i = 0; i < 30; i++) {
          ({ state } = environment.step(state, action, random));
          expect(environment.plane.stateAt(state.x, state.y)).not.toBeNull();
        }
      }
    }
  });
});

describe('the task', () => {
  test.each([
    ['umaze', 300, 'U-maze'],
    ['medium', 600, 'Medium maze'],
    ['large', 800, 'Large maze'],
  ] as const)('%s lasts %i physics steps, whatever the action repeat, and is called %s', (map, steps, name) => {
    for (const actionRepeat of [1, 4, 5, 10]) {
      expect(maze(map, actionRepeat).maxSteps).toBe(Math.floor(steps / actionRepeat));
      const unit = pointMaze.returnUnit({ map, reward: 'sparse', actionRepeat });
      expect(unit).toEqual({ name: 'steps at the goal', of: Math.floor(steps / actionRepeat) });
    }
    expect(pointMaze.nameOf({ map, reward: 'sparse', actionRepeat: 5 })).toBe(name);
  });

  test('sparse pays 1 within 0.5 m of the bare goal cell, else 0; dense exp(−distance); neither ever ends', () => {
    const near = at(1.15, 1.1);
    const far = at(3, 1);
    expect(maze('umaze').step(near, [0, 0], random)).toMatchObject({ reward: 1, terminated: false });
    expect(maze('umaze').step(far, [0, 0], random)).toMatchObject({ reward: 0, terminated: false });
    expect(maze('umaze', 1, 'dense').step(far, [0, 0], random).reward).toBeCloseTo(Math.exp(-2), 12);
    expect(maze('umaze', 1, 'dense').step(near, [0, 0], random).reward).toBeCloseTo(
      Math.exp(-Math.hypot(0.15, 0.1)),
      12,
    );
  });

  test('an action repeat of 5 is five steps of the same action, paid once for where they end', () => {
    for (const action of [
      [1, -0.3],
      [-0.8, 0.9],
    ]) {
      const outcome = maze('umaze', 5).step(at(1, 1.4), action, random);
      expect(outcome.state).toEqual(push(maze('umaze'), at(1, 1.4), action, 5));
      expect(outcome.reward).toBe(
        maze('umaze').step(push(maze('umaze'), at(1, 1.4), action, 4), action, random).reward,
      );
    }
  });

  test('starts are spread over all free cells, the goal included, ±0.1 m about the bare cell', () => {
    const { reset, goals } = maze('umaze');
    const starts = stream(2, 'test');
    const counts = new Map<string, number>();
    for (let i = 0; i < 700; i++) {
      const state = reset(starts);
      const [row, column] = goals!.cellOf(state);
      expect(Math.abs(state.x - row)).toBeLessThanOrEqual(0.1);
      expect(Math.abs(state.y - column)).toBeLessThanOrEqual(0.1);
      counts.set(`${row},${column}`, (counts.get(`${row},${column}`) ?? 0) + 1);
    }
    expect(counts.size).toBe(7);
    for (const count of counts.values()) expect(Math.abs(count - 100)).toBeLessThan(40); // 4.3 standard deviations
  });

  // Measured in MuJoCo 3.3.8 over 200 episodes; the bands are about four standard errors of 200 episodes on both sides.
  test.each([
    { map: 'umaze', random: [21.5, 17], planner: [241.2, 12], still: [47.8, 36] },
    { map: 'medium', random: [15.4, 17], planner: [472.2, 25], still: [19.6, 30] },
    { map: 'large', random: [8.5, 13], planner: [612.8, 35], still: [15.9, 30] },
  ] as const)('$map at action repeat 1 scores as D4RL’s does', ({ map, ...expected }) => {
    const environment = maze(map);
    const measured = measureReferences(environment, 1, 200);
    expect(Math.abs(measured.random - expected.random[0])).toBeLessThan(expected.random[1]);
    expect(Math.abs(measured.reference - expected.planner[0])).toBeLessThan(expected.planner[1]);
    let still = 0;
    for (let episode = 0; episode < 200; episode++) {
      const { rewards } = rollout(environment, { seed: 1, episode, policy: () => [0, 0] });
      still += rewards.reduce((total, reward) => total + reward, 0) / 200;
    }
    expect(Math.abs(still - expected.still[0])).toBeLessThan(expected.still[1]);
  });
});

describe('goals', () => {
  const { goals, step } = maze('umaze', 5);
  test('distances go round the walls', () => {
    const { cells, distance } = maze('umaze').goals!;
    expect(cells).toEqual([
      [1, 1],
      [1, 2],
      [1, 3],
      [2, 3],
      [3, 1],
      [3, 2],
      [3, 3],
    ]);
    expect(distance([3, 1], [1, 1])).toBe(6);
    expect(distance([1, 1], [1, 1])).toBe(0);
    expect(distance([2, 1], [1, 1])).toBe(Number.POSITIVE_INFINITY); // a wall
    expect(distance([0, 0], [9, 9])).toBe(Number.POSITIVE_INFINITY);
  });
  test.each(maps)('%s: every cell reaches every other, and distances are the same both ways', (map) => {
    const { cells, distance } = maze(map).goals!;
    for (const from of cells) {
      for (const to of cells) {
        expect(distance(from, to)).toBeLessThan(cells.length);
        expect(distance(from, to)).toBe(distance(to, from));
      }
    }
  });
  test('the planner reaches every goal from every cell, with the way-points shifted too', () => {
    for (const jitter of [
      [0, 0],
      [-0.2, -0.2],
    ] as const) {
      for (const from of goals!.cells) {
        for (const goal of goals!.cells) {
          let state = at(from[0], from[1]);
          let steps = 0;
          while (!goals!.reached(state, goal) && steps < 40) {
            ({ state } = step(state, goals!.actTowards(state, goal, jitter), random));
            steps++;
          }
          expect(goals!.reached(state, goal), `${from} to ${goal}`).toBe(true);
        }
      }
    }
  });
});
