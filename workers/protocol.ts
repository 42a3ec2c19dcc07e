/**
 * What the page and its workers say to each other: one union each way, typed to the last field. Every message names its run and
 * seed (trainers) or its request (viewer); failure is a message. Plain data; large numbers travel as transferred typed arrays.
 */
import type { Position, RunEvent, Snapshot } from '../src/metrics/events';
import type { Stage, ViewEpisode, ViewMap } from '../src/metrics/view';
import type { Change, RunSpec } from '../src/spec/runSpec';
import type { ExecutorChosen } from '../src/training/executors';

/** One seed of one run, as a trainer gets it. */
export interface LaneStart {
  readonly runId: string;
  readonly spec: RunSpec;
  readonly seed: number;
  /** Only the lead seed of a run sends snapshots. */
  readonly lead: boolean;
}
/** What a trainer is told concerns all its lanes at once. */
export type ToTrainer =
  | {
      readonly kind: 'start';
      /** Several are to train together where that is faster; otherwise the trainer keeps the first and says so (`chosen`). */
      readonly lanes: readonly LaneStart[];
      /** Prepares, then waits before the first update. */
      readonly held: boolean;
      readonly updatesPerSecond: number;
      /** Workers that could train at the same time, for `auto`. */
      readonly places: number;
      /** A result will be compared with a digest, so that `auto` keeps to the executor that repeats it. */
      readonly isCompared: boolean;
      /** What another worker has found for these runs. */
      readonly choice: ExecutorChosen | null;
    }
  /** Stops after a whole update; each lane answers `held` with its exact position. Asked again while held, answers again. */
  | { readonly kind: 'hold'; readonly request: number }
  | { readonly kind: 'resume' }
  /** One update offline, one environment step online; then holds again. `toEvaluation` runs on to the next evaluation. */
  | { readonly kind: 'step'; readonly toEvaluation: boolean }
  /** 0 is full speed. */
  | { readonly kind: 'speed'; readonly updatesPerSecond: number }
  | { readonly kind: 'change'; readonly change: Change }
  /** Answered by `alive` as soon as the worker listens again: tells a busy worker from a dead one. */
  | { readonly kind: 'ping' };

export type FromTrainer =
  | { readonly kind: 'event'; readonly runId: string; readonly seed: number; readonly event: RunEvent }
  /** The answer to a start with several lanes, in the name of the first: all train here, or only the first one does. */
  | {
      readonly kind: 'chosen';
      readonly runId: string;
      readonly seed: number;
      readonly choice: ExecutorChosen;
      readonly together: boolean;
    }
  /** `request` 0: it came to rest by itself, its single steps done. */
  | {
      readonly kind: 'held';
      readonly runId: string;
      readonly seed: number;
      readonly request: number;
      readonly at: Position;
    }
  | { readonly kind: 'alive'; readonly runId: string; readonly seed: number }
  | { readonly kind: 'failed'; readonly runId: string; readonly seed: number; readonly detail: string };

export type ToViewer =
  | { readonly kind: 'open'; readonly request: number; readonly spec: RunSpec }
  | { readonly kind: 'map'; readonly request: number; readonly snapshot: Snapshot; readonly at: Position }
  | {
      readonly kind: 'episode';
      readonly request: number;
      readonly snapshot: Snapshot;
      readonly at: Position;
      readonly seed: number;
      readonly start?: readonly [number, number];
    };
export type FromViewer =
  | {
      readonly kind: 'preparing';
      readonly request: number;
      readonly what: string;
      readonly done: number;
      readonly of: number;
    }
  | { readonly kind: 'opened'; readonly request: number; readonly stage: Stage }
  | { readonly kind: 'map'; readonly request: number; readonly map: ViewMap }
  | { readonly kind: 'episode'; readonly request: number; readonly episode: ViewEpisode }
  | { readonly kind: 'failed'; readonly request: number; readonly detail: string };

/** Buffers to hand over with `message`: the sender must not touch them again. */
export function transferables(message: FromTrainer | FromViewer): ArrayBuffer[] {
  switch (message.kind) {
    case 'event':
      return eventBuffers(message.event);
    case 'map':
      return [message.map.values, message.map.arrows, message.map.outside].map(bufferOf);
    case 'chosen':
    case 'held':
    case 'alive':
    case 'failed':
    case 'preparing':
    case 'opened': // sent once, and the view goes on reading it
    case 'episode':
      return [];
    default:
      return message satisfies never;
  }
}

function eventBuffers(event: RunEvent): ArrayBuffer[] {
  switch (event.kind) {
    case 'metrics':
      // Columns may share a buffer, which can be handed over only once.
      return [...new Set([event.steps, ...Object.values(event.columns)].map(bufferOf))];
    case 'snapshot':
      return [bufferOf(event.snapshot.state)];
    case 'checkpoint':
      return [bufferOf(event.checkpoint)];
    default:
      return [];
  }
}

function bufferOf(array: ArrayBufferView): ArrayBuffer {
  return array.buffer as ArrayBuffer;
}
