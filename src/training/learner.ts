/**
 * One learner on one device, in the environment's own units: observations in, actions out, updates, state.
 *
 * It hides what the tensor programs need and the loop should not care about: feature-major layout, padding to the query's
 * columns, normalised observations, actions in [-1, 1].
 */
import type { Executor, Session } from '../compute/executor';
import type { Plan } from '../compute/program/plan';
import type { ProgramSet } from '../compute/program/program';
import { type RecordPacker, scaleIntoColumns, type Transition, unscaleColumns } from '../datasets/records';
import type { Transitions } from '../datasets/transitions';

/** What `judge` says of each observation. Arrays are row-major; NaN never appears, absent means the algorithm has none. */
export interface Judgement {
  /** [n, action size] greedy actions in environment units. */
  readonly actions: Float32Array;
  /** [n] V(s), else Q at the greedy action. */
  readonly values?: Float32Array;
  /** [n] Q at the greedy action. */
  readonly promised?: Float32Array;
  /** [n, actions] Q of every discrete action. */
  readonly actionValues?: Float32Array;
}
export interface LearnerOptions {
  readonly executor: Executor;
  readonly programs: ProgramSet;
  readonly seed: number;
  /** How observations are normalised and actions scaled. */
  readonly packer: RecordPacker;
  readonly data: Transitions | null;
  readonly replayCapacity: number;
}

export class Learner {
  readonly #session: Session;
  readonly #packer: RecordPacker;
  /** What a query reads: kept, because calls are awaited in turn and thousands are made. */
  readonly #inputs = new Map<string, Float32Array>();

  private constructor(session: Session, packer: RecordPacker) {
    this.#session = session;
    this.#packer = packer;
  }
  /** Opens a session and uploads the dataset. */
  static async open(options: LearnerOptions): Promise<Learner> {
    const session = await options.executor.open(options.programs, {
      seed: options.seed,
      dataCapacity: options.data?.count ?? 0,
      replayCapacity: options.replayCapacity,
    });
    if (options.data && options.data.count > 0)
      await session.writeRecords('data', 0, options.packer.packAll(options.data), options.data.count);
    return new Learner(session, options.packer);
  }
  get plan(): Plan {
    return this.#session.plan;
  }
  get actionSize(): number {
    return this.#packer.action.centre.length;
  }
  get observationSize(): number {
    return this.#packer.observation.centre.length;
  }
  setScalar(name: string, value: number): void {
    if (name in this.plan.scalars) this.#session.setScalar(name, value);
  }
  setBatchSplit(offlineColumns: number | 'proportional'): void {
    this.#session.setBatchSplit({ offlineColumns });
  }
  /** @param thenQuery  actions or judgements follow before the next updates */
  run(updates: number, thenQuery: boolean): Promise<Float32Array> {
    return this.#session.run(updates, thenQuery);
  }
  readState(): Promise<Uint8Array> {
    return this.#session.readState();
  }
  writeState(state: Uint8Array): Promise<void> {
    return this.#session.writeState(state);
  }
  readReplay(count: number): Promise<Float32Array> {
    return this.#session.readReplay(count);
  }
  /** Restores `count` records, as `readReplay` gave them. */
  writeReplay(records: Float32Array, count: number): Promise<void> {
    return this.#session.writeRecords('replay', 0, records, count);
  }
  /** Writes `transition` as record number `row` of `records`, [n, stride]. */
  pack(transition: Transition, records: Float32Array, row: number): void {
    this.#packer.pack(transition, records, row);
  }
  /** Adds `records`, [n, stride], to the replay source, a ring of `capacity` slots, after the `before` that it has seen. */
  async remember(records: Float32Array, before: number, capacity: number): Promise<void> {
    const { stride } = this.#packer.layout;
    const added = records.length / stride;
    const first = before % capacity;
    const straight = Math.min(added, capacity - first);
    const count = Math.min(before + added, capacity);
    await this.#session.writeRecords('replay', first, records.subarray(0, straight * stride), count);
    if (straight < added) await this.#session.writeRecords('replay', 0, records.subarray(straight * stride), count);
  }
  /** One exploring action in environment units; `counter` keys its randomness. */
  async explore(observation: Float32Array, counter: number): Promise<Float32Array> {
    const { columns } = this.plan.entries['explore'];
    const outputs = await this.#session.query('explore', this.#input('explore', observation, 0, 1), counter);
    const action = new Float32Array(this.actionSize);
    unscaleColumns(this.#packer.action, outputs['action'], columns, 1, action, 0);
    return action;
  }
  /** Greedy actions, [n, action size] in environment units, for row-major observations [n, observation size]. */
  async greedy(observations: Float32Array): Promise<Float32Array> {
    return (await this.#inChunks('greedy', observations)).actions;
  }
  judge(observations: Float32Array): Promise<Judgement> {
    return this.#inChunks('judge', observations);
  }
  dispose(): void {
    this.#session.dispose();
  }

  async #inChunks(entry: 'greedy' | 'judge', observations: Float32Array): Promise<Judgement> {
    const { columns, outputs: declared } = this.plan.entries[entry];
    const total = observations.length / this.observationSize;
    const actions = new Float32Array(total * this.actionSize);
    const rowsOf = (name: string) => declared[name]?.shape.rows ?? 0;
    const collect = (name: string) => (rowsOf(name) > 0 ? new Float32Array(total * rowsOf(name)) : undefined);
    const [values, promised, actionValues] = [collect('value'), collect('promised'), collect('actionValues')];
    for (let first = 0; first < total; first += columns) {
      const n = Math.min(columns, total - first);
      const outputs = await this.#session.query(entry, this.#input(entry, observations, first, n));
      unscaleColumns(this.#packer.action, outputs['action'], columns, n, actions, first);
      values?.set(outputs['value'].subarray(0, n), first);
      promised?.set(outputs['promised'].subarray(0, n), first);
      if (actionValues) {
        const rows = rowsOf('actionValues');
        for (let row = 0; row < rows; row++)
          for (let column = 0; column < n; column++)
            actionValues[(first + column) * rows + row] = outputs['actionValues'][row * columns + column];
      }
    }
    return { actions, values, promised, actionValues };
  }
  /** The query's input: rows first … first + n − 1 of `observations`, feature-major. */
  #input(entry: string, observations: Float32Array, first: number, n: number): { observation: Float32Array } {
    const { columns } = this.plan.entries[entry];
    let observation = this.#inputs.get(entry);
    if (observation?.length !== this.observationSize * columns) {
      observation = new Float32Array(this.observationSize * columns);
      this.#inputs.set(entry, observation);
    }
    scaleIntoColumns(this.#packer.observation, observations, first, n, observation, columns);
    return { observation };
  }
}
