/** Small runs for tests: a few hundred updates, a few hundred steps, everything else as in a preset. */
import { DeviceLost } from '../compute/deviceLost';
import type { Executor, Session, SourceName } from '../compute/executor';
import { wasmExecutor } from '../compute/wasm/session';
import type { RunEvent } from '../metrics/events';
import { emptyResult, note, type SeedResult } from '../metrics/results';
import type { FieldValue } from '../schema/field';
import { setField } from '../spec/fields';
import { presetSpec } from '../spec/presets';
import type { RunSpec } from '../spec/runSpec';
import { type RunControl, uncontrolled } from './control';
import { type Prepared, prepare } from './prepare';
import { train } from './train';

/** A preset with some values changed. @throws Error when a path or a value is wrong: a test means what it says */
export function specWith(preset: string, values: Readonly<Record<string, FieldValue>>): RunSpec {
  const base = presetSpec(preset);
  if (!base) throw new Error(`no preset ${preset}`);
  let spec = base;
  for (const [path, value] of Object.entries(values)) {
    const { spec: next, problems } = setField(spec, path, value);
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    spec = next;
  }
  return spec;
}
export const small = {
  'dataset.params.transitions': 1000,
  'offline.updates': 300,
  'online.steps': 300,
  'evaluation.offlineEvery': 150,
  'evaluation.onlineEvery': 150,
  'evaluation.episodes': 4,
  'evaluation.regimeEpisodes': 10,
  'switch.warmup': 50,
} as const;

/** An executor that behaves as a graphics device does, for tests: its arithmetic is `wasm`'s. */
export class FakeDevice implements Executor {
  readonly id = 'webgpu';
  readonly reproducible = false;
  /** Seeds of every opening, in turn. */
  readonly openings: (readonly number[])[] = [];
  dataWrites = 0;
  /** Writes of replay records. */
  replayWrites = 0;
  /** Queries that would have had to fetch the weights first. */
  lateQueries = 0;
  /** Replicas that are open. */
  replicas = 0;
  /** Rendezvous of all replicas so far. */
  runs = 0;
  private lost: DeviceLost | null = null;

  /** @param losesAt  the rendezvous at which the device goes away */
  constructor(
    readonly staleness = 8,
    private readonly losesAt = Number.POSITIVE_INFINITY,
  ) {}
  unavailable = () => Promise.resolve(null);
  open: Executor['open'] = async (programs, { seed, ...capacities }) =>
    (await this.openReplicas(programs, { seeds: [seed], ...capacities }))[0];
  openReplicas: Executor['openReplicas'] = async (programs, options) => {
    this.openings.push(options.seeds);
    const inner = await wasmExecutor.openReplicas(programs, options);
    const replicas = new Set<FakeReplica>();
    this.replicas += inner.length;
    for (const session of inner) replicas.add(new FakeReplica(session, this, replicas));
    return [...replicas];
  };

  assertPresent(): void {
    if (this.lost) throw this.lost;
  }
  /** Runs the requests of replicas that were opened together once all have asked. */
  gather(replicas: ReadonlySet<FakeReplica>): void {
    const all = [...replicas];
    if (all.length === 0 || all.some(({ request }) => request === null)) return;
    if (++this.runs >= this.losesAt) this.lost = new DeviceLost('the device was unplugged');
    for (const replica of all) replica.answer(this.lost);
  }
}
class FakeReplica implements Session {
  request: { updates: number; resolve: (log: Promise<Float32Array>) => void; reject: (error: unknown) => void } | null =
    null;
  private isFresh = true;
  constructor(
    private readonly inner: Session,
    private readonly device: FakeDevice,
    private readonly siblings: Set<FakeReplica>,
  ) {}
  get plan() {
    return this.inner.plan;
  }
  run(updates: number, thenQuery = false): Promise<Float32Array> {
    this.isFresh = thenQuery;
    return new Promise((resolve, reject) => {
      this.request = { updates, resolve, reject };
      this.device.gather(this.siblings);
    });
  }
  answer(lost: DeviceLost | null): void {
    const { request } = this;
    this.request = null;
    if (lost) request?.reject(lost);
    else request?.resolve(this.inner.run(request.updates));
  }
  async writeRecords(source: SourceName, first: number, records: Float32Array, count: number): Promise<void> {
    this.device.assertPresent();
    if (source === 'data') this.device.dataWrites++;
    else this.device.replayWrites++;
    await this.inner.writeRecords(source, first, records, count);
  }
  query: Session['query'] = (name, inputs, counter) => {
    if (!this.isFresh) this.device.lateQueries++;
    return this.inner.query(name, inputs, counter);
  };
  setScalar: Session['setScalar'] = (name, value) => this.inner.setScalar(name, value);
  setBatchSplit: Session['setBatchSplit'] = (split) => this.inner.setBatchSplit(split);
  readState: Session['readState'] = async () => {
    this.device.assertPresent();
    return this.inner.readState();
  };
  writeState: Session['writeState'] = (state) => this.inner.writeState(state);
  readReplay: Session['readReplay'] = (count) => this.inner.readReplay(count);
  dispose(): void {
    this.inner.dispose();
    if (!this.siblings.delete(this)) return;
    this.device.replicas--;
    this.device.gather(this.siblings);
  }
}

export function prepareNow(spec: RunSpec): Prepared {
  const making = prepare(spec);
  for (;;) {
    const piece = making.next();
    if (piece.done) return piece.value;
  }
}
export interface Outcome {
  readonly events: RunEvent[];
  readonly result: SeedResult;
}
export async function runToEnd(
  spec: RunSpec,
  seed: number,
  executor: Executor,
  options: {
    readonly control?: RunControl;
    readonly prepared?: Prepared;
    readonly checkpointEvery?: number;
    readonly checkpoint?: Uint8Array;
    readonly lead?: boolean;
  } = {},
): Promise<Outcome> {
  const events: RunEvent[] = [];
  const result = emptyResult(seed);
  const { control = uncontrolled(spec.changes), prepared = prepareNow(spec), lead = false, ...rest } = options;
  for await (const event of train(spec, seed, { prepared, executor, why: '', control, lead, ...rest })) {
    events.push(event);
    note(result, event);
  }
  return { events, result };
}
