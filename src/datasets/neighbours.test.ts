import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { randomAction } from '../environments/spaces';
import { stream } from '../numeric/random';
import { neighbours } from './neighbours';
import { make, pairs, request } from './testing';

type Rows = Parameters<typeof neighbours>[0];
type Windows = Parameters<typeof neighbours>[1];

/** The definition: how many rows lie within every half-window. */
function bruteForce(rows: Rows, windows: Windows, observation: ArrayLike<number>, action: ArrayLike<number>): number {
  let count = 0;
  for (let row = 0; row < rows.count; row++) {
    const near = (stored: Float32Array, size: number, half: readonly number[], query: ArrayLike<number>) =>
      half.every((h, i) => Math.abs(stored[row * size + i] - Math.fround(query[i])) <= h);
    if (
      near(rows.observations, rows.observationSize, windows.observation, observation) &&
      near(rows.actions, rows.actionSize, windows.action, action)
    ) {
      count++;
    }
  }
  return count;
}

describe.each(pairs.filter(({ recipe }) => recipe.id === 'medium'))(
  'neighbours in $environmentId',
  ({ environmentId, environment }) => {
    const { transitions } = make(request(environmentId, 'medium', 1000));
    const index = neighbours(transitions, environment.neighbourhood);
    const { observationSize: size } = transitions;

    test('are those of a brute-force count, for visited states and random actions', () => {
      const random = stream(3, 'test', 0);
      let [none, some] = [0, 0];
      for (let draw = 0; draw < 200; draw++) {
        const row = random.index(transitions.count);
        const observation = Float32Array.from(
          transitions.observations.subarray(row * size, (row + 1) * size),
          (value, i) =>
            draw % 2 === 0 ? value : value + environment.neighbourhood.observation[i] * random.uniform(-4, 4),
        );
        const action = randomAction(environment.action, random);
        const expected = bruteForce(transitions, environment.neighbourhood, observation, action);
        expect(index.nearbyCount(observation, action)).toBe(expected);
        expect(index.hasNeighbour(observation, action)).toBe(expected > 0);
        if (expected > 0) some++;
        else none++;
      }
      // Both answers occur, or the test says nothing. One-hot cells with every action tried leave no gap.
      expect(some).toBeGreaterThan(0);
      if (environmentId !== 'fourRooms') expect(none).toBeGreaterThan(0);
    });

    test('every row is its own neighbour', () => {
      for (let row = 0; row < transitions.count; row++) {
        const observation = transitions.observations.subarray(row * size, (row + 1) * size);
        const action = transitions.actions.subarray(row * transitions.actionSize, (row + 1) * transitions.actionSize);
        if (!index.hasNeighbour(observation, action)) expect.fail(`row ${row} is not near itself`);
      }
    });
  },
);

test('rows on the very edge of a window count, on every side and any number of components', () => {
  const value = fc.integer({ min: -8, max: 8 }).map((n) => n / 4);
  const half = fc.constantFrom(0, 0.25, 0.5, 0.75, 1);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }).chain((size) =>
        fc.record({
          rows: fc.array(fc.array(value, { minLength: size, maxLength: size }), { minLength: 0, maxLength: 30 }),
          windows: fc.array(half, { minLength: size, maxLength: size }),
          query: fc.array(value, { minLength: size, maxLength: size }),
        }),
      ),
      ({ rows, windows, query }) => {
        const size = query.length;
        const data: Rows = {
          count: rows.length,
          observationSize: size - 1,
          actionSize: 1,
          observations: Float32Array.from(rows.flatMap((row) => row.slice(0, -1))),
          actions: Float32Array.from(rows.map((row) => row[size - 1])),
        };
        const halves = { observation: windows.slice(0, -1), action: windows.slice(-1) };
        const [observation, action] = [query.slice(0, -1), query.slice(-1)];
        const expected = bruteForce(data, halves, observation, action);
        expect(neighbours(data, halves).nearbyCount(observation, action)).toBe(expected);
      },
    ),
    { numRuns: 500 },
  );
});

test('minus zero equals zero', () => {
  const data: Rows = {
    count: 1,
    observationSize: 1,
    actionSize: 1,
    observations: Float32Array.of(-0),
    actions: Float32Array.of(0),
  };
  expect(neighbours(data, { observation: [0], action: [0] }).hasNeighbour([0], [-0])).toBe(true);
});

test('half-windows must fit the data', () => {
  const { transitions } = make(request('pendulum', 'random', 500));
  expect(() => neighbours(transitions, { observation: [1], action: [1] })).toThrow(/expected 3 \+ 1 numbers, got 2/);
});
