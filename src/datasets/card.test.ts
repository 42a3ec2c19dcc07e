import { describe, expect, test } from 'vitest';
import { environments } from '../environments/registry';
import { observationSize } from '../environments/spaces';
import { atan2 } from '../numeric/math';
import { stream } from '../numeric/random';
import { defaultsOf } from '../schema/fields';
import { coverageOf, digestOf, episodeReturns } from './card';
import { finish } from './dataset';
import { recordEpisodes } from './episodes';
import { actionDirections, octant, planeCells } from './planeCells';
import { counter } from './testing';

const still = { begin: () => () => [0] };

describe('episode returns', () => {
  const { rewards, ...rows } = finish(recordEpisodes(counter(4), 10, 1, () => still));

  test('sum the rewards of each whole episode and leave out one that was cut short', () => {
    expect(episodeReturns({ ...rows, rewards }, 4)).toEqual([4, 4]);
  });

  test('keep a last episode that ended by itself, however short', () => {
    const terminated = rows.terminated.slice();
    terminated[9] = 1;
    expect(episodeReturns({ ...rows, rewards, terminated }, 4)).toEqual([4, 4, 2]);
  });

  test('of a single unfinished episode are what there is', () => {
    const single = finish(recordEpisodes(counter(40), 10, 1, () => still));
    expect(episodeReturns(single, 40)).toEqual([10]);
  });
});

describe.each(Object.values(environments))('the plane of $id', (definition) => {
  const environment = definition.make(defaultsOf(definition.params));
  const { plane } = environment;
  const cells = planeCells(environment);
  const [columns, rows] = plane.grid;
  const random = stream(1, 'test', 0);

  test('every cell is found again from what is observed in its middle, and near it', () => {
    const observation = new Float32Array(observationSize(environment));
    const cellWidth = (plane.x.max - plane.x.min) / columns;
    const cellHeight = (plane.y.max - plane.y.min) / rows;
    const wrong: number[] = [];
    for (const cell of cells.reachable) {
      const [column, row] = [cell % columns, Math.floor(cell / columns)];
      for (const spread of [0, 0.6]) {
        const x = plane.x.min + cellWidth * (column + 0.5 + random.uniform(-spread / 2, spread / 2));
        const y = plane.y.min + cellHeight * (row + 0.5 + random.uniform(-spread / 2, spread / 2));
        const state = plane.stateAt(x, y);
        if (state === null) continue;
        environment.observe(state, observation, 0);
        if (cells.cellOf(observation, 0) !== cell) wrong.push(cell);
      }
    }
    expect(wrong).toEqual([]);
  });

  test('what does not show on the plane does not move a state on it', () => {
    const wrong: unknown[] = [];
    const observation = new Float32Array(observationSize(environment));
    for (let draw = 0; draw < 200; draw++) {
      const state = environment.reset(random);
      const [x, y] = plane.project(state);
      const column = Math.floor(((x - plane.x.min) / (plane.x.max - plane.x.min)) * columns);
      const row = Math.floor(((y - plane.y.min) / (plane.y.max - plane.y.min)) * rows);
      environment.observe(state, observation, 0);
      const cell = cells.cellOf(observation, 0);
      // The next cell is right too where the state lies on the border between two.
      const off = Math.max(Math.abs((cell % columns) - column), Math.abs(Math.floor(cell / columns) - row));
      if (off > 1) wrong.push({ x, y, cell });
    }
    expect(wrong).toEqual([]);
  });
});

describe('directions of actions', () => {
  test('are the nearest of eight on a plane', () => {
    const random = stream(2, 'test', 0);
    for (let draw = 0; draw < 1000; draw++) {
      const [x, y] = [random.uniform(-1, 1), random.uniform(-1, 1)];
      const eighths = atan2(y, x) / (Math.PI / 4);
      expect(octant(x, y)).toBe((Math.floor(eighths + 0.5) + 8) % 8);
    }
  });

  test('are each action where actions are few, and eighths of the range of one number', () => {
    const cartPole = environments.cartPole.make({});
    expect(actionDirections(cartPole).count).toBe(2);
    const push = actionDirections(counter(1));
    expect([-2, -1.51, -1.49, 0, 1.99, 2].map((value) => push.directionOf(Float32Array.of(value), 0))).toEqual([
      0, 0, 1, 4, 7, 7,
    ]);
  });

  test('none for an action that pushes nowhere', () => {
    const maze = environments.pointMaze.make(defaultsOf(environments.pointMaze.params));
    expect(actionDirections(maze).directionOf(Float32Array.of(0, 0), 0)).toBeNull();
  });
});

test('coverage is the share of cells, and of cells and directions, that occur', () => {
  const transitions = finish(recordEpisodes(counter(5), 5, 1, () => still)); // sees 0, 1, 2, 3, 4 of ten cells, pushing 0
  expect(coverageOf(transitions, counter(5))).toEqual({ cells: 0.5, cellActions: 5 / 80 });
});

test('the digest changes with any array', () => {
  const transitions = finish(recordEpisodes(counter(5), 7, 1, () => still));
  const digest = digestOf(transitions);
  for (const name of [
    'observations',
    'actions',
    'rewards',
    'nextObservations',
    'terminated',
    'truncated',
    'episodeStart',
  ] as const) {
    const changed = transitions[name].slice();
    changed[changed.length - 1] += 1;
    expect(digestOf({ ...transitions, [name]: changed })).not.toBe(digest);
  }
});
