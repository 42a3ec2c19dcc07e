/** Against traces of the real Gymnasium 1.4.0 (golden/classic-control.json says how they were made) and its scores. */
import { describe, expect, test } from 'vitest';
import { stream } from '../numeric/random';
import { cartPole } from './cartPole';
import type { Environment, State } from './environment';
import golden from './golden/classic-control.json';
import { mountainCarContinuous } from './mountainCarContinuous';
import { pendulum } from './pendulum';
import { measureReferences } from './references';
import { observe } from './testing';

interface Trace {
  readonly state0: readonly number[];
  readonly obs: readonly (readonly number[])[];
  readonly actions: readonly (number | readonly number[])[];
  readonly rewards: readonly number[];
  readonly terminated: readonly boolean[];
}
interface Case {
  readonly id: string;
  readonly environment: Environment;
  readonly traces: readonly Trace[];
  stateFrom(state0: readonly number[]): State;
  readonly observationTolerance: number;
  readonly rewardTolerance: number;
}

// Observations are float32, so half a unit in the last place of 8 is 2.4e-7. The mountain car stores float32 states whose rounding
// in Gymnasium depends on the version of NumPy.
const cases: readonly Case[] = [
  {
    id: 'Pendulum-v1',
    environment: pendulum.make({}),
    traces: golden['Pendulum-v1'],
    stateFrom: ([angle, velocity]) => ({ angle, velocity }),
    observationTolerance: 2.4e-7,
    rewardTolerance: 5e-14,
  },
  {
    id: 'CartPole-v1',
    environment: cartPole.make({}),
    traces: golden['CartPole-v1'],
    stateFrom: ([position, velocity, angle, angularVelocity]) => ({ position, velocity, angle, angularVelocity }),
    observationTolerance: 2.4e-7,
    rewardTolerance: 0,
  },
  {
    id: 'MountainCarContinuous-v0',
    environment: mountainCarContinuous.make({}),
    traces: golden['MountainCarContinuous-v0'],
    stateFrom: ([position, velocity]) => ({ position: Math.fround(position), velocity: Math.fround(velocity) }),
    observationTolerance: 1e-6,
    rewardTolerance: 1e-6,
  },
];

describe.each(cases)('$id agrees with Gymnasium', (golden) => {
  test.each(golden.traces.map((trace, episode) => ({ episode, trace })))(
    'step by step, episode $episode',
    ({ trace }) => {
      const { environment, observationTolerance, rewardTolerance } = golden;
      const random = stream(0, 'test');
      let state = golden.stateFrom(trace.state0);
      const expectObservation = (step: number) =>
        observe(environment, state).forEach((value, i) => {
          expect(Math.abs(value - trace.obs[step][i]), `step ${step}`).toBeLessThanOrEqual(observationTolerance);
        });
      expectObservation(0);
      for (const [i, action] of trace.actions.entries()) {
        const outcome = environment.step(state, typeof action === 'number' ? [action] : action, random);
        state = outcome.state;
        expectObservation(i + 1);
        expect(Math.abs(outcome.reward - trace.rewards[i])).toBeLessThanOrEqual(rewardTolerance);
        expect(outcome.terminated).toBe(trace.terminated[i]);
      }
      expect(trace.actions.length).toBeGreaterThan(0);
    },
  );
});

describe('scores agree with those measured in Gymnasium', () => {
  // Bands: about four standard errors of the mean over 100 episodes on both sides.
  test('Pendulum: random −1208 ± 294 an episode, energy swing-up −172 ± 100', () => {
    const { random, reference } = measureReferences(pendulum.make({}), 1, 100);
    expect(Math.abs(random - -1208)).toBeLessThan(120);
    expect(Math.abs(reference - -172)).toBeLessThan(40);
  });
  test('CartPole: random 22.7 ± 11.4 an episode, linear controller always 500', () => {
    const { random, reference } = measureReferences(cartPole.make({}), 1, 100);
    expect(Math.abs(random - 22.7)).toBeLessThan(4.6);
    expect(reference).toBe(500);
  });
  test('MountainCarContinuous: random −33.1, bang-bang 89.4, doing nothing 0', () => {
    const environment = mountainCarContinuous.make({});
    const { random, reference } = measureReferences(environment, 1, 20);
    expect(Math.abs(random - -33.1)).toBeLessThan(1);
    expect(Math.abs(reference - 89.4)).toBeLessThan(1);
    const still = environment.step({ position: -0.5, velocity: 0 }, [0], stream(1, 'test'));
    expect(still).toMatchObject({ reward: 0, terminated: false });
  });
});

describe('what the sources do at the edges', () => {
  const random = stream(0, 'test');
  test('the mountain car pays for the force it asked for, even beyond what it gets', () => {
    const { reward } = mountainCarContinuous.make({}).step({ position: -0.5, velocity: 0 }, [3], random);
    expect(reward).toBeCloseTo(-0.9, 12);
  });
  test('the mountain car ends at the flag with 100, and loses its speed at the left wall', () => {
    const environment = mountainCarContinuous.make({});
    expect(environment.step({ position: 0.44, velocity: 0.05 }, [0], random)).toMatchObject({
      reward: 100,
      terminated: true,
    });
    const wall = environment.step({ position: -1.19, velocity: -0.05 }, [-1], random).state;
    expect(wall).toEqual({ position: Math.fround(-1.2), velocity: 0 });
  });
  test('the pendulum is paid for the state before the step', () => {
    const { reward } = pendulum.make({}).step({ angle: Math.PI / 2, velocity: 8 }, [2], random);
    expect(reward).toBeCloseTo(-((Math.PI / 2) ** 2 + 6.4 + 0.004), 12);
  });
  test('the cart-pole ends beyond 2.4 m and beyond 12°, and the last step pays 1', () => {
    const environment = cartPole.make({});
    const upright = { position: 0, velocity: 0, angle: 0, angularVelocity: 0 };
    expect(environment.step({ ...upright, position: 2.39, velocity: 1 }, [1], random)).toMatchObject({
      reward: 1,
      terminated: true,
    });
    expect(environment.step({ ...upright, angle: -0.209, angularVelocity: -1 }, [1], random)).toMatchObject({
      terminated: true,
    });
    expect(environment.step(upright, [1], random)).toMatchObject({ reward: 1, terminated: false });
  });
});
