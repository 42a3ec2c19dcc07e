/**
 * What an algorithm is. One file an algorithm, one line in `registry.ts`; it reads top to bottom beside the paper.
 *
 * `program` is called once with traced tensors and records a tensor program (design.md, Compute). It never sees an executor,
 * a worker, a link, a chart or a particular environment.
 */
import type { Network, NetworkBuilder, Policy } from '../compute/modules';
import type { Tensor } from '../compute/program/tensor';
import type { Field, IntegerField, RealField, Schema, ValuesOf } from '../schema/field';

export interface Batch {
  /** [1, observation size, batch], normalised as the run declares. */
  readonly observation: Tensor;
  /** [1, action size, batch] in [-1, 1]; for discrete actions the index, [1, 1, batch]. */
  readonly action: Tensor;
  /** [1, 1, batch] */
  readonly reward: Tensor;
  /** 1 only where the episode truly ended; a time limit still bootstraps. */
  readonly terminated: Tensor;
  readonly nextObservation: Tensor;
}
/** What a program may record besides arithmetic. Statements run in order; later reads see the new values. */
export interface Recorder {
  /** One Adam step on ∇loss for `network`; gives the loss back, for the metrics. Learning rate: the run's, unless given. */
  minimize(loss: Tensor, network: Network, learningRate?: Tensor): Tensor;
  /** target ← target + rate·(source − target) */
  moveTowards(target: Network, source: Network, rate: Tensor): void;
  /** Runs `body` on updates divisible by `n`; metrics recorded inside keep their last value in between. */
  every<T>(n: number, body: () => T): T;
  /** Standard normal [1, rows, batch], fresh at every update. */
  normal(rows: number): Tensor;
  /** Uniform in [0, 1). */
  uniform(rows: number): Tensor;
  concat(...parts: Tensor[]): Tensor;
  constant(value: number): Tensor;
}
/** Numeric live fields arrive as program inputs (sliders need no new trace); the rest as plain values. */
export type Hyper<S extends Schema> = {
  readonly [K in keyof S as S[K] extends RealField | IntegerField ? K : never]: Tensor;
};
export interface Learner<M extends string = string> {
  readonly policy: Policy | Network;
  /** Networks by name, so that resets and transfers can say "critic". */
  readonly networks: Readonly<Record<string, Network>>;
  /** Greedy action: [1, action size, columns] in [-1, 1], or the index [1, 1, columns]. */
  greedy(observation: Tensor): Tensor;
  /** The acting policy online, exploration included. */
  explore(observation: Tensor, record: Recorder): Tensor;
  /** V(s), where the algorithm has one. */
  value?(observation: Tensor): Tensor;
  /** What the critic promises for (s, a): min over members. Absent without a critic. */
  actionValue?(observation: Tensor, action: Tensor): Tensor;
  /** Discrete: Q(s, ·), [1, actions, columns]. */
  actionValues?(observation: Tensor): Tensor;
  update(batch: Batch, record: Recorder): Readonly<Record<M, Tensor>>;
}
export interface Capabilities {
  readonly actions: readonly ('box' | 'discrete')[];
  readonly offline: boolean;
  /** May go on learning from its own steps. */
  readonly online: boolean;
  readonly critic: boolean;
  /** Learns V(s) besides Q. */
  readonly stateValue?: boolean;
  /** The policy is a network of its own, so an anchor to π₀ can hold it. */
  readonly anchor: boolean;
  /** Which parameter is the offline penalty or constraint, that the switch may drop or decay. */
  readonly penalty?: string;
}
export interface Algorithm<P extends Schema = Schema, M extends string = string> {
  readonly id: string;
  /** As the sentence says it: "IQL". */
  readonly name: string;
  readonly title: string;
  readonly paper: { readonly authors: string; readonly year: number; readonly title: string; readonly link: string };
  readonly params: P;
  /** One sentence of at most 25 words each. */
  readonly metrics: Readonly<Record<M, { readonly label: string; readonly help: string }>>;
  /** KaTeX, in the order of the update. */
  readonly equations: readonly { readonly name: string; readonly tex: string }[];
  /** What differs from the paper, one sentence each. */
  readonly deviations: readonly string[];
  readonly limits: string;
  readonly capabilities: Capabilities;
  networks(build: NetworkBuilder, params: ValuesOf<P>): Readonly<Record<string, Network>>;
  // biome-ignore lint/suspicious/noExplicitAny: each file narrows its own networks; the registry only passes them through.
  program(networks: any, hyper: Hyper<P>, params: ValuesOf<P>): Learner<M>;
}
export function defineAlgorithm<
  const P extends Schema,
  N extends Readonly<Record<string, Network>>,
  const M extends string,
>(
  definition: Omit<Algorithm<P, M>, 'networks' | 'program'> & {
    networks(build: NetworkBuilder, params: ValuesOf<P>): N;
    program(networks: N, hyper: Hyper<P>, params: ValuesOf<P>): Learner<M>;
  },
): Algorithm<P, M> {
  return definition;
}
export type { Field };
