/**
 * Makes a usable spec out of anything. What is absent comes from a base spec, what is wrong is replaced and named,
 * what is unknown is named and dropped. Total for plain data: never throws, and repairing twice changes nothing.
 */
import type { ChoiceField, Field, FieldValue, Schema, Values } from '../schema/field';
import { numberText, repairValue, shortText } from '../schema/fields';
import type { LinkProblem } from './problems';
import { evaluationSchema, networkSchema, runSchema, switchSchema } from './runFields';
import type { Change, Phase, RunSpec } from './runSpec';
import { readSeeds, seedsExpected, seedsText } from './seeds';
import {
  algorithmField,
  carriedOver,
  environmentField,
  environmentOf,
  offlineAlgorithmOf,
  onlineAlgorithmOf,
  recipeField,
  recipeOf,
  type Slot,
  slotsOf,
} from './structure';

/** A person moves a few knobs in a run; a stranger's link may hold more than a page can show. */
export const maxChanges = 500;
/** Problems beyond this many say nothing new. */
const maxProblems = 50;

export interface RepairedSpec {
  readonly spec: RunSpec;
  readonly problems: readonly LinkProblem[];
}

/**
 * @param given  a spec, part of one, or anything else
 * @param base   a valid spec: what absent parts are taken from, and where a wrong choice falls back to
 */
export function repairSpec(given: unknown, base: RunSpec): RepairedSpec {
  const problems: LinkProblem[] = [];
  const top = recordOf(given);
  for (const name of Object.keys(top)) {
    if (!Object.hasOwn(base, name)) problems.push({ kind: 'unknownField', path: name });
  }
  // Choices first, each before what depends on it: the environment decides the recipes and algorithms there are.
  let spec: RunSpec = base;
  spec = repairEnvironment(recordAt(top, 'environment', problems), spec, problems);
  spec = repairDataset(recordAt(top, 'dataset', problems), spec, problems);
  spec = repairPhase('offline', recordAt(top, 'offline', problems), spec, problems);
  spec = repairPhase('online', recordAt(top, 'online', problems), spec, problems);
  spec = {
    ...spec,
    version: 1,
    network: repairSection('network', networkSchema, top.network, spec.network, problems),
    switch: repairSection('switch', switchSchema, top.switch, spec.switch, problems),
    evaluation: repairSection('evaluation', evaluationSchema, top.evaluation, spec.evaluation, problems),
    executor: repaired('executor', runSchema.executor, top.executor, spec.executor, problems) as RunSpec['executor'],
    seeds: repairSeeds(top.seeds, spec.seeds, problems),
  };
  spec = repairBudgets(spec, problems);
  spec = { ...spec, changes: repairChanges(top.changes ?? spec.changes, spec, problems) };
  return { spec, problems: problems.slice(0, maxProblems) };
}

function repairEnvironment(given: Given, base: RunSpec, problems: LinkProblem[]): RunSpec {
  nameUnknown('environment', given, ['id', 'params'], problems);
  const id = repaired('environment.id', environmentField, given.id, base.environment.id, problems);
  const spec = withEnvironment(base, String(id));
  const params = repairSection(
    'environment.params',
    environmentOf(spec).params,
    given.params,
    spec.environment.params,
    problems,
  );
  return { ...spec, environment: { id: spec.environment.id, params } };
}

function repairDataset(given: Given, base: RunSpec, problems: LinkProblem[]): RunSpec {
  nameUnknown('dataset', given, ['recipe', 'params', 'seed'], problems);
  const field = recipeField(base.environment.id);
  const recipe = repaired('dataset.recipe', field, given.recipe, base.dataset.recipe, problems);
  const spec = withRecipe(base, String(recipe));
  return {
    ...spec,
    dataset: {
      recipe: spec.dataset.recipe,
      params: repairSection('dataset.params', recipeOf(spec).params, given.params, spec.dataset.params, problems),
      seed: Number(repaired('dataset.seed', runSchema.datasetSeed, given.seed, spec.dataset.seed, problems)),
    },
  };
}

function repairPhase(phase: Phase, given: Given, base: RunSpec, problems: LinkProblem[]): RunSpec {
  const budget = phase === 'offline' ? 'updates' : 'steps';
  nameUnknown(phase, given, ['algorithm', 'params', budget], problems);
  const choice = algorithmField(base.environment.id, phase);
  const algorithm = repaired(`${phase}.algorithm`, choice, given.algorithm, base[phase].algorithm, problems);
  const spec = withAlgorithm(base, phase, String(algorithm));
  const { params: schema } = phase === 'offline' ? offlineAlgorithmOf(spec) : onlineAlgorithmOf(spec);
  const params = repairSection(`${phase}.params`, schema, given.params, spec[phase].params, problems);
  const part = { algorithm: spec[phase].algorithm, params };
  if (phase === 'offline') {
    const field = runSchema.offlineUpdates;
    const updates = Number(repaired('offline.updates', field, given.updates, spec.offline.updates, problems));
    return { ...spec, offline: { ...part, updates } };
  }
  const steps = Number(repaired('online.steps', runSchema.onlineSteps, given.steps, spec.online.steps, problems));
  return { ...spec, online: { ...part, steps } };
}

/** `spec` in another environment: parameters, data and algorithms that exist there too are kept. */
export function withEnvironment(spec: RunSpec, id: string): RunSpec {
  if (id === spec.environment.id) return spec;
  const bare: RunSpec = { ...spec, environment: { id, params: {} } };
  const moved: RunSpec = {
    ...bare,
    environment: { id, params: carriedOver(environmentOf(bare).params, spec.environment.params) },
  };
  const recipe = nearestOption(recipeField(id), spec.dataset.recipe);
  const offline = nearestOption(algorithmField(id, 'offline'), spec.offline.algorithm);
  const online = nearestOption(algorithmField(id, 'online'), spec.online.algorithm);
  return withAlgorithm(withAlgorithm(withRecipe(moved, recipe), 'offline', offline), 'online', online);
}

/** `spec` with other data. Parameters of equal name are kept. */
export function withRecipe(spec: RunSpec, recipe: string): RunSpec {
  if (recipe === spec.dataset.recipe) return spec;
  const bare: RunSpec = { ...spec, dataset: { ...spec.dataset, recipe } };
  const params = carriedOver(recipeOf(bare).params, spec.dataset.params);
  return { ...bare, dataset: { ...bare.dataset, params } };
}

/** `spec` with another algorithm in one phase. Parameters of equal name are kept, from the same phase first. */
export function withAlgorithm(spec: RunSpec, phase: Phase, algorithm: string): RunSpec {
  if (algorithm === spec[phase].algorithm) return spec;
  const bare: RunSpec = { ...spec, [phase]: { ...spec[phase], algorithm } };
  const schema = (phase === 'offline' ? offlineAlgorithmOf(bare) : onlineAlgorithmOf(bare)).params;
  const other = phase === 'offline' ? spec.online : spec.offline;
  const earlier =
    other.algorithm === algorithm ? [other.params, spec[phase].params] : [spec[phase].params, other.params];
  return { ...bare, [phase]: { ...bare[phase], params: carriedOver(schema, ...earlier) } };
}

/** A run needs data to pretrain on, and something to do. */
function repairBudgets(spec: RunSpec, problems: LinkProblem[]): RunSpec {
  let { updates } = spec.offline;
  let { steps } = spec.online;
  if (spec.dataset.recipe === 'none' && updates > 0) {
    problems.push(budgetProblem('offline.updates', runSchema.offlineUpdates, updates, 'none without data', 0));
    updates = 0;
  }
  if (updates === 0 && steps === 0) {
    steps = runSchema.onlineSteps.default;
    problems.push(budgetProblem('online.steps', runSchema.onlineSteps, 0, 'something to do', steps));
  }
  return { ...spec, offline: { ...spec.offline, updates }, online: { ...spec.online, steps } };
}

function repairSeeds(given: unknown, base: readonly number[], problems: LinkProblem[]): readonly number[] {
  if (given === undefined) return base;
  const read = readSeeds(given);
  const seeds = read?.seeds ?? base;
  if (!read?.exact) {
    problems.push({
      kind: 'value',
      path: 'seeds',
      label: runSchema.seedCount.label,
      given: shortText(given),
      expected: seedsExpected,
      used: seedsText(seeds),
    });
  }
  return seeds;
}

/** Changes in the order in which they take effect: offline first, then by step; of equal ones the later given stands last. */
function repairChanges(given: unknown, spec: RunSpec, problems: LinkProblem[]): readonly Change[] {
  if (!Array.isArray(given)) {
    problems.push({ kind: 'unknownField', path: 'changes' });
    return [];
  }
  if (given.length === 0) return [];
  const live = new Map(slotsOf(spec).flatMap((slot) => (slot.field.live ? [[slot.path, slot]] : [])));
  const changes: Change[] = [];
  for (const [index, item] of given.entries()) {
    const path = `changes.${index}`;
    const { phase, step, field, value } = recordOf(item);
    const slot = typeof field === 'string' ? live.get(field) : undefined;
    const known = field === 'finish' || (slot && takesEffectIn(slot, phase));
    if ((phase !== 'offline' && phase !== 'online') || !known || changes.length === maxChanges) {
      problems.push({ kind: 'unknownField', path });
      if (changes.length === maxChanges) break;
      continue;
    }
    const budget = phase === 'offline' ? runSchema.offlineUpdates : runSchema.onlineSteps;
    const at = repaired(
      `${path}.step`,
      { ...budget, default: 0, label: 'Step of a change' },
      step ?? null,
      0,
      problems,
    );
    const to = slot ? repaired(path, slot.field, value ?? null, slot.field.default, problems) : true;
    changes.push({ phase, step: Number(at), field: String(field), value: to });
  }
  const order = (change: Change) => (change.phase === 'offline' ? 0 : 1);
  return changes.sort((a, b) => order(a) - order(b) || a.step - b.step);
}

/** Parameters of a phase move in that phase; the switch's settings online. */
function takesEffectIn(slot: Slot, phase: unknown): boolean {
  return slot.path.startsWith('offline.') ? phase === 'offline' : phase === 'online';
}

type Given = Readonly<Record<string, unknown>>;

function repairSection(prefix: string, schema: Schema, given: unknown, base: Values, problems: LinkProblem[]): Values {
  if (given === undefined) return base;
  if (!isRecord(given)) problems.push({ kind: 'unknownField', path: prefix });
  const values = recordOf(given);
  nameUnknown(prefix, values, Object.keys(schema), problems);
  return Object.fromEntries(
    Object.entries(schema).map(([name, field]) => [
      name,
      repaired(`${prefix}.${name}`, field, values[name], base[name], problems),
    ]),
  );
}

/** One value: absent takes the base's, wrong is repaired and named. A wrong choice falls back to the base's, not the default. */
function repaired(path: string, field: Field, given: unknown, base: FieldValue, problems: LinkProblem[]): FieldValue {
  if (given === undefined) return base;
  const sound = repairValue(field, given);
  if (!sound.problem) return sound.value;
  const usable = field.zod.safeParse(base).success ? ({ ...field, default: base } as Field) : field;
  const { value, problem } = repairValue(usable, given);
  if (problem) problems.push({ kind: 'value', path, label: field.label, ...problem });
  return value;
}

function budgetProblem(path: string, field: Field, given: number, expected: string, used: number): LinkProblem {
  return { kind: 'value', path, label: field.label, given: numberText(given), expected, used: numberText(used) };
}

/** The option of this name where there is one, else the field's default. */
function nearestOption(field: ChoiceField, wanted: string): string {
  return String(repairValue(field, wanted).value);
}

function nameUnknown(prefix: string, given: Given, known: readonly string[], problems: LinkProblem[]): void {
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) problems.push({ kind: 'unknownField', path: `${prefix}.${name}` });
  }
}

function recordAt(given: Given, name: string, problems: LinkProblem[]): Given {
  if (given[name] !== undefined && !isRecord(given[name])) problems.push({ kind: 'unknownField', path: name });
  return recordOf(given[name]);
}

/** Own properties only, so that a name like "constructor" finds nothing. */
function recordOf(given: unknown): Given {
  return isRecord(given) ? Object.assign(Object.create(null), given) : {};
}

function isRecord(given: unknown): given is Given {
  return typeof given === 'object' && given !== null && !Array.isArray(given);
}
