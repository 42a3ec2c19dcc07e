import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Phase } from '../spec/runSpec';
import { appendEvent, emptySeedCurve, mostPoints, type SeedCurve, Summariser, seedPoints } from './curves';
import type { Evaluation, RunEvent } from './events';

function evaluation(phase: Phase, step: number, mean: number, more: Partial<Evaluation> = {}): Evaluation {
  return {
    kind: 'evaluation',
    at: { phase, step },
    returns: [mean],
    mean,
    predicted: null,
    realised: null,
    outsideData: null,
    distanceToPretrained: null,
    ...more,
  };
}
function curveOf(seed: number, points: readonly (readonly [Phase, number, number])[]): SeedCurve {
  const curve = emptySeedCurve(seed);
  for (const [phase, step, mean] of points) appendEvent(curve, evaluation(phase, step, mean));
  return curve;
}

describe('metrics columns', () => {
  test('a column that appears later is not-a-number before, one that is missing is not-a-number after', () => {
    const curve = emptySeedCurve(0);
    const metrics = (steps: number[], columns: Record<string, number[]>) =>
      appendEvent(curve, {
        kind: 'metrics',
        phase: 'offline',
        steps: Float64Array.from(steps),
        columns: Object.fromEntries(Object.entries(columns).map(([name, values]) => [name, Float32Array.from(values)])),
      });
    metrics([10, 20], { criticLoss: [1, 2] });
    metrics([30], { policyLoss: [3] });
    expect(curve.metrics.offline).toEqual({
      steps: [10, 20, 30],
      columns: { criticLoss: [1, 2, Number.NaN], policyLoss: [Number.NaN, Number.NaN, 3] },
    });
  });
});

describe('a run that goes on from an earlier step on another executor', () => {
  const metrics = (phase: Phase, steps: number[]): RunEvent => ({
    kind: 'metrics',
    phase,
    steps: Float64Array.from(steps),
    columns: { criticLoss: Float32Array.from(steps) },
  });
  const episode = (step: number): RunEvent => ({
    kind: 'episode',
    at: { phase: 'online', step },
    return: 1,
    length: 5,
  });
  const resumed = (phase: Phase, step: number): RunEvent => ({
    kind: 'resumed',
    at: { phase, step },
    executor: 'wasm',
    reason: 'unplugged',
  });
  const stepsOf = (points: readonly { step: number }[]) => points.map(({ step }) => step);

  test('forgets what came after that step, so that nothing is there twice', () => {
    const curve = curveOf(0, [['offline', 0, 1]]);
    appendEvent(curve, metrics('offline', [50, 100]));
    appendEvent(curve, evaluation('offline', 100, 2));
    appendEvent(curve, metrics('online', [10, 20, 30]));
    for (const step of [0, 20]) appendEvent(curve, evaluation('online', step, 3));
    for (const step of [5, 25, 29]) appendEvent(curve, episode(step));
    appendEvent(curve, resumed('online', 20));
    appendEvent(curve, metrics('online', [30, 40]));
    appendEvent(curve, episode(26));
    appendEvent(curve, evaluation('online', 40, 4));
    const { result } = curve;
    expect(stepsOf(result.offline)).toEqual([0, 100]);
    expect(stepsOf(result.online)).toEqual([0, 20, 40]);
    expect(stepsOf(result.episodes)).toEqual([5, 26]);
    expect(curve.metrics.offline.steps).toEqual([50, 100]);
    expect(curve.metrics.online).toEqual({ steps: [10, 20, 30, 40], columns: { criticLoss: [10, 20, 30, 40] } });
    expect(result.resumed).toMatchObject({ executor: 'wasm', at: { phase: 'online', step: 20 } });
  });
  test('is drawn as if nobody had looked before', () => {
    const curves = [0, 1].map((seed) =>
      curveOf(
        seed,
        [0, 50, 100, 150].map((step) => ['offline', step, step + seed]),
      ),
    );
    const summariser = new Summariser('return', 'offline');
    const look = (of: Summariser) => of.summarise(curves, 300, Number.POSITIVE_INFINITY);
    expect(look(summariser).points.map(({ step }) => step)).toEqual([0, 50, 100, 150]);
    for (const curve of curves) appendEvent(curve, resumed('offline', 50));
    appendEvent(curves[0], evaluation('offline', 100, 7));
    expect(look(summariser)).toEqual(look(new Summariser('return', 'offline')));
    expect(look(summariser).points.map(({ step }) => step)).toEqual([0, 50]);
  });
  test('forgets the whole online phase where it goes back before the switch', () => {
    const curve = curveOf(0, [
      ['offline', 0, 1],
      ['offline', 100, 2],
      ['online', 0, 2],
    ]);
    appendEvent(curve, { kind: 'regime', returns: [1, 2], mean: 1.5 });
    appendEvent(curve, metrics('online', [10]));
    appendEvent(curve, resumed('offline', 0));
    expect(stepsOf(curve.result.offline)).toEqual([0]);
    expect(curve.result.online).toEqual([]);
    expect(curve.result.pretrained).toEqual([]);
    expect(curve.metrics.online).toEqual({ steps: [], columns: { criticLoss: [] } });
  });
});

describe('the evaluation at the switch', () => {
  test('ends the offline zone and starts the online one', () => {
    const { result } = curveOf(0, [
      ['offline', 0, 1],
      ['offline', 100, 5],
      ['online', 50, 6],
    ]);
    expect(seedPoints(result, 'return', 'online', 100)).toEqual([
      { step: 0, value: 5 },
      { step: 50, value: 6 },
    ]);
  });
  test('is not made up where the online phase measured its own start (a reset changes the policy)', () => {
    const { result } = curveOf(0, [
      ['offline', 100, 5],
      ['online', 0, 2],
    ]);
    expect(seedPoints(result, 'return', 'online', 100)).toEqual([{ step: 0, value: 2 }]);
  });
  test('does not come from an evaluation before the end of the offline phase', () => {
    const { result } = curveOf(0, [['offline', 50, 5]]);
    expect(seedPoints(result, 'return', 'online', 100)).toEqual([]);
  });
});

describe('a summary over seeds', () => {
  const summarise = (curves: readonly SeedCurve[], budget = 100) =>
    new Summariser('return', 'offline').summarise(curves, 1000, budget);

  test('goes only as far as every living seed has come; the lead goes on alone', () => {
    const lead = curveOf(0, [
      ['offline', 0, 1],
      ['offline', 10, 2],
      ['offline', 20, 3],
    ]);
    const other = curveOf(1, [
      ['offline', 0, 3],
      ['offline', 10, 4],
    ]);
    const { points, leading } = summarise([lead, other]);
    expect(points.map(({ step, iqm, seeds }) => [step, iqm, seeds])).toEqual([
      [0, 2, 2],
      [10, 3, 2],
    ]);
    // Starts at the last common step, so that the lines meet.
    expect(leading).toEqual([
      { step: 10, value: 2 },
      { step: 20, value: 3 },
    ]);
  });
  test('waits for a seed that has not started', () => {
    const { points, leading } = summarise([curveOf(0, [['offline', 0, 1]]), emptySeedCurve(1)]);
    expect(points).toEqual([]);
    expect(leading).toEqual([{ step: 0, value: 1 }]);
  });
  test('goes on without a seed that failed, and says of how many seeds it is', () => {
    const lead = curveOf(0, [
      ['offline', 0, 1],
      ['offline', 10, 2],
    ]);
    const failed = curveOf(1, [['offline', 0, 3]]);
    failed.result.outcome = 'failed';
    const { points } = summarise([lead, failed]);
    expect(points.map(({ step, iqm, seeds }) => [step, iqm, seeds])).toEqual([
      [0, 2, 2],
      [10, 2, 1],
    ]);
    expect(points[1].interval).toBeNull();
  });
  test('goes on without a lead that failed', () => {
    const lead = curveOf(0, [['offline', 0, 1]]);
    lead.result.outcome = 'failed';
    const other = curveOf(1, [
      ['offline', 0, 3],
      ['offline', 10, 4],
    ]);
    const { points, leading } = summarise([lead, other]);
    expect(points.map(({ step, iqm, seeds }) => [step, iqm, seeds])).toEqual([
      [0, 2, 2],
      [10, 4, 1],
    ]);
    expect(leading).toEqual([]);
  });
  test('takes the online measurement at the switch once it is there', () => {
    const summariser = new Summariser('return', 'online');
    const curves = [curveOf(0, [['offline', 100, 5]]), curveOf(1, [['offline', 100, 7]])];
    const iqm = () => summariser.summarise(curves, 100, 10).points.map((point) => point.iqm);
    expect(iqm()).toEqual([6]);
    for (const curve of curves) appendEvent(curve, evaluation('online', 0, 1));
    expect(iqm()).toEqual([1]);
  });
  test('computes at most the budget of intervals a call, and the same ones in the end', () => {
    const steps = [0, 10, 20, 30, 40];
    const curves = [0, 1, 2].map((seed) =>
      curveOf(
        seed,
        steps.map((step) => ['offline', step, step + seed * seed]),
      ),
    );
    const summariser = new Summariser('return', 'offline');
    const first = summariser.summarise(curves, 1000, 2);
    expect(first.points.filter(({ interval }) => interval !== null)).toHaveLength(2);
    expect(summariser.pending).toBe(true);
    summariser.summarise(curves, 1000, 2);
    const last = summariser.summarise(curves, 1000, 2);
    expect(summariser.pending).toBe(false);
    expect(last).toEqual(summarise(curves));
  });
  test('costs nothing but what is new, and comes to the same: seeds that arrive in turns, in pieces, with a failure', () => {
    const evaluations = fc.array(
      fc.tuple(fc.integer({ min: 0, max: 2 }), fc.double({ min: -9, max: 9, noNaN: true })),
      {
        maxLength: 40,
      },
    );
    fc.assert(
      fc.property(evaluations, fc.option(fc.integer({ min: 0, max: 2 })), (arrivals, failing) => {
        const curves = [0, 1, 2].map((seed) => emptySeedCurve(seed));
        const summariser = new Summariser('return', 'offline');
        const steps = [0, 0, 0];
        arrivals.forEach(([seed, mean], i) => {
          if (failing === seed && i > 20) curves[seed].result.outcome = 'failed';
          else appendEvent(curves[seed], evaluation('offline', 10 * steps[seed]++, mean));
          summariser.summarise(curves, 1000, 100);
        });
        expect(summariser.summarise(curves, 1000, 100)).toEqual(summarise(curves));
        expect(summariser.seedLines()).toEqual(
          curves.map(({ result }) => seedPoints(result, 'return', 'offline', 1000)),
        );
      }),
      { numRuns: 50 },
    );
  });
  test('takes at most so many evaluations a call, and has them all in the end', () => {
    const steps = Array.from({ length: 25 }, (_, i) => 10 * i);
    const curves = [0, 1].map((seed) =>
      curveOf(
        seed,
        steps.map((step) => ['offline', step, step % 70] as const),
      ),
    );
    const summariser = new Summariser('return', 'offline');
    const lengths: number[] = [];
    do lengths.push(summariser.summarise(curves, 1000, 100, 10).points.length);
    while (summariser.pending);
    expect(lengths).toEqual([10, 20, 25]);
    expect(summariser.summarise(curves, 1000, 100)).toEqual(summarise(curves));
  });
  test('begins anew where a seed is run again or goes back', () => {
    const summariser = new Summariser('return', 'offline');
    const lead = curveOf(0, [
      ['offline', 0, 1],
      ['offline', 10, 2],
    ]);
    const stepsWith = (other: SeedCurve) => summariser.summarise([lead, other], 1000, 9).points.map(({ step }) => step);
    const other = curveOf(1, [
      ['offline', 0, 3],
      ['offline', 10, 4],
    ]);
    expect(stepsWith(other)).toEqual([0, 10]);
    expect(stepsWith(curveOf(1, [['offline', 0, 5]]))).toEqual([0]);
    expect(stepsWith(other)).toEqual([0, 10]);
    appendEvent(other, { kind: 'resumed', at: { phase: 'offline', step: 0 }, executor: 'wasm', reason: 'unplugged' });
    appendEvent(other, evaluation('offline', 10, 8));
    expect(summariser.summarise([lead, other], 1000, 9).points.map(({ highest }) => highest)).toEqual([3, 8]);
  });
  test('draws at most so many points, the lowest and the highest among them, and computes intervals of these alone', () => {
    const count = 4 * mostPoints;
    const spike = 777;
    const curves = [0, 1].map((seed) =>
      curveOf(
        seed,
        Array.from({ length: count }, (_, i) => ['offline', 10 * i, i === spike ? 99 : (i * 7) % 13] as const),
      ),
    );
    const { points } = summarise(curves, 2 * mostPoints);
    expect(points.length).toBeLessThanOrEqual(mostPoints);
    expect(points.length).toBeGreaterThan(mostPoints / 5);
    expect(points.find(({ step }) => step === 10 * spike)?.iqm).toBe(99);
    expect([points[0].step, points.at(-1)?.step]).toEqual([0, 10 * (count - 1)]);
    expect(points.every(({ interval }) => interval !== null)).toBe(true);
  });
  test('an interval holds the mean, and the spread holds the interval', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -100, max: 100, noNaN: true }), { minLength: 2, maxLength: 8 }),
        (values) => {
          const { points } = summarise(values.map((value, seed) => curveOf(seed, [['offline', 0, value]])));
          const [{ iqm, interval, lowest, highest }] = points;
          const slack = 1e-9;
          expect(interval?.[0]).toBeLessThanOrEqual(iqm + slack);
          expect(interval?.[1]).toBeGreaterThanOrEqual(iqm - slack);
          expect(interval?.[0]).toBeGreaterThanOrEqual(lowest - slack);
          expect(interval?.[1]).toBeLessThanOrEqual(highest + slack);
        },
      ),
      { numRuns: 30 },
    );
  });
});
