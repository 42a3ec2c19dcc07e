/**
 * A run, as data: everything that decides its bits, nothing that only decides how it looks.
 * `specFields` (fields.ts) lists what can be edited; paths below are its names ("offline.params.expectile").
 */
import type { FieldValue, Values } from '../schema/field';

export type Phase = 'offline' | 'online';
/** A knob moved during the run: applied to every seed at one exact step of `phase`, before that step's update. */
export interface Change {
  readonly phase: Phase;
  readonly step: number;
  /** A live field's path, or 'finish' (Finish now). */
  readonly field: string;
  readonly value: FieldValue;
}
export type ExecutorChoice =
  | 'auto'
  | 'wasm'
  | 'wasm-relaxed'
  | 'webgpu'
  | 'tfjs-cpu'
  | 'tfjs-wasm'
  | 'tfjs-webgl'
  | 'tfjs-webgpu';
export interface RunSpec {
  readonly version: 1;
  /** Preset it started from; the link stores the difference. */
  readonly preset: string;
  readonly environment: { readonly id: string; readonly params: Values };
  /** `none`: learn online from nothing. Seeded apart, so every training seed learns from one dataset. */
  readonly dataset: { readonly recipe: string; readonly params: Values; readonly seed: number };
  readonly network: Values; // networkSchema: hiddenSize, hiddenLayers, critics, layerNorm, batch, normalise
  /** `updates` 0 skips the phase. */
  readonly offline: { readonly algorithm: string; readonly params: Values; readonly updates: number };
  /** `steps` 0 skips the phase. Parameters are the online phase's own complete set. */
  readonly online: { readonly algorithm: string; readonly params: Values; readonly steps: number };
  readonly switch: Values; // switchSchema, see switchFields.ts
  readonly evaluation: Values; // evaluationSchema: offlineEvery, onlineEvery, episodes, regimeEpisodes, margin, level, honestOffline
  readonly seeds: readonly number[];
  readonly executor: ExecutorChoice;
  readonly changes: readonly Change[];
}
