/**
 * Mazes crossed for other purposes than the task's: a planner walks to goals of its own, while the rewards are always those of the
 * task's fixed goal. Sources: D4RL's maze2d generator (planner, way-points shifted by −U(0, 0.2), a new goal without teleporting),
 * https://github.com/Farama-Foundation/D4RL, and OGBench's "stitch" (near goals, then stay), https://arxiv.org/abs/2410.20092.
 */
import type { Environment, State } from '../../environments/environment';
import type { RandomStream } from '../../numeric/random';
import { integer } from '../../schema/fields';
import { type Behaviour, recordEpisodes } from '../episodes';
import { noisy } from '../policies';
import { amountOf, defineRecipe, noiseField, transitionsField } from '../recipe';
import { noisyName } from './quality';

type Goals = NonNullable<Environment['goals']>;
type Cell = readonly [number, number];

const jitter = 0.2; // cells, at most
const hasGoals = ({ goals }: Pick<Environment, 'goals'>) => goals !== undefined;

export const stitch = defineRecipe({
  id: 'stitch',
  label: 'Short hops',
  name: (values) => amountOf(values, 'short hops'),
  summary: 'Each episode walks from a random cell to one nearby and stays there: no episode crosses the maze.',
  params: {
    transitions: transitionsField,
    reach: integer({
      default: 3,
      min: 1,
      max: 10,
      step: 1,
      label: 'Farthest hop',
      unit: 'cells',
      main: true,
      help: 'How far a goal may lie from the start of its episode, along the shortest path.',
    }),
    noise: noiseField,
  },
  appliesTo: hasGoals,
  *generate(context) {
    const { environment, values, seed } = context;
    const goals = goalsOf(environment);
    const behaviour: Behaviour = {
      begin(start, choices) {
        const from = goals.cellOf(start);
        const near = goals.cells.filter((cell) => {
          const distance = goals.distance(from, cell);
          return distance >= 1 && distance <= values.reach;
        });
        const walk = towards(environment, pick(near, choices), choices);
        return (state) => noisy(environment.action, walk(state), values.noise, choices);
      },
    };
    const transitions = yield* recordEpisodes(environment, values.transitions, seed, () => behaviour);
    const reach = values.reach === 1 ? '1 cell away' : `1 to ${values.reach} cells away`;
    return { transitions, by: `${noisyName(context)}, walking to goals ${reach} and staying there` };
  },
});

export const play = defineRecipe({
  id: 'play',
  label: 'Play',
  name: (values) => amountOf(values, 'steps of play'),
  summary: 'Walks between the dead ends, corners and junctions of the maze, one after the other, whatever the task.',
  params: { transitions: transitionsField, noise: noiseField },
  appliesTo: hasGoals,
  *generate(context) {
    const { environment, values, seed } = context;
    const goals = goalsOf(environment);
    const landmarks = landmarksOf(goals);
    const behaviour: Behaviour = {
      startsAt: (state) => landmarks.some((cell) => isSame(cell, goals.cellOf(state))),
      begin: (start, choices) => wander(environment, landmarks, start, values.noise, choices),
    };
    const transitions = yield* recordEpisodes(environment, values.transitions, seed, () => behaviour);
    return { transitions, by: `${noisyName(context)}, walking between ${landmarks.length} landmarks of the maze` };
  },
});

export const diverse = defineRecipe({
  id: 'diverse',
  label: 'Diverse',
  name: (values) => amountOf(values, 'diverse steps'),
  summary: 'Walks from random cells to random cells, a new goal whenever one is reached, whatever the task.',
  params: { transitions: transitionsField, noise: noiseField },
  appliesTo: hasGoals,
  *generate(context) {
    const { environment, values, seed } = context;
    const { cells } = goalsOf(environment);
    const behaviour: Behaviour = {
      begin: (start, choices) => wander(environment, cells, start, values.noise, choices),
    };
    const transitions = yield* recordEpisodes(environment, values.transitions, seed, () => behaviour);
    return { transitions, by: `${noisyName(context)}, walking from random cells to random cells` };
  },
});

/**
 * The cells where a walk has to decide or turn round: every cell but those inside a straight corridor. In the U-maze its two ends
 * and two corners.
 */
export function landmarksOf(goals: Pick<Goals, 'cells' | 'distance'>): readonly Cell[] {
  return goals.cells.filter((cell) => {
    const neighbours = goals.cells.filter((other) => goals.distance(cell, other) === 1);
    if (neighbours.length !== 2) return true;
    const [[row0, column0], [row1, column1]] = neighbours;
    return row0 !== row1 && column0 !== column1;
  });
}

/** To one goal of `pool` after another; the ball is never moved by hand in between. */
function wander(
  environment: Environment,
  pool: readonly Cell[],
  start: State,
  noise: number,
  choices: RandomStream,
): (state: State) => readonly number[] {
  const goals = goalsOf(environment);
  const anotherThan = (cell: Cell) =>
    pick(
      pool.filter((other) => !isSame(other, cell)),
      choices,
    );
  let goal = anotherThan(goals.cellOf(start));
  let walk = towards(environment, goal, choices);
  return (state) => {
    if (goals.reached(state, goal)) {
      goal = anotherThan(goal);
      walk = towards(environment, goal, choices);
    }
    return noisy(environment.action, walk(state), noise, choices);
  };
}

/** The planner to `goal`, all of its way-points shifted by the same −U(0, 0.2) on both axes, and staying there. */
function towards(environment: Environment, goal: Cell, choices: RandomStream): (state: State) => readonly number[] {
  const goals = goalsOf(environment);
  const shift = [-choices.uniform(0, jitter), -choices.uniform(0, jitter)] as const;
  return (state) => goals.actTowards(state, goal, shift);
}

function pick(cells: readonly Cell[], choices: RandomStream): Cell {
  return cells[choices.index(cells.length)];
}

function isSame(a: Cell, b: Cell): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

function goalsOf({ goals }: Environment): Goals {
  if (!goals) throw new Error('expected an environment with goals; `appliesTo` says which have them');
  return goals;
}
