/**
 * TD3+BC. Fujimoto & Gu 2021, https://arxiv.org/abs/2106.06860; TD3: Fujimoto, van Hoof & Meger 2018.
 *
 * Q_θ critics · Q_θ̂, π_φ̂ targets · π_φ policy · w cloning weight · γ discount.
 * The paper maximises λQ − ‖π(s) − a‖² with λ = α / mean|Q|. Divided by α this is Q / mean|Q| − w‖π(s) − a‖² with w = 1/α:
 * α = 2.5 is w = 0.4, and w = 0 is TD3. Adam does not see the common factor.
 */
import { integer, real } from '../schema/fields';
import { type Batch, defineAlgorithm } from './algorithm';
import { criticLoss, discount, explorationNoise, learningRate, meanQ, targetRate } from './common';

export const td3bc = defineAlgorithm({
  id: 'td3bc',
  name: 'TD3+BC',
  title: 'Twin delayed deterministic policy gradient with behaviour cloning',
  paper: {
    authors: 'Fujimoto & Gu',
    year: 2021,
    title: 'A Minimalist Approach to Offline Reinforcement Learning',
    link: 'https://arxiv.org/abs/2106.06860',
  },
  params: {
    cloning: real({
      default: 0.4,
      min: 0,
      max: 10,
      step: 0.05,
      live: true,
      label: 'Cloning weight',
      main: true,
      help: 'Pull towards the data’s actions. 0.4 is TD3+BC as published; 0 is TD3, which trusts unseen actions.',
    }),
    discount,
    learningRate,
    targetRate,
    explorationNoise,
    targetNoise: real({
      default: 0.2,
      min: 0,
      max: 1,
      step: 0.05,
      live: true,
      label: 'Target noise',
      help: 'Noise on the target policy’s action, so that the critic is learnt smooth.',
    }),
    targetNoiseClip: real({
      default: 0.5,
      min: 0,
      max: 1,
      step: 0.05,
      live: true,
      label: 'Target noise limit',
      help: 'The target noise never exceeds this.',
    }),
    policyDelay: integer({
      default: 2,
      min: 1,
      max: 10,
      step: 1,
      label: 'Policy delay',
      help: 'Critic updates for each policy update. The targets move with the policy.',
    }),
  },
  metrics: {
    criticLoss,
    policyLoss: {
      label: 'Policy loss',
      help: 'Negative Q of the policy’s action, scaled to mean size one, plus the cloning error.',
    },
    cloningError: { label: 'Cloning error', help: 'Mean squared distance between the policy’s action and the data’s.' },
    meanQ,
  },
  equations: [
    {
      name: 'Critics',
      tex: "L_Q(\\theta)=\\mathbb{E}\\left[\\sum_i\\left(r+\\gamma(1-d)\\min_j Q_{\\hat\\theta_j}(s',\\tilde a)-Q_{\\theta_i}(s,a)\\right)^2\\right],\\quad \\tilde a=\\mathrm{clip}\\left(\\pi_{\\hat\\phi}(s')+\\mathrm{clip}(\\epsilon,-c,c),-1,1\\right)",
    },
    {
      name: 'Policy, every second update',
      tex: 'L_\\pi(\\phi)=\\mathbb{E}\\left[-\\frac{Q_{\\theta_1}(s,\\pi_\\phi(s))}{\\overline{|Q_{\\theta_1}|}}+w\\,\\lVert\\pi_\\phi(s)-a\\rVert^2\\right]',
    },
    {
      name: 'Targets, with the policy',
      tex: '\\hat\\theta\\leftarrow\\hat\\theta+\\rho(\\theta-\\hat\\theta),\\quad \\hat\\phi\\leftarrow\\hat\\phi+\\rho(\\phi-\\hat\\phi)',
    },
  ],
  deviations: [
    'The loss is the published one divided by α, so that one number, the cloning weight w = 1/α, goes to 0 for TD3.',
    'With w = 0 the Q term stays scaled by its mean size; plain TD3 does not scale it.',
    'Observations are normalised only when the run says so.',
  ],
  limits:
    'Cloning holds the policy near the data’s average action; where the data mix good and bad, that average may be neither.',
  capabilities: { actions: ['box'], offline: true, online: true, critic: true, anchor: true, penalty: 'cloning' },
  networks: (build) => {
    const critic = build.critics();
    const policy = build.deterministicPolicy();
    return { critic, targetCritic: build.lagging(critic), policy, targetPolicy: build.lagging(policy) };
  },
  program({ critic, targetCritic, policy, targetPolicy }, hyper, params) {
    return {
      policy,
      networks: { critic, targetCritic, policy, targetPolicy },
      greedy: policy.greedy,
      explore: (observation, record) => {
        const mean = policy.greedy(observation);
        return mean.add(record.normal(mean.shape.rows).mul(hyper.explorationNoise)).clamp(-1, 1);
      },
      actionValue: critic.min,
      update(batch, record) {
        /** L_Q(θ) = E[ Σᵢ (r + γ·(1 − terminated)·min_j Q_θ̂ⱼ(s′, ã) − Q_θᵢ(s,a))² ] */
        const temporalDifference = ({ observation, action, reward, terminated, nextObservation }: Batch) => {
          const limit = hyper.targetNoiseClip;
          const noise = record.normal(action.shape.rows).mul(hyper.targetNoise).min(limit).max(limit.neg());
          const nextAction = targetPolicy.greedy(nextObservation).add(noise).clamp(-1, 1);
          const bootstrap = terminated
            .oneMinus()
            .mul(hyper.discount)
            .mul(targetCritic.min(nextObservation, nextAction));
          const target = reward.add(bootstrap).stopGradient();
          return critic.each(observation, action).sub(target).square().sumOverMembers().mean();
        };
        const meanQ = critic.min(batch.observation, batch.action).mean();
        const criticLoss = record.minimize(temporalDifference(batch), critic);
        const delayed = record.every(params.policyDelay, () => {
          const chosen = policy.greedy(batch.observation);
          const promised = critic.first(batch.observation, chosen);
          const scale = promised.abs().mean().max(1e-6).stopGradient();
          const cloningError = chosen.sub(batch.action).square().mean();
          const loss = promised.mean().neg().div(scale).add(hyper.cloning.mul(cloningError));
          const policyLoss = record.minimize(loss, policy);
          record.moveTowards(targetCritic, critic, hyper.targetRate);
          record.moveTowards(targetPolicy, policy, hyper.targetRate);
          return { policyLoss, cloningError };
        });
        return { criticLoss, meanQ, ...delayed };
      },
    };
  },
});
