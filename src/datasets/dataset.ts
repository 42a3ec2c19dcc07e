/** From what a link names to the data themselves, with their card. */
import type { Environment, EnvironmentDefinition } from '../environments/environment';
import { measureReferences, type References } from '../environments/references';
import { environmentById } from '../environments/registry';
import type { Values } from '../schema/field';
import { repairValues } from '../schema/fields';
import { dataCard } from './card';
import type { Preparing } from './recipe';
import { recipeById } from './registry';
import type { Dataset } from './transitions';

/** Everything that decides a dataset's bits; a `RunSpec` has it. */
export interface DatasetRequest {
  readonly environment: { readonly id: string; readonly params: Values };
  readonly dataset: { readonly recipe: string; readonly params: Values; readonly seed: number };
}

/** The references of the data card: the same for every dataset and every run in one environment, so that scores compare. */
export const referenceSettings = { seed: 0, episodes: 100 } as const;

/** Random and reference returns under an environment's parameters, measured as the data card does. */
export function referencesOf(environment: Environment): References {
  return measureReferences(environment, referenceSettings.seed, referenceSettings.episodes);
}

/**
 * Makes the dataset of a request; null for the recipe `none`. Parameters that are absent or out of range are repaired as
 * `repairValues` does. Between two reports at most some tens of milliseconds pass, except for measuring the references.
 *
 * @throws RangeError if the environment or the recipe is unknown, or the recipe is not for this environment
 */
export function* makeDataset(request: DatasetRequest): Generator<Preparing, Dataset | null> {
  const { recipe: id, params, seed } = request.dataset;
  const { environment, name } = environmentOf(request.environment);
  const recipe = recipeById(id);
  if (!recipe) throw new RangeError(`recipe: expected one of the registry, got “${id}”`);
  if (!recipe.appliesTo(environment)) throw new RangeError(`recipe: “${id}” is not for ${name}`);
  if (!recipe.generate) return null;

  yield { what: 'Measuring the random and the reference policy', done: 0, of: 1 };
  const references = referencesOf(environment);
  const { values } = repairValues(recipe.params, params);
  const { transitions, by } = yield* recipe.generate({ environment, values, seed, references });
  return {
    transitions,
    card: dataCard({ transitions, environment, environmentName: name, recipe: id, seed, by, references }),
  };
}

/** The environment of a request, ready to step, with its name under these parameters. @throws RangeError if it is unknown */
export function environmentOf({ id, params }: DatasetRequest['environment']): {
  readonly environment: Environment;
  readonly definition: EnvironmentDefinition;
  readonly name: string;
} {
  const definition = environmentById(id);
  if (!definition) throw new RangeError(`environment: expected one of the registry, got “${id}”`);
  const { values } = repairValues(definition.params, params);
  return { environment: definition.make(values), definition, name: definition.nameOf(values) };
}

/** Runs a generator to its end, for hosts that need not answer in between. */
export function finish<T>(work: Generator<unknown, T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done) return value as T;
  }
}
