/**
 * Editing a spec by path. Every edit gives a whole, valid spec: what depends on a changed choice follows it.
 */
import type { Field, FieldValue } from '../schema/field';
import { repairValue } from '../schema/fields';
import type { LinkProblem } from './problems';
import { repairSpec, withAlgorithm, withEnvironment, withRecipe } from './repair';
import { runSchema } from './runFields';
import type { RunSpec } from './runSpec';
import { readSeeds, withSeedCount } from './seeds';
import { slotsOf, valueAt } from './structure';

/** The value at `path`; undefined where this spec has no such path. "seeds" reads as text, "0..4". */
export function getField(spec: RunSpec, path: string): FieldValue | undefined {
  return valueAt(spec, path);
}

export interface Edited {
  readonly spec: RunSpec;
  /** The value before; undefined where there is no such path. */
  readonly from: FieldValue | undefined;
  /** What was wrong with the path or the value. Total: a wrong edit gives a valid spec and says so. */
  readonly problems: readonly LinkProblem[];
}

/**
 * `spec` with one value changed. Numbers are clamped, text is read ("0.9", "true"; "0..4" for "seeds").
 *
 * Another environment, recipe or algorithm keeps every parameter of equal name and takes defaults for the rest; data and
 * algorithms that do not exist there are replaced. The online algorithm and its parameters follow the offline ones as long as
 * they were equal, so that one knob stays one knob.
 */
export function setField(spec: RunSpec, path: string, value: FieldValue): Edited {
  const from = valueAt(spec, path);
  if (path === 'seeds') return setSeeds(spec, value, from);
  const slot = slotsOf(spec).find((candidate) => candidate.path === path);
  if (!slot) return { spec, from, problems: [{ kind: 'unknownField', path }] };
  const { value: to, problem } = repairValue({ ...slot.field, default: from ?? slot.field.default } as Field, value);
  const problems: LinkProblem[] = problem ? [{ kind: 'value', path, label: slot.field.label, ...problem }] : [];
  const edited = to === from ? spec : withValue(spec, path, to);
  // Settles what depends on the value: budgets without data, changes of fields that are gone.
  return { spec: repairSpec(edited, edited).spec, from, problems };
}

function setSeeds(spec: RunSpec, value: FieldValue, from: FieldValue | undefined): Edited {
  const read = readSeeds(value);
  const { spec: next, problems } = repairSpec({ seeds: value }, spec);
  return { spec: read ? next : spec, from, problems };
}

function withValue(spec: RunSpec, path: string, value: FieldValue): RunSpec {
  switch (path) {
    case 'environment.id':
      return settled(spec, withEnvironment(spec, String(value)));
    case 'dataset.recipe':
      return settled(spec, withRecipe(spec, String(value)));
    case 'offline.algorithm':
      return withOfflineAlgorithm(spec, String(value));
    case 'online.algorithm':
      return withAlgorithm(spec, 'online', String(value));
    case 'seeds.count':
      return { ...spec, seeds: withSeedCount(spec.seeds, Number(value)) };
  }
  const offline = /^offline\.params\.(.+)$/.exec(path);
  if (offline) {
    const [, name] = offline;
    const follows = Object.hasOwn(spec.online.params, name) && spec.online.params[name] === spec.offline.params[name];
    const edited = replaced(spec, path.split('.'), value);
    // Of equal names in other algorithms a value may be out of range: the repair after an edit clamps it.
    return follows ? replaced(edited, ['online', 'params', name], value) : edited;
  }
  return replaced(spec, path.split('.'), value);
}

/** Without data there is no pretraining; with data again there is, and both ways something is left to do. */
function settled(before: RunSpec, after: RunSpec): RunSpec {
  const [had, has] = [before.dataset.recipe !== 'none', after.dataset.recipe !== 'none'];
  if (had === has) return after;
  if (has) return { ...after, offline: { ...after.offline, updates: runSchema.offlineUpdates.default } };
  const steps = after.online.steps || runSchema.onlineSteps.default;
  return { ...after, offline: { ...after.offline, updates: 0 }, online: { ...after.online, steps } };
}

function withOfflineAlgorithm(spec: RunSpec, algorithm: string): RunSpec {
  const edited = withAlgorithm(spec, 'offline', algorithm);
  if (spec.online.algorithm !== spec.offline.algorithm) return edited;
  const options = slotsOf(edited).find(({ path }) => path === 'online.algorithm')?.field;
  if (options?.kind !== 'choice' || !options.options.some((option) => option.value === algorithm)) return edited;
  return withAlgorithm(edited, 'online', algorithm);
}

/** The same object with one leaf replaced, everything on the way copied. */
function replaced<T extends object>(object: T, [name, ...rest]: readonly string[], value: FieldValue): T {
  const inner = (object as Readonly<Record<string, unknown>>)[name];
  return { ...object, [name]: rest.length === 0 ? value : replaced(inner as object, rest, value) };
}
