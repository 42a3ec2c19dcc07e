/** One union each way, typed to the last field. Every message names its run and seed; failure is a message. */
import type { RunEvent, Position } from '../src/metrics/events';
import type { Change, RunSpec } from '../src/spec/runSpec';

export type ToTrainer =
  | { kind: 'start'; runId: string; spec: RunSpec; seed: number; lead: boolean; paused: boolean; speed: number }
  /** Stops after a whole update; answered by `held` with the exact position. */
  | { kind: 'hold'; runId: string; request: number }
  | { kind: 'resume'; runId: string }
  /** One update offline, one environment step online; then holds again. `toEvaluation` runs on to the next evaluation. */
  | { kind: 'step'; runId: string; toEvaluation: boolean }
  /** Updates a second; 0 is full speed. */
  | { kind: 'speed'; runId: string; updatesPerSecond: number }
  | { kind: 'change'; runId: string; change: Change }
  | { kind: 'stop'; runId: string };
export type FromTrainer =
  | { kind: 'event'; runId: string; seed: number; event: RunEvent }
  | { kind: 'held'; runId: string; seed: number; request: number; at: Position }
  | { kind: 'failed'; runId: string; seed: number; message: string };
