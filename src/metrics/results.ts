/** What a run came to, gathered from its events: the command line's JSON, the page's run table and its exports. */
import type { DataCard, References } from '../datasets/transitions';
import { bootstrapInterval, type Interval, interquartileMean } from '../numeric/statistics';
import type { RunProblem } from '../spec/problems';
import type { Phase } from '../spec/runSpec';
import type { Position, Resumption, RunEvent } from './events';
import { type Regime, regimeOf } from './regime';

export interface EvaluationPoint {
  readonly step: number;
  readonly mean: number;
  readonly returns: readonly number[];
  readonly predicted: number | null;
  readonly realised: number | null;
  readonly outsideData: number | null;
  readonly distanceToPretrained: number | null;
}
export interface SeedResult {
  readonly seed: number;
  digest: string | null;
  outcome: 'running' | 'complete' | 'stopped' | 'failed';
  problem: RunProblem | null;
  readonly offline: EvaluationPoint[];
  readonly online: EvaluationPoint[];
  /** Exploring returns of finished training episodes. */
  readonly episodes: { step: number; return: number; length: number }[];
  /** π₀'s greedy returns at the switch. */
  pretrained: readonly number[];
  /** Environment steps that one set of acting weights served; absent until the run has started. */
  staleness?: number;
  /** Set where the device was lost and another executor went on. */
  resumed?: Resumption;
}
export function emptyResult(seed: number): SeedResult {
  return {
    seed,
    digest: null,
    outcome: 'running',
    problem: null,
    offline: [],
    online: [],
    episodes: [],
    pretrained: [],
  };
}
/** Notes one event; those that only look or report progress change nothing. */
export function note(result: SeedResult, event: RunEvent): void {
  switch (event.kind) {
    case 'evaluation': {
      const { at, mean, returns, predicted, realised, outsideData, distanceToPretrained } = event;
      result[at.phase].push({ step: at.step, mean, returns, predicted, realised, outsideData, distanceToPretrained });
      return;
    }
    case 'episode':
      result.episodes.push({ step: event.at.step, return: event.return, length: event.length });
      return;
    case 'regime':
      result.pretrained = event.returns;
      return;
    case 'problem':
      result.problem = event.problem;
      return;
    case 'started':
      result.staleness = event.staleness;
      return;
    case 'resumed':
      result.resumed = event;
      forget(result, event.at);
      return;
    case 'finished':
      result.digest = event.digest;
      result.outcome = event.outcome;
      return;
    case 'preparing':
    case 'references':
    case 'dataset':
    case 'progress':
    case 'metrics':
    case 'switched':
    case 'changed':
    case 'snapshot':
    case 'checkpoint':
      return;
    default:
      event satisfies never;
  }
}

/** Drops what was said of steps after `at`. */
function forget(result: SeedResult, at: Position): void {
  keepUpTo(result.offline, at, 'offline');
  keepUpTo(result.online, at, 'online');
  keepUpTo(result.episodes, at, 'online');
  if (at.phase === 'offline') result.pretrained = [];
}
function keepUpTo(points: { readonly step: number }[], at: Position, phase: Phase): void {
  const end = lastStepKept(at, phase);
  const from = points.findIndex(({ step }) => step > end);
  if (from >= 0) points.length = from;
}
/** The last step of `phase` that a run which goes on from `at` has behind it; −1 where it has not begun. */
export function lastStepKept(at: Position, phase: Phase): number {
  if (at.phase === phase) return at.step;
  return phase === 'offline' ? Number.POSITIVE_INFINITY : -1;
}

export interface Estimate {
  readonly mean: number;
  /** 95 % bootstrap over seeds; null for one seed. */
  readonly interval: Interval | null;
  readonly seeds: number;
}
export interface Summary {
  /** Greedy return of π₀ over the regime's episodes where they were played, else at the last offline evaluation. */
  readonly pretrained: Estimate | null;
  readonly final: Estimate | null;
  readonly best: Estimate | null;
  /** Exploring return over the last fifth of the online steps. */
  readonly exploring: Estimate | null;
  /** Largest fall of the greedy return below that at the switch, per seed. */
  readonly dip: Estimate | null;
  readonly failed: number;
}
/** Interquartile means over seeds. Failed seeds count in `failed` and with what they reached. */
export function summarise(results: readonly SeedResult[]): Summary {
  const perSeed = (of: (result: SeedResult) => number | undefined) =>
    results.map(of).filter((value): value is number => value !== undefined && Number.isFinite(value));
  const last = (points: readonly EvaluationPoint[]) => points.at(-1)?.mean;
  const all = ({ offline, online }: SeedResult) => [...offline, ...online].map((point) => point.mean);
  return {
    pretrained: estimate(perSeed((r) => (r.pretrained.length > 0 ? average(r.pretrained) : last(r.offline)))),
    final: estimate(perSeed((r) => last(r.online) ?? last(r.offline))),
    best: estimate(perSeed((r) => (all(r).length > 0 ? Math.max(...all(r)) : undefined))),
    exploring: estimate(perSeed(exploringReturn)),
    dip: estimate(
      perSeed(({ online }) =>
        online.length > 0 ? online[0].mean - Math.min(...online.map((p) => p.mean)) : undefined,
      ),
    ),
    failed: results.filter(({ outcome }) => outcome === 'failed').length,
  };
}
function exploringReturn({ episodes }: SeedResult): number | undefined {
  const end = episodes.at(-1)?.step;
  if (end === undefined) return undefined;
  return average(episodes.filter(({ step }) => step >= 0.8 * end).map((episode) => episode.return));
}
export function estimate(values: readonly number[]): Estimate | null {
  if (values.length === 0) return null;
  return {
    mean: interquartileMean(values),
    interval: values.length > 1 ? bootstrapInterval(values) : null,
    seeds: values.length,
  };
}
export function regimeOfRun(
  results: readonly SeedResult[],
  card: DataCard | null,
  references: References,
  margin: number,
  level: number,
): Regime | null {
  if (!card) return null;
  return regimeOf(
    results.map(({ pretrained }) => pretrained),
    card.returns,
    references.reference - references.random,
    margin,
    level,
  );
}
const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
