/**
 * Presets as they once were, so that a link made then still means what it meant.
 *
 * `presetHistory.json` is only ever appended to: `npm run freeze` adds every preset whose spec has changed. A test fails while
 * a preset differs from its last entry.
 */
import history from './presetHistory.json' with { type: 'json' };
import type { RunSpec } from './runSpec';

/** Earlier specs of a preset, the latest first; possibly the current one among them. */
export function earlierSpecs(preset: string): readonly RunSpec[] {
  const known = history as unknown as Readonly<Record<string, readonly RunSpec[]>>;
  return Object.hasOwn(known, preset) ? [...known[preset]].reverse() : [];
}
