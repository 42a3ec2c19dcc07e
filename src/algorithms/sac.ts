/**
 * Soft actor-critic. Haarnoja et al. 2018, https://arxiv.org/abs/1812.05905 (with the learnt temperature)
 *
 * Q_θ critics · Q_θ̂ targets · π_φ squashed Gaussian policy · α temperature · H̄ target entropy · γ discount.
 */
import { flag, real } from '../schema/fields';
import { type Batch, defineAlgorithm } from './algorithm';
import { criticLoss, discount, learningRate, meanQ, targetRate } from './common';

export const sac = defineAlgorithm({
  id: 'sac',
  name: 'SAC',
  title: 'Soft actor-critic',
  paper: {
    authors: 'Haarnoja et al.',
    year: 2018,
    title: 'Soft Actor-Critic Algorithms and Applications',
    link: 'https://arxiv.org/abs/1812.05905',
  },
  params: {
    discount,
    learningRate,
    targetRate,
    targetEntropy: real({
      default: -1,
      min: -5,
      max: 1,
      step: 0.1,
      live: true,
      label: 'Target entropy per action part',
      main: true,
      help: 'How random the policy is kept. Lower is more decided; −1 is the authors’ choice.',
    }),
    entropyInTarget: flag({
      default: true,
      label: 'Entropy in the target',
      help: 'Whether the critic also counts the entropy that the policy will earn later.',
    }),
  },
  metrics: {
    criticLoss,
    policyLoss: { label: 'Policy loss', help: 'Temperature times log-probability minus Q of the policy’s own action.' },
    temperature: {
      label: 'Temperature α',
      help: 'The price of certainty: how much one unit of entropy counts against return.',
    },
    entropy: {
      label: 'Entropy',
      help: 'How random the policy is, averaged over the batch; it is steered to the target entropy.',
    },
    meanQ,
  },
  equations: [
    {
      name: 'Critics',
      tex: "L_Q(\\theta)=\\mathbb{E}\\left[\\sum_i\\left(r+\\gamma(1-d)\\left(\\min_j Q_{\\hat\\theta_j}(s',\\tilde a')-\\alpha\\log\\pi_\\phi(\\tilde a'\\mid s')\\right)-Q_{\\theta_i}(s,a)\\right)^2\\right]",
    },
    {
      name: 'Policy',
      tex: 'L_\\pi(\\phi)=\\mathbb{E}\\left[\\alpha\\log\\pi_\\phi(\\tilde a\\mid s)-\\min_i Q_{\\theta_i}(s,\\tilde a)\\right]',
    },
    {
      name: 'Temperature',
      tex: 'L(\\alpha)=\\mathbb{E}\\left[-\\log\\alpha\\left(\\log\\pi_\\phi(\\tilde a\\mid s)+\\bar H\\right)\\right]',
    },
    { name: 'Targets', tex: '\\hat\\theta\\leftarrow\\hat\\theta+\\rho(\\theta-\\hat\\theta)' },
  ],
  deviations: ['The temperature’s loss is written in log α, as most code does.', 'log σ is clipped to [−5, 2].'],
  limits: 'It asks the critic about actions of its own: on fixed data alone nothing corrects what the critic invents.',
  capabilities: { actions: ['box'], offline: true, online: true, critic: true, anchor: true },
  networks: (build) => {
    const critic = build.critics();
    return {
      critic,
      targetCritic: build.lagging(critic),
      policy: build.gaussianPolicy('squashed'),
      logTemperature: build.scalar('logTemperature', 0),
    };
  },
  program({ critic, targetCritic, policy, logTemperature }, hyper, params) {
    return {
      policy,
      networks: { critic, targetCritic, policy, logTemperature },
      greedy: policy.greedy,
      explore: (observation, record) =>
        policy.sample(observation, record.normal(policy.greedy(observation).shape.rows)).action,
      actionValue: critic.min,
      update(batch, record) {
        const actionSize = batch.action.shape.rows;
        const temperature = () => logTemperature.value().exp().stopGradient();
        /** L_Q(θ): the target's action is the policy's own; truncated steps still bootstrap. */
        const temporalDifference = ({ observation, action, reward, terminated, nextObservation }: Batch) => {
          const next = policy.sample(nextObservation, record.normal(actionSize));
          const promised = targetCritic.min(nextObservation, next.action);
          const soft = params.entropyInTarget ? promised.sub(temperature().mul(next.logProbability)) : promised;
          const target = reward.add(terminated.oneMinus().mul(hyper.discount).mul(soft)).stopGradient();
          return critic.each(observation, action).sub(target).square().sumOverMembers().mean();
        };
        const meanQ = critic.min(batch.observation, batch.action).mean();
        const criticLoss = record.minimize(temporalDifference(batch), critic);
        const own = policy.sample(batch.observation, record.normal(actionSize));
        const policyLoss = record.minimize(
          temperature().mul(own.logProbability).sub(critic.min(batch.observation, own.action)).mean(),
          policy,
        );
        const shortfall = own.logProbability.add(hyper.targetEntropy.mul(actionSize)).stopGradient();
        record.minimize(logTemperature.value().mul(shortfall).mean().neg(), logTemperature);
        record.moveTowards(targetCritic, critic, hyper.targetRate);
        return { criticLoss, policyLoss, temperature: temperature(), entropy: own.logProbability.mean().neg(), meanQ };
      },
    };
  },
});
