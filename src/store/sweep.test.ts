import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { getField, type SpecField, specFields } from '../spec/fields';
import { presetSpec } from '../spec/presets';
import type { RunSpec } from '../spec/runSpec';
import { isSweepable, offersLog, rangeProblem, sweepSpecs, sweepValues, usualRange } from './sweep';

const recipe = presetSpec('stitching') as RunSpec;
function slotOf(path: string): SpecField {
  return specFields(recipe).find((slot) => slot.path === path) as SpecField;
}
function numberField(path: string) {
  const { field } = slotOf(path);
  if (field.kind !== 'real' && field.kind !== 'integer') throw new Error(`${path} is no number`);
  return field;
}
const expectile = numberField('offline.params.expectile');
const rate = numberField('offline.params.learningRate');
const batch = numberField('network.batch');

describe('values', () => {
  test('linear: ends exact, round numbers between', () => {
    expect(sweepValues(expectile, { from: 0.5, to: 0.9, count: 5, scale: 'linear' })).toEqual([
      0.5, 0.6, 0.7, 0.8, 0.9,
    ]);
  });
  test('log: equal ratios', () => {
    expect(sweepValues(rate, { from: 1e-5, to: 1e-1, count: 5, scale: 'log' })).toEqual([1e-5, 1e-4, 1e-3, 1e-2, 1e-1]);
    expect(sweepValues(rate, { from: 1e-4, to: 1e-3, count: 3, scale: 'log' })).toEqual([1e-4, 0.000316, 1e-3]);
  });
  test('whole numbers stay on their grid, each once', () => {
    expect(sweepValues(batch, { from: 16, to: 64, count: 16, scale: 'linear' })).toEqual([16, 32, 48, 64]);
  });
  test('a narrow range gets as many digits as it needs', () => {
    const values = sweepValues(expectile, { from: 0.9, to: 0.9004, count: 5, scale: 'linear' });
    expect(values).toEqual([0.9, 0.9001, 0.9002, 0.9003, 0.9004]);
  });
  test('are ascending, distinct, allowed and as many as asked for, whatever the range', () => {
    const [low, high] = [expectile.min, expectile.max];
    const real = fc.double({ min: low, max: high, noNaN: true });
    fc.assert(
      fc.property(
        real,
        real,
        fc.integer({ min: 2, max: 16 }),
        fc.constantFrom('linear', 'log'),
        (a, b, count, scale) => {
          fc.pre(Math.abs(a - b) > 1e-9);
          const range = { from: Math.min(a, b), to: Math.max(a, b), count, scale } as const;
          const values = sweepValues(expectile, range);
          expect(values).toHaveLength(count);
          expect([values[0], values.at(-1)]).toEqual([range.from, range.to]);
          for (const [i, value] of values.entries()) {
            expect(expectile.zod.safeParse(value).success).toBe(true);
            if (i > 0) expect(value).toBeGreaterThan(values[i - 1]);
          }
        },
      ),
    );
  });
  test.each([
    ['notANumber', { from: Number.NaN, to: 1, count: 5, scale: 'linear' }],
    ['outOfRange', { from: 0.1, to: 0.9, count: 5, scale: 'linear' }],
    ['notAscending', { from: 0.9, to: 0.6, count: 5, scale: 'linear' }],
    ['count', { from: 0.6, to: 0.9, count: 17, scale: 'linear' }],
    ['count', { from: 0.6, to: 0.9, count: 1, scale: 'linear' }],
  ] as const)('of a wrong range (%s) are none', (problem, range) => {
    expect(rangeProblem(expectile, range)).toBe(problem);
    expect(sweepValues(expectile, range)).toEqual([]);
  });
  test('zero has no place on a log scale', () => {
    const temperature = numberField('offline.params.inverseTemperature');
    expect(rangeProblem(temperature, { from: 0, to: 10, count: 3, scale: 'log' })).toBe('logOfZero');
    expect(offersLog(temperature, 0, 10)).toBe(false);
    expect(offersLog(temperature, 1, 10)).toBe(true);
    expect(offersLog(temperature, 1, 9)).toBe(false);
    expect(offersLog(rate, 1e-3, 2e-3)).toBe(true);
  });
});

test('every knob that can be swept has a usual range, around where it stands', () => {
  const knobs = specFields(recipe).filter(isSweepable);
  expect(knobs.map(({ path }) => path)).toContain('offline.params.expectile');
  expect(knobs.map(({ path }) => path)).toContain('online.params.learningRate');
  for (const path of ['network.batch', 'switch.oldData', 'offline.updates'])
    expect(isSweepable(slotOf(path))).toBe(false);
  for (const { path, value } of knobs) {
    const range = usualRange(numberField(path), Number(value));
    expect(sweepValues(numberField(path), range), path).toHaveLength(5);
    expect(range.from).toBeLessThanOrEqual(Number(value));
    expect(range.to).toBeGreaterThanOrEqual(Number(value));
  }
  expect(usualRange(rate, 1e-3)).toEqual({ from: 1e-4, to: 1e-2, count: 5, scale: 'log' });
});

describe('specs', () => {
  test('differ in the swept knob alone, and share their seeds', () => {
    const specs = sweepSpecs(recipe, 'offline.params.expectile', [0.6, 0.9], 2);
    expect(specs.map((spec) => getField(spec, 'offline.params.expectile'))).toEqual([0.6, 0.9]);
    // One knob stays one knob: the online phase's own follows while the two are equal.
    expect(specs.map((spec) => getField(spec, 'online.params.expectile'))).toEqual([0.6, 0.9]);
    expect(specs.map(({ seeds }) => seeds)).toEqual([
      [0, 1],
      [0, 1],
    ]);
    const withoutIt = specs.map(({ offline, online, ...rest }) => [
      rest,
      { ...offline.params, expectile: 0 },
      { ...online.params, expectile: 0 },
    ]);
    expect(withoutIt[0]).toEqual(withoutIt[1]);
  });
  test('carry no live changes along', () => {
    const changed: RunSpec = {
      ...recipe,
      changes: [{ phase: 'offline', step: 100, field: 'offline.params.expectile', value: 0.6 }],
    };
    expect(sweepSpecs(changed, 'offline.params.expectile', [0.7], 1)[0].changes).toEqual([]);
  });
});
