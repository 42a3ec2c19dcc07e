/** Someone who runs the benchmark's update, wherever it runs: here, in a browser, in another process. */
export interface Contender {
  /** Name in the rows. */
  readonly executor: string;
  /** What it runs on, with its version. */
  readonly version: string;
  /** Learners that one update advances. */
  readonly replicas: number;
  /** Milliseconds that `updates` updates (of every replica) take, to the end of all work. */
  time(updates: number): Promise<number>;
  close(): Promise<void>;
}
