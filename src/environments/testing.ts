/** Single episodes for tests: the plainest loop there is, against which `vectorise` is held. */
import { stream } from '../numeric/random';
import { defaultsOf } from '../schema/fields';
import type { Environment, EnvironmentDefinition, State } from './environment';
import { observationSize, randomAction } from './spaces';

export interface Episode<S extends State = State> {
  /** [steps + 1], the start and the end included, as `observations`. */
  readonly states: readonly S[];
  readonly observations: readonly Float32Array[];
  /** [steps] */
  readonly actions: readonly (readonly number[])[];
  /** [steps] */
  readonly rewards: readonly number[];
  readonly terminated: boolean;
  readonly truncated: boolean;
}

export interface RolloutOptions<S extends State> {
  readonly seed: number;
  /** Told apart from other episodes of the same seed. */
  readonly episode?: number;
  /** Random unless said. */
  readonly policy?: 'random' | 'reference' | ((state: S) => readonly number[]);
  /** At most so many steps; the time limit unless said. */
  readonly steps?: number;
}

/** One episode from a reset to its end or to `steps`. */
export function rollout<S extends State>(
  environment: Environment<S>,
  { seed, episode = 0, policy = 'random', steps = environment.maxSteps }: RolloutOptions<S>,
): Episode<S> {
  const random = stream(seed, 'test', 0, episode);
  const actionRandom = stream(seed, 'test', 1, episode);
  const act = (state: S): readonly number[] => {
    if (policy === 'random') return randomAction(environment.action, actionRandom);
    return policy === 'reference' ? environment.reference.act(state) : policy(state);
  };

  let state = environment.reset(random);
  const states = [state];
  const actions: (readonly number[])[] = [];
  const rewards: number[] = [];
  let terminated = false;
  while (!terminated && actions.length < steps) {
    const action = act(state);
    const outcome = environment.step(state, action, random);
    ({ state, terminated } = outcome);
    states.push(state);
    actions.push(action);
    rewards.push(outcome.reward);
  }
  return {
    states,
    observations: states.map((visited) => observe(environment, visited)),
    actions,
    rewards,
    terminated,
    truncated: !terminated && actions.length >= environment.maxSteps,
  };
}

export function observe<S extends State>(environment: Environment<S>, state: S): Float32Array {
  const observation = new Float32Array(observationSize(environment));
  environment.observe(state, observation, 0);
  return observation;
}

/** Every environment worth a test of its own: the defaults, and each other option of each choice. */
export function variants(definition: EnvironmentDefinition): readonly { name: string; environment: Environment }[] {
  const defaults = defaultsOf(definition.params);
  const all = [{ name: definition.id, environment: definition.make(defaults) }];
  for (const [key, field] of Object.entries(definition.params)) {
    if (field.kind !== 'choice') continue;
    for (const { value } of field.options) {
      if (value === field.default) continue;
      const environment = definition.make({ ...defaults, [key]: value });
      all.push({ name: `${definition.id} with ${key} ${value}`, environment });
    }
  }
  return all;
}
