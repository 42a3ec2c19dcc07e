/** Helpers for tests: small datasets of every recipe in every environment, and an environment that counts. */
import type { Environment } from '../environments/environment';
import { environments } from '../environments/registry';
import { defaultsOf } from '../schema/fields';
import { type DatasetRequest, finish, makeDataset } from './dataset';
import { recipes } from './registry';
import type { Dataset } from './transitions';

export function request(environment: string, recipe: string, transitions: number, seed = 1): DatasetRequest {
  return { environment: { id: environment, params: {} }, dataset: { recipe, params: { transitions }, seed } };
}

/** @throws if the recipe makes nothing */
export function make(of: DatasetRequest): Dataset {
  const dataset = finish(makeDataset(of));
  if (!dataset) throw new Error(`${of.dataset.recipe} makes nothing`);
  return dataset;
}

/** Every recipe that makes something, in every environment it is for. */
export const pairs = Object.values(environments).flatMap((definition) => {
  const environment = definition.make(defaultsOf(definition.params));
  return Object.values(recipes)
    .filter((recipe) => recipe.generate && recipe.appliesTo(environment))
    .map((recipe) => ({ environmentId: definition.id, environment, recipe }));
});

/** One observation, the number of steps so far; reward 1; terminates after `endsAfter` steps, if ever; limit `maxSteps`. */
export function counter(maxSteps: number, endsAfter = Number.POSITIVE_INFINITY): Environment {
  return {
    observation: { kind: 'box', low: [0], high: [1000], names: ['steps'], units: [''] },
    action: { kind: 'box', low: [-2], high: [2], names: ['push'], units: [''] },
    maxSteps,
    reset: () => ({ steps: 0 }),
    observe: (state, into, offset) => {
      into[offset] = state.steps;
    },
    step: (state) => ({ state: { steps: state.steps + 1 }, reward: 1, terminated: state.steps + 1 >= endsAfter }),
    reference: { name: 'still', act: () => [0] },
    ceiling: (discount) => 1 / (1 - discount),
    neighbourhood: { observation: [1], action: [0.5] },
    plane: {
      kind: 'phase',
      x: { name: 'steps', unit: '', min: -0.5, max: 9.5 },
      y: { name: 'nothing', unit: '', min: 0, max: 1 },
      stateAt: (x) => ({ steps: x }),
      project: (state) => [state.steps, 0],
      locate: (observations, offset) => [observations[offset], 0],
      arrow: () => [1, 0],
      grid: [10, 1],
    },
    scene: { still: [], moving: () => [], bounds: { x: [0, 1], y: [0, 1] } },
  };
}
