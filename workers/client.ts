/**
 * The page's side of the workers: a pool that trains the seeds of one run, and a viewer that draws its maps. Knows the protocol and
 * nothing of React or the store; says everything through `tell`. A worker that dies ends its seed, never the page.
 */
import type { Position, RunEvent, Snapshot } from '../src/metrics/events';
import type { Stage, ViewEpisode, ViewMap } from '../src/metrics/view';
import type { FieldValue } from '../src/schema/field';
import type { RunProblem } from '../src/spec/problems';
import type { Change, RunSpec } from '../src/spec/runSpec';
import type { FromTrainer, FromViewer, ToTrainer, ToViewer } from './protocol';

/** The part of `Worker` that is used here. */
export interface WorkerLike<To> {
  postMessage(message: To): void;
  terminate(): void;
  onmessage: ((event: MessageEvent) => void) | null;
  onmessageerror: ((event: MessageEvent) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
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
  /** Seeds that train at the same time. */
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

type SeedState = 'queued' | 'running' | 'ended';
interface SeedSlot {
  readonly seed: number;
  readonly lead: boolean;
  state: SeedState;
  worker: WorkerLike<ToTrainer> | null;
  at: Position | null;
  /** Checks since it was last heard. */
  silent: number;
}
interface ActiveRun {
  readonly runId: string;
  spec: RunSpec;
  readonly slots: readonly SeedSlot[];
  going: boolean;
}

/** A worker that answers nothing for this many checks is dead: `close()` and an out-of-memory kill raise no event. */
const checkMilliseconds = 3000;
const silentChecks = 5;

export class TrainerPool {
  private run: ActiveRun | null = null;
  private updatesPerSecond = 0;
  private request = 0;
  /** Workers whose seed is done, for the next one. */
  private readonly spare: WorkerLike<ToTrainer>[] = [];
  private readonly answers = new Map<number, { seed: number; resolve: () => void }>();
  private readonly stopChecking: () => void;

  constructor(private readonly options: PoolOptions) {
    const repeat = options.repeat ?? everySoOften;
    this.stopChecking = repeat(() => this.check(), checkMilliseconds);
  }

  /** Ends the run before it, if any. `going` false prepares the lead seed and waits. */
  start(runId: string, spec: RunSpec, going: boolean): void {
    this.end();
    const slots = spec.seeds.map((seed, i): SeedSlot => ({ ...newSlot(seed), lead: i === 0 }));
    this.run = { runId, spec, slots, going };
    for (const { seed } of slots) this.options.tell({ kind: 'seedQueued', runId, seed });
    this.apply();
  }

  /** Ends every worker at once; what the run said so far is kept by whoever listened. */
  end(): void {
    for (const slot of this.run?.slots ?? []) this.release(slot);
    this.dismissSpare();
    this.run = null;
    for (const { resolve } of this.answers.values()) resolve();
    this.answers.clear();
  }

  pause(): void {
    if (!this.run) return;
    this.run.going = false;
    this.apply();
  }

  resume(): void {
    if (!this.run) return;
    this.run.going = true;
    this.apply();
  }

  /** The lead seed only; everything else pauses first. */
  step(toEvaluation: boolean): void {
    const { run } = this;
    if (!run) return;
    run.going = false;
    this.apply();
    const lead = run.slots[0];
    if (lead.state === 'queued') this.launch(run, lead, true);
    lead.worker?.postMessage({ kind: 'step', runId: run.runId, toEvaluation });
  }

  /** 0 is full speed. Below it only the lead seed runs. */
  setSpeed(updatesPerSecond: number): void {
    this.updatesPerSecond = updatesPerSecond;
    const { run } = this;
    if (!run) return;
    for (const { worker } of run.slots) worker?.postMessage({ kind: 'speed', runId: run.runId, updatesPerSecond });
    this.apply();
  }

  /**
   * Moves a knob for every seed at one exact step: the furthest seed's next multiple of 100, in the phase the knob belongs to or,
   * where the furthest has not come so far, at that phase's beginning. Resolves with the change as recorded, or null where it can
   * no longer apply to all (a seed has ended, or the phase is over): then a new run is needed.
   *
   * @param phase  of the knob; null follows the furthest seed (Finish now)
   */
  async change(phase: 'offline' | 'online' | null, field: string, value: FieldValue): Promise<Change | null> {
    const { run } = this;
    if (!run) return null;
    const running = run.slots.filter(({ state }) => state === 'running');
    await Promise.all(running.map((slot) => this.hold(run, slot)));
    // Meanwhile the run may have been replaced, or a seed may have reached its end.
    const change =
      this.run === run && run.slots.every(({ state }) => state !== 'ended')
        ? changeAt(run.spec, furthest(run.slots), phase, field, value)
        : null;
    if (this.run !== run) return null;
    if (change) {
      // Seeds still queued get it with their spec.
      run.spec = { ...run.spec, changes: [...run.spec.changes, change] };
      for (const { worker } of running) worker?.postMessage({ kind: 'change', runId: run.runId, change });
    }
    this.apply();
    return change;
  }

  /** Trains one ended seed again from its beginning. */
  restart(seed: number): void {
    const { run } = this;
    const slot = run?.slots.find((candidate) => candidate.seed === seed);
    if (!run || !slot) return;
    this.release(slot);
    Object.assign(slot, { ...newSlot(seed), lead: slot.lead });
    this.options.tell({ kind: 'seedQueued', runId: run.runId, seed });
    run.going = true;
    this.apply();
  }

  dispose(): void {
    this.end();
    this.stopChecking();
  }

  /** Brings every seed to what it should be doing, and starts queued ones on free places, in order. */
  private apply(): void {
    const { run } = this;
    if (!run) return;
    const { runId } = run;
    let busy = run.slots.filter(({ state }) => state === 'running').length;
    for (const slot of run.slots) {
      const may = run.going && (slot.lead || this.updatesPerSecond === 0);
      if (slot.worker)
        slot.worker.postMessage(may ? { kind: 'resume', runId } : { kind: 'hold', runId, request: ++this.request });
      else if (slot.state === 'queued' && (may || slot.lead) && busy < this.options.size) {
        this.launch(run, slot, !may);
        busy++;
      }
    }
  }

  private launch(run: ActiveRun, slot: SeedSlot, held: boolean): void {
    const { runId, spec } = run;
    const { seed, lead } = slot;
    slot.state = 'running';
    const worker = this.spare.pop() ?? this.options.createWorker();
    slot.worker = worker;
    worker.onmessage = ({ data }: MessageEvent<FromTrainer>) => {
      if (this.run === run && slot.worker === worker) this.heard(run, slot, data);
    };
    const died = (detail: string) => {
      if (this.run === run && slot.worker === worker) this.died(run, slot, detail);
    };
    worker.onerror = (event) => {
      event.preventDefault?.();
      died(event.message || 'it could not be loaded');
    };
    worker.onmessageerror = () => died('it sent something unreadable');
    worker.postMessage({ kind: 'start', runId, spec, seed, lead, held, updatesPerSecond: this.updatesPerSecond });
    this.options.tell({ kind: 'seedStarted', runId, seed });
  }

  private heard(run: ActiveRun, slot: SeedSlot, message: FromTrainer): void {
    const { runId } = run;
    const { seed } = slot;
    slot.silent = 0;
    switch (message.kind) {
      case 'event': {
        const { event } = message;
        if ('at' in event && event.at) slot.at = event.at;
        this.options.tell({ kind: 'event', runId, seed, event });
        if (event.kind === 'finished') {
          // The next seed finds the data already made in this worker.
          if (slot.worker) this.spare.push(slot.worker);
          slot.worker = null;
          this.ended(run, slot);
        }
        return;
      }
      case 'held':
        slot.at = message.at;
        this.options.tell({ kind: 'seedHeld', runId, seed, at: message.at });
        this.settle(slot.seed, message.request);
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
        this.ended(run, slot);
        return;
      default:
        message satisfies never;
    }
  }

  private died(run: ActiveRun, slot: SeedSlot, detail: string): void {
    const { seed, at } = slot;
    this.options.tell({
      kind: 'seedFailed',
      runId: run.runId,
      seed,
      problem: { kind: 'workerCrashed', seed, at, detail },
    });
    this.ended(run, slot);
  }

  private ended(run: ActiveRun, slot: SeedSlot): void {
    this.release(slot);
    slot.state = 'ended';
    this.settle(slot.seed, Number.POSITIVE_INFINITY);
    this.apply();
    if (run.slots.some(({ state }) => state === 'queued')) return;
    this.dismissSpare();
    if (run.slots.every(({ state }) => state === 'ended')) this.options.tell({ kind: 'runEnded', runId: run.runId });
  }

  private dismissSpare(): void {
    for (const worker of this.spare.splice(0)) worker.terminate();
  }

  private release(slot: SeedSlot): void {
    slot.worker?.terminate();
    slot.worker = null;
  }

  /** Resolves once the seed stands still or has ended. */
  private hold(run: ActiveRun, slot: SeedSlot): Promise<void> {
    const request = ++this.request;
    return new Promise((resolve) => {
      this.answers.set(request, { seed: slot.seed, resolve });
      slot.worker?.postMessage({ kind: 'hold', runId: run.runId, request });
    });
  }

  /** A later answer answers the earlier requests of the same seed too. */
  private settle(seed: number, upTo: number): void {
    for (const [request, waiting] of this.answers) {
      if (request > upTo || waiting.seed !== seed) continue;
      this.answers.delete(request);
      waiting.resolve();
    }
  }

  private check(): void {
    const { run } = this;
    for (const slot of run?.slots ?? []) {
      if (!run || !slot.worker) continue;
      if (slot.silent >= silentChecks) this.died(run, slot, 'it stopped answering');
      else if (slot.silent++ > 0) slot.worker.postMessage({ kind: 'ping', runId: run.runId });
    }
  }
}

function newSlot(seed: number): SeedSlot {
  return { seed, lead: false, state: 'queued', worker: null, at: null, silent: 0 };
}

function furthest(slots: readonly SeedSlot[]): Position {
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
