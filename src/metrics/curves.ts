/**
 * What the seeds of one run have said, kept as it came, and the lines drawn from it: interquartile mean, 95 % bootstrap interval
 * over seeds, spread. A point is drawn only where every seed that is still alive has arrived; nothing is dropped in silence.
 */
import { bootstrapInterval, interquartileMean } from '../numeric/statistics';
import type { Phase } from '../spec/runSpec';
import type { RunEvent } from './events';
import { type EvaluationPoint, emptyResult, lastStepKept, note, type SeedResult } from './results';

/** Rows of numbers under one x axis, grown by appending. */
export interface MetricColumns {
  readonly steps: number[];
  readonly columns: Record<string, number[]>;
}
/** One seed's whole story. Grows in place: a revision number elsewhere tells who draws it. */
export interface SeedCurve {
  readonly result: SeedResult;
  readonly metrics: Record<Phase, MetricColumns>;
}

export function emptySeedCurve(seed: number): SeedCurve {
  const none = (): MetricColumns => ({ steps: [], columns: {} });
  return { result: emptyResult(seed), metrics: { offline: none(), online: none() } };
}

/** Adds what an event says to `curve`, in place. */
export function appendEvent(curve: SeedCurve, event: RunEvent): void {
  note(curve.result, event);
  if (event.kind === 'resumed') {
    for (const phase of ['offline', 'online'] as const) forgetRows(curve.metrics[phase], lastStepKept(event.at, phase));
    return;
  }
  if (event.kind !== 'metrics') return;
  const target = curve.metrics[event.phase];
  const before = target.steps.length;
  for (const step of event.steps) target.steps.push(step);
  for (const [name, values] of Object.entries(event.columns)) {
    // A metric that appears later than the others has no number for the rows before it.
    target.columns[name] ??= new Array<number>(before).fill(Number.NaN);
    for (const value of values) target.columns[name].push(value);
  }
  for (const column of Object.values(target.columns)) {
    while (column.length < target.steps.length) column.push(Number.NaN);
  }
}

function forgetRows({ steps, columns }: MetricColumns, end: number): void {
  const from = steps.findIndex((step) => step > end);
  if (from < 0) return;
  for (const numbers of [steps, ...Object.values(columns)]) numbers.length = from;
}

/** What an evaluation measures, by name. */
export type Measure = 'return' | 'predicted' | 'realised' | 'outsideData' | 'distanceToPretrained';
function measured(point: EvaluationPoint, measure: Measure): number | null {
  return measure === 'return' ? point.mean : point[measure];
}

/** One step over all seeds. */
export interface SummaryPoint {
  readonly step: number;
  /** Interquartile mean over the seeds that have a number here. */
  readonly iqm: number;
  /** 95 % bootstrap interval over seeds; null for a single seed, or while it is still being computed. */
  readonly interval: readonly [low: number, high: number] | null;
  readonly lowest: number;
  readonly highest: number;
  /** How many seeds it is made of. */
  readonly seeds: number;
}
export interface SeedPoint {
  readonly step: number;
  readonly value: number;
}
export interface PhaseSummary {
  /** Up to the furthest step that every living seed has reached. */
  readonly points: readonly SummaryPoint[];
  /** The lead seed alone, from the last of `points` on. */
  readonly leading: readonly SeedPoint[];
}

/**
 * The points of one seed in one phase, by step, without those that have no number. The evaluation at the switch ends the offline
 * zone and starts the online one; where it was reported under one of them only, it serves both.
 */
export function seedPoints(
  { offline, online }: SeedResult,
  measure: Measure,
  phase: Phase,
  offlineUpdates: number,
): SeedPoint[] {
  const points: SeedPoint[] = [];
  for (const point of phase === 'offline' ? offline : online) {
    const value = measured(point, measure);
    if (value !== null && !Number.isNaN(value)) points.push({ step: point.step, value });
  }
  if (phase === 'online' && online[0]?.step !== 0) {
    const before = offline.findLast(({ step }) => step === offlineUpdates);
    const value = before && measured(before, measure);
    if (typeof value === 'number' && !Number.isNaN(value)) points.unshift({ step: 0, value });
  }
  return points;
}

/**
 * Summarises one measure of one phase over seeds, incrementally: the interval of a step is computed once and kept, so a call costs
 * only what is new. `budget` bounds the new intervals of one call, so that no call is long; `pending` says whether some are left.
 */
export class Summariser {
  private readonly known = new Map<string, SummaryPoint>();
  pending = false;

  constructor(
    readonly measure: Measure,
    readonly phase: Phase,
  ) {}

  /** @param curves in seed order, the lead first; its length is the run's number of seeds, the queued ones included (empty) */
  summarise(curves: readonly SeedCurve[], offlineUpdates: number, budget: number): PhaseSummary {
    const { measure, phase } = this;
    this.pending = false;
    const bySeed = curves.map(({ result }) => seedPoints(result, measure, phase, offlineUpdates));
    const lead = bySeed[0] ?? [];
    // All seeds are measured at the same steps; the one that came furthest lists them all, also where the lead has failed.
    const furthest = bySeed.reduce((far, own) => (own.length > far.length ? own : far), lead);
    const points: SummaryPoint[] = [];
    let left = budget;
    let reached = 0;
    const next = curves.map(() => 0);
    for (; reached < furthest.length; reached++) {
      const { step } = furthest[reached];
      const values: number[] = [];
      let waiting = false;
      for (let i = 0; i < curves.length; i++) {
        const own = bySeed[i];
        while (next[i] < own.length && own[next[i]].step < step) next[i]++;
        const point = own[next[i]];
        if (point?.step === step) values.push(point.value);
        else if (curves[i].result.outcome !== 'failed') waiting = true;
      }
      if (waiting || values.length === 0) break;
      // A seed that dies only ends its own line; but at the switch the offline evaluation stands in until the online one has come.
      const key = `${step}/${values.join()}`;
      let point = this.known.get(key);
      if (point === undefined) {
        const compute = values.length === 1 || left > 0;
        point = summaryOf(step, values, compute);
        if (compute) this.known.set(key, point);
        else this.pending = true;
        left--;
      }
      points.push(point);
    }
    // The lead's own line starts at the last common point, so that the two meet.
    const leading = lead.slice(Math.max(0, reached - 1));
    return { points, leading: leading.length > 1 || points.length === 0 ? leading : [] };
  }
}

function summaryOf(step: number, values: readonly number[], withInterval: boolean): SummaryPoint {
  let lowest = values[0];
  let highest = values[0];
  for (const value of values) {
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  return {
    step,
    iqm: interquartileMean(values),
    interval: values.length > 1 && withInterval ? bootstrapInterval(values) : null,
    lowest,
    highest,
    seeds: values.length,
  };
}

/**
 * At most `limit` of `points`, keeping each bucket's lowest and highest so that no spike is lost; first and last always stay.
 *
 * @throws RangeError if `limit` is under 4
 */
export function thin<P>(points: readonly P[], value: (point: P) => number, limit: number): readonly P[] {
  if (limit < 4) throw new RangeError(`limit: expected at least 4, got ${limit}`);
  if (points.length <= limit) return points;
  const kept: P[] = [points[0]];
  const buckets = Math.floor((limit - 2) / 2);
  const inner = points.length - 2;
  for (let bucket = 0; bucket < buckets; bucket++) {
    const from = 1 + Math.floor((bucket * inner) / buckets);
    const to = 1 + Math.floor(((bucket + 1) * inner) / buckets);
    let low = from;
    let high = from;
    for (let i = from + 1; i < to; i++) {
      if (value(points[i]) < value(points[low])) low = i;
      if (value(points[i]) > value(points[high])) high = i;
    }
    kept.push(points[Math.min(low, high)]);
    if (low !== high) kept.push(points[Math.max(low, high)]);
  }
  kept.push(points[points.length - 1]);
  return kept;
}
