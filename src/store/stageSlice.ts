/** What there is to look at: the stage of the recipe, the newest map, the episode being watched. Nothing here changes a bit. */
import type { StateCreator } from 'zustand/vanilla';
import type { Position } from '../metrics/events';
import type { Stage, ViewEpisode, ViewMap } from '../metrics/view';
import type { Phase } from '../spec/runSpec';

/** A place on the shared x axis of all charts. */
export interface Cursor {
  readonly phase: Phase;
  readonly step: number;
}
export interface StageSlice {
  /** Null while it is prepared, and where preparing it failed. */
  readonly stage: Stage | null;
  readonly stageProgress: { readonly what: string; readonly done: number; readonly of: number } | null;
  readonly stageFailure: string | null;
  readonly map: ViewMap | null;
  readonly episode: ViewEpisode | null;
  readonly cursor: Cursor | null;
  /** A click keeps the crosshair where it is. */
  readonly cursorPinned: boolean;
  /** Updates a second; 0 is full speed. */
  readonly updatesPerSecond: number;
  /** Another recipe is prepared; what is on stage stays as long as it is the same world. */
  stageOpening: (sameWorld: boolean) => void;
  stagePreparing: (what: string, done: number, of: number) => void;
  stageOpened: (stage: Stage) => void;
  stageFailed: (detail: string) => void;
  mapDrawn: (map: ViewMap | null) => void;
  episodePlayed: (episode: ViewEpisode | null) => void;
  cursorMoved: (cursor: Position | null) => void;
  cursorPinnedAt: (cursor: Position | null) => void;
  speedChosen: (updatesPerSecond: number) => void;
}

export const createStageSlice: StateCreator<StageSlice> = (set) => ({
  stage: null,
  stageProgress: null,
  stageFailure: null,
  map: null,
  episode: null,
  cursor: null,
  cursorPinned: false,
  updatesPerSecond: 0,
  stageOpening: (sameWorld) =>
    set(({ stage }) => ({ stage: sameWorld ? stage : null, stageFailure: null, map: null, episode: null })),
  stagePreparing: (what, done, of) => set({ stageProgress: { what, done, of } }),
  stageOpened: (stage) => set({ stage, stageProgress: null, stageFailure: null, map: null, episode: null }),
  stageFailed: (detail) => set({ stageProgress: null, stageFailure: detail }),
  mapDrawn: (map) => set({ map }),
  episodePlayed: (episode) => set({ episode }),
  cursorMoved: (cursor) => set((state) => (state.cursorPinned ? {} : { cursor })),
  cursorPinnedAt: (cursor) => set({ cursor, cursorPinned: cursor !== null }),
  speedChosen: (updatesPerSecond) => set({ updatesPerSecond }),
});
