/**
 * What the seeds of one run have said, kept as it came, and the lines drawn from it: interquartile mean, 95 % bootstrap interval
 * over seeds, spread. A point is drawn only where every seed that is still alive has arrived; nothing is dropped in silence.
 */
import { bootstrapInterval, interquartileMean } from '../numeric/statistics';
import type { Phase } from '../spec/runSpec';
import type { RunEvent } from './events';
import { type EvaluationPoint, emptyResult, lastStepKept, note, type SeedResult } from './results';
import { Thinned } from './thinned';

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
/** Every line as it is drawn: thinned to `mostPoints`. */
export interface PhaseSummary {
  /** Up to the furthest step that every living seed has reached. */
  readonly points: readonly SummaryPoint[];
  /** The lead seed alone, from the last of `points` on. */
  readonly leading: readonly SeedPoint[];
}
/** Points of a line in one zone: as many as its pixels tell apart. */
export const mostPoints = 300;

/**
 * The points of one seed in one phase, by step, without those that have no number. The evaluation at the switch ends the offline
 * zone and starts the online one; where it was reported under one of them only, it serves both.
 */
export function seedPoints(
  result: SeedResult,
  measure: Measure,
  phase: Phase,
  offlineUpdates: number,
): readonly SeedPoint[] {
  const line = new SeedLine(measure, phase);
  line.follow(result, offlineUpdates, Number.POSITIVE_INFINITY);
  return line.points;
}

const valueOfPoint = ({ value }: SeedPoint) => value;

/** `seedPoints` of a seed that grows: a call costs only what is new. */
class SeedLine {
  points: SeedPoint[] = [];
  thinned = new Thinned(valueOfPoint, mostPoints);
  private result: SeedResult | null = null;
  private standIn: EvaluationPoint | null = null;
  private taken = 0;
  private lastTaken: EvaluationPoint | null = null;
  /** Whether there was more than it could take. */
  isBehind = false;

  constructor(
    private readonly measure: Measure,
    private readonly phase: Phase,
  ) {}

  /** Takes at most `most` new evaluations. False where what was taken before is no longer so: the line has begun anew. */
  follow(result: SeedResult, offlineUpdates: number, most: number): boolean {
    const list = result[this.phase];
    const standIn =
      this.phase === 'online' && list[0]?.step !== 0 ? evaluationAt(result.offline, offlineUpdates) : null;
    const isSame =
      result === this.result &&
      standIn === this.standIn &&
      (this.taken === 0 || list[this.taken - 1] === this.lastTaken);
    if (!isSame) {
      this.points = [];
      this.thinned = new Thinned(valueOfPoint, mostPoints);
      this.taken = 0;
      this.result = result;
      this.standIn = standIn;
      if (standIn) this.add(0, standIn);
    }
    const end = Math.min(list.length, this.taken + most);
    this.isBehind = end < list.length;
    for (; this.taken < end; this.taken++) {
      this.lastTaken = list[this.taken];
      this.add(this.lastTaken.step, this.lastTaken);
    }
    return isSame;
  }

  private add(step: number, evaluation: EvaluationPoint): void {
    const value = measured(evaluation, this.measure);
    if (value === null || Number.isNaN(value)) return;
    const point = { step, value };
    this.points.push(point);
    this.thinned.add(point);
  }
}
/** Steps rise, so the search from the end is short. */
function evaluationAt(list: readonly EvaluationPoint[], step: number): EvaluationPoint | null {
  let i = list.length - 1;
  while (i >= 0 && list[i].step > step) i--;
  return list[i]?.step === step ? list[i] : null;
}

/** A point of the summary; the values wait until its interval is wanted. */
interface Draft {
  readonly values: readonly number[];
  shown: SummaryPoint;
}

/**
 * Summarises one measure of one phase over seeds, incrementally: a call costs only what is new, and intervals, the costly part, are
 * computed of drawn points alone. `budget` bounds the new intervals of one call and `most` each seed's new evaluations, so that no call
 * is long; `pending` says whether some are left.
 */
export class Summariser {
  pending = false;
  private lines: SeedLine[] = [];
  private drafts = noDrafts();
  /** Of every seed, the first point that may lie beyond `reached`. */
  private next: number[] = [];
  /** The last step summarised. */
  private reached = Number.NEGATIVE_INFINITY;

  constructor(
    readonly measure: Measure,
    readonly phase: Phase,
  ) {}

  /** @param curves in seed order, the lead first; its length is the run's number of seeds, the queued ones included (empty) */
  summarise(
    curves: readonly SeedCurve[],
    offlineUpdates: number,
    budget: number,
    most = Number.POSITIVE_INFINITY,
  ): PhaseSummary {
    this.follow(curves, offlineUpdates, most);
    while (this.addStep(curves));
    const drawn = this.drafts.points();
    let left = budget;
    this.pending = this.lines.some(({ isBehind }) => isBehind);
    for (const draft of drawn) {
      if (draft.shown.interval !== null || draft.values.length < 2) continue;
      if (left > 0) draft.shown = { ...draft.shown, interval: bootstrapInterval(draft.values) };
      else this.pending = true;
      left--;
    }
    const leading = this.leading();
    return {
      points: drawn.map(({ shown }) => shown),
      leading: leading.length > 1 || drawn.length === 0 ? leading : [],
    };
  }

  /** Every seed's own line, as it stood at the last summary. */
  seedLines(): readonly (readonly SeedPoint[])[] {
    return this.lines.map(({ thinned }) => thinned.points());
  }

  private follow(curves: readonly SeedCurve[], offlineUpdates: number, most: number): void {
    const { measure, phase } = this;
    let isSame = this.lines.length === curves.length;
    if (!isSame) this.lines = curves.map(() => new SeedLine(measure, phase));
    curves.forEach(({ result }, i) => {
      if (!this.lines[i].follow(result, offlineUpdates, most)) isSame = false;
    });
    if (isSame) return;
    this.drafts = noDrafts();
    this.next = curves.map(() => 0);
    this.reached = Number.NEGATIVE_INFINITY;
  }

  /** Adds the step after `reached`, where all living seeds have it. */
  private addStep(curves: readonly SeedCurve[]): boolean {
    // All seeds are measured at the same steps; the one that came furthest lists them all, also where the lead has failed.
    let furthest = 0;
    for (let i = 1; i < this.lines.length; i++)
      if (this.lines[i].points.length > this.lines[furthest].points.length) furthest = i;
    const candidate = this.from(furthest, this.reached, true);
    if (candidate === undefined) return false;
    const { step } = candidate;
    const values: number[] = [];
    for (let i = 0; i < curves.length; i++) {
      const own = this.from(i, step, false);
      if (own?.step === step) values.push(own.value);
      else if (curves[i].result.outcome !== 'failed') return false;
    }
    this.reached = step;
    this.drafts.add({ values, shown: summaryOf(step, values) });
    return true;
  }

  /** A seed's first point at or, where asked for, after `step`. */
  private from(seed: number, step: number, isAfter: boolean): SeedPoint | undefined {
    const points = this.lines[seed]?.points ?? [];
    let at = this.next[seed];
    while (at < points.length && (points[at].step < step || (isAfter && points[at].step === step))) at++;
    this.next[seed] = at;
    return points[at];
  }

  /** The lead's own line starts at the last common point, so that the two meet. */
  private leading(): readonly SeedPoint[] {
    const [lead] = this.lines;
    if (lead === undefined) return [];
    const beyond = lead.thinned.points().filter(({ step }) => step > this.reached);
    const common = [lead.points[this.next[0]], lead.points[this.next[0] - 1]].find(
      (point) => point?.step === this.reached,
    );
    return common ? [common, ...beyond] : beyond;
  }
}

function noDrafts(): Thinned<Draft> {
  return new Thinned(({ shown }) => shown.iqm, mostPoints);
}
function summaryOf(step: number, values: readonly number[]): SummaryPoint {
  let lowest = values[0];
  let highest = values[0];
  for (const value of values) {
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  return {
    step,
    iqm: interquartileMean(values),
    interval: null,
    lowest,
    highest,
    seeds: values.length,
  };
}
