/** TD3+BC in TensorFlow.js, for comparison: the loss divided by α as in the lab's, the policy every second update. */
import type { Scalar, Tensor2D } from '@tensorflow/tfjs';
import { actionSize, hyper, observationSize } from './problem';
import type { TfjsKit, TfjsUpdate } from './tfjsKit';

export function createTd3bc(kit: TfjsKit): TfjsUpdate {
  const { tf, forward, network } = kit;
  const critics = Array.from({ length: hyper.criticCount }, () => network(observationSize + actionSize, 1));
  const targets = critics.map(kit.copyOf);
  const policy = network(observationSize, actionSize);
  const targetPolicy = kit.copyOf(policy);
  const [policyOptimiser, criticOptimiser] = [0, 1].map(kit.adam);
  let updates = 0;

  return () =>
    tf.tidy(() => {
      const batch = kit.draw();
      const { observation, action, nextObservation } = batch;
      const drawn = tf.randomNormal([kit.batch, actionSize], 0, hyper.targetNoise);
      const noise = tf.clipByValue(drawn, -hyper.targetNoiseClip, hyper.targetNoiseClip);
      const nextAction = tf.clipByValue(tf.add(tf.tanh(forward(targetPolicy, nextObservation)), noise), -1, 1);
      const promised = kit.lowest(targets, tf.concat([nextObservation, nextAction as Tensor2D], 1));
      const target = kit.bootstrap(batch, promised);
      const observationAndAction = tf.concat([observation, action], 1);
      const criticLoss = criticOptimiser.minimize(
        () => kit.criticLoss(critics, observationAndAction, target),
        true,
        kit.variablesOf(...critics),
      )!;
      updates++;
      if (updates % hyper.policyDelay !== 0) return criticLoss;

      const policyLoss = policyOptimiser.minimize(
        () => {
          const chosen = tf.tanh(forward(policy, observation));
          const q = forward(critics[0], tf.concat([observation, chosen], 1));
          const scale = meanMagnitude(q);
          const cloning = tf.mean<Scalar>(tf.square(tf.sub(chosen, action)));
          return tf.add<Scalar>(tf.neg(tf.div(tf.mean(q), scale)), tf.mul(cloning, hyper.cloning));
        },
        true,
        kit.variablesOf(policy),
      )!;
      kit.follow(targets, critics);
      kit.follow([targetPolicy], [policy]);
      return tf.add(criticLoss, policyLoss);
    });

  /** mean |q|, through which no gradient flows. */
  function meanMagnitude(q: Tensor2D): Scalar {
    return tf.customGrad((x) => ({
      value: tf.mean(tf.abs(x as Tensor2D)),
      gradFunc: () => tf.zerosLike(q),
    }))(q) as Scalar;
  }
}
