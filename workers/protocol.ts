/**
 * What the page and its workers say to each other: one union each way, typed to the last field. Every message names its run and
 * seed (trainers) or its request (viewer); failure is a message. Plain data; large numbers travel as transferred typed arrays.
 */
import type { Position, RunEvent, Snapshot } from '../src/metrics/events';
import type { Stage, ViewEpisode, ViewMap } from '../src/metrics/view';
import type { Change, RunSpec } from '../src/spec/runSpec';

export type ToTrainer =
  | {
      readonly kind: 'start';
      readonly runId: string;
      readonly spec: RunSpec;
      readonly seed: number;
      /** Only the lead seed sends snapshots. */
      readonly lead: boolean;
      /** Prepares, then waits before the first update. */
      readonly held: boolean;
      readonly updatesPerSecond: number;
    }
  /** Stops after a whole update; answered by `held` with the exact position. Asked again while held, answers again. */
  | { readonly kind: 'hold'; readonly runId: string; readonly request: number }
  | { readonly kind: 'resume'; readonly runId: string }
  /** One update offline, one environment step online; then holds again. `toEvaluation` runs on to the next evaluation. */
  | { readonly kind: 'step'; readonly runId: string; readonly toEvaluation: boolean }
  /** 0 is full speed. */
  | { readonly kind: 'speed'; readonly runId: string; readonly updatesPerSecond: number }
  | { readonly kind: 'change'; readonly runId: string; readonly change: Change }
  /** Answered by `alive` as soon as the worker listens again: tells a busy worker from a dead one. */
  | { readonly kind: 'ping'; readonly runId: string };

export type FromTrainer =
  | { readonly kind: 'event'; readonly runId: string; readonly seed: number; readonly event: RunEvent }
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
