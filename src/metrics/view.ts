/**
 * What a view of a recipe gives the page: where it happens, a map of what the policy believes, episodes to watch.
 * Plain data throughout, so it crosses a worker boundary; nothing here ever changes a training bit.
 */
import type { DataCard, References } from '../datasets/transitions';
import type { PlaneAxis, Shape } from '../environments/environment';
import type { Position, Snapshot } from './events';

/** Everything about a recipe that is known before it runs: sent once. */
export interface Stage {
  readonly environmentName: string;
  /** "steps at the goal", of at most `of`. */
  readonly returnUnit: { readonly name: string; readonly of?: number };
  /** Random and reference returns, measured under the recipe's settings. */
  readonly references: References;
  /** Largest discounted return the environment allows. */
  readonly ceiling: number;
  /** Distance of the mean discounted returns of random and reference policy, measured likewise: the scale of a gap in Q. */
  readonly discountedSpan: number;
  /** Null where the recipe learns from no data. */
  readonly card: DataCard | null;
  /** 'maze' and 'cells' planes share the frame of the shapes, so that the map is the floor of the world. */
  readonly planeKind: 'maze' | 'cells' | 'phase';
  readonly x: PlaneAxis;
  readonly y: PlaneAxis;
  readonly still: readonly Shape[];
  readonly bounds: { readonly x: readonly [number, number]; readonly y: readonly [number, number] };
  /** States of the data on the plane, at most 1,500 evenly taken: [x, y] pairs. */
  readonly dots: Float32Array;
  /** A few episodes of the data on the plane: [x, y] pairs each. Empty without data. */
  readonly trajectories: readonly Float32Array[];
  /** What the map can show: V, or Q at the policy's action; null where the algorithm has neither (cloning). */
  readonly ground: 'value' | 'actionValue' | null;
}

/** One snapshot's beliefs on the plane. Cells run along x first, then y, from the lower left; centres at (i + ½) / count. */
export interface ViewMap {
  readonly at: Position;
  /** Cells along x and y. */
  readonly grid: readonly [columns: number, rows: number];
  /** V or Q of each cell, [rows × columns]; NaN where nothing can be (walls) or the algorithm has no critic. */
  readonly values: Float32Array;
  /** Where the greedy action points on the plane, [rows × columns × 2], length 1 at full action; NaN in walls. */
  readonly arrows: Float32Array;
  /** 1 where no transition of the data is near (state, greedy action); all 0 without data. */
  readonly outside: Uint8Array;
}

export interface EpisodeFrame {
  readonly shapes: readonly Shape[];
  /** The state on the plane. */
  readonly at: readonly [number, number];
  /** Undiscounted return up to this frame. */
  readonly returnSoFar: number;
  /** What the policy's critic says here; null without a critic. */
  readonly value: number | null;
}
/** One episode of a snapshot's policy, for watching: its own random stream, never in data or curve. */
export interface ViewEpisode {
  readonly at: Position;
  readonly exploring: boolean;
  readonly frames: readonly EpisodeFrame[];
}

/** A recipe opened for looking. Calls must be awaited in turn. */
export interface View {
  readonly stage: Stage;
  map(snapshot: Snapshot, at: Position): Promise<ViewMap>;
  /** `start`: where on the plane it begins; without it the environment draws the start from `seed`. */
  episode(snapshot: Snapshot, at: Position, seed: number, start?: readonly [number, number]): Promise<ViewEpisode>;
  dispose(): void;
}
