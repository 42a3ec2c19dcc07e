/** SAC in TensorFlow.js, for comparison: a squashed Gaussian policy and a learnt temperature. */
import type { Rank, Scalar, Tensor2D } from '@tensorflow/tfjs';
import { actionSize, hyper, observationSize } from './problem';
import type { TfjsKit, TfjsUpdate } from './tfjsKit';

export function createSac(kit: TfjsKit): TfjsUpdate {
  const { tf, forward, network } = kit;
  const critics = Array.from({ length: hyper.criticCount }, () => network(observationSize + actionSize, 1));
  const targets = critics.map(kit.copyOf);
  /** Mean and log σ of every component side by side. */
  const policy = network(observationSize, 2 * actionSize);
  const logTemperature = kit.uniform<Rank.R1>([1], 0);
  const [policyOptimiser, criticOptimiser, temperatureOptimiser] = [0, 1, 2].map(kit.adam);

  /** A reparameterised draw in (−1, 1) and its log-probability without the constant, [batch, size] and [batch, 1]. */
  const sample = (observation: Tensor2D) => {
    const [mean, raw] = tf.split<Tensor2D>(forward(policy, observation), 2, 1);
    const logDeviation = tf.clipByValue(raw, -5, 2);
    const noise = tf.randomNormal<Rank.R2>([kit.batch, actionSize]);
    const inside = tf.add<Tensor2D>(mean, tf.mul(noise, tf.exp(logDeviation)));
    const density = tf.neg(tf.add(tf.mul(tf.square(noise), 0.5), logDeviation));
    // log(1 − tanh² u) = 2·(log 2 − u − softplus(−2u))
    const slope = tf.mul(tf.sub(Math.LN2, tf.add(inside, tf.softplus(tf.mul(inside, -2)))), 2);
    return { action: tf.tanh(inside), logProbability: tf.sum<Tensor2D>(tf.sub(density, slope), 1, true) };
  };

  return () =>
    tf.tidy(() => {
      const batch = kit.draw();
      const { observation, nextObservation } = batch;
      const temperature = tf.exp(logTemperature);
      const next = sample(nextObservation);
      const promised = kit.lowest(targets, tf.concat([nextObservation, next.action], 1));
      const target = kit.bootstrap(batch, tf.sub(promised, tf.mul(temperature, next.logProbability)));
      const observationAndAction = tf.concat([observation, batch.action], 1);
      const criticLoss = criticOptimiser.minimize(
        () => kit.criticLoss(critics, observationAndAction, target),
        true,
        kit.variablesOf(...critics),
      )!;

      let logProbability = target; // of the policy before its step; set while the loss is computed
      const policyLoss = policyOptimiser.minimize(
        () => {
          const own = sample(observation);
          logProbability = tf.keep(own.logProbability);
          const q = kit.lowest(critics, tf.concat([observation, own.action], 1));
          return tf.mean<Scalar>(tf.sub(tf.mul(temperature, own.logProbability), q));
        },
        true,
        kit.variablesOf(policy),
      )!;

      const shortfall = tf.mean(tf.add(logProbability, hyper.targetEntropy * actionSize));
      logProbability.dispose();
      const temperatureLoss = temperatureOptimiser.minimize(
        () => tf.neg(tf.mean<Scalar>(tf.mul(logTemperature, shortfall))),
        true,
        [logTemperature],
      )!;
      kit.follow(targets, critics);
      return tf.add(tf.add(criticLoss, policyLoss), temperatureLoss);
    });
}
