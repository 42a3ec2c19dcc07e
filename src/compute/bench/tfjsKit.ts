/** What the TensorFlow.js peers share: dense networks, minibatches of the records on the device, targets that follow. */
import type { Rank, Scalar, ShapeMap, Tensor2D, Variable } from '@tensorflow/tfjs';
import { stream } from '../../numeric/random';
import type { Tfjs } from '../tfjs/library';
import { hyper, makeRecords, recordLayout, seed, transitions } from './problem';
import type { Size } from './sizes';

type Layer = readonly [weights: Variable<Rank.R2>, bias: Variable<Rank.R1>];
export type Layers = readonly Layer[];
/** One update; its result is the sum of its losses, the caller's to dispose. */
export type TfjsUpdate = () => Scalar;

/** Each [batch, size of the field]. */
export interface TfjsBatch {
  readonly observation: Tensor2D;
  readonly action: Tensor2D;
  readonly reward: Tensor2D;
  readonly terminated: Tensor2D;
  readonly nextObservation: Tensor2D;
}
export type TfjsKit = ReturnType<typeof createKit>;

export function createKit(tf: Tfjs, { hidden, batch }: Size) {
  const random = stream(seed, 'init');
  const uniform = <R extends Rank>(shape: ShapeMap[R], bound: number): Variable<R> =>
    tf.tidy(() => tf.variable(tf.randomUniform<R>(shape, -bound, bound, 'float32', random.bits())));
  /** Two hidden layers and a linear one, with PyTorch's start. */
  const network = (inputs: number, outputs: number): Layers => {
    const sizes = [inputs, hidden, hidden, outputs];
    return sizes.slice(1).map((units, i) => {
      const bound = 1 / Math.sqrt(sizes[i]);
      return [uniform<Rank.R2>([sizes[i], units], bound), uniform<Rank.R1>([units], bound)];
    });
  };
  /** A copy that only `follow` changes. */
  const copyOf = (layers: Layers): Layers =>
    layers.map(([weights, bias]): Layer => [tf.variable(weights, false), tf.variable(bias, false)]);
  const variablesOf = (...networks: Layers[]): Variable[] => networks.flat(2) as Variable[];
  /** Moves every target a step towards what was learnt. */
  const follow = (targets: readonly Layers[], learnt: readonly Layers[]): void => {
    const towards = variablesOf(...learnt);
    for (const [i, variable] of variablesOf(...targets).entries()) {
      variable.assign(tf.add(variable, tf.mul(tf.sub(towards[i], variable), hyper.targetRate)));
    }
  };
  /** [batch, inputs] → [batch, outputs] */
  const forward = (layers: Layers, input: Tensor2D): Tensor2D =>
    layers.reduce<Tensor2D>((x, [weights, bias], i) => {
      const activation = i < layers.length - 1 ? 'relu' : 'linear';
      return tf.fused.matMul({ a: x, b: weights, bias, activation }) as Tensor2D;
    }, input);
  /** Element by element, the lowest of all critics; [batch, 1] */
  const lowest = (critics: readonly Layers[], input: Tensor2D): Tensor2D =>
    critics.map((critic) => forward(critic, input)).reduce((least, q) => tf.minimum(least, q));
  /** Σᵢ E[(target − Qᵢ)²] */
  const criticLoss = (critics: readonly Layers[], input: Tensor2D, target: Tensor2D): Scalar =>
    critics
      .map((critic) => tf.mean<Scalar>(tf.square(tf.sub(target, forward(critic, input)))))
      .reduce((sum, loss) => tf.add(sum, loss));

  const records = tf.tensor2d(makeRecords(), [transitions, recordLayout.stride]);
  const field = (rows: Tensor2D, wanted: string): Tensor2D => {
    const { first, size } = recordLayout.fields.find(({ name }) => name === wanted)!;
    return tf.slice(rows, [0, first], [batch, size]);
  };
  /** A minibatch of the records, in a tidy of the caller's. */
  const draw = (): TfjsBatch => {
    const drawn = Int32Array.from({ length: batch }, () => random.index(transitions));
    const rows = tf.gather(records, tf.tensor1d(drawn, 'int32'));
    return {
      observation: field(rows, 'observation'),
      action: field(rows, 'action'),
      reward: field(rows, 'reward'),
      terminated: field(rows, 'terminated'),
      nextObservation: field(rows, 'nextObservation'),
    };
  };
  /** r + γ·(1 − terminated)·promised; [batch, 1] */
  const bootstrap = ({ reward, terminated }: TfjsBatch, promised: Tensor2D): Tensor2D =>
    tf.add(reward, tf.mul(tf.mul(tf.sub(1, terminated), hyper.discount), promised));
  const adam = () => tf.train.adam(hyper.learningRate);

  return {
    tf,
    batch,
    records,
    uniform,
    network,
    copyOf,
    variablesOf,
    follow,
    forward,
    lowest,
    criticLoss,
    draw,
    bootstrap,
    adam,
  };
}
