/**
 * Transitions as the tensor programs read them: one record a transition, float32, the fields side by side.
 *
 * Observations may be normalised, box actions are scaled to [−1, 1], discrete actions stay an index. The online phase packs its own
 * steps with the same functions, so that both sources of a batch speak one language.
 */
import type { RecordLayout } from '../compute/program/program';
import type { ActionSpace, Environment } from '../environments/environment';
import { actionSize, observationSize } from '../environments/spaces';
import type { Transitions } from './transitions';

/** observation, action, reward, terminated, nextObservation; the first two adjacent, so that [s, a] is one view. */
export function recordLayout(environment: Pick<Environment, 'observation' | 'action'>): RecordLayout {
  const observation = observationSize(environment);
  const action = actionSize(environment.action);
  const fields = [
    { name: 'observation', first: 0, size: observation },
    { name: 'action', first: observation, size: action },
    { name: 'reward', first: observation + action, size: 1 },
    { name: 'terminated', first: observation + action + 1, size: 1 },
    { name: 'nextObservation', first: observation + action + 2, size: observation },
  ];
  const size = 2 * observation + action + 2;
  return { fields, stride: Math.ceil(size / 4) * 4 };
}

/** scaled = (raw − centre) / spread, one number each a component. */
export interface Scaling {
  readonly centre: Float32Array;
  readonly spread: Float32Array;
}

/** Mean and standard deviation (+ 10⁻³, TD3+BC's guard against constants) of each observation component over the data. */
export function observationScaling({ observations, observationSize: size, count }: Transitions): Scaling {
  const centre = new Float32Array(size);
  const spread = new Float32Array(size);
  for (let component = 0; component < size; component++) {
    let sum = 0;
    for (let row = 0; row < count; row++) sum += observations[row * size + component];
    const mean = sum / count;
    let squares = 0;
    for (let row = 0; row < count; row++) {
      const difference = observations[row * size + component] - mean;
      squares += difference * difference;
    }
    centre[component] = mean;
    spread[component] = Math.sqrt(squares / count) + 1e-3;
  }
  return { centre, spread };
}

/** Middle and half range of a box; discrete actions are an index and stay as they are. */
export function actionScaling(space: ActionSpace): Scaling {
  if (space.kind === 'discrete') return identityScaling(1);
  return {
    centre: Float32Array.from(space.low, (low, i) => (low + space.high[i]) / 2),
    spread: Float32Array.from(space.low, (low, i) => (space.high[i] - low) / 2),
  };
}

export function identityScaling(size: number): Scaling {
  return { centre: new Float32Array(size), spread: new Float32Array(size).fill(1) };
}

/** Writes the scaled values of `raw` from `from` into `into` from `to`. */
function scaleInto(scaling: Scaling, raw: ArrayLike<number>, from: number, into: Float32Array, to: number): void {
  const { centre, spread } = scaling;
  for (let i = 0; i < centre.length; i++) into[to + i] = (raw[from + i] - centre[i]) / spread[i];
}

/** Rows first … first + n − 1 of `raw`, [rows, size], scaled into `into`, [size][columns]; the columns left over become 0. */
export function scaleIntoColumns(
  { centre, spread }: Scaling,
  raw: ArrayLike<number>,
  first: number,
  n: number,
  into: Float32Array,
  columns: number,
): void {
  const size = centre.length;
  for (let i = 0; i < size; i++) {
    const start = i * columns;
    for (let column = 0; column < n; column++)
      into[start + column] = (raw[(first + column) * size + i] - centre[i]) / spread[i];
    into.fill(0, start + n, start + columns);
  }
}

/** The way back: environment units of a policy's actions in [−1, 1], columns 0 … n − 1 of [size][columns], as rows of `into` from `first`. */
export function unscaleColumns(
  { centre, spread }: Scaling,
  scaled: ArrayLike<number>,
  columns: number,
  n: number,
  into: Float32Array,
  first: number,
): void {
  const size = centre.length;
  for (let i = 0; i < size; i++)
    for (let column = 0; column < n; column++)
      into[(first + column) * size + i] = scaled[i * columns + column] * spread[i] + centre[i];
}

/** One transition in the environment's units. */
export interface Transition {
  readonly observation: ArrayLike<number>;
  readonly action: ArrayLike<number>;
  readonly reward: number;
  readonly terminated: boolean;
  readonly nextObservation: ArrayLike<number>;
}
export interface RecordPacker {
  readonly layout: RecordLayout;
  readonly observation: Scaling;
  readonly action: Scaling;
  /** Writes record number `slot` of `records`, shape [slots, stride]. */
  pack(transition: Transition, records: Float32Array, slot: number): void;
  /** All rows, shape [count, stride]. Time limits are not in a record: they do not cut the bootstrap. */
  packAll(transitions: Transitions): Float32Array;
}

/** @param observation  `observationScaling` of the data where the run normalises; absent: observations as they are */
export function recordPacker(
  environment: Pick<Environment, 'observation' | 'action'>,
  observation: Scaling = identityScaling(observationSize(environment)),
): RecordPacker {
  const layout = recordLayout(environment);
  const action = actionScaling(environment.action);
  const [, actionField, rewardField, terminatedField, nextField] = layout.fields;
  function write(
    records: Float32Array,
    slot: number,
    source: {
      readonly observations: ArrayLike<number>;
      readonly actions: ArrayLike<number>;
      readonly nextObservations: ArrayLike<number>;
    },
    row: number,
    reward: number,
    terminated: boolean,
  ): void {
    const start = slot * layout.stride;
    const size = observation.centre.length;
    scaleInto(observation, source.observations, row * size, records, start);
    scaleInto(action, source.actions, row * actionField.size, records, start + actionField.first);
    records[start + rewardField.first] = reward;
    records[start + terminatedField.first] = terminated ? 1 : 0;
    scaleInto(observation, source.nextObservations, row * size, records, start + nextField.first);
  }
  return {
    layout,
    observation,
    action,
    pack(transition, records, slot) {
      const { observation: observations, action: actions, nextObservation: nextObservations } = transition;
      write(records, slot, { observations, actions, nextObservations }, 0, transition.reward, transition.terminated);
    },
    packAll(transitions) {
      const records = new Float32Array(transitions.count * layout.stride);
      for (let row = 0; row < transitions.count; row++) {
        write(records, row, transitions, row, transitions.rewards[row], transitions.terminated[row] === 1);
      }
      return records;
    },
  };
}
