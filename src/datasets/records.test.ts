import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { environments } from '../environments/registry';
import {
  actionScaling,
  identityScaling,
  observationScaling,
  recordLayout,
  recordPacker,
  scaleIntoColumns,
  unscaleColumns,
} from './records';
import { make, pairs, request } from './testing';

describe.each(pairs.filter(({ recipe }) => recipe.id === 'random'))(
  'records of $environmentId',
  ({ environmentId, environment }) => {
    const { transitions } = make(request(environmentId, 'random', 700));
    const layout = recordLayout(environment);
    const field = (name: string) => layout.fields.find((candidate) => candidate.name === name)!;

    test('hold the five fields side by side, observation and action first, in a multiple of four floats', () => {
      expect(layout.fields.map(({ name }) => name)).toEqual([
        'observation',
        'action',
        'reward',
        'terminated',
        'nextObservation',
      ]);
      let first = 0;
      for (const { first: at, size } of layout.fields) {
        expect(at).toBe(first);
        first += size;
      }
      expect(layout.stride % 4).toBe(0);
      expect(layout.stride - first).toBeGreaterThanOrEqual(0);
      expect(layout.stride - first).toBeLessThan(4);
    });

    test('say the same packed together and one by one, with zeros as padding', () => {
      const scaling = observationScaling(transitions);
      const packer = recordPacker(environment, scaling);
      const together = packer.packAll(transitions);
      const oneByOne = new Float32Array(together.length);
      const { observationSize: size, actionSize } = transitions;
      for (let row = 0; row < transitions.count; row++) {
        packer.pack(
          {
            observation: transitions.observations.subarray(row * size, (row + 1) * size),
            action: transitions.actions.subarray(row * actionSize, (row + 1) * actionSize),
            reward: transitions.rewards[row],
            terminated: transitions.terminated[row] === 1,
            nextObservation: transitions.nextObservations.subarray(row * size, (row + 1) * size),
          },
          oneByOne,
          row,
        );
      }
      expect(oneByOne.findIndex((value, i) => value !== together[i])).toBe(-1);
      const used = field('nextObservation').first + size;
      expect(together.subarray(used, layout.stride).every((value) => value === 0)).toBe(true);
    });

    test('hold box actions in [−1, 1], discrete ones as they are, and rewards and ends of the task untouched', () => {
      const records = recordPacker(environment).packAll(transitions);
      for (let row = 0; row < transitions.count; row++) {
        const record = records.subarray(row * layout.stride, (row + 1) * layout.stride);
        expect(record[field('reward').first]).toBe(transitions.rewards[row]);
        expect(record[field('terminated').first]).toBe(transitions.terminated[row]);
        const action = record[field('action').first];
        if (environment.action.kind === 'box') expect(Math.abs(action)).toBeLessThanOrEqual(1);
        else expect(action).toBe(transitions.actions[row]);
      }
    });

    test('normalised observations have mean 0 and spread 1 where they vary', () => {
      const scaling = observationScaling(transitions);
      const records = recordPacker(environment, scaling).packAll(transitions);
      for (let component = 0; component < transitions.observationSize; component++) {
        let [sum, squares] = [0, 0];
        for (let row = 0; row < transitions.count; row++) {
          const value = records[row * layout.stride + component];
          sum += value;
          squares += value * value;
        }
        expect(Math.abs(sum / transitions.count)).toBeLessThan(1e-4);
        // spread + 1e-3 in the denominator makes it a little less than 1.
        const spread = scaling.spread[component] - 1e-3;
        expect(Math.sqrt(squares / transitions.count)).toBeCloseTo(spread / (spread + 1e-3), 3);
      }
    });
  },
);

test('a time limit leaves no mark in a record', () => {
  const { transitions } = make(request('pendulum', 'random', 1000));
  expect(transitions.truncated.some((flag) => flag === 1)).toBe(true);
  const packer = recordPacker(environments.pendulum.make({}));
  const { first } = packer.layout.fields[3];
  const records = packer.packAll(transitions);
  for (let row = 0; row < 1000; row++) expect(records[row * packer.layout.stride + first]).toBe(0);
});

test('scaling there and back is the identity', () => {
  const scaling = actionScaling({ kind: 'box', low: [-2, 0], high: [2, 10], names: ['', ''], units: ['', ''] });
  fc.assert(
    fc.property(fc.float({ min: -2, max: 2, noNaN: true }), fc.float({ min: 0, max: 10, noNaN: true }), (a, b) => {
      const [scaled, back] = [new Float32Array(2), new Float32Array(2)];
      scaleIntoColumns(scaling, [a, b], 0, 1, scaled, 1);
      unscaleColumns(scaling, scaled, 1, 1, back, 0);
      expect(Math.abs(scaled[0])).toBeLessThanOrEqual(1);
      expect(Math.abs(scaled[1])).toBeLessThanOrEqual(1);
      expect(Math.abs(back[0] - a)).toBeLessThanOrEqual(1e-6);
      expect(Math.abs(back[1] - b)).toBeLessThanOrEqual(1e-6);
    }),
  );
  expect(identityScaling(2)).toEqual({ centre: new Float32Array(2), spread: Float32Array.of(1, 1) });
});

test('columns hold the rows asked for, and zeros after them', () => {
  const scaling = { centre: Float32Array.of(1, 10), spread: Float32Array.of(2, 5) };
  const rows = Float32Array.of(1, 10, 3, 15, 5, 20); // [3, 2]
  const columns = new Float32Array(8).fill(Number.NaN); // [2][4]
  scaleIntoColumns(scaling, rows, 1, 2, columns, 4);
  expect([...columns]).toEqual([1, 2, 0, 0, 1, 2, 0, 0]);
  const back = new Float32Array(6);
  unscaleColumns(scaling, columns, 4, 2, back, 1);
  expect([...back]).toEqual([0, 0, 3, 15, 5, 20]);
});
