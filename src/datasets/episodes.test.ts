import { expect, test } from 'vitest';
import { finish } from './dataset';
import { recordEpisodes } from './episodes';
import { counter } from './testing';

const still = { begin: () => () => [0] };
const record = (environment: ReturnType<typeof counter>, count: number) =>
  finish(recordEpisodes(environment, count, 1, () => still));

test('a time limit truncates and never terminates', () => {
  const { terminated, truncated, episodeStart, nextObservations } = record(counter(4), 10);
  expect([...terminated]).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
  expect([...truncated]).toEqual([0, 0, 0, 1, 0, 0, 0, 1, 0, 1]); // the last: where the recording stopped
  expect([...episodeStart]).toEqual([0, 4, 8]);
  expect([...nextObservations]).toEqual([1, 2, 3, 4, 1, 2, 3, 4, 1, 2]); // the limit's row keeps what it would bootstrap from
});

test('an end of the task terminates, also on the very step of the limit', () => {
  const early = record(counter(4, 3), 7);
  expect([...early.terminated]).toEqual([0, 0, 1, 0, 0, 1, 0]);
  expect([...early.truncated]).toEqual([0, 0, 0, 0, 0, 0, 1]);
  const atLimit = record(counter(4, 4), 8);
  expect([...atLimit.terminated]).toEqual([0, 0, 0, 1, 0, 0, 0, 1]);
  expect([...atLimit.truncated]).toEqual([0, 0, 0, 0, 0, 0, 0, 0]);
});

test('an environment acts on exactly the float32 that is stored', () => {
  const seen: number[] = [];
  const environment = counter(4);
  const spying = {
    ...environment,
    step: (...[state, action, random]: Parameters<typeof environment.step>) => {
      seen.push(action[0]);
      return environment.step(state, action, random);
    },
  };
  const { actions } = finish(recordEpisodes(spying, 3, 1, () => ({ begin: () => () => [0.1] })));
  expect(seen).toEqual([...actions]);
  expect(seen[0]).toBe(Math.fround(0.1));
});

test('starts are drawn again until they suit the policy', () => {
  const environment = {
    ...counter(2),
    reset: (random: { index(size: number): number }) => ({ steps: random.index(8) }),
  };
  const behaviour = { ...still, startsAt: (state: Readonly<Record<string, number>>) => state.steps === 5 };
  const { observations } = finish(recordEpisodes(environment, 6, 1, () => behaviour));
  expect([...observations]).toEqual([5, 6, 5, 6, 5, 6]);
});
