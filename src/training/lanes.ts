/**
 * Several runs in one place: seeds of one recipe, or values of a swept scalar. Each lane is an ordinary run and says the same as
 * it would alone; what they share is the device, one dataset, and the moments at which they go on.
 */
import type { Executor, ReplicaOptions, Session, SessionOptions } from '../compute/executor';
import type { ProgramSet } from '../compute/program/program';
import type { Position, RunEvent } from '../metrics/events';
import type { RunSpec } from '../spec/runSpec';
import type { RunControl } from './control';
import { type TrainContext, train } from './train';

export interface Lane {
  readonly spec: RunSpec;
  readonly seed: number;
  /** It sends snapshots: the first seed of a run. */
  readonly lead?: boolean;
}
export interface LaneEvent {
  /** Index into the lanes. */
  readonly lane: number;
  readonly event: RunEvent;
}
export type LanesContext = Omit<TrainContext, 'lead' | 'checkpoint'>;

/**
 * Trains all lanes and yields what any of them says, as it comes. A lane that ends or fails leaves; the others go on. Lanes in one
 * place must have the same data (`context.prepared`); changes are the same for all.
 */
export async function* trainLanes(
  lanes: readonly Lane[],
  context: LanesContext,
): AsyncGenerator<LaneEvent, void, void> {
  const meeting = new Meeting(lanes, context);
  const runs = lanes.map(({ spec, seed, lead = false }, lane) =>
    train(spec, seed, { ...context, lead, control: meeting.controlOf(lane), executor: meeting.executorOf(lane) }),
  );
  const arrived: { lane: number; result?: IteratorResult<RunEvent, void>; error?: unknown }[] = [];
  let wake = () => {};
  const ask = (lane: number) => {
    const come = (arrival: { result?: IteratorResult<RunEvent, void>; error?: unknown }) => {
      arrived.push({ lane, ...arrival });
      wake();
    };
    runs[lane].next().then(
      (result) => come({ result }),
      (error: unknown) => come({ error }),
    );
  };
  const places: (Position | null)[] = lanes.map(() => null);
  try {
    for (const lane of lanes.keys()) ask(lane);
    for (let living = lanes.length; living > 0; ) {
      if (arrived.length === 0)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      for (const { lane, result, error } of arrived.splice(0)) {
        if (result && !result.done) {
          const event = result.value;
          if ('at' in event) places[lane] = event.at;
          yield { lane, event };
          ask(lane);
          continue;
        }
        meeting.leave(lane);
        living--;
        if (result) continue;
        if (lanes.length === 1) throw error;
        for (const event of failure(lanes[lane].seed, places[lane], error)) yield { lane, event };
      }
    }
  } finally {
    meeting.close();
    await Promise.allSettled(runs.map((run) => run.return()));
  }
}

/** The end of a lane among others by an error that nobody foresaw. */
function failure(seed: number, at: Position | null, error: unknown): RunEvent[] {
  const detail = error instanceof Error ? error.message : String(error);
  return [
    { kind: 'problem', problem: { kind: 'failed', seed, at, detail } },
    { kind: 'finished', at: at ?? { phase: 'offline', step: 0 }, digest: null, outcome: 'failed' },
  ];
}

interface Asking {
  readonly at: Position;
  readonly resolve: (granted: number | 'stop') => void;
  readonly reject: (error: unknown) => void;
}
interface Opening {
  readonly programs: ProgramSet;
  readonly options: SessionOptions;
  readonly resolve: (session: Session) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Where lanes wait for each other: before a chunk and before a session is opened. Nothing happens until every lane that still lives
 * waits; then those that open are served first, so that no lane can wait for one that waits for it.
 */
class Meeting {
  readonly #living: Set<number>;
  readonly #asking = new Map<number, Asking>();
  readonly #opening = new Map<number, Opening>();
  #isClosed = false;

  constructor(
    private readonly lanes: readonly Lane[],
    private readonly context: LanesContext,
  ) {
    this.#living = new Set(lanes.keys());
  }

  controlOf(lane: number): RunControl {
    return {
      next: (at) =>
        new Promise((resolve, reject) => {
          this.#asking.set(lane, { at, resolve, reject });
          this.#check();
        }),
      changes: () => this.context.control.changes(),
    };
  }

  executorOf(lane: number): Executor {
    return {
      ...this.context.executor,
      open: (programs, options) =>
        new Promise((resolve, reject) => {
          this.#opening.set(lane, { programs, options, resolve, reject });
          this.#check();
        }),
    };
  }

  leave(lane: number): void {
    this.#living.delete(lane);
    this.#check();
  }

  /** Lets every lane go that waits, now or later: to its end. */
  close(): void {
    this.#isClosed = true;
    this.#check();
  }

  #check(): void {
    if (this.#isClosed) {
      for (const { resolve } of taken(this.#asking)) resolve('stop');
      for (const { reject } of taken(this.#opening)) reject(new Error('the lanes were closed'));
      return;
    }
    if (this.#living.size === 0 || this.#asking.size + this.#opening.size < this.#living.size) return;
    if (this.#opening.size > 0) this.#openAll();
    else void this.#grant();
  }

  async #grant(): Promise<void> {
    const asking = taken(this.#asking);
    try {
      const granted = await this.context.control.next(asking[0].at);
      for (const { resolve } of asking) resolve(granted);
    } catch (error) {
      for (const { reject } of asking) reject(error);
    }
  }

  /** Replicas of one program are opened in one go; lanes whose programs or schedules differ cannot advance together. */
  #openAll(): void {
    const groups = new Map<string, Opening[]>();
    for (const [lane, opening] of this.#opening) {
      const key = `${structureOf(opening)} ${scheduleOf(this.lanes[lane].spec)}`;
      groups.set(key, [...(groups.get(key) ?? []), opening]);
    }
    this.#opening.clear();
    for (const group of groups.values()) void openGroup(this.context.executor, group);
  }
}

function taken<T>(waiting: Map<number, T>): T[] {
  const all = [...waiting.values()];
  waiting.clear();
  return all;
}

async function openGroup(executor: Executor, group: readonly Opening[]): Promise<void> {
  const [{ programs, options }] = group;
  const { dataCapacity, replayCapacity } = options;
  try {
    const seeds = group.map((opening) => opening.options.seed);
    const replicas: ReplicaOptions = { seeds, dataCapacity, replayCapacity };
    const sessions = await executor.openReplicas(programs, replicas);
    const data = new SharedData();
    for (const [replica, session] of sessions.entries()) {
      const opening = group[replica];
      for (const { name, value } of opening.programs.scalars) session.setScalar(name, value);
      opening.resolve(new LaneSession(session, data));
    }
  } catch (error) {
    for (const { reject } of group) reject(error);
  }
}

/** A program set without its scalars' start values, and its capacities: equal for replicas of one program. */
function structureOf({ programs, options: { dataCapacity, replayCapacity } }: Opening): string {
  const scalars = programs.scalars.map(({ name }) => name);
  return JSON.stringify([{ ...programs, scalars }, dataCapacity, replayCapacity]);
}
/** Everything that decides how many updates are made when. */
function scheduleOf({ offline, online, switch: options, evaluation }: RunSpec): string {
  return JSON.stringify([offline.updates, online.steps, options, evaluation]);
}

/** The dataset of one group: every lane brings the same records, the first to do so writes them for all. */
class SharedData {
  #written: Promise<void> | null = null;
  write(write: () => Promise<void>): Promise<void> {
    this.#written ??= write();
    return this.#written;
  }
}

/** One replica, as its lane sees it. */
class LaneSession implements Session {
  constructor(
    private readonly session: Session,
    private readonly data: SharedData,
  ) {}
  get plan() {
    return this.session.plan;
  }
  setScalar: Session['setScalar'] = (name, value) => this.session.setScalar(name, value);
  setBatchSplit: Session['setBatchSplit'] = (split) => this.session.setBatchSplit(split);
  writeRecords: Session['writeRecords'] = (source, first, records, count) => {
    const write = () => this.session.writeRecords(source, first, records, count);
    return source === 'data' ? this.data.write(write) : write();
  };
  run: Session['run'] = (updates, thenQuery) => this.session.run(updates, thenQuery);
  query: Session['query'] = (name, inputs, counter) => this.session.query(name, inputs, counter);
  readState: Session['readState'] = () => this.session.readState();
  writeState: Session['writeState'] = (state) => this.session.writeState(state);
  readReplay: Session['readReplay'] = (count) => this.session.readReplay(count);
  dispose: Session['dispose'] = () => this.session.dispose();
}
