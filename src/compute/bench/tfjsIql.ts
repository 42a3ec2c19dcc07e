/**
 * IQL in TensorFlow.js, for comparison.
 *
 * As in CORL's PyTorch, V(s) and V(s′) are computed once and reused after V's own step, which spares one forward pass in
 * eight compared with the lab's update.
 */
import type { Rank, Scalar, Tensor2D } from '@tensorflow/tfjs';
import { actionSize, hyper, observationSize } from './problem';
import type { TfjsKit, TfjsUpdate } from './tfjsKit';

export function createIql(kit: TfjsKit): TfjsUpdate {
  const { tf, forward, network } = kit;
  const critics = Array.from({ length: hyper.criticCount }, () => network(observationSize + actionSize, 1));
  const targets = critics.map(kit.copyOf);
  const value = network(observationSize, 1);
  const policy = network(observationSize, actionSize);
  const logDeviation = kit.uniform<Rank.R1>([actionSize], 0);
  const [valueOptimiser, policyOptimiser, criticOptimiser] = [0, 1, 2].map(kit.adam);

  /** log N(action; tanh mean, σ²) summed over components, [batch, 1], without the constant. */
  const logLikelihood = (observation: Tensor2D, action: Tensor2D): Tensor2D => {
    const logSigma = tf.clipByValue(logDeviation, -5, 2);
    const z = tf.div<Tensor2D>(tf.sub(action, tf.tanh(forward(policy, observation))), tf.exp(logSigma));
    return tf.sum<Tensor2D>(tf.neg(tf.add(tf.mul(tf.square(z), 0.5), logSigma)), 1, true);
  };

  return () =>
    tf.tidy(() => {
      const batch = kit.draw();
      const { observation, action } = batch;
      const observationAndAction = tf.concat([observation, action], 1);
      const nextValue = forward(value, batch.nextObservation);
      const promised = kit.lowest(targets, observationAndAction);

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
        kit.variablesOf(value),
      )!;

      const target = kit.bootstrap(batch, nextValue);
      const criticLoss = criticOptimiser.minimize(
        () => kit.criticLoss(critics, observationAndAction, target),
        true,
        kit.variablesOf(...critics),
      )!;

      const weight = tf.minimum(tf.exp(tf.mul(advantage, hyper.inverseTemperature)), hyper.maximalWeight);
      advantage.dispose();
      const policyLoss = policyOptimiser.minimize(
        () => tf.neg(tf.mean<Scalar>(tf.mul(weight, logLikelihood(observation, action)))),
        true,
        [...kit.variablesOf(policy), logDeviation],
      )!;

      kit.follow(targets, critics);
      return tf.add(tf.add(valueLoss, criticLoss), policyLoss);
    });
}
