/** The policies that make data of a chosen quality: from the environment's reference policy down to uniform random actions. */
import type { ActionSpace, Environment } from '../environments/environment';
import { normalise } from '../environments/references';
import { randomAction } from '../environments/spaces';
import { clamp } from '../numeric/math';
import { type RandomStream, stream } from '../numeric/random';
import { type Behaviour, purposes, runEpisode } from './episodes';
import type { Preparing, RecipeContext } from './recipe';

/**
 * `action` with noise, inside the bounds. Box: a normal of standard deviation `noise` · half the range on each component.
 * Discrete: with probability `noise` a uniform random move instead.
 */
export function noisy(
  space: ActionSpace,
  action: readonly number[],
  noise: number,
  random: RandomStream,
): readonly number[] {
  if (space.kind === 'discrete') {
    // Both words are drawn every time: a little less noise then changes a few moves and not the whole episode.
    const [isRandom, move] = [random.uniform() < noise, random.index(space.names.length)];
    return isRandom ? [move] : action;
  }
  return action.map((value, i) => {
    const half = (space.high[i] - space.low[i]) / 2;
    return clamp(value + noise * half * random.normal(), space.low[i], space.high[i]);
  });
}

/** The environment's reference policy with action noise. */
export function noisyReference(environment: Environment, noise: number): Behaviour {
  return {
    begin: (_, random) => (state) => noisy(environment.action, environment.reference.act(state), noise, random),
  };
}

/**
 * Between the reference policy (mix 0) and uniform random actions (mix 1). Box: (1 − mix) · reference + mix · uniform, so a
 * weaker push as well as a noisier one. Discrete: a random move with probability `mix`.
 */
export function mixedReference(environment: Environment, mix: number): Behaviour {
  const space = environment.action;
  return {
    begin: (_, random) => (state) => {
      const action = environment.reference.act(state);
      if (space.kind === 'discrete') return noisy(space, action, mix, random);
      const uniform = randomAction(space, random);
      return action.map((value, i) => clamp((1 - mix) * value + mix * uniform[i], space.low[i], space.high[i]));
    },
  };
}

/** D4RL's "medium": a policy at about a third of the way from random to expert. */
export const mediumScore = 33;
/** Episodes of the last probes: about so many steps, but enough for a mean where episodes are long. */
const probeSteps = 60_000;
const [fewestEpisodes, mostEpisodes] = [100, 400];
/** Halvings with a quarter of the episodes, while the answer is far off, then with all of them. */
const [coarseHalvings, fineHalvings] = [4, 4];

/**
 * The mix whose measured return is nearest to `mediumScore` on the 0-100 scale, found by bisection. Every probe meets the same
 * starts and the same dice, so that two mixes differ in the mix alone. Only the last, long probes are candidates.
 */
export function* findMediumMix({
  environment,
  references,
  seed,
}: Pick<RecipeContext, 'environment' | 'references' | 'seed'>): Generator<
  Preparing,
  { readonly mix: number; readonly score: number }
> {
  const what = 'Looking for a medium policy';
  const fine = clamp(Math.floor(probeSteps / environment.maxSteps), fewestEpisodes, mostEpisodes);
  const coarse = Math.ceil(fine / 4);
  const of = coarseHalvings * coarse + fineHalvings * fine;
  let done = 0;
  let [low, high] = [0, 1];
  let best = { mix: 1, score: Number.NEGATIVE_INFINITY };
  for (let halving = 0; halving < coarseHalvings + fineHalvings; halving++) {
    const mix = (low + high) / 2;
    const behaviour = mixedReference(environment, mix);
    const episodes = halving < coarseHalvings ? coarse : fine;
    let sum = 0;
    for (let episode = 0; episode < episodes; episode++) {
      if (done++ % 10 === 0) yield { what, done, of };
      const world = stream(seed, 'data', purposes.probeWorld, episode);
      const choices = stream(seed, 'data', purposes.probeBehaviour, episode);
      runEpisode(environment, behaviour, world, choices, ({ reward }) => {
        sum += reward;
        return true;
      });
    }
    const score = normalise(sum / episodes, references);
    const isCandidate = halving >= coarseHalvings;
    if (isCandidate && Math.abs(score - mediumScore) < Math.abs(best.score - mediumScore)) best = { mix, score };
    if (score > mediumScore) low = mix;
    else high = mix;
  }
  return best;
}
