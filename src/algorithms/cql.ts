/**
 * Conservative Q-learning for discrete actions. Kumar et al. 2020, https://arxiv.org/abs/2006.04779, eq. 4 with a uniform
 * prior: the log-sum-exp over actions is exact. α = 0 is double DQN (van Hasselt, Guez & Silver 2015).
 *
 * Q_θ critics · Q_θ̂ targets · α conservatism · ε exploration · γ discount.
 */

import type { Tensor } from '../compute/program/tensor';
import { real } from '../schema/fields';
import { type Batch, defineAlgorithm } from './algorithm';
import { criticLoss, discount, learningRate, meanQ, targetRate } from './common';

export const cql = defineAlgorithm({
  id: 'cql',
  name: 'CQL',
  title: 'Conservative Q-learning (discrete)',
  paper: {
    authors: 'Kumar et al.',
    year: 2020,
    title: 'Conservative Q-Learning for Offline Reinforcement Learning',
    link: 'https://arxiv.org/abs/2006.04779',
  },
  params: {
    conservatism: real({
      default: 1,
      min: 0,
      max: 20,
      step: 0.1,
      live: true,
      label: 'Conservatism',
      symbol: 'α',
      main: true,
      help: 'Lowers values of actions the data do not show. 0 is double DQN.',
    }),
    discount,
    learningRate,
    targetRate,
    exploration: real({
      phase: 'online',
      default: 0.1,
      min: 0,
      max: 1,
      step: 0.01,
      live: true,
      label: 'Random moves',
      symbol: 'ε',
      main: true,
      help: 'Share of online actions drawn at random. Greedy evaluation never uses it, so the two returns differ.',
    }),
  },
  metrics: {
    criticLoss,
    conservatismGap: {
      label: 'Conservatism gap',
      help: 'How far the soft maximum of Q lies above Q of the data’s action; conservatism pushes it down.',
    },
    meanQ,
  },
  equations: [
    {
      name: 'Critics',
      tex: "L_Q(\\theta)=\\mathbb{E}\\Big[\\sum_i\\big(r+\\gamma(1-d)\\,\\min_j Q_{\\hat\\theta_j}(s',a^*)-Q_{\\theta_i}(s,a)\\big)^2\\Big]+\\alpha\\,\\mathbb{E}\\Big[\\sum_i\\log\\sum_{a'}e^{Q_{\\theta_i}(s,a')}-Q_{\\theta_i}(s,a)\\Big]",
    },
    { name: 'Next action', tex: "a^*=\\arg\\max_{a'}\\min_i Q_{\\theta_i}(s',a')" },
    { name: 'Targets', tex: '\\hat\\theta\\leftarrow\\hat\\theta+\\rho(\\theta-\\hat\\theta)' },
  ],
  deviations: [
    'Value targets take the minimum over the critics; one critic gives the usual form.',
    'Targets follow by Polyak steps at every update instead of a copy now and then.',
  ],
  limits: 'Pushes down every action the data do not show, good ones too: large α ends near a copy of the data.',
  capabilities: {
    actions: ['discrete'],
    offline: true,
    online: true,
    critic: true,
    anchor: false,
    penalty: 'conservatism',
  },
  networks: (build) => {
    const critic = build.actionValues();
    return { critic, targetCritic: build.lagging(critic) };
  },
  program({ critic, targetCritic }, hyper) {
    const of = (values: Tensor, action: Tensor) => values.mul(action.oneHot(values.shape.rows)).sumOverRows();
    const greedy = (observation: Tensor) => critic.min(observation).argmaxOverRows();
    return {
      policy: critic,
      networks: { critic, targetCritic },
      greedy,
      explore: (observation, record) => {
        const best = greedy(observation);
        const actions = critic.min(observation).shape.rows;
        const uniform = record.uniform(1);
        // ⌊u·actions⌋ without a floor: one for every threshold that u reaches.
        let random = record.constant(0);
        for (let k = 1; k < actions; k++) random = random.add(uniform.less(k / actions).oneMinus());
        return record.uniform(1).less(hyper.exploration).select(random, best);
      },
      actionValue: (observation, action) => of(critic.min(observation), action),
      actionValues: critic.min,
      update(batch, record) {
        const { observation, action, reward, terminated, nextObservation }: Batch = batch;
        const values = critic.each(observation);
        const taken = of(values, action);
        const promised = of(targetCritic.min(nextObservation), greedy(nextObservation));
        const target = reward.add(terminated.oneMinus().mul(hyper.discount).mul(promised)).stopGradient();
        const temporalDifference = taken.sub(target).square().sumOverMembers().mean();
        const gap = values.logSumExpOverRows().sub(taken).sumOverMembers().mean();
        const meanQ = of(critic.min(observation), action).mean();
        record.minimize(temporalDifference.add(hyper.conservatism.mul(gap)), critic);
        record.moveTowards(targetCritic, critic, hyper.targetRate);
        return { criticLoss: temporalDifference, conservatismGap: gap, meanQ };
      },
    };
  },
});
