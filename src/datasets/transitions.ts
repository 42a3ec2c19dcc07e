/**
 * A fixed dataset: flat typed arrays, one row a transition. `terminated` cuts the bootstrap, `truncated` only ends the episode.
 */
import type { References } from '../environments/references';

export type { References };

export interface Transitions {
  readonly count: number;
  readonly observationSize: number;
  /** 1 for discrete actions: the row holds the action's index. */
  readonly actionSize: number;
  /** [count, observationSize], the environment's own units. */
  readonly observations: Float32Array;
  /** [count, actionSize], the environment's own units. */
  readonly actions: Float32Array;
  readonly rewards: Float32Array;
  readonly nextObservations: Float32Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  /** First row of each episode. */
  readonly episodeStart: Uint32Array;
}
/** What the data card says. */
export interface DataCard {
  readonly recipe: string;
  readonly sentence: string;
  readonly seed: number;
  readonly count: number;
  readonly episodes: number;
  /** J(D), mean undiscounted return of the episodes, raw and on the 0-100 scale of `references`. */
  readonly meanReturn: number;
  readonly normalised: number;
  readonly bestReturn: number;
  readonly returns: readonly number[];
  readonly references: References;
  /** Share of reachable plane cells with at least one transition, and of (cell, action direction) pairs. */
  readonly coverage: { readonly cells: number; readonly cellActions: number };
  /** SHA-256, hex, over the arrays. */
  readonly digest: string;
}
export interface Dataset {
  readonly transitions: Transitions;
  readonly card: DataCard;
}
