/**
 * The page's side of the workers: a pool that trains the seeds of a run or of a sweep, and a viewer that draws its maps. Knows the protocol and
 * nothing of React or the store; says everything through `tell`. A worker that dies ends its seed, never the page.
 */
import type { Position, RunEvent, Snapshot } from '../src/metrics/events';
import type { Stage, ViewEpisode, ViewMap } from '../src/metrics/view';
import type { FieldValue } from '../src/schema/field';
import type { RunProblem } from '../src/spec/problems';
import type { Change, RunSpec } from '../src/spec/runSpec';
import type { ExecutorChosen } from '../src/training/executors';
import type { FromTrainer, FromViewer, ToTrainer, ToViewer } from './protocol';

/** The part of `Worker` that is used here. */
export interface WorkerLike<To> {
  postMessage(message: To): void;
  terminate(): void;
  onmessage: ((event: MessageEvent) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
}

/** One run to train. Several at once are a sweep: the same structure, other scalars. */
export interface PoolJob {
  readonly runId: string;
  readonly spec: RunSpec;
  /** Its result will be compared with another one's digest, so `auto` must not choose an executor with other bits. */
  readonly isCompared?: boolean;
}
export type PoolMessage =
  | { readonly kind: 'seedQueued'; readonly runId: string; readonly seed: number }
  | { readonly kind: 'seedStarted'; readonly runId: string; readonly seed: number }
  | { readonly kind: 'event'; readonly runId: string; readonly seed: number; readonly event: RunEvent }
  | { readonly kind: 'seedHeld'; readonly runId: string; readonly seed: number; readonly at: Position }
  | { readonly kind: 'seedFailed'; readonly runId: string; readonly seed: number; readonly problem: RunProblem }
  /** Every seed finished or failed. */
  | { readonly kind: 'runEnded'; readonly runId: string };

export interface PoolOptions {
  readonly createWorker: () => WorkerLike<ToTrainer>;
  /** Workers that train at the same time. */
  readonly size: number;
  readonly tell: (message: PoolMessage) => void;
  /** Calls `check` now and then; gives the way to stop it. */
  readonly repeat?: (check: () => void, milliseconds: number) => () => void;
}

/** Cores less one for the page, at least one; at most two on a phone, whose heat would slow all of them. */
export function poolSize(cores: number, phone: boolean): number {
  const free = Math.max(1, cores - 1);
  return phone ? Math.min(2, free) : free;
}

type SlotState = 'queued' | 'running' | 'ended';
/** One seed of one job. */
interface Slot {
  readonly job: Job;
  readonly seed: number;
  /** The first seed of its job: it sends snapshots. */
  readonly lead: boolean;
  state: SlotState;
  crew: Crew | null;
  at: Position | null;
}
interface Job {
  readonly runId: string;
  spec: RunSpec;
  readonly isCompared: boolean;
}
/** A worker and the slots it trains: one, or all of them as lanes on one graphics device. */
interface Crew {
  readonly worker: WorkerLike<ToTrainer>;
  readonly slots: Set<Slot>;
  /** Checks since it was last heard. */
  silent: number;
}
interface Training {
  readonly jobs: readonly Job[];
  /** In the order in which they start: the leads of all jobs first. */
  readonly slots: readonly Slot[];
  going: boolean;
  /** Set once a worker has found that seeds train faster apart, and where: the others need not find out again. */
  choice: ExecutorChosen | null;
  /** All queued slots go into one worker, which finds out whether they can stay together. */
  gathers: boolean;
}

/** A worker that answers nothing for this many checks is dead: `close()` and an out-of-memory kill raise no event. */
const checkMilliseconds = 3000;
const silentChecks = 5;

export class TrainerPool {
  private training: Training | null = null;
  private updatesPerSecond = 0;
  private request = 0;
  /** Workers whose seed is done, for the next one. */
  private readonly spare: WorkerLike<ToTrainer>[] = [];
  /** By request of `hold`: the slots that have not answered yet. */
  private readonly answers = new Map<number, { readonly waiting: Set<Slot>; readonly resolve: () => void }>();
  private readonly stopChecking: () => void;

  constructor(private readonly options: PoolOptions) {
    const repeat = options.repeat ?? everySoOften;
    this.stopChecking = repeat(() => this.check(), checkMilliseconds);
  }

  /**
   * Trains every seed of every job; ends what was trained before, if anything. `going` false prepares the first seed and waits.
   * On a graphics device all seeds train in one worker as lanes of one program; elsewhere one worker a seed, in turn.
   *
   * @param jobs  one is an ordinary run; several are a sweep, which must differ in scalars only
   */
  start(jobs: readonly PoolJob[], going: boolean): void {
    this.end();
    const all = jobs.map(({ runId, spec, isCompared = false }): Job => ({ runId, spec, isCompared }));
    const most = Math.max(0, ...all.map(({ spec }) => spec.seeds.length));
    const slots: Slot[] = [];
    for (let i = 0; i < most; i++)
      for (const job of all) if (i < job.spec.seeds.length) slots.push(newSlot(job, job.spec.seeds[i], i === 0));
    const executor = all[0]?.spec.executor;
    this.training = { jobs: all, slots, going, choice: null, gathers: executor === 'webgpu' || executor === 'auto' };
    for (const { job, seed } of slots) this.options.tell({ kind: 'seedQueued', runId: job.runId, seed });
    this.apply();
  }

  /** Ends every worker at once; what the runs said so far is kept by whoever listened. */
  end(): void {
    const { training } = this;
    this.training = null;
    for (const { worker } of training ? crewsOf(training) : []) worker.terminate();
    this.dismissSpare();
    for (const { resolve } of this.answers.values()) resolve();
    this.answers.clear();
  }

  pause(): void {
    if (!this.training) return;
    this.training.going = false;
    this.apply();
  }

  resume(): void {
    if (!this.training) return;
    this.training.going = true;
    this.apply();
  }

  /** The first seed and those that train in one worker with it; everything else pauses first. */
  step(toEvaluation: boolean): void {
    const { training } = this;
    const first = training?.slots[0];
    if (!training || !first) return;
    training.going = false;
    this.apply();
    if (first.state === 'queued') this.launch(training, first, true);
    first.crew?.worker.postMessage({ kind: 'step', toEvaluation });
  }

  /** 0 is full speed. Below it only the first seed runs, and those that train in one worker with it. */
  setSpeed(updatesPerSecond: number): void {
    this.updatesPerSecond = updatesPerSecond;
    const { training } = this;
    if (!training) return;
    for (const { worker } of crewsOf(training)) worker.postMessage({ kind: 'speed', updatesPerSecond });
    this.apply();
  }

  /**
   * Moves a knob for every seed at one exact step: the furthest seed's next multiple of 100, in the phase the knob belongs to or,
   * where the furthest has not come so far, at that phase's beginning. Resolves with the change as recorded, or null where it can
   * no longer apply to all (a seed has ended, or the phase is over) or several jobs are training: then a new run is needed.
   *
   * @param phase  of the knob; null follows the furthest seed (Finish now)
   */
  async change(phase: 'offline' | 'online' | null, field: string, value: FieldValue): Promise<Change | null> {
    const { training } = this;
    if (training?.jobs.length !== 1) return null;
    await Promise.all([...crewsOf(training)].map((crew) => this.hold(crew)));
    if (this.training !== training) return null;
    const [job] = training.jobs;
    // Meanwhile a seed may have reached its end.
    const change = training.slots.every(({ state }) => state !== 'ended')
      ? changeAt(job.spec, furthest(training.slots), phase, field, value)
      : null;
    if (change) {
      // Seeds still queued get it with their spec.
      job.spec = { ...job.spec, changes: [...job.spec.changes, change] };
      for (const { worker } of crewsOf(training)) worker.postMessage({ kind: 'change', change });
    }
    this.apply();
    return change;
  }

  /** Trains one ended seed again from its beginning. */
  restart(runId: string, seed: number): void {
    const { training } = this;
    const slot = training?.slots.find((candidate) => candidate.job.runId === runId && candidate.seed === seed);
    if (!training || slot?.state !== 'ended') return;
    slot.state = 'queued';
    slot.at = null;
    this.options.tell({ kind: 'seedQueued', runId, seed });
    training.going = true;
    this.apply();
  }

  dispose(): void {
    this.end();
    this.stopChecking();
  }

  /** Brings every seed to what it should be doing, and starts queued ones on free places, in order. */
  private apply(): void {
    const { training } = this;
    if (!training) return;
    const [first] = training.slots;
    const may = (isFirst: boolean) => training.going && (isFirst || this.updatesPerSecond === 0);
    for (const { worker, slots } of crewsOf(training))
      worker.postMessage(may(slots.has(first)) ? { kind: 'resume' } : { kind: 'hold', request: ++this.request });
    let busy = crewsOf(training).size;
    for (const slot of training.slots) {
      const isFirst = slot === first;
      if (slot.state !== 'queued' || busy >= this.options.size || !(may(isFirst) || isFirst)) continue;
      this.launch(training, slot, !may(isFirst));
      busy++;
    }
  }

  /** Starts `slot` in a worker, and with it all that are queued where they gather. */
  private launch(training: Training, slot: Slot, held: boolean): void {
    const slots = training.gathers ? training.slots.filter(({ state }) => state === 'queued') : [slot];
    training.gathers = false;
    const worker = this.spare.pop() ?? this.options.createWorker();
    const crew: Crew = { worker, slots: new Set(slots), silent: 0 };
    for (const own of slots) {
      own.state = 'running';
      own.crew = crew;
    }
    const isCurrent = () => this.training === training && crew.slots.size > 0;
    worker.onmessage = ({ data }: MessageEvent<FromTrainer>) => {
      if (isCurrent()) this.heard(training, crew, data);
    };
    const died = (detail: string) => {
      if (isCurrent()) this.died(training, crew, detail);
    };
    worker.onerror = (event) => {
      event.preventDefault?.();
      died(event.message || 'it could not be loaded');
    };
    worker.onmessageerror = () => died('it sent something unreadable');
    worker.postMessage({
      kind: 'start',
      lanes: slots.map(({ job: { runId, spec }, seed, lead }) => ({ runId, spec, seed, lead })),
      held,
      updatesPerSecond: this.updatesPerSecond,
      places: this.options.size,
      isCompared: training.jobs.some(({ isCompared }) => isCompared),
      choice: training.choice,
    });
    this.options.tell({ kind: 'seedStarted', runId: slot.job.runId, seed: slot.seed });
  }

  private heard(training: Training, crew: Crew, message: FromTrainer): void {
    crew.silent = 0;
    const { runId, seed } = message;
    const slot = [...crew.slots].find((own) => own.job.runId === runId && own.seed === seed);
    if (!slot) return;
    switch (message.kind) {
      case 'chosen':
        this.chosen(training, crew, slot, message.choice, message.together);
        return;
      case 'event': {
        const { event } = message;
        if ('at' in event && event.at) slot.at = event.at;
        this.options.tell({ kind: 'event', runId, seed, event });
        if (event.kind === 'finished') this.ended(training, slot);
        return;
      }
      case 'held':
        slot.at = message.at;
        this.options.tell({ kind: 'seedHeld', runId, seed, at: message.at });
        this.settle(slot, message.request);
        return;
      case 'alive':
        return;
      case 'failed':
        this.options.tell({
          kind: 'seedFailed',
          runId,
          seed,
          problem: { kind: 'failed', seed, at: slot.at, detail: message.detail },
        });
        this.ended(training, slot, 'terminate');
        return;
      default:
        message satisfies never;
    }
  }

  /** The worker that took several slots trains them together, or the first alone: then the others queue for workers of their own. */
  private chosen(training: Training, crew: Crew, first: Slot, choice: ExecutorChosen, together: boolean): void {
    const others = [...crew.slots].filter((slot) => slot !== first);
    if (together) {
      for (const { job, seed } of others) this.options.tell({ kind: 'seedStarted', runId: job.runId, seed });
      return;
    }
    training.choice = choice;
    for (const slot of others) {
      this.leave(slot);
      slot.state = 'queued';
    }
    this.apply();
  }

  private died(training: Training, crew: Crew, detail: string): void {
    crew.worker.terminate();
    for (const slot of [...crew.slots]) {
      const { job, seed, at } = slot;
      this.options.tell({
        kind: 'seedFailed',
        runId: job.runId,
        seed,
        problem: { kind: 'workerCrashed', seed, at, detail },
      });
      this.ended(training, slot, 'terminate');
    }
  }

  /** The worker of the last slot to end is kept for the next one, which finds the data already made in it. */
  private ended(training: Training, slot: Slot, worker: 'keep' | 'terminate' = 'keep'): void {
    const { crew } = slot;
    this.leave(slot);
    slot.state = 'ended';
    if (crew && crew.slots.size === 0) {
      if (worker === 'keep') this.spare.push(crew.worker);
      else crew.worker.terminate();
    }
    this.apply();
    if (training.slots.every(({ state }) => state !== 'queued')) this.dismissSpare();
    if (training.slots.every(({ job, state }) => job !== slot.job || state === 'ended'))
      this.options.tell({ kind: 'runEnded', runId: slot.job.runId });
  }

  private leave(slot: Slot): void {
    slot.crew?.slots.delete(slot);
    slot.crew = null;
    this.settle(slot, Number.POSITIVE_INFINITY);
  }

  private dismissSpare(): void {
    for (const worker of this.spare.splice(0)) worker.terminate();
  }

  /** Resolves once all slots of the worker stand still or have ended. */
  private hold({ worker, slots }: Crew): Promise<void> {
    const request = ++this.request;
    return new Promise((resolve) => {
      this.answers.set(request, { waiting: new Set(slots), resolve });
      worker.postMessage({ kind: 'hold', request });
    });
  }

  /** A later answer answers the earlier requests of the same slot too. */
  private settle(slot: Slot, upTo: number): void {
    for (const [request, { waiting, resolve }] of this.answers) {
      if (request > upTo || !waiting.delete(slot) || waiting.size > 0) continue;
      this.answers.delete(request);
      resolve();
    }
  }

  private check(): void {
    const { training } = this;
    for (const crew of training ? crewsOf(training) : []) {
      if (!training) return;
      if (crew.silent >= silentChecks) this.died(training, crew, 'it stopped answering');
      else if (crew.silent++ > 0) crew.worker.postMessage({ kind: 'ping' });
    }
  }
}

function newSlot(job: Job, seed: number, lead: boolean): Slot {
  return { job, seed, lead, state: 'queued', crew: null, at: null };
}

/** The workers at work, in the order of their first slots. */
function crewsOf({ slots }: Training): ReadonlySet<Crew> {
  return new Set(slots.map(({ crew }) => crew).filter((crew) => crew !== null));
}

function furthest(slots: readonly Slot[]): Position {
  let far: Position = { phase: 'offline', step: 0 };
  for (const { at } of slots) {
    if (at && (at.phase === far.phase ? at.step > far.step : at.phase === 'online')) far = at;
  }
  return far;
}

const changeGrid = 100;
/** Where a change made now takes effect for all seeds, or null where its phase is over. */
export function changeAt(
  spec: Pick<RunSpec, 'offline' | 'online'>,
  far: Position,
  phase: 'offline' | 'online' | null,
  field: string,
  value: FieldValue,
): Change | null {
  const wanted = phase ?? far.phase;
  if (wanted === 'offline' && far.phase === 'online') return null;
  if (wanted === 'online' && far.phase === 'offline') return { phase: 'online', step: 0, field, value };
  const step = (Math.floor(far.step / changeGrid) + 1) * changeGrid;
  const length = wanted === 'offline' ? spec.offline.updates : spec.online.steps;
  return step < length ? { phase: wanted, step, field, value } : null;
}

function everySoOften(check: () => void, milliseconds: number): () => void {
  const timer = setInterval(check, milliseconds);
  return () => clearInterval(timer);
}

export interface ViewerOptions {
  readonly createWorker: () => WorkerLike<ToViewer>;
  readonly onPreparing: (what: string, done: number, of: number) => void;
}

/** Opens recipes for looking. A new recipe ends the work on the one before; its pending requests resolve with null. */
export class Viewer {
  private worker: WorkerLike<ToViewer> | null = null;
  private request = 0;
  private readonly pending = new Map<
    number,
    { resolve: (message: FromViewer | null) => void; reject: (error: Error) => void }
  >();

  constructor(private readonly options: ViewerOptions) {}

  /** Resolves with the stage, or null where another recipe was opened meanwhile. Rejects where the recipe cannot be prepared. */
  async open(spec: RunSpec): Promise<Stage | null> {
    this.close();
    const worker = this.options.createWorker();
    this.worker = worker;
    worker.onmessage = ({ data }: MessageEvent<FromViewer>) => {
      if (this.worker === worker) this.heard(data);
    };
    const fail = (detail: string) => {
      if (this.worker !== worker) return;
      this.worker = null;
      for (const { reject } of this.pending.values()) reject(new Error(detail));
      this.pending.clear();
      worker.terminate();
    };
    worker.onerror = (event) => {
      event.preventDefault?.();
      fail(event.message || 'the view could not be loaded');
    };
    worker.onmessageerror = () => fail('the view sent something unreadable');
    const answer = await this.ask({ kind: 'open', request: ++this.request, spec });
    return answer?.kind === 'opened' ? answer.stage : null;
  }

  async map(snapshot: Snapshot, at: Position): Promise<ViewMap | null> {
    const answer = await this.ask({ kind: 'map', request: ++this.request, snapshot, at });
    return answer?.kind === 'map' ? answer.map : null;
  }

  async episode(
    snapshot: Snapshot,
    at: Position,
    seed: number,
    start?: readonly [number, number],
  ): Promise<ViewEpisode | null> {
    const answer = await this.ask({ kind: 'episode', request: ++this.request, snapshot, at, seed, start });
    return answer?.kind === 'episode' ? answer.episode : null;
  }

  close(): void {
    this.worker?.terminate();
    this.worker = null;
    for (const { resolve } of this.pending.values()) resolve(null);
    this.pending.clear();
  }

  private ask(message: ToViewer): Promise<FromViewer | null> {
    const { worker } = this;
    if (!worker) return Promise.resolve(null);
    return new Promise((resolve, reject) => {
      this.pending.set(message.request, { resolve, reject });
      worker.postMessage(message);
    });
  }

  private heard(message: FromViewer): void {
    if (message.kind === 'preparing') {
      this.options.onPreparing(message.what, message.done, message.of);
      return;
    }
    const waiting = this.pending.get(message.request);
    this.pending.delete(message.request);
    if (message.kind === 'failed') waiting?.reject(new Error(message.detail));
    else waiting?.resolve(message);
  }
}
