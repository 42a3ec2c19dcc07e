/** Sizes, membership and uniform draws of observation and action spaces. */
import type { RandomStream } from '../numeric/random';
import type { ActionSpace, BoxSpace, Environment } from './environment';

export function observationSize(environment: Pick<Environment, 'observation'>): number {
  return environment.observation.low.length;
}

/** Numbers in one action as it is stored: the components of a box, 1 (the index) for discrete actions. */
export function actionSize(space: ActionSpace): number {
  return space.kind === 'box' ? space.low.length : 1;
}

/** Whether `values` lies in the box. Compared in float32, because observations are stored so: −1.2 rounds to just below −1.2. */
export function contains(space: BoxSpace, values: ArrayLike<number>): boolean {
  if (values.length !== space.low.length) return false;
  for (let i = 0; i < values.length; i++) {
    const value = Math.fround(values[i]);
    // Written so that NaN is outside.
    if (!(value >= Math.fround(space.low[i]) && value <= Math.fround(space.high[i]))) return false;
  }
  return true;
}

/** One uniform action in the environment's units, shape [actionSize]; draws one word a component. */
export function randomAction(space: ActionSpace, random: RandomStream): number[] {
  if (space.kind === 'discrete') return [random.index(space.names.length)];
  return space.low.map((low, i) => random.uniform(low, space.high[i]));
}
