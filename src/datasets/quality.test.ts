import { describe, expect, test } from 'vitest';
import { normalise } from '../environments/references';
import { environments } from '../environments/registry';
import { defaultsOf } from '../schema/fields';
import { landmarksOf } from './recipes/goals';
import { make, request } from './testing';

const rows = 20_000;

describe.each(Object.keys(environments))('the ladder of quality in %s', (id) => {
  // Episodes of up to 999 steps that reach the flag or do not: more rows, or chance alone moves the mean by 10 points.
  const count = id === 'mountainCarContinuous' ? 100_000 : rows;
  const score = (recipe: string) => make(request(id, recipe, count)).card.normalised;

  test('random is near 0 and expert near 100', () => {
    expect(Math.abs(score('random'))).toBeLessThan(10);
    expect(Math.abs(score('expert') - 100)).toBeLessThan(10);
  });

  test('medium is at about a third', () => {
    const medium = score('medium');
    expect(medium).toBeGreaterThan(23);
    expect(medium).toBeLessThan(43);
  });

  test('medium-replay begins like random and ends like medium', () => {
    const { returns, references } = make(request(id, 'medium-replay', count)).card;
    const third = Math.floor(returns.length / 3);
    const mean = (part: readonly number[]) => part.reduce((sum, value) => sum + value, 0) / part.length;
    const first = normalise(mean(returns.slice(0, third)), references);
    const last = normalise(mean(returns.slice(-third)), references);
    expect(Math.abs(first)).toBeLessThan(15);
    expect(last).toBeGreaterThan(first + 5);
    expect(last).toBeLessThan(43);
  });

  test('medium-expert is half of each', () => {
    const { returns, references } = make(request(id, 'medium-expert', count)).card;
    const mean = returns.reduce((sum, value) => sum + value, 0) / returns.length;
    expect(Math.abs(normalise(mean, references) - 66)).toBeLessThan(15);
  });
});

describe('short hops in the U-maze', () => {
  const maze = environments.pointMaze.make(defaultsOf(environments.pointMaze.params));
  const goals = maze.goals!;
  const { transitions, card } = make(request('pointMaze', 'stitch', rows));
  const cellAt = (row: number) => {
    const [x, y, vx, vy] = transitions.observations.subarray(row * 4, row * 4 + 4);
    return goals.cellOf({ x, y, vx, vy });
  };

  test('are 334 episodes of 60 decisions with J(D) about 4', () => {
    expect(card.episodes).toBe(334);
    expect(card.returns).toHaveLength(333); // the last one was cut short after 20
    expect(card.meanReturn).toBeGreaterThan(3);
    expect(card.meanReturn).toBeLessThan(6);
  });

  test('no episode goes farther than three cells, though together they cover the maze', () => {
    const seen = new Set<string>();
    for (let row = 0; row < transitions.count; row++) {
      const episode = Math.floor(row / 60);
      expect(goals.distance(cellAt(episode * 60), cellAt(row))).toBeLessThanOrEqual(3);
      seen.add(cellAt(row).join());
    }
    expect(seen.size).toBe(goals.cells.length);
  });

  test('stay where they went', () => {
    let stayed = 0;
    for (let episode = 0; episode < 333; episode++) {
      const [middle, end] = [cellAt(episode * 60 + 45), cellAt(episode * 60 + 59)];
      if (goals.distance(middle, end) === 0) stayed++;
    }
    expect(stayed).toBeGreaterThan(325);
  });

  test('the noise and the reach are knobs', () => {
    const far = make({
      environment: { id: 'pointMaze', params: {} },
      dataset: { recipe: 'stitch', params: { transitions: 3000, reach: 1, noise: 0 }, seed: 1 },
    });
    expect(far.card.sentence).toContain('action noise 0, walking to goals 1 cell away');
  });

  test('its landmarks are both ends and both corners', () => {
    expect(landmarksOf(goals)).toEqual([
      [1, 1],
      [1, 3],
      [3, 1],
      [3, 3],
    ]);
  });
});
