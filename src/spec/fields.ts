/**
 * What can be edited in a spec, how two specs differ, and a spec out of anything. `setField` (edit.ts) makes the edits.
 *
 * Paths: "environment.params.map", "offline.updates", "online.params.discount", "switch.warmup", "seeds.count", "executor" …
 * `specFields` lists them all for one spec.
 */
import type { Field, FieldValue } from '../schema/field';
import { shortText, valueText } from '../schema/fields';
import { defaultPreset, presetSpec } from './presets';
import type { LinkProblem } from './problems';
import { type RepairedSpec, repairSpec } from './repair';
import { runSchema } from './runFields';
import type { RunSpec } from './runSpec';
import { seedsText } from './seeds';
import { type Group, type Slot, slotsOf, valueAt } from './structure';

export { type Edited, getField, setField } from './edit';
export { type Group, groups } from './structure';

/** One editable field of one spec. */
export interface SpecField {
  readonly path: string;
  readonly group: Group;
  readonly field: Field;
  readonly value: FieldValue;
  /** The preset's value (the field's own default where the preset has no such path): what a reset goes back to. */
  readonly initial: FieldValue;
  /** False where this recipe cannot honour the setting: leave it out, do not grey it. */
  readonly applies: boolean;
}

/** Every editable field of a valid spec, in the order of the settings panel. */
export function specFields(spec: RunSpec): readonly SpecField[] {
  const preset = presetSpec(spec.preset);
  return slotsOf(spec).map((slot) => ({
    ...slot,
    value: valueAt(spec, slot.path) as FieldValue,
    initial: (preset && initialAt(preset, slot)) ?? slot.field.default,
  }));
}

/** A usable spec out of anything: a file, a link's contents, a spec of an older lab. Total for plain data. */
export function validateSpec(given: unknown): RepairedSpec {
  const named =
    typeof given === 'object' && given !== null && Object.hasOwn(given, 'preset')
      ? (given as RunSpec).preset
      : undefined;
  const known = typeof named === 'string' ? presetSpec(named) : undefined;
  const base = known ?? (presetSpec(defaultPreset) as RunSpec);
  const { spec, problems } = repairSpec(given, base);
  if (known || named === undefined) return { spec: { ...spec, preset: base.preset }, problems };
  const unknown: LinkProblem = { kind: 'unknownPreset', given: shortText(named), used: base.preset };
  return { spec: { ...spec, preset: base.preset }, problems: [unknown, ...problems] };
}

/** One setting in which two specs differ, in words. */
export interface Difference {
  readonly path: string;
  readonly label: string;
  /** Absent where the other spec has no such setting. */
  readonly from?: string;
  readonly to?: string;
}

/**
 * Settings in which two specs differ, in canonical order: a run's name, the columns of the run table. A parameter that only one
 * of them has counts where it is not at its default and its owner is the same, so that another algorithm is one difference and
 * not ten; a parameter that the online phase took along counts once.
 */
export function differences(before: RunSpec, after: RunSpec): readonly Difference[] {
  const olds = meaningful(before);
  const news = meaningful(after);
  const found: Difference[] = [];
  for (const [path, slot] of [...olds, ...[...news].filter(([path]) => !olds.has(path))]) {
    const { label } = slot.field;
    const [from, to] = [textOf(before, olds.get(path)), textOf(after, news.get(path))];
    if (from === to) continue;
    if (from !== undefined && to !== undefined) found.push({ path, label, from, to });
    else if (sameOwner(before, after, path) && (from ?? to) !== valueText(slot.field, slot.field.default))
      found.push({ path, label, from, to });
  }
  const same = (other: Difference, path: string, { from, to }: Difference) =>
    other.path === path && other.from === from && other.to === to;
  const told = found.filter((difference) => {
    const offline = difference.path.replace(/^online\.params/, 'offline.params');
    return offline === difference.path || !found.some((other) => same(other, offline, difference));
  });
  const [from, to] = [seedsText(before.seeds), seedsText(after.seeds)];
  if (from !== to) told.push({ path: 'seeds', label: runSchema.seedCount.label, from, to });
  return told;
}

/** Whether the environment, recipe or algorithm that declares the parameter at `path` is the same in both. */
function sameOwner(before: RunSpec, after: RunSpec, path: string): boolean {
  const [part, kind] = path.split('.');
  if (kind !== 'params') return true;
  const owner = { environment: 'environment.id', dataset: 'dataset.recipe' }[part] ?? `${part}.algorithm`;
  return valueAt(before, owner) === valueAt(after, owner);
}

function meaningful(spec: RunSpec): ReadonlyMap<string, Slot> {
  const slots = slotsOf(spec).filter(({ applies, path }) => applies && path !== 'seeds.count');
  return new Map(slots.map((slot) => [slot.path, slot]));
}

function textOf(spec: RunSpec, slot: Slot | undefined): string | undefined {
  return slot && valueText(slot.field, valueAt(spec, slot.path) as FieldValue);
}

function initialAt(preset: RunSpec, { path, field }: Slot): FieldValue | undefined {
  const value = valueAt(preset, path);
  return value !== undefined && field.zod.safeParse(value).success ? value : undefined;
}
