/**
 * What a tensor program is: data that every executor understands.
 *
 * Tracing an algorithm's `update` once records a `Program`: nodes (values) and statements (effects), in trace order, which is
 * execution order. `wasm` and `webgpu` run its `Plan` (plan.ts), where gradients are ordinary nodes; `tfjs` runs the
 * statements as they stand with its own autodiff, which makes it the independent oracle.
 */

/** Every value is [members, rows, columns] float32. Rows are features, columns the batch, columns innermost. A size of 1 broadcasts. */
export interface Shape {
  readonly members: number;
  readonly rows: number;
  readonly columns: number;
}
export type NodeId = number;

export type UnaryOp =
  | 'negate'
  | 'square'
  | 'sqrt'
  | 'reciprocal'
  | 'exp'
  | 'log'
  | 'relu'
  | 'tanh'
  | 'sigmoid'
  | 'softplus'
  | 'absolute'
  | 'sign'
  | 'sine'
  | 'cosine';
/** `less` and `equal` give 0 or 1 and have no gradient. `minimum`/`maximum` send the gradient of a tie to the first input. */
export type BinaryOp = 'add' | 'subtract' | 'multiply' | 'divide' | 'minimum' | 'maximum' | 'less' | 'equal';
export type Axis = 'members' | 'rows' | 'columns';

export type Node = { readonly shape: Shape } & (
  | { readonly op: 'constant'; readonly values: readonly number[] }
  /** A module's array as of `version`: `minimize` and `moveTowards` raise it, so later reads see the new values. */
  | { readonly op: 'parameter'; readonly module: string; readonly name: string; readonly version: number }
  /** A program input written between calls; [1, 1, 1]. */
  | { readonly op: 'scalar'; readonly name: string }
  /** Written by the host before a query; [1, rows, columns]. */
  | { readonly op: 'input'; readonly name: string }
  /** A gathered minibatch of records; [1, record stride, batch]. `draw` numbers the draws of a program in trace order. */
  | { readonly op: 'batch'; readonly draw: number }
  /** Fresh random numbers, never shared. `stream` numbers the draws of a program in trace order. */
  | { readonly op: 'random'; readonly distribution: 'normal' | 'uniform'; readonly stream: number }
  /** nn: A·B · tn: Aᵀ·B · nt: A·Bᵀ, member by member; one member broadcasts. */
  | { readonly op: 'matmul'; readonly form: 'nn' | 'tn' | 'nt'; readonly a: NodeId; readonly b: NodeId }
  | { readonly op: 'unary'; readonly kind: UnaryOp; readonly x: NodeId }
  | { readonly op: 'binary'; readonly kind: BinaryOp; readonly x: NodeId; readonly y: NodeId }
  /** condition ≠ 0 ? x : y */
  | { readonly op: 'select'; readonly condition: NodeId; readonly x: NodeId; readonly y: NodeId }
  | { readonly op: 'reduce'; readonly kind: 'sum' | 'minimum' | 'maximum'; readonly axis: Axis; readonly x: NodeId }
  /** Rows first … first + shape.rows − 1 of x: a view. */
  | { readonly op: 'rows'; readonly first: number; readonly x: NodeId }
  /** Members likewise: a view. */
  | { readonly op: 'member'; readonly first: number; readonly x: NodeId }
  /** x at `first`, zeros elsewhere: the gradient of `rows` and `member`. */
  | { readonly op: 'pad'; readonly axis: 'rows' | 'members'; readonly first: number; readonly x: NodeId }
  | { readonly op: 'concat'; readonly parts: readonly NodeId[] }
  | { readonly op: 'broadcast'; readonly x: NodeId }
  | { readonly op: 'stopGradient'; readonly x: NodeId }
);

export type Statement =
  /** Compute these nodes here, in this order (a node lives in the block where it was traced). */
  | { readonly kind: 'compute'; readonly nodes: readonly NodeId[] }
  /** One Adam step for every array of `module` on the gradient of `loss` [1,1,1]. */
  | {
      readonly kind: 'minimize';
      readonly loss: NodeId;
      readonly module: string;
      readonly learningRate: NodeId;
      readonly gradientClip?: number;
    }
  /** target ← target + rate·(source − target), array by array. */
  | { readonly kind: 'moveTowards'; readonly target: string; readonly source: string; readonly rate: NodeId }
  /** The column `name` of this update's row of the metrics log. A metric in a block that was skipped keeps its last value. */
  | { readonly kind: 'metric'; readonly name: string; readonly value: NodeId }
  /** What a query returns. */
  | { readonly kind: 'output'; readonly name: string; readonly value: NodeId }
  /** every n: runs when update % n = 0 · repeat n: n times, random draws fresh each time · enabled: runs while the scalar ≠ 0. */
  | { readonly kind: 'block'; readonly when: BlockCondition; readonly body: readonly Statement[] };
export type BlockCondition = { readonly every: number } | { readonly repeat: number } | { readonly enabled: string };

/** How an array starts, drawn on the host from the `init` stream. */
export type Initialiser =
  | { readonly kind: 'uniform'; readonly bound: number }
  | { readonly kind: 'constant'; readonly value: number }
  /** The same values as that array of that module (targets, anchors). */
  | { readonly kind: 'copy'; readonly module: string };
export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly initial: Initialiser;
}
export interface ModuleSpec {
  readonly name: string;
  readonly parameters: readonly ParameterSpec[];
  /** Whether anything minimises it: then it has Adam moments. */
  readonly learns: boolean;
}
/** A field of a record: rows [first, first + size) of a gathered batch. */
export interface RecordField {
  readonly name: 'observation' | 'action' | 'reward' | 'terminated' | 'nextObservation' | (string & {});
  readonly first: number;
  readonly size: number;
}
export interface RecordLayout {
  readonly fields: readonly RecordField[];
  /** Floats a record, padded to a multiple of 4. */
  readonly stride: number;
}
/** One traced function. The update has a batch and metrics; a query has inputs and outputs and changes no state. */
export interface Program {
  readonly name: string;
  readonly nodes: readonly Node[];
  readonly statements: readonly Statement[];
  readonly columns: number;
  readonly inputs: readonly { readonly name: string; readonly node: NodeId }[];
  readonly metrics: readonly string[];
  readonly outputs: readonly { readonly name: string; readonly node: NodeId }[];
  readonly draws: number;
  readonly streams: number;
}
/** Everything traced for one learner: modules once, programs that read and write them. */
export interface ProgramSet {
  readonly modules: readonly ModuleSpec[];
  /** Names and starting values; written with `Session.setScalar`. */
  readonly scalars: readonly { readonly name: string; readonly value: number }[];
  readonly record: RecordLayout;
  readonly update: Program;
  readonly queries: Readonly<Record<string, Program>>;
}
export const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;
