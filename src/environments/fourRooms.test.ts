import { describe, expect, test } from 'vitest';
import { stream } from '../numeric/random';
import { fourRooms } from './fourRooms';
import { observe, rollout } from './testing';

const environment = fourRooms.make({});
const exact = environment.exact!;
const uniform = exact.states.map(() => [0.25, 0.25, 0.25, 0.25]);
const goal = exact.indexOf({ row: 11, column: 11 });
const largestGap = (a: readonly (readonly number[])[], b: readonly (readonly number[])[]) =>
  Math.max(...a.flatMap((row, i) => row.map((value, k) => Math.abs(value - b[i][k]))));

describe('the world', () => {
  test('104 free cells in four rooms joined by four hallways', () => {
    expect(exact.states).toHaveLength(104);
    const has = (row: number, column: number) => exact.indexOf({ row, column }) >= 0;
    const hallways = [
      [3, 6],
      [6, 2],
      [7, 9],
      [10, 6],
    ];
    for (const [row, column] of hallways) {
      expect(has(row, column)).toBe(true);
      const open = [has(row - 1, column), has(row + 1, column), has(row, column - 1), has(row, column + 1)];
      expect([
        [true, true, false, false],
        [false, false, true, true],
      ]).toContainEqual(open);
    }
    expect(has(0, 0) || has(-1, 5) || has(6, 6)).toBe(false);
  });

  test('the observation is one 1, at the cell’s own place', () => {
    for (const [index, state] of exact.states.entries()) {
      const observation = observe(environment, state);
      expect(observation.indexOf(1)).toBe(index);
      expect(observation.reduce((sum, value) => sum + value)).toBe(1);
    }
  });

  test('a move goes as intended two times in three, and each other way once in nine', () => {
    const random = stream(1, 'test');
    const from = { row: 3, column: 3 };
    for (let action = 0; action < 4; action++) {
      const counts = [0, 0, 0, 0];
      for (let i = 0; i < 9000; i++) {
        const { state } = environment.step(from, [action], random);
        counts[['2,3', '4,3', '3,2', '3,4'].indexOf(`${state.row},${state.column}`)]++;
      }
      // 6000 and 1000 expected; four standard deviations are 179 and 119.
      counts.forEach((count, way) => {
        expect(Math.abs(count - (way === action ? 6000 : 1000))).toBeLessThan(way === action ? 179 : 119);
      });
    }
  });

  test('a blocked move stays, and only entering the goal pays and ends', () => {
    const random = stream(2, 'test');
    const seen = new Set<string>();
    for (let i = 0; i < 200; i++) {
      const corner = environment.step({ row: 1, column: 1 }, [0], random);
      expect([corner.reward, corner.terminated]).toEqual([0, false]);
      seen.add(`${corner.state.row},${corner.state.column}`);
      const beside = environment.step({ row: 11, column: 10 }, [3], random);
      const entered = exact.indexOf(beside.state) === goal;
      expect([beside.reward, beside.terminated]).toEqual(entered ? [1, true] : [0, false]);
    }
    expect([...seen].sort()).toEqual(['1,1', '1,2', '2,1']);
  });

  test('no episode starts at the goal, and every other cell starts one', () => {
    const random = stream(3, 'test');
    const starts = new Set(Array.from({ length: 2000 }, () => exact.indexOf(environment.reset(random))));
    expect(starts.has(goal)).toBe(false);
    expect(starts.size).toBe(103);
  });
});

describe('exact values', () => {
  const greedy = (values: readonly (readonly number[])[]) =>
    values.map((row) => row.map((_, action) => (row.indexOf(Math.max(...row)) === action ? 1 : 0)));

  test.each([0, 0.9, 0.98, 0.99, 1])(
    'at discount %d the policy greedy in Q* is worth Q* (two methods agree)',
    (discount) => {
      const optimal = exact.optimalValues(discount);
      // At 1 every value is 1 and rounding picks the policy; a slow one makes the equations worse conditioned.
      const tolerance = discount === 1 ? 1e-9 : 1e-11;
      expect(largestGap(exact.policyValues(greedy(optimal), discount), optimal)).toBeLessThan(tolerance);
    },
  );

  test('no policy is worth more than Q*, and uniform moves are worth less', () => {
    const optimal = exact.optimalValues(0.98);
    const values = exact.policyValues(uniform, 0.98);
    for (const [cell, row] of values.entries()) {
      row.forEach((value, action) => {
        expect(value).toBeLessThanOrEqual(optimal[cell][action] + 1e-12);
        expect(value).toBeGreaterThanOrEqual(0);
      });
    }
    expect(values[0][0]).toBeLessThan(0.5 * optimal[0][0]);
  });

  test('values at the edges: 0 at the goal, the chance of entering at discount 0, certainty at 1', () => {
    expect(exact.optimalValues(0.98)[goal]).toEqual([0, 0, 0, 0]);
    const left = exact.indexOf({ row: 11, column: 10 });
    [1 / 9, 1 / 9, 1 / 9, 2 / 3].forEach((chance, action) => {
      expect(exact.optimalValues(0)[left][action]).toBeCloseTo(chance, 14);
    });
    for (const [cell, row] of exact.policyValues(uniform, 1).entries()) {
      if (cell !== goal) for (const value of row) expect(value).toBeCloseTo(1, 10);
    }
  });

  test('the optimal policy’s discounted return over many episodes is its exact value', () => {
    const discount = 0.98;
    const probabilities = exact.states.map((state) => {
      const [action] = environment.reference.act(state);
      return [0, 1, 2, 3].map((other) => (other === action ? 1 : 0));
    });
    const values = exact.policyValues(probabilities, discount);
    let difference = 0;
    const episodes = 2000;
    for (let episode = 0; episode < episodes; episode++) {
      const { states, actions, rewards } = rollout(environment, { seed: 4, episode, policy: 'reference', steps: 2000 });
      let weight = 1;
      let realised = 0;
      for (const reward of rewards) {
        realised += weight * reward;
        weight *= discount;
      }
      difference += (realised - values[exact.indexOf(states[0])][actions[0][0]]) / episodes;
    }
    // A return's standard deviation about its value is below 0.25, so four standard errors are 0.022.
    expect(Math.abs(difference)).toBeLessThan(0.022);
  });

  test('a discount outside [0, 1] or a policy of the wrong shape is refused', () => {
    for (const discount of [-0.1, 1.1, Number.NaN]) expect(() => exact.optimalValues(discount)).toThrow(RangeError);
    expect(() => exact.policyValues(uniform.slice(1), 0.9)).toThrow(RangeError);
  });
});
