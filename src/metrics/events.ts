/**
 * What a run says, typed end to end. Plain data, so it crosses a worker boundary; `switch` over `kind` is exhaustive.
 * Large numbers are typed arrays, to be transferred. `step` counts updates offline and environment steps online.
 */
import type { DataCard, References } from '../datasets/transitions';
import type { RunProblem } from '../spec/problems';
import type { Phase } from '../spec/runSpec';

export interface Position {
  readonly phase: Phase;
  readonly step: number;
}
export type RunEvent =
  | { readonly kind: 'preparing'; readonly what: string; readonly done: number; readonly of: number }
  /** The two ends of the 0-100 scale, measured under the run's settings. */
  | { readonly kind: 'references'; readonly references: References }
  | { readonly kind: 'dataset'; readonly card: DataCard }
  | {
      readonly kind: 'started';
      readonly executor: string;
      readonly reproducible: boolean;
      readonly why: string;
      /** What `auto` measured before it chose; empty where nothing was measured. */
      readonly timings: readonly ExecutorTiming[];
      /** Online, one set of acting weights serves this many environment steps: 1 is always the newest. */
      readonly staleness: number;
      readonly parameters: number;
      readonly flopsPerUpdate: number;
    }
  | Resumption
  /** `latest`: the newest update's metrics, for single steps. */
  | {
      readonly kind: 'progress';
      readonly at: Position;
      readonly updates: number;
      readonly latest: Readonly<Record<string, number>>;
    }
  /** Columns of equal length, one row a fixed number of steps: losses and the like, averaged over those steps. */
  | {
      readonly kind: 'metrics';
      readonly phase: Phase;
      readonly steps: Float64Array;
      readonly columns: Readonly<Record<string, Float32Array>>;
    }
  | Evaluation
  /** One finished training episode online, exploration included. */
  | { readonly kind: 'episode'; readonly at: Position; readonly return: number; readonly length: number }
  | RegimeMeasurement
  | {
      readonly kind: 'switched';
      readonly kept: readonly string[];
      readonly fresh: readonly string[];
      readonly warmup: number;
    }
  | {
      readonly kind: 'changed';
      readonly at: Position;
      readonly field: string;
      readonly from: string;
      readonly to: string;
    }
  | { readonly kind: 'snapshot'; readonly at: Position; readonly snapshot: Snapshot }
  | { readonly kind: 'checkpoint'; readonly at: Position; readonly checkpoint: Uint8Array }
  | { readonly kind: 'problem'; readonly problem: RunProblem }
  /**
   * The last event. `digest` is null after a failure (a `problem` came before), and for a run that was stopped early it is
   * that of the weights it stopped with.
   */
  | {
      readonly kind: 'finished';
      readonly at: Position;
      readonly digest: string | null;
      readonly outcome: 'complete' | 'stopped' | 'failed';
    };

/** Updates a second over all seeds that train at the same time, as measured here. */
export interface ExecutorTiming {
  readonly executor: string;
  readonly updatesPerSecond: number;
}
/**
 * The device was lost and the run goes on from `at` with another executor: whatever was said of later steps is void and comes
 * again. From here on the run repeats nowhere: how far the device came is chance. A `problem` with the words follows.
 */
export interface Resumption {
  readonly kind: 'resumed';
  readonly at: Position;
  readonly executor: string;
  readonly reason: string;
}
export interface Evaluation {
  readonly kind: 'evaluation';
  readonly at: Position;
  /** Greedy, undiscounted, one number an episode, the environment's unit. */
  readonly returns: readonly number[];
  readonly mean: number;
  /** What the critic promises at the visited states, and the discounted return realised from them (rolled on past the limit until γᵏ < 0.01); null without a critic. */
  readonly predicted: number | null;
  readonly realised: number | null;
  /** Share of chosen actions with no dataset transition nearby; null without data. */
  readonly outsideData: number | null;
  /** Mean distance of actions from π₀'s over dataset states; null before the switch. */
  readonly distanceToPretrained: number | null;
}
export interface RegimeMeasurement {
  readonly kind: 'regime';
  /** One greedy return an episode of this seed's π₀. */
  readonly returns: readonly number[];
  /** J(D)'s episodes are on the data card. */
  readonly mean: number;
}
/** The lead seed's weights: enough to act and to draw maps (the state image of its plan). */
export interface Snapshot {
  readonly layout: string;
  readonly state: Uint8Array;
  /** Which algorithm's programs read it. */
  readonly phase: Phase;
}
