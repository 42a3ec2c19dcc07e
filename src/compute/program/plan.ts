/**
 * A program set with every address resolved: one memory image, the same offsets for every executor.
 *
 * image = [ state | records of the data source | records of the replay source | temporaries and logs ].
 * `state` is contiguous and complete: parameters, Adam moments and β products, targets, scalars, key, counters, source
 * counts, current metrics row. Checkpoint, executor switch and recovery are copies of it (and of the replay records).
 */
import type { BinaryOp, Axis, Shape, UnaryOp, ParameterSpec, RecordLayout } from './program';

/** Element [m, r, c] is the float32 at byte offset + 4·(m·member + r·row + c·column); a stride of 0 broadcasts; column is 0 or 1. */
export interface Place {
  readonly offset: number;
  readonly shape: Shape;
  readonly member: number;
  readonly row: number;
  readonly column: 0 | 1;
}
export type Activation = 'none' | 'relu' | 'tanh';
export type Instruction =
  /** out = activation(A∘B + bias), form as in program.ts. `mask` (tn only): out = 0 where mask ≤ 0 (ReLU's gradient fused). */
  | { readonly op: 'matmul'; readonly form: 'nn' | 'tn' | 'nt'; readonly a: Place; readonly b: Place; readonly out: Place; readonly bias?: Place; readonly activation: Activation; readonly mask?: Place }
  | { readonly op: 'unary'; readonly kind: UnaryOp | 'copy'; readonly x: Place; readonly out: Place }
  | { readonly op: 'binary'; readonly kind: BinaryOp; readonly x: Place; readonly y: Place; readonly out: Place }
  | { readonly op: 'select'; readonly condition: Place; readonly x: Place; readonly y: Place; readonly out: Place }
  | { readonly op: 'reduce'; readonly kind: 'sum' | 'minimum' | 'maximum'; readonly axis: Axis; readonly x: Place; readonly out: Place }
  | { readonly op: 'fill'; readonly value: number; readonly out: Place }
  /** Draws indices for stream `stream`, then gathers records feature-major into out [1, stride, batch]. */
  | { readonly op: 'gather'; readonly stream: number; readonly out: Place }
  | { readonly op: 'random'; readonly distribution: 'normal' | 'uniform'; readonly stream: number; readonly out: Place }
  /** Adam over `count` floats of a module's arena; `powers` = offset of β1ᵗ, β2ᵗ as two float64, advanced first. */
  | { readonly op: 'adam'; readonly parameters: number; readonly gradients: number; readonly first: number; readonly second: number; readonly powers: number; readonly count: number; readonly learningRate: Place }
  | { readonly op: 'polyak'; readonly target: number; readonly source: number; readonly count: number; readonly rate: Place }
  /** Clips the `count` gradients to norm `limit`. */
  | { readonly op: 'clip'; readonly gradients: number; readonly count: number; readonly limit: number }
  | { readonly op: 'metric'; readonly column: number; readonly value: Place }
  | { readonly op: 'block'; readonly every?: number; readonly repeat?: number; readonly enabled?: Place; readonly body: readonly Instruction[] };

export interface ParameterSlot extends ParameterSpec {
  readonly module: string;
  readonly offset: number;
}
export interface ModuleArena {
  readonly name: string;
  readonly parameters: number;
  /** Floats, padded to a multiple of 4; the padding stays 0. */
  readonly count: number;
  /** Absent for modules nothing minimises. */
  readonly first?: number;
  readonly second?: number;
  readonly powers?: number;
  /** Where the last update's gradients lie (temporaries; kept for tests). */
  readonly gradients?: number;
}
export interface SourceSlots {
  /** Byte offset of the u32 number of valid records. */
  readonly count: number;
  readonly records: number;
  readonly capacity: number;
}
/**
 * How a batch is drawn, for draw stream s, column c of an update: bits = first word of threefry(key, [update (+ repetition·2²⁴), c] under stream s).
 * mode 0: columns < offlineColumns take index bits×data.count from data, the rest from replay. mode 1: one index over data then replay.
 */
export interface StateHeader {
  /** u32 offsets. */
  readonly key0: number;
  readonly key1: number;
  readonly update: number;
  /** Counter of the current query, written before each (exploration noise). */
  readonly query: number;
  readonly batchMode: number;
  readonly offlineColumns: number;
}
export interface EntryPoint {
  readonly name: string;
  readonly instructions: readonly Instruction[];
  readonly inputs: Readonly<Record<string, Place>>;
  readonly outputs: Readonly<Record<string, Place>>;
  /** Batch columns. */
  readonly columns: number;
}
export interface Plan {
  readonly bytes: number;
  readonly state: { readonly offset: number; readonly bytes: number };
  readonly header: StateHeader;
  readonly scalars: Readonly<Record<string, { readonly offset: number; readonly initial: number }>>;
  readonly parameters: readonly ParameterSlot[];
  readonly arenas: readonly ModuleArena[];
  readonly record: RecordLayout;
  readonly data: SourceSlots;
  readonly replay: SourceSlots;
  readonly batch: number;
  readonly metrics: readonly string[];
  /** Current row of metrics (state), and the log of up to `rows` rows. */
  readonly metricsRow: number;
  readonly log: { readonly offset: number; readonly rows: number };
  readonly entries: Readonly<Record<string, EntryPoint>>;
  /** Digest of the layout: a checkpoint of another layout is refused. */
  readonly layout: string;
  /** Floating-point operations of one update's matrix products, for the roofline and for choosing K. */
  readonly flops: number;
}
