/**
 * Networks as algorithms speak of them. This file holds the contract; `networks.ts` builds them on a trace.
 *
 * Actions inside a program are in [-1, 1] per component (box) or an index in one row (discrete); the host scales.
 * Every policy has the same trunk and `mean` head, so the greedy policy survives a change of algorithm at the switch:
 * parameters are transferred by (module, parameter name, shape).
 */
import type { Tensor } from './program/tensor';

/** A named set of arrays that is minimised, followed or frozen as a whole. */
export interface Network {
  readonly module: string;
}
export interface Critic extends Network {
  /** Q_i(s, a) of every member; [members, 1, columns]. */
  each(observation: Tensor, action: Tensor): Tensor;
  /** min_i Q_i(s, a); [1, 1, columns]. */
  min(observation: Tensor, action: Tensor): Tensor;
  /** Q_0(s, a); [1, 1, columns] (TD3's policy loss). */
  first(observation: Tensor, action: Tensor): Tensor;
}
/** Q of every discrete action at once. */
export interface ActionValues extends Network {
  /** [members, actions, columns] */
  each(observation: Tensor): Tensor;
  min(observation: Tensor): Tensor;
}
export interface ValueNetwork extends Network {
  /** V(s); [1, 1, columns]. */
  of(observation: Tensor): Tensor;
}
export interface Policy extends Network {
  readonly kind: 'deterministic' | 'gaussian' | 'logits';
  /** The deterministic action, tanh of the mean head; [1, action size, columns] in [-1, 1]. Discrete policies give logits instead. */
  greedy(observation: Tensor): Tensor;
}
export interface GaussianPolicy extends Policy {
  /** Mean and log σ of the underlying normal (before the tanh for 'squashed'), each [1, action size, columns or 1]. KL anchors use it. */
  distribution(observation: Tensor): { mean: Tensor; logStd: Tensor };
  /** Σ log π(a|s) over components; [1, 1, columns]. */
  logProbability(observation: Tensor, action: Tensor): Tensor;
  /** A reparameterised draw and its log-probability, `noise` standard normal [1, action size, columns]. */
  sample(observation: Tensor, noise: Tensor): { action: Tensor; logProbability: Tensor };
}
/** One learnt number, SAC's log temperature. */
export interface LearntScalar extends Network {
  value(): Tensor;
}
export interface NetworkBuilder {
  readonly observationSize: number;
  readonly actionSize: number;
  /** Number of discrete actions, 0 for a box. */
  readonly actions: number;
  critics(): Critic;
  actionValues(): ActionValues;
  value(): ValueNetwork;
  /** tanh MLP. */
  deterministicPolicy(): Policy;
  /**
   * 'clipped': N(tanh mean, σ²) with one learnt log σ a component, IQL's. 'squashed': tanh of N(mean(s), σ(s)²), SAC's, with the
   * change-of-variables term.
   */
  gaussianPolicy(kind: 'clipped' | 'squashed'): GaussianPolicy;
  /** Softmax over discrete actions, for cloning: greedy gives logits. */
  logits(): Policy;
  scalar(name: string, initial: number): LearntScalar;
  /** A copy that only `moveTowards` or the host changes: targets ("targetCritic"), or under another `name` the anchor to π₀. */
  lagging<N extends Network>(network: N, name?: string): N;
}
