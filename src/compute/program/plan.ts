/**
 * A program set with every address resolved: one memory image, the same offsets for every executor.
 *
 * image = [ state | records of the data source | records of the replay source | temporaries and logs ].
 * `state` is contiguous and complete: parameters, Adam moments and β products, targets, scalars, key, counters, source
 * counts, current metrics row. Checkpoint, executor switch and recovery are copies of it (and of the replay records).
 */
import type { Axis, BinaryOp, ParameterSpec, RecordLayout, Shape, UnaryOp } from './program';

/**
 * Element [m, r, c] is the float32 at byte offset + 4·(m·member + r·row + c·column); a stride of 0 broadcasts; column is 0 or 1.
 *
 * Operands of element-wise instructions already have the shape of `out`, with strides of 0 where they broadcast. An axis of
 * size 1 always has stride 0. Every `out` is dense (row = columns, member = rows·columns, 16-byte aligned), except that a
 * `copy` may write rows or members inside a larger array (concat, pad).
 * Matrix operands have column stride 1 and real rows; only their member stride may be 0.
 */
export interface Place {
  readonly offset: number;
  readonly shape: Shape;
  readonly member: number;
  readonly row: number;
  readonly column: 0 | 1;
}
export type Activation = 'none' | 'relu' | 'tanh';
/**
 * What each instruction means to the last bit is `reference/interpreter.ts`; sums run from the first element to the last there, and
 * an executor may fix another order. `minimum` is y < x ? y : x, `maximum` and relu are x < y ? y : x (NaN in x stays NaN).
 */
export type Instruction =
  /**
   * out = activation(A∘B + bias), form as in program.ts, bias [members or 1, rows, 1] (nn only, as is `activation`).
   * `mask` (tn only), dense and of the shape of `out`: out = 0 where mask ≤ 0 (ReLU's gradient fused).
   */
  | {
      readonly op: 'matmul';
      readonly form: 'nn' | 'tn' | 'nt';
      readonly a: Place;
      readonly b: Place;
      readonly out: Place;
      readonly bias?: Place;
      readonly activation: Activation;
      readonly mask?: Place;
    }
  | { readonly op: 'unary'; readonly kind: UnaryOp | 'copy'; readonly x: Place; readonly out: Place }
  | { readonly op: 'binary'; readonly kind: BinaryOp; readonly x: Place; readonly y: Place; readonly out: Place }
  | { readonly op: 'select'; readonly condition: Place; readonly x: Place; readonly y: Place; readonly out: Place }
  | {
      readonly op: 'reduce';
      readonly kind: 'sum' | 'minimum' | 'maximum';
      readonly axis: Axis;
      readonly x: Place;
      readonly out: Place;
    }
  | { readonly op: 'fill'; readonly value: number; readonly out: Place }
  /** Draws indices for stream `stream`, then gathers records feature-major into out [1, stride, batch]. */
  | { readonly op: 'gather'; readonly stream: number; readonly out: Place }
  /** Element [0, r, c] uses bits number r·columns + c; how bits become numbers: numeric/random.ts. */
  | { readonly op: 'random'; readonly distribution: 'normal' | 'uniform'; readonly stream: number; readonly out: Place }
  /**
   * Adam over `count` floats of a module's arena; `powers` = offset of β1ᵗ, β2ᵗ as two float64 (8-byte aligned), advanced first.
   * step = fround(η/(1 − β1ᵗ)) and scale = fround(1/√(1 − β2ᵗ)) in float64; then in float32, every operation rounded:
   * m ← β1·m + (1 − β1)·g, v ← β2·v + (1 − β2)·(g·g), both 0 where below 1e-30 in size, θ ← θ − (step·m)/(√v·scale + ε).
   */
  | {
      readonly op: 'adam';
      readonly parameters: number;
      readonly gradients: number;
      readonly first: number;
      readonly second: number;
      readonly powers: number;
      readonly count: number;
      readonly learningRate: Place;
    }
  /** target ← target + rate·(source − target) */
  | {
      readonly op: 'polyak';
      readonly target: number;
      readonly source: number;
      readonly count: number;
      readonly rate: Place;
    }
  /** Scales the `count` gradients by limit / norm where their Euclidean norm is above `limit`. */
  | { readonly op: 'clip'; readonly gradients: number; readonly count: number; readonly limit: number }
  | { readonly op: 'metric'; readonly column: number; readonly value: Place }
  /** Runs when update % every = 0, or `repeat` times, or while `enabled` ≠ 0; exactly one of the three is given. */
  | {
      readonly op: 'block';
      readonly every?: number;
      readonly repeat?: number;
      readonly enabled?: Place;
      readonly body: readonly Instruction[];
    };

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
 * Where an executor finds its counters, and how random numbers are addressed.
 *
 * One word of random bits number n of stream s: the first word of threefry2x32 with
 *   key     (key0, key1 + s mod 2³²)                    key0 is the training seed, key1 starts at 0
 *   counter (update + repetition·2²⁴ mod 2³², n)        in the update; `update` counts from 0 and rises after each update
 *   counter (query, n)                                  in a query
 * `repetition` is 0 outside `repeat` blocks, the pass inside one (0 first); nested: outer·(repeats of the inner) + inner.
 * s is the `stream` of the instruction, numbered by `draws.ts`: 0x10000 + draw for batches, 0x20000 + stream for noise.
 *
 * Batch: column c takes word n = c and index i = indexFromBits(bits, size).
 * mode 0: columns < offlineColumns draw from data (size data.count), the rest from replay (size replay.count).
 * mode 1: size = data.count + replay.count; i < data.count is data's record i, else replay's i − data.count.
 * A source of size 0 gives its slot 0; the host keeps the split away from empty sources.
 */
export interface StateHeader {
  /** u32 offsets. */
  readonly key0: number;
  readonly key1: number;
  readonly update: number;
  /** Counter of the current query, written before each (exploration noise). Lies outside the state: a query changes none. */
  readonly query: number;
  readonly batchMode: number;
  readonly offlineColumns: number;
}
export interface EntryPoint {
  readonly name: string;
  readonly instructions: readonly Instruction[];
  /** Inputs and outputs are dense. */
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
  /** Numbers the instructions read; they lie in the state, so whoever starts from `initialState` need not write them. */
  readonly constants: readonly { readonly offset: number; readonly value: number }[];
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
  /** 'update' and the queries by name. After each update the executor appends the metrics row to the log and counts the update. */
  readonly entries: Readonly<Record<string, EntryPoint>>;
  /** Digest of the layout: a checkpoint of another layout is refused. */
  readonly layout: string;
  /** Floating-point operations of one update's matrix products, for the roofline and for choosing K. */
  readonly flops: number;
}
