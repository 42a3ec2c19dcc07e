/**
 * Behaviour cloning: the policy imitates the data's actions, whatever they earned.
 *
 * Box actions: mean squared error of a tanh policy, as CORL's BC. Discrete actions: cross-entropy of a softmax.
 * Source: Pomerleau 1988 (the idea); https://arxiv.org/abs/2210.07105 (CORL, the form).
 */
import { type Batch, defineAlgorithm } from './algorithm';
import { explorationNoise, learningRate } from './common';

export const bc = defineAlgorithm({
  id: 'bc',
  name: 'BC',
  title: 'Behaviour cloning',
  paper: {
    authors: 'Tarasov et al.',
    year: 2022,
    title: 'CORL: Research-oriented Deep Offline Reinforcement Learning Library',
    link: 'https://arxiv.org/abs/2210.07105',
  },
  params: { learningRate, explorationNoise },
  metrics: {
    policyLoss: {
      label: 'Policy loss',
      help: 'Distance between the policy’s action and the data’s: squared error, or cross-entropy for discrete actions.',
    },
  },
  equations: [{ name: 'Policy', tex: 'L_\\pi(\\phi)=\\mathbb{E}\\left[\\lVert\\pi_\\phi(s)-a\\rVert^2\\right]' }],
  deviations: [],
  limits: 'It has no critic: it cannot tell good actions from bad ones, and does not learn online by itself.',
  capabilities: { actions: ['box', 'discrete'], offline: true, online: false, critic: false, anchor: true },
  networks: (build) => ({ policy: build.actions > 0 ? build.logits() : build.deterministicPolicy() }),
  program({ policy }, hyper) {
    const actions = (observation: Batch['observation']) => policy.greedy(observation);
    const isDiscrete = policy.kind === 'logits';
    const policyLoss = (batch: Batch) => {
      const chosen = actions(batch.observation);
      if (!isDiscrete) return chosen.sub(batch.action).square().mean();
      const ofData = chosen.mul(batch.action.oneHot(chosen.shape.rows)).sumOverRows();
      return chosen.logSumExpOverRows().sub(ofData).mean();
    };
    const greedy = (observation: Batch['observation']) =>
      isDiscrete ? actions(observation).argmaxOverRows() : actions(observation);
    return {
      policy,
      networks: { policy },
      greedy,
      explore: (observation, record) => {
        if (isDiscrete) return greedy(observation);
        const mean = actions(observation);
        return mean.add(record.normal(mean.shape.rows).mul(hyper.explorationNoise)).clamp(-1, 1);
      },
      update: (batch, record) => ({ policyLoss: record.minimize(policyLoss(batch), policy) }),
    };
  },
});
