import { describe, expect, test } from 'vitest';
import { darkPalette } from '../charts/palette';
import { emptySeedCurve, type SeedCurve } from '../metrics/curves';
import type { EvaluationPoint } from '../metrics/results';
import { presetSpec } from '../spec/presets';
import type { RunSpec } from '../spec/runSpec';
import type { RunView } from '../store/runsSlice';
import { knobName, knobOf, runColour, sweptLabel, sweptRun } from './sweepFacts';

const recipe = presetSpec('stitching') as RunSpec;
const sweep = {
  id: 's',
  path: 'offline.params.expectile',
  value: 0.7,
  index: 1,
  of: 3,
  scale: 'linear',
  recipe,
} as const;
const point = (step: number, mean: number): EvaluationPoint => ({
  step,
  mean,
  returns: [mean],
  predicted: null,
  realised: null,
  outsideData: null,
  distanceToPretrained: null,
});

type Told = Partial<Pick<SeedCurve['result'], 'outcome' | 'problem'>> & { offline?: number[]; online?: number[] };
function runOf(status: RunView['status'], told: readonly Told[], spec = recipe): RunView {
  const curves = told.map(({ offline = [], online = [], ...rest }, seed) => {
    const curve = emptySeedCurve(seed);
    Object.assign(curve.result, rest);
    curve.result.offline.push(...offline.map((mean, i) => point(i, mean)));
    curve.result.online.push(...online.map((mean, i) => point(i, mean)));
    return curve;
  });
  return { id: 'r', order: 4, spec, status, sweep, curves, seeds: [], revision: 0 } as unknown as RunView;
}

describe('a run of a sweep', () => {
  test('is named by its knob and coloured by its place', () => {
    expect(sweptLabel(sweep)).toBe('τ 0.7');
    expect(runColour({ order: 4, sweep }, darkPalette)).toBe(darkPalette.ramp[2].toLowerCase());
    expect(runColour({ order: 4, sweep: null }, darkPalette)).toBe(darkPalette.runs[3]);
    const knob = knobOf(sweep);
    expect(knob && knobName(knob)).toBe('Expectile τ');
    expect(knob && knobName({ ...knob, path: 'online.params.expectile' })).toBe('Expectile τ online');
  });
  test('that goes on shows how far each seed has come, and no mean yet', () => {
    const run = runOf('running', [{ offline: [1, 2], online: [3], outcome: 'complete' }, { offline: [5] }, {}]);
    expect(sweptRun(run, darkPalette)).toMatchObject({
      isOver: false,
      mean: null,
      failure: null,
      seeds: [
        { value: 3, isFinal: true, failed: false },
        { value: 5, isFinal: false, failed: false },
      ],
    });
  });
  test('that is over has the mean of its seeds and their interval', () => {
    const run = runOf('finished', [
      { online: [3], outcome: 'complete' },
      { online: [5], outcome: 'complete' },
    ]);
    const { mean, interval, isOver } = sweptRun(run, darkPalette);
    expect([isOver, mean]).toEqual([true, 4]);
    expect(interval?.[0]).toBeGreaterThanOrEqual(3);
    expect(interval?.[1]).toBeLessThanOrEqual(5);
  });
  test('that lost seeds says how many and how, and leaves them out of the mean', () => {
    const problem = { kind: 'notFinite', at: { phase: 'offline', step: 1 }, seed: 1, quantity: 'Q' } as const;
    const lost = runOf('finished', [
      { online: [3], outcome: 'complete' },
      { offline: [9], outcome: 'failed', problem },
    ]);
    expect(sweptRun(lost, darkPalette)).toMatchObject({ mean: 3, failure: '1 of 2 diverged' });
    const all = runOf('finished', [{ outcome: 'failed', problem }]);
    expect(sweptRun(all, darkPalette)).toMatchObject({ mean: null, failure: 'diverged', seeds: [] });
    const crashed = { kind: 'workerCrashed', at: null, seed: 0, detail: '' } as const;
    expect(sweptRun(runOf('finished', [{ outcome: 'failed', problem: crashed }]), darkPalette).failure).toBe('failed');
  });
  test('tells no return before the switch where the recipe hides it', () => {
    const honest = { ...recipe, evaluation: { ...recipe.evaluation, honestOffline: true } };
    expect(sweptRun(runOf('running', [{ offline: [5] }], honest), darkPalette).seeds).toEqual([]);
  });
});
