/** What the runs have said. Curves grow in place; `revision` tells who draws them that there is more. */
import type { StateCreator } from 'zustand/vanilla';
import type { PoolMessage } from '../../workers/client';
import type { DataCard, References } from '../datasets/transitions';
import { appendEvent, emptySeedCurve, type SeedCurve } from '../metrics/curves';
import type { Position, Snapshot } from '../metrics/events';
import { runDigest } from '../metrics/report';
import type { RunProblem } from '../spec/problems';
import type { RunSpec } from '../spec/runSpec';
import type { SweepPlace } from './sweep';

export type RunStatus = 'running' | 'paused' | 'finished' | 'stopped';
export interface SeedView {
  readonly seed: number;
  readonly state: 'queued' | 'preparing' | 'running' | 'ended';
  readonly at: Position | null;
  /** What is being prepared, while it is; `of` 0 once only the executor is left to open. */
  readonly preparing: { readonly what: string; readonly done: number; readonly of: number } | null;
  /** The newest update's metrics, for single steps. */
  readonly latest: Readonly<Record<string, number>>;
}
/** What trains a run, and why. */
export interface ExecutorFacts {
  readonly id: string;
  readonly reproducible: boolean;
  /** In a sentence; of `auto` with what it measured. */
  readonly why: string;
  /** Online, one set of acting weights serves this many environment steps. */
  readonly staleness: number;
  /** Set where the device was lost: what went on from there. */
  readonly resumedAt: Position | null;
}
/** A run about to be started. */
export interface NewRun {
  readonly id: string;
  readonly name: string;
  readonly spec: RunSpec;
  readonly sweep: SweepPlace | null;
}
export interface RunView {
  readonly id: string;
  /** Runs are listed in the order they were started, across visits. */
  readonly order: number;
  readonly name: string;
  readonly spec: RunSpec;
  /** How many of the spec's changes it was started with; the rest was made while it ran. */
  readonly broughtChanges: number;
  readonly status: RunStatus;
  readonly seeds: readonly SeedView[];
  /** One a seed, in the spec's order; the lead first. Grown in place. */
  readonly curves: readonly SeedCurve[];
  /** Counts what changes a line, a point or a summary; progress alone does not. */
  readonly revision: number;
  readonly card: DataCard | null;
  readonly references: References | null;
  readonly executor: ExecutorFacts | null;
  /** Measured while it trained, evaluations included, all that trained beside it counted; null before the first seconds. */
  readonly updatesPerSecond: number | null;
  /** The sweep it belongs to, if any. */
  readonly sweep: SweepPlace | null;
  /** The lead seed's newest weights, for the map and for viewing episodes. */
  readonly snapshot: { readonly at: Position; readonly snapshot: Snapshot } | null;
  /** Hash of the seeds' digests, once all have finished. */
  readonly digest: string | null;
  readonly shown: boolean;
}

export interface RunsSlice {
  readonly runs: Readonly<Record<string, RunView>>;
  /** The run that the transport steers, of a sweep the one that is looked at; null before the first. */
  readonly currentId: string | null;
  /** The run of a sweep that was picked out among its curves. */
  readonly pickedId: string | null;
  /** One run, or all runs of a sweep; the first becomes the current one. Only one sweep is drawn at a time. */
  runsStarted: (runs: readonly NewRun[], paused: boolean) => void;
  runPicked: (id: string | null) => void;
  rateMeasured: (ids: readonly string[], updatesPerSecond: number) => void;
  runPaused: (id: string) => void;
  runResumed: (id: string) => void;
  /** Ended before its time. One that never showed a point leaves no trace. */
  runStopped: (id: string) => void;
  /** A live change was recorded in its spec. */
  specChanged: (id: string, spec: RunSpec) => void;
  runsRestored: (runs: readonly RunView[]) => void;
  runDeleted: (id: string) => void;
  /** Puts a deleted run back. */
  runUndeleted: (run: RunView) => void;
  runShown: (id: string, shown: boolean) => void;
  /** Shows or hides all runs of a sweep; showing one hides the others, whose colours mean other values. */
  sweepShown: (sweepId: string, shown: boolean) => void;
  /** Everything the workers said since the last time, in order: one change of state for all of it. */
  workersSaid: (messages: readonly PoolMessage[]) => void;
}

export const createRunsSlice: StateCreator<RunsSlice> = (set) => {
  const change = (id: string, next: (run: RunView) => Partial<RunView>) =>
    set(({ runs }) => (runs[id] ? { runs: { ...runs, [id]: { ...runs[id], ...next(runs[id]) } } } : {}));
  return {
    runs: {},
    currentId: null,
    pickedId: null,
    runsStarted: (started, paused) =>
      set(({ runs }) => {
        const first = 1 + highestOrder(runs);
        const before = started[0].sweep ? withSweepsShown(runs, () => false) : runs;
        const added = started.map((run, i) => [run.id, newRun(run, paused, first + i)] as const);
        return { currentId: started[0].id, pickedId: null, runs: { ...before, ...Object.fromEntries(added) } };
      }),
    runPicked: (id) => set({ pickedId: id }),
    rateMeasured: (ids, updatesPerSecond) =>
      set(({ runs }) => {
        const measured = ids.flatMap((id) => (runs[id] ? [[id, { ...runs[id], updatesPerSecond }] as const] : []));
        return { runs: { ...runs, ...Object.fromEntries(measured) } };
      }),
    runPaused: (id) => change(id, () => ({ status: 'paused' })),
    runResumed: (id) => change(id, () => ({ status: 'running' })),
    runStopped: (id) =>
      set(({ runs, currentId }) => {
        const run = runs[id];
        if (!run || run.status === 'finished') return {};
        if (hasPoints(run)) return { runs: { ...runs, [id]: { ...run, status: 'stopped' } } };
        const { [id]: _, ...others } = runs;
        return { runs: others, currentId: currentId === id ? null : currentId };
      }),
    specChanged: (id, spec) => change(id, () => ({ spec })),
    runsRestored: (restored) =>
      set(({ runs }) => ({ runs: { ...Object.fromEntries(restored.map((run) => [run.id, run])), ...runs } })),
    runDeleted: (id) =>
      set(({ runs, currentId }) => {
        const { [id]: _, ...others } = runs;
        return { runs: others, currentId: currentId === id ? null : currentId };
      }),
    runUndeleted: (run) => set(({ runs }) => ({ runs: { ...runs, [run.id]: run } })),
    runShown: (id, shown) => change(id, () => ({ shown })),
    sweepShown: (sweepId, shown) =>
      set(({ runs }) => ({
        runs: withSweepsShown(runs, (sweep, was) => (sweep.id === sweepId ? shown : was && !shown)),
      })),
    workersSaid: (messages) =>
      set(({ runs }) => {
        const next = { ...runs };
        for (const message of messages) {
          const run = next[message.runId];
          if (run) next[message.runId] = heard(run, message);
        }
        return { runs: next };
      }),
  };
};

/** The same runs, those of sweeps shown as `isShown` says. */
function withSweepsShown(
  runs: RunsSlice['runs'],
  isShown: (sweep: SweepPlace, was: boolean) => boolean,
): Record<string, RunView> {
  return Object.fromEntries(
    Object.entries(runs).map(([id, run]) => [id, run.sweep ? { ...run, shown: isShown(run.sweep, run.shown) } : run]),
  );
}

function newRun({ id, name, spec, sweep }: NewRun, paused: boolean, order: number): RunView {
  return {
    id,
    order,
    name,
    spec,
    sweep,
    broughtChanges: spec.changes.length,
    status: paused ? 'paused' : 'running',
    seeds: spec.seeds.map(queuedSeed),
    curves: spec.seeds.map(emptySeedCurve),
    revision: 0,
    card: null,
    references: null,
    executor: null,
    updatesPerSecond: null,
    snapshot: null,
    digest: null,
    shown: true,
  };
}

function queuedSeed(seed: number): SeedView {
  return { seed, state: 'queued', at: null, preparing: null, latest: {} };
}

/** `run` after one message. Its curves are the same objects, grown. */
function heard(run: RunView, message: PoolMessage): RunView {
  switch (message.kind) {
    case 'seedQueued': {
      const index = run.seeds.findIndex(({ seed }) => seed === message.seed);
      const curves = run.curves.map((curve, i) => (i === index ? emptySeedCurve(message.seed) : curve));
      const seeds = run.seeds.map((seed, i) => (i === index ? queuedSeed(message.seed) : seed));
      const status = run.status === 'finished' ? 'running' : run.status;
      return { ...run, seeds, curves, status, digest: null, revision: run.revision + 1 };
    }
    case 'seedStarted':
      return withSeed(run, message.seed, { state: 'preparing' });
    case 'seedHeld':
      return withSeed(run, message.seed, { at: message.at });
    case 'seedFailed': {
      const failed: RunProblem = message.problem;
      const { result } = run.curves[run.seeds.findIndex(({ seed }) => seed === message.seed)];
      result.outcome = 'failed';
      result.problem = failed;
      return withSeed({ ...run, revision: run.revision + 1 }, message.seed, { state: 'ended', preparing: null });
    }
    case 'runEnded':
      return { ...run, status: 'finished', digest: runDigest(run.curves.map(({ result }) => result)) };
    case 'event':
      return heardEvent(run, message.seed, message.event);
    default:
      return message satisfies never;
  }
}

function heardEvent(run: RunView, seed: number, event: Extract<PoolMessage, { kind: 'event' }>['event']): RunView {
  const index = run.seeds.findIndex((candidate) => candidate.seed === seed);
  appendEvent(run.curves[index], event);
  switch (event.kind) {
    case 'preparing':
      return withSeed(run, seed, { preparing: { what: event.what, done: event.done, of: event.of } });
    case 'references':
      return run.references ? run : { ...run, references: event.references };
    case 'dataset': {
      // What is left is the executor's: its length is not known.
      const opening = withSeed(run, seed, { preparing: { what: '', done: 0, of: 0 } });
      return run.card ? opening : { ...opening, card: event.card };
    }
    case 'started': {
      const started = withSeed(run, seed, { state: 'running', preparing: null });
      const { executor: id, reproducible, why, staleness } = event;
      // What one seed of a run lost, the run has lost: its digest repeats nowhere.
      if (run.executor?.resumedAt) return started;
      return { ...started, executor: { id, reproducible, why, staleness, resumedAt: null } };
    }
    case 'resumed': {
      const { at, executor: id, reason: why } = event;
      const executor = {
        id,
        reproducible: false,
        why,
        staleness: run.executor?.staleness ?? 1,
        resumedAt: at,
      };
      return { ...withSeed(run, seed, { at }), executor, revision: run.revision + 1 };
    }
    case 'progress':
      return withSeed(run, seed, { at: event.at, latest: event.latest });
    case 'snapshot':
      return { ...run, snapshot: { at: event.at, snapshot: event.snapshot } };
    case 'finished':
      return withSeed({ ...run, revision: run.revision + 1 }, seed, { state: 'ended', at: event.at });
    case 'evaluation':
      return { ...withSeed(run, seed, { at: event.at }), revision: run.revision + 1 };
    case 'regime':
    case 'problem':
      return { ...run, revision: run.revision + 1 };
    // Drawn together with the next evaluation: ten redrawings a second would show nothing more.
    case 'metrics':
    case 'episode':
    case 'switched':
    case 'changed':
    case 'checkpoint':
      return run;
    default:
      return event satisfies never;
  }
}

function withSeed(run: RunView, seed: number, next: Partial<SeedView>): RunView {
  return { ...run, seeds: run.seeds.map((view) => (view.seed === seed ? { ...view, ...next } : view)) };
}

export function hasPoints({ curves }: RunView): boolean {
  return curves.some(({ result }) => result.offline.length > 0 || result.online.length > 0);
}

function highestOrder(runs: Readonly<Record<string, RunView>>): number {
  return Object.values(runs).reduce((highest, { order }) => Math.max(highest, order), 0);
}
