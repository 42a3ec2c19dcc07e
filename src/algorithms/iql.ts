/**
 * Implicit Q-learning. Kostrikov, Nair & Levine 2021, https://arxiv.org/abs/2110.06169
 *
 * Q_θ critics · Q_θ̂ target critics · V_ψ value · π_φ policy · τ expectile · β inverse temperature · γ discount.
 * The order of the update (V, π, Q, θ̂) is that of the authors' code.
 */
import { choice, real } from '../schema/fields';
import { type Batch, defineAlgorithm } from './algorithm';
import { criticLoss, discount, explorationNoise, learningRate, meanQ, targetRate } from './common';

/** Clips exp(β·A), as the authors' code does; without it one outlier owns the batch. */
const maximalWeight = 100;

export const iql = defineAlgorithm({
  id: 'iql',
  name: 'IQL',
  title: 'Implicit Q-learning',
  paper: {
    authors: 'Kostrikov, Nair & Levine',
    year: 2021,
    title: 'Offline Reinforcement Learning with Implicit Q-Learning',
    link: 'https://arxiv.org/abs/2110.06169',
  },
  params: {
    expectile: real({
      default: 0.9,
      min: 0.5,
      max: 0.999,
      step: 0.01,
      live: true,
      label: 'Expectile',
      symbol: 'τ',
      main: true,
      help: 'Which of the data’s actions V believes in: 0.5 the average, near 1 the best seen.',
    }),
    inverseTemperature: real({
      default: 10,
      min: 0,
      max: 50,
      step: 0.5,
      live: true,
      label: 'Inverse temperature',
      symbol: 'β',
      main: true,
      help: 'How strongly the policy prefers better-than-usual actions. 0 copies the data; large trusts the critic.',
    }),
    discount,
    learningRate,
    targetRate,
    exploration: choice({
      phase: 'online',
      default: 'policy',
      options: [
        { value: 'policy', label: 'sample the policy' },
        { value: 'noise', label: 'noise on the mean' },
      ],
      label: 'Exploration',
      help: 'Online actions: drawn from the learnt Gaussian, or its mean with fixed noise added.',
    }),
    explorationNoise,
  },
  metrics: {
    valueLoss: { label: 'Value loss', help: 'Expectile loss of V against the target critics on the data’s actions.' },
    policyLoss: {
      label: 'Policy loss',
      help: 'Negative log-likelihood of the data’s actions, weighted by their advantage.',
    },
    criticLoss,
    meanQ,
  },
  equations: [
    {
      name: 'Value',
      tex: 'L_V(\\psi)=\\mathbb{E}\\left[\\,|\\tau-\\mathbb{1}(A<0)|\\,A^2\\right],\\quad A=\\min_i Q_{\\hat\\theta_i}(s,a)-V_\\psi(s)',
    },
    {
      name: 'Policy',
      tex: 'L_\\pi(\\phi)=-\\mathbb{E}\\left[\\min(e^{\\beta A},100)\\,\\log\\pi_\\phi(a\\mid s)\\right]',
    },
    {
      name: 'Critics',
      tex: "L_Q(\\theta)=\\mathbb{E}\\left[\\sum_i\\left(r+\\gamma(1-d)V_\\psi(s')-Q_{\\theta_i}(s,a)\\right)^2\\right]",
    },
    { name: 'Targets', tex: '\\hat\\theta\\leftarrow\\hat\\theta+\\rho(\\theta-\\hat\\theta)' },
  ],
  deviations: [
    'The policy’s learning rate is constant; the authors’ code decays it with a cosine offline.',
    'log σ is clipped to [−5, 2] and shared by all states, as in the authors’ code.',
  ],
  limits:
    'It never asks about an action outside the data, so it cannot invent value there, nor find what no data shows.',
  capabilities: { actions: ['box'], offline: true, online: true, critic: true, stateValue: true, anchor: true },
  networks: (build) => {
    const critic = build.critics();
    return {
      critic,
      targetCritic: build.lagging(critic),
      value: build.value(),
      policy: build.gaussianPolicy('clipped'),
    };
  },
  program({ critic, targetCritic, value, policy }, hyper, params) {
    /** A(s,a) = min_i Q_θ̂ᵢ(s,a) − V_ψ(s), [1, 1, batch] */
    const advantage = ({ observation, action }: Batch) =>
      targetCritic.min(observation, action).stopGradient().sub(value.of(observation));
    /** L_V(ψ) = E[ |τ − 1(A < 0)| · A² ] */
    const valueLoss = (batch: Batch) => {
      const a = advantage(batch);
      const weight = a.less(0).select(hyper.expectile.oneMinus(), hyper.expectile).stopGradient();
      return weight.mul(a.square()).mean();
    };
    /** L_π(φ) = −E[ min(exp(β·A), 100) · log π_φ(a|s) ] */
    const policyLoss = (batch: Batch) => {
      const weight = advantage(batch).mul(hyper.inverseTemperature).exp().min(maximalWeight).stopGradient();
      return weight.mul(policy.logProbability(batch.observation, batch.action)).mean().neg();
    };
    /** L_Q(θ) = E[ Σᵢ (r + γ·(1 − terminated)·V_ψ(s′) − Q_θᵢ(s,a))² ]. Truncated steps still bootstrap. */
    const temporalDifference = (batch: Batch) => {
      const bootstrap = batch.terminated.oneMinus().mul(hyper.discount).mul(value.of(batch.nextObservation));
      const target = batch.reward.add(bootstrap).stopGradient();
      return critic.each(batch.observation, batch.action).sub(target).square().sumOverMembers().mean();
    };
    return {
      policy,
      networks: { critic, targetCritic, value, policy },
      greedy: policy.greedy,
      explore: (observation, record) => {
        const noise = record.normal(policy.greedy(observation).shape.rows);
        return params.exploration === 'policy'
          ? policy.sample(observation, noise).action.clamp(-1, 1)
          : policy.greedy(observation).add(noise.mul(hyper.explorationNoise)).clamp(-1, 1);
      },
      value: value.of,
      actionValue: critic.min,
      update(batch, record) {
        const losses = {
          valueLoss: record.minimize(valueLoss(batch), value), // later lines see the new V
          policyLoss: record.minimize(policyLoss(batch), policy),
          meanQ: critic.min(batch.observation, batch.action).mean(),
          criticLoss: record.minimize(temporalDifference(batch), critic),
        };
        record.moveTowards(targetCritic, critic, hyper.targetRate);
        return losses;
      },
    };
  },
});
