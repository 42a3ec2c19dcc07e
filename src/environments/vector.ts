/**
 * Many copies of one environment, stepped together: evaluation of 20-100 episodes in one batch, and the online loop with one copy.
 *
 * Here and nowhere else a time limit becomes `truncated`: the step count reached the limit and the environment did not end. A step
 * that does both is `terminated` alone, so a bootstrap is cut only by a true end.
 */
import type { RandomStream } from '../numeric/random';
import type { Environment, State } from './environment';
import { actionSize, observationSize } from './spaces';

export interface VectorOptions {
  /** After an episode's end: start the next one in the same call, or leave the copy where it ended. Reset unless said. */
  readonly onEnd?: 'reset' | 'stop';
  /** Steps before truncation; the environment's own unless said. Infinity rolls on past the time limit. */
  readonly maxSteps?: number;
}

/** Everything that a copy's future depends on, as plain JSON. */
export interface VectorState<S extends State = State> {
  readonly copies: readonly {
    readonly state: S;
    /** Steps taken in the episode. */
    readonly steps: number;
    readonly running: boolean;
    /** Words drawn from the copy's stream. */
    readonly position: number;
  }[];
}

export interface VectorEnvironment<S extends State = State> {
  readonly environment: Environment<S>;
  readonly count: number;
  readonly observationSize: number;
  readonly actionSize: number;
  /** Copies whose episode goes on: all of them, unless they stop at an episode's end. */
  readonly running: number;

  /** [count] what each copy is in now; with `onEnd: 'reset'` already in the next episode after an end. */
  readonly states: readonly S[];
  /** [count, observationSize] of `states`: what to act on next. Overwritten by the next step. */
  readonly observations: Float32Array;

  // What the last step did. All are overwritten by the next one.
  /** [count, observationSize], before any reset: what belongs in a transition. */
  readonly nextObservations: Float32Array;
  /** [count]; 0 for a copy that had stopped. */
  readonly rewards: Float64Array;
  /** [count]; 1 where the episode ended by itself. */
  readonly terminated: Uint8Array;
  /** [count]; 1 where the time limit cut it; never together with `terminated`. */
  readonly truncated: Uint8Array;
  /** [count]; 1 where a copy took part in the last step. */
  readonly stepped: Uint8Array;

  /**
   * One step of every running copy.
   *
   * @param actions  [count, actionSize] in the environment's units; rows of stopped copies are not read
   * @throws RangeError if there are not count × actionSize numbers
   */
  step(actions: ArrayLike<number>): void;
  save(): VectorState<S>;
  /** @throws RangeError if `saved` has another number of copies */
  restore(saved: VectorState<S>): void;
}

/** A copy of `environment` for each stream, each at the start of its first episode. A copy draws from its own stream only. */
export function vectorise<S extends State>(
  environment: Environment<S>,
  streams: readonly RandomStream[],
  options: VectorOptions = {},
): VectorEnvironment<S> {
  return new Copies(environment, streams, options);
}

class Copies<S extends State> implements VectorEnvironment<S> {
  readonly count: number;
  readonly observationSize: number;
  readonly actionSize: number;
  readonly states: S[];
  readonly observations: Float32Array;
  readonly nextObservations: Float32Array;
  readonly rewards: Float64Array;
  readonly terminated: Uint8Array;
  readonly truncated: Uint8Array;
  readonly stepped: Uint8Array;
  readonly #stopsAtEnd: boolean;
  readonly #maxSteps: number;
  readonly #steps: number[];
  readonly #running: boolean[];
  readonly #action: Float64Array;

  constructor(
    readonly environment: Environment<S>,
    readonly streams: readonly RandomStream[],
    { onEnd = 'reset', maxSteps = environment.maxSteps }: VectorOptions,
  ) {
    this.count = streams.length;
    this.observationSize = observationSize(environment);
    this.actionSize = actionSize(environment.action);
    this.observations = new Float32Array(this.count * this.observationSize);
    this.nextObservations = new Float32Array(this.count * this.observationSize);
    this.rewards = new Float64Array(this.count);
    this.terminated = new Uint8Array(this.count);
    this.truncated = new Uint8Array(this.count);
    this.stepped = new Uint8Array(this.count);
    this.#stopsAtEnd = onEnd === 'stop';
    this.#maxSteps = maxSteps;
    this.#steps = streams.map(() => 0);
    this.#running = streams.map(() => true);
    this.#action = new Float64Array(this.actionSize);
    this.states = streams.map((random) => environment.reset(random));
    this.#observe();
  }

  get running(): number {
    let running = 0;
    for (const runs of this.#running) if (runs) running++;
    return running;
  }

  step(actions: ArrayLike<number>): void {
    if (actions.length !== this.count * this.actionSize) {
      throw new RangeError(`actions: expected ${this.count} × ${this.actionSize} numbers, got ${actions.length}`);
    }
    for (let copy = 0; copy < this.count; copy++) this.#stepCopy(copy, actions);
  }

  save(): VectorState<S> {
    return {
      copies: this.states.map((state, copy) => ({
        state,
        steps: this.#steps[copy],
        running: this.#running[copy],
        position: this.streams[copy].position,
      })),
    };
  }

  restore({ copies }: VectorState<S>): void {
    if (copies.length !== this.count) {
      throw new RangeError(`saved copies: expected ${this.count}, got ${copies.length}`);
    }
    copies.forEach(({ state, steps, running, position }, copy) => {
      this.states[copy] = state;
      this.#steps[copy] = steps;
      this.#running[copy] = running;
      this.streams[copy].position = position;
    });
    this.#observe();
  }

  #stepCopy(copy: number, actions: ArrayLike<number>): void {
    this.rewards[copy] = this.terminated[copy] = this.truncated[copy] = this.stepped[copy] = 0;
    if (!this.#running[copy]) return;
    for (let i = 0; i < this.actionSize; i++) this.#action[i] = actions[copy * this.actionSize + i];

    const random = this.streams[copy];
    const { state, reward, terminated } = this.environment.step(this.states[copy], this.#action, random);
    this.#steps[copy]++;
    const truncated = !terminated && this.#steps[copy] >= this.#maxSteps;
    this.rewards[copy] = reward;
    this.terminated[copy] = terminated ? 1 : 0;
    this.truncated[copy] = truncated ? 1 : 0;
    this.stepped[copy] = 1;

    const offset = copy * this.observationSize;
    this.states[copy] = state;
    this.environment.observe(state, this.nextObservations, offset);
    if ((terminated || truncated) && this.#stopsAtEnd) this.#running[copy] = false;
    else if (terminated || truncated) {
      this.states[copy] = this.environment.reset(random);
      this.#steps[copy] = 0;
    }
    this.environment.observe(this.states[copy], this.observations, offset);
  }

  #observe(): void {
    for (let copy = 0; copy < this.count; copy++) {
      this.environment.observe(this.states[copy], this.observations, copy * this.observationSize);
    }
  }
}
