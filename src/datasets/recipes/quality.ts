/**
 * The D4RL ladder: the same environment seen by policies of known quality. Source: D4RL, https://arxiv.org/abs/2004.07219,
 * appendix; there the policies are SAC checkpoints, here the environment's scripted reference policy with noise mixed in.
 */

import { randomAction } from '../../environments/spaces';
import { stream } from '../../numeric/random';
import { numberText } from '../../schema/fields';
import { type Behaviour, purposes, recordEpisodes } from '../episodes';
import { findMediumMix, mixedReference, noisyReference } from '../policies';
import { amountOf, defineRecipe, noiseField, type RecipeContext, transitionsField } from '../recipe';

const everywhere = () => true;

export const random = defineRecipe({
  id: 'random',
  label: 'Random',
  name: (values) => amountOf(values, 'random steps'),
  summary: 'Uniform random actions: wide over actions, narrow over states, and never good.',
  params: { transitions: transitionsField },
  appliesTo: everywhere,
  *generate({ environment, values, seed }) {
    const behaviour: Behaviour = { begin: (_, choices) => () => randomAction(environment.action, choices) };
    const transitions = yield* recordEpisodes(environment, values.transitions, seed, () => behaviour);
    return { transitions, by: 'uniform random actions' };
  },
});

export const medium = defineRecipe({
  id: 'medium',
  label: 'Medium',
  name: (values) => amountOf(values, 'medium steps'),
  summary: 'One policy at about a third of the way from random to reference: the reference mixed with random actions.',
  params: { transitions: transitionsField },
  appliesTo: everywhere,
  *generate(context) {
    const { environment, values, seed } = context;
    const { mix } = yield* findMediumMix(context);
    const behaviour = mixedReference(environment, mix);
    const transitions = yield* recordEpisodes(environment, values.transitions, seed, () => behaviour);
    return { transitions, by: mixedName(context, mix) };
  },
});

export const mediumReplay = defineRecipe({
  id: 'medium-replay',
  label: 'Medium replay',
  name: (values) => amountOf(values, 'medium-replay steps'),
  summary:
    'What a learner would have kept on its way from random to medium: each episode a little better than the last.',
  params: { transitions: transitionsField },
  appliesTo: everywhere,
  *generate(context) {
    const { environment, values, seed } = context;
    const { mix } = yield* findMediumMix(context);
    const transitions = yield* recordEpisodes(environment, values.transitions, seed, (_, share) =>
      mixedReference(environment, 1 + share * (mix - 1)),
    );
    return {
      transitions,
      by: `a policy improving episode by episode from random actions to ${mixedName(context, mix)}`,
    };
  },
});

export const mediumExpert = defineRecipe({
  id: 'medium-expert',
  label: 'Medium and expert',
  name: (values) => amountOf(values, 'medium-expert steps'),
  summary:
    'Half the episodes from the medium policy, half from the expert, shuffled: good and middling data side by side.',
  params: { transitions: transitionsField, noise: noiseField },
  appliesTo: everywhere,
  *generate(context) {
    const { environment, values, seed } = context;
    const { mix } = yield* findMediumMix(context);
    const policies = [mixedReference(environment, mix), noisyReference(environment, values.noise)];
    const transitions = yield* recordEpisodes(environment, values.transitions, seed, (episode) => {
      // Shuffled within pairs, so that the halves are equal at any length of data.
      const pair = Math.floor(episode / 2);
      const first = stream(seed, 'data', purposes.recipe, pair).index(2);
      return policies[(first + episode) % 2];
    });
    return { transitions, by: `${mixedName(context, mix)} and ${noisyName(context)}, in equal parts` };
  },
});

export const expert = defineRecipe({
  id: 'expert',
  label: 'Expert',
  name: (values) => amountOf(values, 'expert steps'),
  summary: 'The reference policy with a little action noise: good returns from a narrow path.',
  params: { transitions: transitionsField, noise: noiseField },
  appliesTo: everywhere,
  *generate(context) {
    const { environment, values, seed } = context;
    const behaviour = noisyReference(environment, values.noise);
    const transitions = yield* recordEpisodes(environment, values.transitions, seed, () => behaviour);
    return { transitions, by: noisyName(context) };
  },
});

/** "the planner policy blended with 78 % of a random action". */
function mixedName({ environment }: Pick<RecipeContext, 'environment'>, mix: number): string {
  const percent = percentText(mix);
  const { name } = environment.reference;
  return environment.action.kind === 'discrete'
    ? `the ${name} policy with ${percent} random moves`
    : `the ${name} policy blended with ${percent} of a random action`;
}

/** "the planner policy with action noise 0.1". */
export function noisyName({
  environment,
  values,
}: {
  readonly environment: RecipeContext['environment'];
  readonly values: { readonly noise: number };
}): string {
  const { name } = environment.reference;
  return environment.action.kind === 'discrete'
    ? `the ${name} policy with ${percentText(values.noise)} random moves`
    : `the ${name} policy with action noise ${numberText(values.noise)}`;
}

/** "83.1 %" of 0.8309. */
function percentText(share: number): string {
  return `${numberText(Math.round(share * 1000) / 10)} %`;
}
