/**
 * The update as someone who knows TensorFlow.js would write it: one fused product, bias and activation a layer,
 * `optimizer.minimize` for each network, batches gathered on the device. Neither our programs nor our planner.
 *
 * As in CORL's PyTorch, V(s) and V(s′) are computed once and reused after V's own step, which spares one forward pass in
 * eight compared with the lab's update.
 */
import type { Rank, Scalar, ShapeMap, Tensor2D, Variable } from '@tensorflow/tfjs';
import { stream } from '../../numeric/random';
import { type Backend, loadTfjs, onBackend, type Tfjs } from '../tfjs/library';
import type { Contender } from './contender';
import { actionSize, hyper, makeRecords, observationSize, recordLayout, type Size, seed, transitions } from './problem';

export async function tfjsContender(backend: Backend, size: Size, clock: () => number): Promise<Contender> {
  const tf = await loadTfjs();
  const before = new Set(Object.keys(tf.engine().registeredVariables));
  const { update, records } = await onBackend(tf, backend, () => createLearner(tf, size));
  return {
    executor: `tfjs-${backend}`,
    version: `TensorFlow.js ${tf.version.tfjs}`,
    async time(updates) {
      const { loss, start } = await onBackend(tf, backend, () => {
        const start = clock();
        for (let done = 1; done < updates; done++) update().dispose();
        return { loss: update(), start };
      });
      await loss.data(); // a GPU backend has only queued its work until here
      const elapsed = clock() - start;
      loss.dispose();
      return elapsed;
    },
    async close() {
      records.dispose();
      for (const [name, variable] of Object.entries(tf.engine().registeredVariables)) {
        if (!before.has(name)) variable.dispose(); // the optimisers' too
      }
    },
  };
}

type Layer = readonly [weights: Variable<Rank.R2>, bias: Variable<Rank.R1>];

function createLearner(tf: Tfjs, { hidden, batch }: Size) {
  const random = stream(seed, 'init');
  const uniform = <R extends Rank>(shape: ShapeMap[R], bound: number): Variable<R> =>
    tf.tidy(() => tf.variable(tf.randomUniform<R>(shape, -bound, bound, 'float32', random.bits())));
  const network = (inputs: number, outputs: number): Layer[] => {
    const sizes = [inputs, hidden, hidden, outputs];
    return sizes.slice(1).map((units, i) => {
      const bound = 1 / Math.sqrt(sizes[i]);
      return [uniform<Rank.R2>([sizes[i], units], bound), uniform<Rank.R1>([units], bound)];
    });
  };
  const variablesOf = (...networks: Layer[][]): Variable[] => networks.flat(2);
  /** [batch, inputs] → [batch, outputs] */
  const forward = (layers: readonly Layer[], input: Tensor2D): Tensor2D =>
    layers.reduce<Tensor2D>((x, [weights, bias], i) => {
      const activation = i < layers.length - 1 ? 'relu' : 'linear';
      return tf.fused.matMul({ a: x, b: weights, bias, activation }) as Tensor2D;
    }, input);

  const records = tf.tensor2d(makeRecords(), [transitions, recordLayout.stride]);
  const critics = Array.from({ length: hyper.criticCount }, () => network(observationSize + actionSize, 1));
  const targets = critics.map((layers) =>
    layers.map(([weights, bias]): Layer => [tf.variable(weights, false), tf.variable(bias, false)]),
  );
  const value = network(observationSize, 1);
  const policy = network(observationSize, actionSize);
  const logDeviation = uniform<Rank.R1>([actionSize], 0);
  const [valueOptimiser, policyOptimiser, criticOptimiser] = [0, 1, 2].map(() => tf.train.adam(hyper.learningRate));

  const field = (rows: Tensor2D, wanted: string): Tensor2D => {
    const { first, size } = recordLayout.fields.find(({ name }) => name === wanted)!;
    return tf.slice(rows, [0, first], [batch, size]);
  };
  /** log N(action; tanh mean, σ²) summed over components, [batch, 1], without the constant. */
  const logLikelihood = (observation: Tensor2D, action: Tensor2D): Tensor2D => {
    const logSigma = tf.clipByValue(logDeviation, -5, 2);
    const z = tf.div<Tensor2D>(tf.sub(action, tf.tanh(forward(policy, observation))), tf.exp(logSigma));
    return tf.sum<Tensor2D>(tf.neg(tf.add(tf.mul(tf.square(z), 0.5), logSigma)), 1, true);
  };

  const update = (): Scalar =>
    tf.tidy(() => {
      const drawn = Int32Array.from({ length: batch }, () => random.index(transitions));
      const rows = tf.gather(records, tf.tensor1d(drawn, 'int32'));
      const observation = field(rows, 'observation');
      const action = field(rows, 'action');
      const observationAndAction = tf.concat([observation, action], 1);
      const nextValue = forward(value, field(rows, 'nextObservation'));
      const promised = targets
        .map((critic) => forward(critic, observationAndAction))
        .reduce((lowest, q) => tf.minimum(lowest, q));

      let advantage = promised; // of V before its step; set while the loss is computed
      const valueLoss = valueOptimiser.minimize(
        () => {
          advantage = tf.keep(tf.sub(promised, forward(value, observation)));
          // |τ − 1(A < 0)|·A², written without the comparison, which TensorFlow.js cannot differentiate through.
          const above = tf.mul(tf.square(tf.relu(advantage)), hyper.expectile);
          const below = tf.mul(tf.square(tf.relu(tf.neg(advantage))), 1 - hyper.expectile);
          return tf.mean(tf.add(above, below));
        },
        true,
        variablesOf(value),
      )!;

      const target = tf.add(
        field(rows, 'reward'),
        tf.mul(tf.mul(tf.sub(1, field(rows, 'terminated')), hyper.discount), nextValue),
      );
      const criticLoss = criticOptimiser.minimize(
        () =>
          critics
            .map((critic) => tf.mean<Scalar>(tf.square(tf.sub(target, forward(critic, observationAndAction)))))
            .reduce((sum, loss) => tf.add(sum, loss)),
        true,
        variablesOf(...critics),
      )!;

      const weight = tf.minimum(tf.exp(tf.mul(advantage, hyper.inverseTemperature)), hyper.maximalWeight);
      advantage.dispose();
      const policyLoss = policyOptimiser.minimize(
        () => tf.neg(tf.mean<Scalar>(tf.mul(weight, logLikelihood(observation, action)))),
        true,
        [...variablesOf(policy), logDeviation],
      )!;

      const learnt = variablesOf(...critics);
      for (const [i, variable] of variablesOf(...targets).entries()) {
        variable.assign(tf.add(variable, tf.mul(tf.sub(learnt[i], variable), hyper.targetRate)));
      }
      return tf.add(tf.add(valueLoss, criticLoss), policyLoss);
    });

  return { update, records };
}
