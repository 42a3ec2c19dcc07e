/**
 * Where a program set runs. One interface for `wasm`, `webgpu` and `tfjs`; asynchronous, buffers stay on the device, one
 * read-back for K updates. An executor knows nothing of algorithms, environments or workers.
 */

import type { Plan } from './program/plan';
import type { ProgramSet } from './program/program';

export type ExecutorId = 'wasm' | 'wasm-relaxed' | 'webgpu' | 'tfjs-cpu' | 'tfjs-wasm' | 'tfjs-webgl' | 'tfjs-webgpu';

export interface Executor {
  readonly id: ExecutorId;
  /** "same bits everywhere" only for wasm. */
  readonly reproducible: boolean;
  /**
   * Environment steps that one set of acting weights serves where the run leaves it to the executor: 1 where queries read the
   * learner's own weights, more where they must travel.
   */
  readonly staleness: number;
  /** Why it cannot run here, in a sentence for people, or null. */
  unavailable(): Promise<string | null>;
  /** Why nobody needs to time it here, for it would lose, in a sentence for people, or null. */
  hopeless?(): Promise<string | null>;
  open(programs: ProgramSet, options: SessionOptions): Promise<Session>;
  /**
   * One session a seed, all of one program, over one dataset: what any of them writes to `data`, all read. Otherwise they are
   * strangers: weights, scalars, splits and replay are each one's own. Where replicas advance together (webgpu), `run` of one
   * resolves when every replica that is still open has asked for its own.
   */
  openReplicas(programs: ProgramSet, options: ReplicaOptions): Promise<readonly Session[]>;
}
interface Capacities {
  readonly dataCapacity: number;
  readonly replayCapacity: number;
}
export interface SessionOptions extends Capacities {
  /** Training seed: keys the random draws inside the program and the initial weights. */
  readonly seed: number;
}
export interface ReplicaOptions extends Capacities {
  readonly seeds: readonly number[];
}
export type SourceName = 'data' | 'replay';
export interface BatchSplit {
  /** Columns of each batch from the data source; the rest from replay. 'proportional': one draw over both. */
  readonly offlineColumns: number | 'proportional';
}
/** One learner on one device. Calls must be awaited in turn. */
export interface Session {
  readonly plan: Plan;
  setScalar(name: string, value: number): void;
  setBatchSplit(split: BatchSplit): void;
  /** Writes `records` ([n, stride] row-major) from slot `first` and sets the source's count. */
  writeRecords(source: SourceName, first: number, records: Float32Array, count: number): Promise<void>;
  /**
   * Runs `updates` updates; resolves with the metrics log, row-major [updates, plan.metrics.length]. `thenQuery`: queries follow,
   * so a device that answers them elsewhere brings the weights back with the log, in one read-back.
   *
   * @throws DeviceLost when the device went away; the session is of no more use
   */
  run(updates: number, thenQuery?: boolean): Promise<Float32Array>;
  /**
   * Evaluates a query on host inputs, [rows, columns] column-minor each ([features][batch], batch innermost), for the entry's full
   * number of columns. `counter` keys its random draws. Changes no state.
   */
  query(
    name: string,
    inputs: Readonly<Record<string, Float32Array>>,
    counter?: number,
  ): Promise<Record<string, Float32Array>>;
  /** Copy of plan.state. */
  readState(): Promise<Uint8Array>;
  writeState(state: Uint8Array): Promise<void>;
  /** Copy of the replay source's first `count` records. */
  readReplay(count: number): Promise<Float32Array>;
  dispose(): void;
}
