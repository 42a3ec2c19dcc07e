/**
 * Greedy episodes in lockstep, and what they tell: returns, the critic's promise beside what came of it, actions outside
 * the data. Evaluation has random streams of its own and touches no state of the learner: it never changes a bit.
 */
import type { Environment, State } from '../environments/environment';
import { type RandomStream, type StreamName, stream } from '../numeric/random';
import { mean } from '../numeric/statistics';
import type { Learner } from './learner';

/** Episodes whose realised return is measured: enough for the gap, cheap enough to do at every evaluation. */
const trackedEpisodes = 8;
/** States of each tracked episode at which promise and outcome are compared. */
const comparedStates = 32;
/** The discounted return is rolled on until a reward weighs less than this. */
const negligible = 0.01;
const longestTail = 1000;

export interface Episodes {
  /** Undiscounted returns within the time limit, one an episode. */
  readonly returns: number[];
  /** Everything visited within the limit, row-major: observations [n, size] and actions [n, action size]. */
  readonly observations: Float32Array;
  readonly actions: Float32Array;
  /** Of the tracked episodes: observation and discounted return realised from it. */
  readonly compared: { readonly observations: Float32Array; readonly realised: Float64Array };
}

/** Steps after which γᵏ < 0.01, at most 1,000. */
export function tailLength(discount: number): number {
  let steps = 0;
  for (let weight = 1; weight >= negligible && steps < longestTail; weight *= discount) steps++;
  return steps;
}

/**
 * Plays `episodes` greedy episodes. With a `discount`, the first few are rolled on past the time limit, so that the
 * discounted return from each compared state is whole; their return still counts the steps within the limit only.
 */
export async function playEpisodes(
  learner: Learner,
  environment: Environment,
  random: { readonly seed: number; readonly name: StreamName; readonly indices: readonly number[] },
  episodes: number,
  discount?: number,
): Promise<Episodes> {
  const size = environment.observation.low.length;
  const limit = environment.maxSteps;
  const tail = discount === undefined ? 0 : tailLength(discount);
  const tracked = discount === undefined ? 0 : Math.min(trackedEpisodes, episodes);
  const streams: RandomStream[] = [];
  const states: State[] = [];
  for (let episode = 0; episode < episodes; episode++) {
    streams.push(stream(random.seed, random.name, ...random.indices, episode));
    states.push(environment.reset(streams[episode]));
  }
  const returns = new Array<number>(episodes).fill(0);
  const rewards = Array.from({ length: tracked }, () => [] as number[]);
  const visitedObservations: Float32Array[] = [];
  const visitedActions: Float32Array[] = [];
  const comparedObservations: { episode: number; step: number; observation: Float32Array }[] = [];
  const every = Math.max(1, Math.ceil(limit / comparedStates));
  let alive = states.map((_, episode) => episode);
  for (let step = 0; alive.length > 0 && step < limit + tail; step++) {
    if (step === limit) alive = alive.filter((episode) => episode < tracked);
    if (alive.length === 0) break;
    const observations = new Float32Array(alive.length * size);
    alive.forEach((episode, row) => {
      environment.observe(states[episode], observations, row * size);
    });
    const actions = await learner.greedy(observations);
    const actionSize = learner.actionSize;
    if (step < limit) {
      visitedObservations.push(observations);
      visitedActions.push(actions);
    }
    const next: number[] = [];
    alive.forEach((episode, row) => {
      if (episode < tracked && step < limit && step % every === 0)
        comparedObservations.push({ episode, step, observation: observations.slice(row * size, (row + 1) * size) });
      const outcome = environment.step(
        states[episode],
        actions.subarray(row * actionSize, (row + 1) * actionSize),
        streams[episode],
      );
      states[episode] = outcome.state;
      if (step < limit) returns[episode] += outcome.reward;
      if (episode < tracked) rewards[episode].push(outcome.reward);
      if (!outcome.terminated) next.push(episode);
    });
    alive = next;
  }
  const realised = new Float64Array(comparedObservations.length);
  if (discount !== undefined) {
    const fromStep = rewards.map((list) => discountedFrom(list, discount));
    comparedObservations.forEach(({ episode, step }, row) => {
      realised[row] = fromStep[episode][step];
    });
  }
  return {
    returns,
    observations: concatenate(visitedObservations),
    actions: concatenate(visitedActions),
    compared: { observations: concatenate(comparedObservations.map(({ observation }) => observation)), realised },
  };
}

/** Mean promise and mean outcome over the compared states; null without a critic. */
export async function promiseAndOutcome(
  learner: Learner,
  compared: Episodes['compared'],
): Promise<{ predicted: number; realised: number } | null> {
  if (compared.realised.length === 0) return null;
  const { promised } = await learner.judge(compared.observations);
  if (!promised) return null;
  return { predicted: mean(promised), realised: mean(compared.realised) };
}

function discountedFrom(rewards: readonly number[], discount: number): Float64Array {
  const from = new Float64Array(rewards.length);
  let next = 0;
  for (let step = rewards.length - 1; step >= 0; step--) {
    next = rewards[step] + discount * next;
    from[step] = next;
  }
  return from;
}
export function concatenate(parts: readonly Float32Array[]): Float32Array {
  const into = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    into.set(part, at);
    at += part.length;
  }
  return into;
}
