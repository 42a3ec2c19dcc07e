/**
 * What a dataset recipe is: how a fixed dataset comes to be in the tab. One line each in `registry.ts`.
 *
 * A recipe depends on the environment, its own parameters and the dataset's seed, and on nothing else, so a link that names them
 * names the data. It runs as a generator: between two pieces of a few milliseconds a worker may answer, report or give up.
 */
import type { Environment } from '../environments/environment';
import type { Schema, Values, ValuesOf } from '../schema/field';
import { integer, numberText, real } from '../schema/fields';
import type { References, Transitions } from './transitions';

/** Where the making stands: "Making 20,000 transitions", 12,000 of 20,000. */
export interface Preparing {
  readonly what: string;
  readonly done: number;
  readonly of: number;
}
export interface RecipeContext<P extends Schema = Schema> {
  readonly environment: Environment;
  readonly values: ValuesOf<P>;
  /** The dataset's own seed, u32; training seeds do not touch it. */
  readonly seed: number;
  /** Random and reference returns: what "a third of the way" is measured against. */
  readonly references: References;
}
export interface Made {
  readonly transitions: Transitions;
  /** Who made them, to follow "made by": "the planner policy with action noise 0.1". */
  readonly by: string;
}
export interface DatasetRecipe<P extends Schema = Schema> {
  readonly id: string;
  /** In the picker: "Short hops". */
  readonly label: string;
  /** In the sentence, after "from": "20,000 short hops". */
  name(values: ValuesOf<P>): string;
  /** One plain sentence for the picker and Methods. */
  readonly summary: string;
  readonly params: P;
  appliesTo(environment: Pick<Environment, 'goals'>): boolean;
  /** Absent where there is nothing to make: learning starts without data. */
  generate?(context: RecipeContext<P>): Generator<Preparing, Made>;
}

/** Keeps the parameter types of one recipe while the registry holds them all. */
export function defineRecipe<const P extends Schema>(recipe: DatasetRecipe<P>): DatasetRecipe {
  return recipe as unknown as DatasetRecipe;
}

export const transitionsField = integer({
  default: 20_000,
  min: 500,
  max: 1_000_000,
  step: 100,
  scale: 'log',
  label: 'Transitions',
  main: true,
  help: 'Rows in the fixed data: one decision each, with what was seen before and after it.',
});

export const noiseField = real({
  default: 0.1,
  min: 0,
  max: 1,
  step: 0.05,
  label: 'Action noise',
  main: true,
  help: 'Spread added to every recorded action, as part of half its range; for discrete actions the share of random moves.',
});

/** "20,000 short hops" of `{ transitions: 20000 }`. */
export function amountOf(values: Values, what: string): string {
  return `${numberText(Number(values.transitions))} ${what}`;
}
