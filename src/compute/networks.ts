/**
 * The networks of modules.ts as multilayer perceptrons on a trace.
 *
 * Layers are W·x + b with W [members, outputs, inputs] and b [members, outputs, 1]; hidden layers end in ReLU. Arrays are named
 * `weight0 bias0 weight1 …` (with LayerNorm `gain0 shift0 …`); last layers `headWeight headBias` of critics and values,
 * `meanWeight meanBias` and `logStd…` of policies. The names are what weights are transferred by.
 */
import type {
  ActionValues,
  Critic,
  GaussianPolicy,
  LearntScalar,
  Network,
  NetworkBuilder,
  Policy,
  ValueNetwork,
} from './modules';
import type { ParameterSpec } from './program/program';
import { scalarShape, shapeOf } from './program/shapes';
import type { Tensor } from './program/tensor';
import type { Tracer } from './program/trace';

export interface NetworkOptions {
  readonly observationSize: number;
  /** Components of a box action; 1 for discrete actions. */
  readonly actionSize: number;
  /** Number of discrete actions, 0 for a box. */
  readonly actions: number;
  /** Units of each hidden layer. */
  readonly hidden: readonly number[];
  /** Members of a critic. */
  readonly critics: number;
  /** LayerNorm before each ReLU of the critics. */
  readonly layerNorm: boolean;
}

/** Bound of the last layers' uniform start: first outputs near 0. */
const lastLayerBound = 3e-3;
const layerNormEpsilon = 1e-5;
const [lowestLogStd, highestLogStd] = [-5, 2];
/** Squashed policies see actions no nearer to ±1 than this: at ±1 the density is infinite. */
const largestAction = 0.99999;
const halfLogTau = 0.9189385332046727; // ½·log 2π
const logTwo = Math.LN2;

export function createNetworkBuilder(tracer: Tracer, options: NetworkOptions): NetworkBuilder {
  const { observationSize, actionSize, actions, hidden, critics, layerNorm } = options;
  const inputSize = observationSize + actionSize;
  /** How to build a network again under another module's name. */
  const recipes = new Map<Network, (module: string) => Network>();
  const build = <N extends Network>(
    module: string,
    parameters: readonly ParameterSpec[],
    of: (module: string) => N,
  ): N => {
    tracer.module(module, parameters);
    const network = of(module);
    recipes.set(network, of);
    return network;
  };

  const trunk = (inputs: number, members: number, isNormalised: boolean): ParameterSpec[] =>
    hidden.flatMap((units, layer) => {
      const fanIn = layer === 0 ? inputs : hidden[layer - 1];
      const bound = 1 / Math.sqrt(fanIn); // PyTorch's start
      const column = shapeOf(members, units, 1);
      return [
        ...linear(`weight${layer}`, `bias${layer}`, members, units, fanIn, bound),
        ...(isNormalised
          ? [
              { name: `gain${layer}`, shape: column, initial: { kind: 'constant', value: 1 } as const },
              { name: `shift${layer}`, shape: column, initial: { kind: 'constant', value: 0 } as const },
            ]
          : []),
      ];
    });
  const head = (name: string, members: number, outputs: number, inputs: number): ParameterSpec[] =>
    linear(`${name}Weight`, `${name}Bias`, members, outputs, hidden.at(-1) ?? inputs, lastLayerBound);

  /** W·x + b of every member, or of the first alone. */
  const affine = (module: string, weight: string, bias: string, input: Tensor, firstMember = false): Tensor => {
    const arrays = [weight, bias].map((name) => tracer.parameter(module, name));
    const [w, b] = firstMember ? arrays.map((array) => array.member(0)) : arrays;
    return tracer.matmul(w, input).add(b);
  };
  const features = (module: string, input: Tensor, isNormalised: boolean, firstMember = false): Tensor =>
    hidden.reduce((x, _, layer) => {
      const linearPart = affine(module, `weight${layer}`, `bias${layer}`, x, firstMember);
      if (!isNormalised) return linearPart.relu();
      const arrays = [`gain${layer}`, `shift${layer}`].map((name) => tracer.parameter(module, name));
      const [gain, shift] = firstMember ? arrays.map((array) => array.member(0)) : arrays;
      return normalise(linearPart).mul(gain).add(shift).relu();
    }, input);

  const critic = (module: string): Critic => {
    const values = (observation: Tensor, action: Tensor, firstMember: boolean) => {
      const input = tracer.concat(observation, action);
      return affine(module, 'headWeight', 'headBias', features(module, input, layerNorm, firstMember), firstMember);
    };
    const each = (observation: Tensor, action: Tensor) => values(observation, action, false);
    return {
      module,
      each,
      min: (observation, action) => each(observation, action).minOverMembers(),
      first: (observation, action) => values(observation, action, true),
    };
  };
  const actionValues = (module: string): ActionValues => {
    const each = (observation: Tensor) =>
      affine(module, 'headWeight', 'headBias', features(module, observation, layerNorm));
    return { module, each, min: (observation) => each(observation).minOverMembers() };
  };
  const value = (module: string): ValueNetwork => ({
    module,
    of: (observation) => affine(module, 'headWeight', 'headBias', features(module, observation, false)),
  });
  const mean = (module: string, observation: Tensor) =>
    affine(module, 'meanWeight', 'meanBias', features(module, observation, false));
  const deterministic = (module: string): Policy => ({
    module,
    kind: 'deterministic',
    greedy: (observation) => mean(module, observation).tanh(),
  });
  const logits = (module: string): Policy => ({
    module,
    kind: 'logits',
    greedy: (observation) => mean(module, observation),
  });

  /** N(tanh mean, σ²), one log σ a component. */
  const clippedGaussian = (module: string): GaussianPolicy => {
    const greedy = (observation: Tensor) => mean(module, observation).tanh();
    const logStd = () => tracer.parameter(module, 'logStd').clamp(lowestLogStd, highestLogStd);
    return {
      module,
      kind: 'gaussian',
      greedy,
      distribution: (observation) => ({ mean: greedy(observation), logStd: logStd() }),
      logProbability: (observation, action) => normalLogDensity(action, greedy(observation), logStd()).sumOverRows(),
      sample: (observation, noise) => {
        const deviation = logStd();
        const action = greedy(observation).add(noise.mul(deviation.exp()));
        // (a − mean)/σ is the noise itself.
        const logProbability = standardLogDensity(noise).sub(deviation).sumOverRows();
        return { action, logProbability };
      },
    };
  };
  /** tanh of N(mean(s), σ(s)²); log π(tanh u) = log N(u) − log(1 − tanh² u), summed over components. */
  const squashedGaussian = (module: string): GaussianPolicy => {
    const distribution = (observation: Tensor) => {
      const x = features(module, observation, false);
      return {
        mean: affine(module, 'meanWeight', 'meanBias', x),
        logStd: affine(module, 'logStdWeight', 'logStdBias', x).clamp(lowestLogStd, highestLogStd),
      };
    };
    return {
      module,
      kind: 'gaussian',
      greedy: (observation) => mean(module, observation).tanh(),
      distribution,
      logProbability: (observation, action) => {
        const inside = action.clamp(-largestAction, largestAction);
        const raw = inside.add(1).log().sub(inside.oneMinus().log()).mul(0.5); // atanh
        const { mean: centre, logStd } = distribution(observation);
        return normalLogDensity(raw, centre, logStd).sub(logTanhSlope(raw)).sumOverRows();
      },
      sample: (observation, noise) => {
        const { mean: centre, logStd } = distribution(observation);
        const raw = centre.add(noise.mul(logStd.exp()));
        const density = standardLogDensity(noise).sub(logStd);
        return { action: raw.tanh(), logProbability: density.sub(logTanhSlope(raw)).sumOverRows() };
      },
    };
  };
  const policyParameters = (outputs: number) => [
    ...trunk(observationSize, 1, false),
    ...head('mean', 1, outputs, observationSize),
  ];

  return {
    observationSize,
    actionSize,
    actions,
    critics: () =>
      build('critic', [...trunk(inputSize, critics, layerNorm), ...head('head', critics, 1, inputSize)], critic),
    actionValues: () =>
      build(
        'critic',
        [...trunk(observationSize, critics, layerNorm), ...head('head', critics, actions, observationSize)],
        actionValues,
      ),
    value: () => build('value', [...trunk(observationSize, 1, false), ...head('head', 1, 1, observationSize)], value),
    deterministicPolicy: () => build('policy', policyParameters(actionSize), deterministic),
    gaussianPolicy: (kind) =>
      kind === 'clipped'
        ? build(
            'policy',
            [
              ...policyParameters(actionSize),
              { name: 'logStd', shape: shapeOf(1, actionSize, 1), initial: { kind: 'constant', value: 0 } },
            ],
            clippedGaussian,
          )
        : build(
            'policy',
            [...policyParameters(actionSize), ...head('logStd', 1, actionSize, observationSize)],
            squashedGaussian,
          ),
    logits: () => build('policy', policyParameters(actions), logits),
    scalar: (name, initial) =>
      build(
        name,
        [{ name: 'value', shape: scalarShape, initial: { kind: 'constant', value: initial } }],
        (module): LearntScalar => ({ module, value: () => tracer.parameter(module, 'value') }),
      ),
    lagging: <N extends Network>(network: N, name = `target${capitalised(network.module)}`): N => {
      const of = recipes.get(network);
      if (of === undefined) throw new Error(`lagging: module "${network.module}" was not built here.`);
      const parameters = tracer
        .parametersOf(network.module)
        .map((spec): ParameterSpec => ({ ...spec, initial: { kind: 'copy', module: network.module } }));
      return build(name, parameters, of as (module: string) => N);
    },
  };
}

function linear(
  weight: string,
  bias: string,
  members: number,
  outputs: number,
  inputs: number,
  bound: number,
): ParameterSpec[] {
  return [
    { name: weight, shape: shapeOf(members, outputs, inputs), initial: { kind: 'uniform', bound } },
    { name: bias, shape: shapeOf(members, outputs, 1), initial: { kind: 'uniform', bound } },
  ];
}
/** Each column to mean 0 and variance 1 over its rows. Ba, Kiros & Hinton 2016, https://arxiv.org/abs/1607.06450 */
function normalise(x: Tensor): Tensor {
  const centred = x.sub(x.meanOverRows());
  return centred.div(centred.square().meanOverRows().add(layerNormEpsilon).sqrt());
}
/** log N(x; mean, e^logStd), component by component. */
function normalLogDensity(x: Tensor, mean: Tensor, logStd: Tensor): Tensor {
  return standardLogDensity(x.sub(mean).mul(logStd.neg().exp())).sub(logStd);
}
function standardLogDensity(z: Tensor): Tensor {
  return z.square().mul(-0.5).sub(halfLogTau);
}
/** log(1 − tanh² x) = 2·(log 2 − x − softplus(−2x)): no cancellation where tanh nears ±1. */
function logTanhSlope(x: Tensor): Tensor {
  return x.mul(-2).softplus().add(x).sub(logTwo).mul(-2);
}
function capitalised(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}
