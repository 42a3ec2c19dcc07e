/**
 * Acting in an environment and writing down what happened, episode by episode.
 *
 * Every episode has its own streams, so its course depends on its number and not on how the work was cut into pieces.
 */
import type { Environment, State } from '../environments/environment';
import { actionSize, observationSize } from '../environments/spaces';
import { type RandomStream, stream } from '../numeric/random';
import { numberText } from '../schema/fields';
import type { Preparing } from './recipe';
import type { Transitions } from './transitions';

/** Chooses actions for one episode, in the environment's units; may follow plans of its own. */
export type Actor = (state: State) => ArrayLike<number>;
/** A policy that made data. */
export interface Behaviour {
  /** The start is drawn again until this holds. Absent: anywhere the environment starts. */
  startsAt?(state: State): boolean;
  begin(start: State, random: RandomStream): Actor;
}

/** First index of a 'data' stream: what it is for. Numbers are part of what a link means and never change. */
export const purposes = { world: 0, behaviour: 1, recipe: 2, probeWorld: 3, probeBehaviour: 4 } as const;

/** Rows between two reports: about ten milliseconds of the slowest environment. */
const rowsAReport = 1000;

/**
 * `count` transitions of consecutive episodes; the last is cut where the count is reached.
 *
 * @param behaviourOf  who acts in an episode, given its number and the share of the rows made before it, in [0, 1)
 */
export function* recordEpisodes(
  environment: Environment,
  count: number,
  seed: number,
  behaviourOf: (episode: number, share: number) => Behaviour,
): Generator<Preparing, Transitions> {
  const what = `Making ${numberText(count)} transitions`;
  const log = new TransitionLog(environment, count);
  let reported = 0;
  yield { what, done: 0, of: count };
  for (let episode = 0; log.count < count; episode++) {
    const behaviour = behaviourOf(episode, log.count / count);
    const world = stream(seed, 'data', purposes.world, episode);
    const choices = stream(seed, 'data', purposes.behaviour, episode);
    log.beginEpisode();
    runEpisode(environment, behaviour, world, choices, (step) => {
      log.append(step);
      return log.count < count;
    });
    if (log.count - reported >= rowsAReport) {
      reported = log.count;
      yield { what, done: log.count, of: count };
    }
  }
  return log.transitions();
}

export interface Step {
  readonly state: State;
  /** As stored: float32, inside the bounds. */
  readonly action: Float32Array;
  readonly reward: number;
  readonly nextState: State;
  readonly terminated: boolean;
  /** The step limit was reached and the task had not ended. */
  readonly truncated: boolean;
}

/** One episode under `behaviour`, up to its end or until `visit` returns false. */
export function runEpisode(
  environment: Environment,
  behaviour: Behaviour,
  world: RandomStream,
  choices: RandomStream,
  visit: (step: Step) => boolean,
): void {
  let state = environment.reset(world);
  if (behaviour.startsAt) while (!behaviour.startsAt(state)) state = environment.reset(world);
  const act = behaviour.begin(state, choices);
  const action = new Float32Array(actionSize(environment.action));
  for (let steps = 1; ; steps++) {
    // The environment acts on the very float32 that is stored, so that rewards can be recomputed from the rows.
    action.set(act(state));
    const outcome = environment.step(state, action, world);
    const truncated = steps >= environment.maxSteps && !outcome.terminated;
    const goOn = visit({
      state,
      action,
      reward: outcome.reward,
      nextState: outcome.state,
      terminated: outcome.terminated,
      truncated,
    });
    if (!goOn || truncated || outcome.terminated) return;
    state = outcome.state;
  }
}

/** Rows of a known number, filled in order. */
class TransitionLog {
  count = 0;
  readonly #environment: Environment;
  readonly #rows: Omit<Transitions, 'count' | 'episodeStart'>;
  readonly #episodeStart: number[] = [];

  constructor(environment: Environment, capacity: number) {
    this.#environment = environment;
    const observations = observationSize(environment);
    const actions = actionSize(environment.action);
    this.#rows = {
      observationSize: observations,
      actionSize: actions,
      observations: new Float32Array(capacity * observations),
      actions: new Float32Array(capacity * actions),
      rewards: new Float32Array(capacity),
      nextObservations: new Float32Array(capacity * observations),
      terminated: new Uint8Array(capacity),
      truncated: new Uint8Array(capacity),
    };
  }

  beginEpisode(): void {
    this.#episodeStart.push(this.count);
  }

  append({ state, action, reward, nextState, terminated, truncated }: Step): void {
    const { observations, actions, rewards, nextObservations } = this.#rows;
    const row = this.count++;
    const offset = row * this.#rows.observationSize;
    this.#environment.observe(state, observations, offset);
    this.#environment.observe(nextState, nextObservations, offset);
    actions.set(action, row * this.#rows.actionSize);
    rewards[row] = reward;
    this.#rows.terminated[row] = terminated ? 1 : 0;
    this.#rows.truncated[row] = truncated ? 1 : 0;
  }

  /** The rows; the last one ends its episode, if only because the recording stopped there. */
  transitions(): Transitions {
    const last = this.count - 1;
    if (last >= 0 && !this.#rows.terminated[last]) this.#rows.truncated[last] = 1;
    return { ...this.#rows, count: this.count, episodeStart: Uint32Array.from(this.#episodeStart) };
  }
}
