/** The two ends of the 0-100 scale, measured under the settings shown, never typed in. */
import { type RandomStream, stream } from '../numeric/random';
import type { Environment, State } from './environment';
import { randomAction } from './spaces';
import { vectorise } from './vector';

export interface References {
  /** Mean undiscounted return of uniform random actions and of the reference policy, measured under the same settings. */
  readonly random: number;
  readonly reference: number;
  readonly referenceName: string;
  readonly episodes: number;
}

/**
 * Mean undiscounted return of uniform random actions and of the environment's reference policy, each over `episodes` episodes with
 * the environment's time limit. Both policies start from the same states.
 *
 * @throws RangeError if `episodes` is not a positive integer
 */
export function measureReferences<S extends State>(
  environment: Environment<S>,
  seed: number,
  episodes: number,
): References {
  if (!Number.isSafeInteger(episodes) || episodes < 1) {
    throw new RangeError(`episodes: expected a positive integer, got ${episodes}`);
  }
  const actionStreams = streams(seed, 1, episodes);
  return {
    random: meanReturn(environment, seed, episodes, (_, copy) => randomAction(environment.action, actionStreams[copy])),
    reference: meanReturn(environment, seed, episodes, (state) => environment.reference.act(state)),
    referenceName: environment.reference.name,
    episodes,
  };
}

/** Where a return lies between random (0) and the reference policy (100); beyond both ends too. */
export function normalise(episodeReturn: number, { random, reference }: References): number {
  return (100 * (episodeReturn - random)) / (reference - random);
}

/** Purpose 0: the environment's draws, 1: the random policy's. */
function streams(seed: number, purpose: 0 | 1, episodes: number): RandomStream[] {
  return Array.from({ length: episodes }, (_, episode) => stream(seed, 'reference', purpose, episode));
}

function meanReturn<S extends State>(
  environment: Environment<S>,
  seed: number,
  episodes: number,
  act: (state: S, copy: number) => readonly number[],
): number {
  const copies = vectorise(environment, streams(seed, 0, episodes), { onEnd: 'stop' });
  let sum = 0;
  while (copies.running > 0) {
    copies.step(copies.states.flatMap(act));
    for (const reward of copies.rewards) sum += reward;
  }
  return sum / episodes;
}
