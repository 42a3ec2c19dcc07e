import { describe, expect, test } from 'vitest';
import { actionSize, contains, observationSize } from '../environments/spaces';
import { docsTable } from '../schema/fields';
import { makeDataset } from './dataset';
import { recipeById, recipes } from './registry';
import { make, pairs, request } from './testing';
import type { Transitions } from './transitions';

const count = 1500;

/** [first row, row after the last] of every episode. */
function episodesOf({ episodeStart, count: rows }: Transitions): [number, number][] {
  return Array.from(episodeStart, (start, i) => [start, episodeStart[i + 1] ?? rows]);
}
const rowOf = (values: Float32Array, width: number, row: number) => values.subarray(row * width, (row + 1) * width);

describe.each(pairs)(
  '$recipe.id in $environmentId keeps the dataset contract',
  ({ environmentId, environment, recipe }) => {
    const { transitions, card } = make(request(environmentId, recipe.id, count));

    test('has the rows it was asked for, in arrays of the right size', () => {
      expect(transitions.count).toBe(count);
      expect(transitions.observationSize).toBe(observationSize(environment));
      expect(transitions.actionSize).toBe(actionSize(environment.action));
      expect(transitions.observations).toHaveLength(count * transitions.observationSize);
      expect(transitions.nextObservations).toHaveLength(count * transitions.observationSize);
      expect(transitions.actions).toHaveLength(count * transitions.actionSize);
      for (const column of [transitions.rewards, transitions.terminated, transitions.truncated]) {
        expect(column).toHaveLength(count);
      }
    });

    test('episodes are whole, end once, and only the recording cuts the last one short', () => {
      const episodes = episodesOf(transitions);
      expect(episodes[0][0]).toBe(0);
      for (const [start, end] of episodes) {
        expect(end - start).toBeGreaterThan(0);
        expect(end - start).toBeLessThanOrEqual(environment.maxSteps);
        const flags = [transitions.terminated, transitions.truncated].map((column) => column.subarray(start, end));
        expect(flags.some((column) => column.subarray(0, -1).some((flag) => flag !== 0))).toBe(false);
        expect(flags.map((column) => column[column.length - 1]).sort()).toEqual([0, 1]);
        const wasCut = transitions.truncated[end - 1] === 1;
        if (wasCut && end < count) expect(end - start).toBe(environment.maxSteps);
      }
    });

    test('within an episode, what follows a row is what the next row sees', () => {
      const { observations, nextObservations, observationSize: size } = transitions;
      for (const [start, end] of episodesOf(transitions)) {
        const follows = nextObservations.subarray(start * size, (end - 1) * size);
        const seen = observations.subarray((start + 1) * size, end * size);
        expect(follows.every((value, i) => value === seen[i])).toBe(true);
      }
    });

    test('observations and actions are inside their spaces', () => {
      const space = environment.action;
      const isInside = (row: number) =>
        contains(environment.observation, rowOf(transitions.observations, transitions.observationSize, row));
      const isAction = (row: number) => {
        const action = rowOf(transitions.actions, transitions.actionSize, row);
        return space.kind === 'box' ? contains(space, action) : space.names[action[0]] !== undefined;
      };
      const rows = Array.from({ length: count }, (_, row) => row);
      expect(rows.filter((row) => !isInside(row) || !isAction(row))).toEqual([]);
    });

    test('the same seed gives the same bits', () => {
      expect(make(request(environmentId, recipe.id, count)).card).toEqual(card);
    });

    test('another seed gives other data', () => {
      const other = make(request(environmentId, recipe.id, 500, 2)).transitions;
      const width = transitions.observationSize;
      const isEqual = (row: number) =>
        rowOf(other.observations, width, row).every((value, i) => value === transitions.observations[row * width + i]);
      expect(Array.from({ length: 500 }, (_, row) => row).filter(isEqual).length).toBeLessThan(250);
    });

    test('the card counts right and says so in a sentence', () => {
      expect(card.count).toBe(count);
      expect(card.episodes).toBe(transitions.episodeStart.length);
      expect(card.returns.length).toBeGreaterThanOrEqual(Math.max(1, card.episodes - 1));
      expect(Math.min(...card.returns)).toBeLessThanOrEqual(card.meanReturn);
      expect(Math.max(...card.returns)).toBe(card.bestReturn);
      for (const share of Object.values(card.coverage)) {
        expect(share).toBeGreaterThan(0);
        expect(share).toBeLessThanOrEqual(1);
      }
      expect(card.sentence).toMatch(/^1,500 transitions of .+ in \d+ episodes?, made by (the|a|uniform) .+; seed 1\.$/);
      expect(card.digest).toMatch(/^[0-9a-f]{64}$/);
    });
  },
);

describe('recipes', () => {
  test('report on the way, so that a worker can answer in between', () => {
    const reports = [...makeDataset(request('pointMaze', 'stitch', 5000))];
    const rows = reports.filter(({ what }) => what === 'Making 5,000 transitions');
    expect(rows.map(({ done, of }) => [done, of])).toEqual([
      [0, 5000],
      [1020, 5000],
      [2040, 5000],
      [3060, 5000],
      [4080, 5000],
    ]);
  });

  test('have names for the sentence, and help of at most 25 words', () => {
    expect(recipes.stitch.name({ transitions: 20_000, reach: 3, noise: 0.1 } as never)).toBe('20,000 short hops');
    for (const [id, recipe] of Object.entries(recipes)) {
      expect(recipe.id).toBe(id);
      for (const { help } of docsTable(recipe.params)) expect(help.split(/\s+/).length).toBeLessThanOrEqual(25);
    }
  });

  test('are found by id and only by id', () => {
    expect(recipeById('medium-replay')).toBe(recipes['medium-replay']);
    expect(recipeById('toString')).toBeUndefined();
  });

  test('none makes nothing, and a maze recipe is refused outside mazes', () => {
    expect([...makeDataset(request('pendulum', 'none', 1000))]).toEqual([]);
    expect(() => make(request('pendulum', 'stitch', 1000))).toThrow(/stitch.*not for Pendulum/);
    expect(() => make(request('pendulum', 'nonsense', 1000))).toThrow(/recipe/);
    expect(() => make(request('nowhere', 'random', 1000))).toThrow(/environment/);
  });
});
