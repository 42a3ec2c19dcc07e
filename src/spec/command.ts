/**
 * The command line that repeats a spec: "npm run --silent lab -- run the-dip --set switch.warmup=2000".
 * Said in settings where a few suffice, else by its link.
 */
import type { FieldValue } from '../schema/field';
import { setField } from './edit';
import { encodeLink } from './link';
import { presetSpec } from './presets';
import type { RunSpec } from './runSpec';
import { seedsText } from './seeds';
import { slotsOf, valueAt } from './structure';

/** A line with more settings than this is harder to read than a link. */
const maxSettings = 6;

export function commandOf(spec: RunSpec): string {
  const settings = settingsFrom(presetSpec(spec.preset), spec);
  const subject = settings
    ? [
        spec.preset,
        ...settings.map(([path, value]) => (path === 'seeds' ? `--seeds ${value}` : `--set ${path}=${value}`)),
      ].join(' ')
    : `"${encodeLink(spec)}"`;
  return `npm run --silent lab -- run ${subject}`;
}

/** Edits that lead from a preset to `spec`, fewest first found; null when there are too many or edits alone cannot say it. */
function settingsFrom(preset: RunSpec | undefined, spec: RunSpec): readonly (readonly [string, FieldValue])[] | null {
  if (!preset || spec.changes.length > 0) return null;
  const settings: (readonly [string, FieldValue])[] = [];
  let current = preset;
  const set = (path: string, value: FieldValue) => {
    current = setField(current, path, value).spec;
    settings.push([path, value]);
  };
  // Each edit may bring others along (another algorithm its parameters), so look for the first difference anew after each.
  while (settings.length <= maxSettings) {
    const slot = slotsOf(current).find(
      ({ path }) =>
        path !== 'seeds.count' && valueAt(spec, path) !== undefined && valueAt(spec, path) !== valueAt(current, path),
    );
    if (!slot) break;
    set(slot.path, valueAt(spec, slot.path) as FieldValue);
  }
  if (seedsText(current.seeds) !== seedsText(spec.seeds)) set('seeds', seedsText(spec.seeds));
  const exact = JSON.stringify(current) === JSON.stringify(spec);
  return exact && settings.length <= maxSettings ? settings : null;
}
