import { expect, test } from 'vitest';
import { stream } from '../numeric/random';
import { cartPole } from './cartPole';
import { measureReferences, normalise } from './references';

test('references are plain means over episodes that each have their own streams', () => {
  const environment = cartPole.make({});
  let total = 0;
  for (let episode = 0; episode < 3; episode++) {
    const random = stream(5, 'reference', 0, episode);
    const choices = stream(5, 'reference', 1, episode);
    let outcome = { state: environment.reset(random), reward: 0, terminated: false };
    while (!outcome.terminated) {
      outcome = environment.step(outcome.state, [choices.index(2)], random);
      total += outcome.reward;
    }
  }
  expect(measureReferences(environment, 5, 3)).toEqual({
    random: total / 3,
    reference: 500,
    referenceName: 'linear controller',
    episodes: 3,
  });
});

test('no episodes are refused', () => {
  for (const episodes of [0, -1, 1.5])
    expect(() => measureReferences(cartPole.make({}), 1, episodes)).toThrow(RangeError);
});

test('the scale runs from random at 0 to the reference at 100 and beyond both', () => {
  const references = { random: -20, reference: 60, referenceName: 'planner', episodes: 10 };
  expect([-20, 60, 20, 100, -28].map((value) => normalise(value, references))).toEqual([0, 100, 50, 150, -10]);
});
