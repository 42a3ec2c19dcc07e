/**
 * What a spec is made of: its sections in one fixed order, the field behind every path, and which settings mean anything
 * in a given recipe. Links, the settings panel, the sentence and the command line all walk this one list.
 */
import type { Algorithm } from '../algorithms/algorithm';
import { algorithms } from '../algorithms/registry';
import type { DatasetRecipe } from '../datasets/recipe';
import { recipes } from '../datasets/registry';
import type { Environment, EnvironmentDefinition } from '../environments/environment';
import { environments } from '../environments/registry';
import type { ChoiceField, Field, FieldValue, Schema, Values } from '../schema/field';
import { choice } from '../schema/fields';
import { evaluationSchema, networkSchema, runSchema, switchSchema } from './runFields';
import type { RunSpec } from './runSpec';
import { seedsText } from './seeds';

export type Group = 'data' | 'pretrain' | 'switch' | 'fineTune' | 'evaluation' | 'machine';
/** The groups of the settings panel, in its order. */
export const groups: readonly { readonly id: Group; readonly label: string }[] = [
  { id: 'data', label: 'Data' },
  { id: 'pretrain', label: 'Pretrain' },
  { id: 'switch', label: 'Switch' },
  { id: 'fineTune', label: 'Fine-tune' },
  { id: 'evaluation', label: 'Evaluation' },
  { id: 'machine', label: 'Machine' },
];

/** A place in a spec that holds one value. */
export interface Slot {
  /** "offline.params.expectile"; `seeds.count` is the one path that is not stored as it is read. */
  readonly path: string;
  readonly group: Group;
  readonly field: Field;
  /** False where this recipe cannot honour the setting: the page leaves it out. */
  readonly applies: boolean;
}

/** What the rest of the spec needs to know of an environment before a run; the same under all its parameters. */
interface EnvironmentFacts {
  readonly actionKind: 'box' | 'discrete';
  readonly goals: Environment['goals'];
}
const factsByEnvironment = new Map<string, EnvironmentFacts>();

export function environmentOf(spec: RunSpec): EnvironmentDefinition {
  return entry(environments, spec.environment.id);
}
export function recipeOf(spec: RunSpec): DatasetRecipe {
  return entry(recipes, spec.dataset.recipe);
}
export function offlineAlgorithmOf(spec: RunSpec): Algorithm {
  return entry(algorithms, spec.offline.algorithm);
}
export function onlineAlgorithmOf(spec: RunSpec): Algorithm {
  return entry(algorithms, spec.online.algorithm);
}

/** Recipes that make sense in an environment, in the picker's order; never empty: "nothing" always does. */
export function recipesFor(environmentId: string): readonly DatasetRecipe[] {
  const { goals } = environmentFacts(environmentId);
  return Object.values(recipes).filter((recipe) => recipe.appliesTo({ goals }));
}

/** Algorithms that can act in an environment and learn in a phase, in the registry's order. */
export function algorithmsFor(environmentId: string, phase: 'offline' | 'online'): readonly Algorithm[] {
  const { actionKind } = environmentFacts(environmentId);
  return Object.values(algorithms).filter(
    ({ capabilities }) => capabilities[phase] && capabilities.actions.includes(actionKind),
  );
}

/** Every slot of a valid spec in canonical order, those that do not apply included. */
export function slotsOf(spec: RunSpec): readonly Slot[] {
  const offline = offlineAlgorithmOf(spec);
  const online = onlineAlgorithmOf(spec);
  const pretrains = spec.offline.updates > 0;
  const acts = spec.online.steps > 0;
  const hasData = spec.dataset.recipe !== 'none';
  const hasCritic = (pretrains && offline.capabilities.critic) || (acts && online.capabilities.critic);
  const switches = pretrains && acts;
  const canAnchor = switches && online.capabilities.anchor;
  const switchApplies: Readonly<Record<keyof typeof switchSchema, boolean>> = {
    warmup: acts,
    oldData: acts && hasData,
    sampling: acts && hasData,
    updatesPerStep: acts,
    anchor: canAnchor,
    anchorKind: canAnchor,
    penaltyDecay: acts && online.capabilities.penalty !== undefined,
    reset: switches,
    shrink: switches,
    staleness: acts,
  };
  const evaluationApplies: Readonly<Record<keyof typeof evaluationSchema, boolean>> = {
    offlineEvery: pretrains,
    onlineEvery: acts,
    episodes: true,
    regimeEpisodes: pretrains,
    margin: pretrains,
    level: pretrains,
    honestOffline: pretrains,
  };
  const networkApplies: Readonly<Record<string, boolean>> = {
    critics: hasCritic,
    layerNorm: hasCritic,
    normalise: hasData,
  };

  const slot = (path: string, group: Group, field: Field, applies = true): Slot => ({ path, group, field, applies });
  const section = (prefix: string, group: Group, schema: Schema, applies: (name: string) => boolean): Slot[] =>
    Object.entries(schema).map(([name, field]) => slot(`${prefix}.${name}`, group, field, applies(name)));

  return [
    slot('environment.id', 'data', environmentField),
    ...section('environment.params', 'data', environmentOf(spec).params, () => true),
    slot('dataset.recipe', 'data', recipeField(spec.environment.id)),
    ...section('dataset.params', 'data', recipeOf(spec).params, () => true),
    slot('dataset.seed', 'data', runSchema.datasetSeed, hasData),
    slot('offline.algorithm', 'pretrain', algorithmField(spec.environment.id, 'offline'), hasData),
    slot('offline.updates', 'pretrain', runSchema.offlineUpdates, hasData),
    ...section(
      'offline.params',
      'pretrain',
      offline.params,
      (name) => pretrains && offline.params[name].phase !== 'online',
    ),
    ...section('network', 'pretrain', networkSchema, (name) => networkApplies[name] ?? true),
    ...section('switch', 'switch', switchSchema, (name) => switchApplies[name as keyof typeof switchSchema]),
    slot('online.algorithm', 'fineTune', algorithmField(spec.environment.id, 'online'), acts),
    slot('online.steps', 'fineTune', runSchema.onlineSteps),
    ...section('online.params', 'fineTune', online.params, (name) => acts && online.params[name].phase !== 'offline'),
    ...section(
      'evaluation',
      'evaluation',
      evaluationSchema,
      (name) => evaluationApplies[name as keyof typeof evaluationSchema],
    ),
    slot('seeds.count', 'machine', runSchema.seedCount),
    slot('executor', 'machine', runSchema.executor),
  ];
}

/** The value at a path of a spec; undefined where the spec has no such path. */
export function valueAt(spec: RunSpec, path: string): FieldValue | undefined {
  if (path === 'seeds.count') return spec.seeds.length;
  if (path === 'seeds') return seedsText(spec.seeds);
  let here: unknown = spec;
  for (const name of path.split('.')) {
    if (typeof here !== 'object' || here === null || !Object.hasOwn(here, name)) return undefined;
    here = (here as Readonly<Record<string, unknown>>)[name];
  }
  return typeof here === 'object' ? undefined : (here as FieldValue);
}

/** Parameters of one schema out of another's values: equal names carry over, the rest takes its default. */
export function carriedOver(schema: Schema, ...earlier: readonly Values[]): Values {
  return Object.fromEntries(
    Object.entries(schema).map(([name, field]) => {
      const source = earlier.find((values) => Object.hasOwn(values, name) && field.zod.safeParse(values[name]).success);
      return [name, source ? source[name] : field.default];
    }),
  );
}

/** Which environments there are. */
export const environmentField: ChoiceField = choice({
  default: Object.keys(environments)[0],
  options: Object.values(environments).map(({ id, name, summary }) => ({ value: id, label: name, help: summary })),
  label: 'Environment',
  main: true,
  help: 'The world to act in: what is seen, what can be done, what is rewarded.',
});

const recipeFields = new Map<string, ChoiceField>();
/** Which recipes an environment has. */
export function recipeField(environmentId: string): ChoiceField {
  return remember(recipeFields, environmentId, () => {
    const options = recipesFor(environmentId).map(({ id, label, summary }) => ({ value: id, label, help: summary }));
    return choice({
      default: options[0].value,
      options,
      label: 'Data',
      main: true,
      help: 'How the fixed dataset is made, or nothing: then learning starts by acting.',
    });
  });
}

const algorithmFields = new Map<string, ChoiceField>();
/** Which algorithms can learn one phase in an environment. */
export function algorithmField(environmentId: string, phase: 'offline' | 'online'): ChoiceField {
  return remember(algorithmFields, `${phase} ${environmentId}`, () => {
    const candidates = algorithmsFor(environmentId, phase);
    const usual = candidates.find(({ capabilities }) => capabilities.critic);
    return choice({
      default: (usual ?? candidates[0]).id,
      options: candidates.map(({ id, name, title }) => ({ value: id, label: name, help: title })),
      label: 'Algorithm',
      main: true,
      help: phase === 'offline' ? 'Learns from the fixed data.' : 'Goes on learning while it acts.',
    });
  });
}

function environmentFacts(id: string): EnvironmentFacts {
  return remember(factsByEnvironment, id, () => {
    const definition = entry(environments, id);
    const { action, goals } = definition.make(carriedOver(definition.params));
    return { actionKind: action.kind, goals };
  });
}

function entry<T>(registry: Readonly<Record<string, T>>, id: string): T {
  if (!Object.hasOwn(registry, id))
    throw new Error(`no such entry: “${id}”; a spec must be repaired before it is used`);
  return registry[id];
}

function remember<T>(known: Map<string, T>, key: string, make: () => T): T {
  const found = known.get(key);
  if (found !== undefined) return found;
  const made = make();
  known.set(key, made);
  return made;
}
