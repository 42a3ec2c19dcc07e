import { describe, expect, test } from 'vitest';
import { stream } from '../numeric/random';
import { cartPole } from './cartPole';
import { defineEnvironment, type Environment } from './environment';
import { fourRooms } from './fourRooms';
import { pointMaze } from './pointMaze';
import { randomAction } from './spaces';
import { rollout } from './testing';
import { type VectorEnvironment, vectorise } from './vector';

const streams = (count: number) => Array.from({ length: count }, (_, episode) => stream(3, 'test', 0, episode));
const actionStreams = (count: number) => Array.from({ length: count }, (_, episode) => stream(3, 'test', 1, episode));

/** Everything the copies show, so that two of them can be compared. */
const view = (copies: VectorEnvironment) => ({
  states: [...copies.states],
  observations: copies.observations.slice(),
  nextObservations: copies.nextObservations.slice(),
  rewards: copies.rewards.slice(),
  terminated: copies.terminated.slice(),
  truncated: copies.truncated.slice(),
});

/** Counts up by the action and ends by itself at `goal`; pays 1 a step. */
const counter = (maxSteps: number, goal: number): Environment =>
  defineEnvironment({
    ...fourRooms,
    id: 'counter',
    make: () => ({
      ...(fourRooms.make({}) as unknown as Environment),
      observation: { kind: 'box', low: [0], high: [100], names: ['count'], units: [''] },
      maxSteps,
      reset: (random) => ({ count: 0, start: random.index(1000) }),
      observe: ({ count }, into, offset) => {
        into[offset] = count;
      },
      step: ({ count, start }) => ({ state: { count: count + 1, start }, reward: 1, terminated: count + 1 === goal }),
    }),
  }).make({});

describe('stepping copies together', () => {
  test.each([
    { name: 'cart-pole', environment: cartPole.make({}) as unknown as Environment },
    { name: 'four rooms', environment: fourRooms.make({}) as unknown as Environment },
    {
      name: 'U-maze',
      environment: pointMaze.make({ map: 'umaze', reward: 'dense', actionRepeat: 5 }) as unknown as Environment,
    },
  ])('$name: five copies live the five episodes that each lives alone', ({ environment }) => {
    const copies = vectorise(environment, streams(5), { onEnd: 'stop' });
    const chosen = actionStreams(5);
    const rewards: number[][] = [[], [], [], [], []];
    const ends: string[] = [];
    while (copies.running > 0) {
      copies.step(chosen.flatMap((random) => randomAction(environment.action, random)));
      for (let copy = 0; copy < 5; copy++) {
        if (copies.stepped[copy]) rewards[copy].push(copies.rewards[copy]);
        if (copies.terminated[copy]) ends[copy] = 'terminated';
        if (copies.truncated[copy]) ends[copy] = 'truncated';
      }
    }
    for (let episode = 0; episode < 5; episode++) {
      const alone = rollout(environment, { seed: 3, episode });
      expect(rewards[episode]).toEqual(alone.rewards);
      expect(copies.states[episode]).toEqual(alone.states[alone.states.length - 1]);
      expect(ends[episode]).toBe(alone.terminated ? 'terminated' : 'truncated');
    }
  });

  test('a wrong number of actions is refused', () => {
    const copies = vectorise(counter(4, 100), streams(2));
    expect(() => copies.step([0])).toThrow(RangeError);
  });
});

describe('the ends of episodes', () => {
  const endsOf = (copies: VectorEnvironment, steps: number) =>
    Array.from({ length: steps }, () => {
      copies.step([0]);
      return `${copies.terminated[0]}${copies.truncated[0]}`;
    });

  test('reaching the limit truncates, again and again', () => {
    expect(endsOf(vectorise(counter(3, 100), streams(1)), 7)).toEqual(['00', '00', '01', '00', '00', '01', '00']);
  });
  test('an end by itself terminates and starts the count of steps anew', () => {
    expect(endsOf(vectorise(counter(3, 2), streams(1)), 5)).toEqual(['00', '10', '00', '10', '00']);
  });
  test('an end by itself at the very limit is terminated and not truncated', () => {
    expect(endsOf(vectorise(counter(3, 3), streams(1)), 3)).toEqual(['00', '00', '10']);
  });
  test('without a limit nothing is truncated', () => {
    const copies = vectorise(counter(3, 100), streams(1), { maxSteps: Number.POSITIVE_INFINITY });
    expect(endsOf(copies, 6)).toEqual(['00', '00', '00', '00', '00', '00']);
  });
  test('the next observation is the one before the reset, the observation the one after it', () => {
    const copies = vectorise(counter(2, 100), streams(1));
    const firstStart = copies.states[0].start;
    copies.step([0]);
    expect([copies.nextObservations[0], copies.observations[0]]).toEqual([1, 1]);
    copies.step([0]);
    expect([copies.nextObservations[0], copies.observations[0]]).toEqual([2, 0]);
    expect(copies.states[0].start).not.toBe(firstStart);
  });
  test('a copy that stops at its end earns nothing more and stays where it ended', () => {
    const copies = vectorise(counter(2, 100), streams(1), { onEnd: 'stop' });
    expect(endsOf(copies, 3)).toEqual(['00', '01', '00']);
    expect(copies.running).toBe(0);
    expect([copies.rewards[0], copies.stepped[0], copies.states[0].count, copies.observations[0]]).toEqual([
      0, 0, 2, 2,
    ]);
  });
});

describe('saving', () => {
  test.each([{ onEnd: 'reset' }, { onEnd: 'stop' }] as const)(
    'restored through JSON, copies go on bit for bit ($onEnd)',
    ({ onEnd }) => {
      const environment = cartPole.make({}) as unknown as Environment;
      const play = (copies: VectorEnvironment, from: number, to: number) =>
        Array.from({ length: to - from }, (_, i) => {
          copies.step(Array.from({ length: 3 }, (_, copy) => (from + i + copy) % 2));
          return view(copies);
        });
      const original = vectorise(environment, streams(3), { onEnd });
      play(original, 0, 25); // past the first falls
      const saved = JSON.parse(JSON.stringify(original.save()));
      const future = play(original, 25, 90);

      const other = vectorise(environment, streams(3), { onEnd });
      play(other, 0, 7);
      other.restore(saved);
      expect(other.running).toBe(saved.copies.filter(({ running }: { running: boolean }) => running).length);
      expect(play(other, 25, 90)).toEqual(future);
      expect(() => vectorise(environment, streams(2)).restore(saved)).toThrow(RangeError);
    },
  );
});
