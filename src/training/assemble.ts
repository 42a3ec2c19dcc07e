/**
 * From a spec to tensor programs: builds an algorithm's networks, traces its update and the queries that act and look.
 *
 * Queries: `greedy` (many actions), `explore` (one acting action), `judge` (actions with what the critic says of them).
 */

import { algorithms } from '../algorithms/registry';
import type { GaussianPolicy, Network, Policy } from '../compute/modules';
import { createNetworkBuilder } from '../compute/networks';
import type { ProgramSet } from '../compute/program/program';
import type { Tensor } from '../compute/program/tensor';
import { traceProgramSet } from '../compute/program/trace';
import { recordLayout } from '../datasets/records';
import type { Environment } from '../environments/environment';
import { actionSize, observationSize } from '../environments/spaces';
import type { NetworkValues, SwitchValues } from '../spec/runFields';
import type { Phase, RunSpec } from '../spec/runSpec';

/** The frozen copy of π₀ that an anchor pulls towards. */
export const anchorModule = 'anchorPolicy';
/** Episodes or states answered by one query: the usual 20 episodes fit, and little is computed for nobody. */
const lookColumns = 32;
/** One environment acts; queries come in fours. */
const actColumns = 4;

export function assemble(spec: RunSpec, phase: Phase, environment: Environment): ProgramSet {
  const { algorithm: id, params } = spec[phase];
  const algorithm = algorithms[id];
  const { batch, hiddenSize, hiddenLayers, critics, layerNorm } = spec.network as NetworkValues;
  const { anchorKind } = spec.switch as SwitchValues;
  const observations = observationSize(environment);
  return traceProgramSet({ record: recordLayout(environment), batch }, (tracer) => {
    const build = createNetworkBuilder(tracer, {
      observationSize: observations,
      actionSize: actionSize(environment.action),
      actions: environment.action.kind === 'discrete' ? environment.action.names.length : 0,
      hidden: new Array<number>(hiddenLayers).fill(hiddenSize),
      critics,
      layerNorm,
    });
    const networks = algorithm.networks(build, params);
    const hyper: Record<string, Tensor> = {};
    for (const [name, value] of Object.entries(params))
      if (typeof value === 'number') hyper[name] = tracer.scalar(name, value);
    const learner = algorithm.program(networks, hyper, params);
    const isAnchored = phase === 'online' && algorithm.capabilities.anchor;
    const policy = learner.policy as Policy;
    const pretrained = isAnchored ? build.lagging(policy, anchorModule) : null;
    const weight = isAnchored ? tracer.scalar('anchor', 0) : null;
    let observed: Tensor | null = null;
    tracer.update(
      (minibatch, record) => {
        observed = minibatch.observation;
        return learner.update(minibatch, record);
      },
      {
        learningRate: hyper['learningRate'],
        beforeMinimize: (loss: Tensor, network: Network) =>
          pretrained && weight && observed && network.module === policy.module
            ? loss.add(weight.mul(distance(policy, pretrained, observed, anchorKind)))
            : loss,
      },
    );
    const inputs = { observation: observations };
    tracer.query('greedy', { columns: lookColumns, inputs }, ({ observation }) => ({
      action: learner.greedy(observation),
    }));
    tracer.query('explore', { columns: actColumns, inputs }, ({ observation }, record) => ({
      action: learner.explore(observation, record),
    }));
    tracer.query('judge', { columns: lookColumns, inputs }, ({ observation }): Record<string, Tensor> => {
      const action = learner.greedy(observation);
      const promised = learner.actionValue?.(observation, action);
      const value = learner.value?.(observation) ?? promised;
      const actionValues = learner.actionValues?.(observation);
      return {
        action,
        ...(value ? { value } : {}),
        ...(promised ? { promised } : {}),
        ...(actionValues ? { actionValues } : {}),
      };
    });
  });
}

/** How far the policy is from π₀ over the batch, [1, 1, 1]: mean squared distance of actions, or KL(π ‖ π₀) of Gaussians. */
function distance(policy: Policy, pretrained: Policy, observation: Tensor, kind: string): Tensor {
  if (kind === 'kl' && policy.kind === 'gaussian') {
    const now = (policy as GaussianPolicy).distribution(observation);
    const then = (pretrained as GaussianPolicy).distribution(observation);
    // log σ₀ − log σ + (σ² + (μ − μ₀)²) / 2σ₀² − ½, component by component
    const variance = now.logStd.mul(2).exp();
    const spread = variance.add(now.mean.sub(then.mean).square()).div(then.logStd.mul(2).exp().mul(2));
    return then.logStd.sub(now.logStd).add(spread).sub(0.5).sumOverRows().mean();
  }
  return policy.greedy(observation).sub(pretrained.greedy(observation)).square().mean();
}
