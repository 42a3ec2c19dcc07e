/**
 * Turns a plan into the words the engine runs (assembly/index.ts), every address resolved, and lays them behind the plan's
 * image:
 *
 *     [ image | cells | zeros | table of normals | panel | code of every entry | slack ]
 *
 * cells: broadcast values · zeros: the bias of a product without one · panel: packed operands of a matrix product · slack:
 * room for a whole vector read at the ragged end of the last array.
 */
import { normalTable } from '../../numeric/random';
import type { Instruction, Place, Plan } from '../program/plan';
import { adam, type BinaryOp, type UnaryOp } from '../program/program';

/** Opcode = position, as in `execute` of assembly/index.ts. */
export const opcodes = [
  'nn',
  'nnRelu',
  'tn',
  'tnMasked',
  'nt',
  'unary',
  'binary',
  'select',
  'vertical',
  'horizontal',
  'gather',
  'normal',
  'uniform',
  'adam',
  'polyak',
  'clip',
  'metric',
  'every',
  'repeat',
  'enabled',
] as const;
export type Opcode = (typeof opcodes)[number];
/** Kind = position, as in assembly/elementwise.ts and assembly/reduce.ts. */
export const unaryKinds = [
  'copy',
  'negate',
  'square',
  'sqrt',
  'reciprocal',
  'exp',
  'log',
  'relu',
  'tanh',
  'sigmoid',
  'softplus',
  'absolute',
  'sign',
  'sine',
  'cosine',
] as const satisfies readonly (UnaryOp | 'copy')[];
export const binaryKinds = [
  'add',
  'subtract',
  'multiply',
  'divide',
  'minimum',
  'maximum',
  'less',
  'equal',
] as const satisfies readonly BinaryOp[];
const reduceKinds = ['sum', 'minimum', 'maximum'] as const;

export interface Encoded {
  /** Memory needed, in bytes; the image comes first. */
  readonly bytes: number;
  readonly cells: number;
  readonly table: number;
  /** Byte offset of `words`. */
  readonly code: number;
  readonly words: Int32Array;
  /** Byte range of each entry's code. */
  readonly entries: Readonly<Record<string, { readonly start: number; readonly end: number }>>;
}

const alignment = 64;
const align = (bytes: number) => Math.ceil(bytes / alignment) * alignment;

/**
 * @param codeAt  where the words go instead: behind those of another replica of the plan, with which everything else is shared
 * @throws Error where the plan breaks a promise of plan.ts that the kernels rely on
 */
export function encode(plan: Plan, codeAt?: number): Encoded {
  const cells = align(plan.bytes);
  const zeros = cells + 64;
  const table = zeros + 64;
  const panel = align(table + normalTable.byteLength);
  const programs = Object.values(plan.entries);
  const behindPanel = panel + Math.max(...programs.map(({ instructions }) => packedBytes(instructions)));
  const code = align(codeAt ?? behindPanel);

  const encoder = new Encoder(plan, code, zeros, panel);
  const entries: Record<string, { start: number; end: number }> = {};
  for (const [name, { instructions }] of Object.entries(plan.entries)) {
    const start = encoder.here;
    for (const instruction of instructions) encoder.encode(instruction);
    entries[name] = { start, end: encoder.here };
  }
  const words = Int32Array.from(encoder.words);
  return { bytes: code + words.byteLength + alignment, cells, table, code, words, entries };
}

/**
 * Room which the matrix products need to pack their operands (assembly/matmul.ts): a panel of 16 columns of b; in tn all of
 * a as well.
 */
function packedBytes(instructions: readonly Instruction[]): number {
  let bytes = 0;
  for (const instruction of instructions) {
    if (instruction.op === 'matmul') {
      const { rows, depth } = productSizes(instruction);
      bytes = Math.max(bytes, depth * (instruction.form === 'tn' ? 64 + 4 * rows : 64));
    }
    if (instruction.op === 'block') bytes = Math.max(bytes, packedBytes(instruction.body));
  }
  return bytes;
}

type Product = Extract<Instruction, { op: 'matmul' }>;

function productSizes({ form, a, b, out }: Product) {
  const [rows, depth] = form === 'tn' ? [a.shape.columns, a.shape.rows] : [a.shape.rows, a.shape.columns];
  const [columns, depthB] = form === 'nt' ? [b.shape.rows, b.shape.columns] : [b.shape.columns, b.shape.rows];
  if (depth !== depthB || rows !== out.shape.rows || columns !== out.shape.columns)
    throw new Error(
      `matmul ${form}: ${sizesOf(a)} and ${sizesOf(b)} do not give ${sizesOf(out)} (members, rows, columns)`,
    );
  return { members: out.shape.members, rows, columns, depth };
}

class Encoder {
  readonly words: number[] = [];

  constructor(
    private readonly plan: Plan,
    private readonly code: number,
    private readonly zeros: number,
    private readonly panel: number,
  ) {}

  /** Address of the next word. */
  get here(): number {
    return this.code + 4 * this.words.length;
  }

  private emit(opcode: Opcode, ...operands: number[]): void {
    this.words.push(opcodes.indexOf(opcode), operands.length + 2, ...operands);
  }

  encode(instruction: Instruction): void {
    switch (instruction.op) {
      case 'matmul':
        this.product(instruction);
        return;
      case 'unary': {
        const { sizes, strides } = collapse(instruction.out, [instruction.x]);
        this.emit(
          'unary',
          unaryKinds.indexOf(instruction.kind),
          ...sizes,
          ...target(instruction.out, strides[0]),
          ...operand(instruction.x, strides[1]),
        );
        return;
      }
      case 'binary': {
        const { sizes, strides } = collapse(instruction.out, [instruction.x, instruction.y]);
        this.emit(
          'binary',
          binaryKinds.indexOf(instruction.kind),
          ...sizes,
          ...target(instruction.out, strides[0]),
          ...operand(instruction.x, strides[1]),
          ...operand(instruction.y, strides[2]),
        );
        return;
      }
      case 'select': {
        const { condition, x, y, out } = instruction;
        const { sizes, strides } = collapse(out, [condition, x, y]);
        this.emit(
          'select',
          0,
          ...sizes,
          ...target(out, strides[0]),
          ...operand(condition, strides[1]),
          ...operand(x, strides[2]),
          ...operand(y, strides[3]),
        );
        return;
      }
      case 'fill': {
        const { sizes, strides } = collapse(instruction.out, []);
        // A copy of one broadcast float, which is the instruction's own last word.
        const value = this.here + 4 * 13;
        this.emit(
          'unary',
          unaryKinds.indexOf('copy'),
          ...sizes,
          ...target(instruction.out, strides[0]),
          ...[value, 0, 0, 0],
          floatBits(instruction.value),
        );
        return;
      }
      case 'reduce':
        this.reduce(instruction);
        return;
      case 'gather': {
        const { header, record, data, replay } = this.plan;
        const { out, stream } = instruction;
        if (out.shape.columns % 4 !== 0)
          throw new Error(`gather: expected a batch of a multiple of 4, got ${out.shape.columns}`);
        this.emit(
          'gather',
          ...[stream | 0, out.shape.columns, record.stride, out.offset, 4 * out.row],
          ...[header.batchMode, header.offlineColumns, data.count, data.records, replay.count, replay.records],
        );
        return;
      }
      case 'random': {
        const { members, rows, columns } = instruction.out.shape;
        this.emit(
          instruction.distribution,
          ...[instruction.stream | 0, members * rows * columns, instruction.out.offset],
        );
        return;
      }
      case 'adam': {
        const { parameters, gradients, first, second, powers, count, learningRate } = instruction;
        this.emit(
          'adam',
          ...[parameters, gradients, first, second, powers, count, learningRate.offset],
          ...[adam.beta1, 1 - adam.beta1, adam.beta2, 1 - adam.beta2, adam.epsilon, 1e-30, 0, 0].map(floatBits),
        );
        return;
      }
      case 'polyak':
        this.emit('polyak', instruction.target, instruction.source, instruction.count, instruction.rate.offset);
        return;
      case 'clip':
        this.emit('clip', instruction.gradients, instruction.count, floatBits(instruction.limit));
        return;
      case 'metric':
        this.emit('metric', instruction.value.offset, this.plan.metricsRow + 4 * instruction.column);
        return;
      case 'block': {
        const { every, repeat, enabled, body } = instruction;
        if (every !== undefined) this.emit('every', 0, every);
        else if (repeat !== undefined) this.emit('repeat', 0, repeat);
        else if (enabled) this.emit('enabled', 0, enabled.offset);
        else throw new Error('block: expected one of every, repeat and enabled, got none');
        const length = this.words.length - 2;
        const start = this.here;
        for (const inner of body) this.encode(inner);
        this.words[length] = this.here - start;
        return;
      }
      default:
        instruction satisfies never;
    }
  }

  private product(instruction: Product): void {
    const { form, a, b, out, bias, mask, activation } = instruction;
    const { members, rows, columns, depth } = productSizes(instruction);
    for (const place of [a, b, out, ...(mask ? [mask] : [])])
      if (place.shape.columns > 1 && place.column !== 1)
        throw new Error(`matmul ${form}: expected contiguous columns, got a broadcast ${sizesOf(place)}`);
    if (mask && form !== 'tn') throw new Error(`matmul ${form}: a mask is for tn`);
    if ((bias || activation !== 'none') && form !== 'nn')
      throw new Error(`matmul ${form}: bias and activation are for nn`);
    const opcode = form === 'nn' && activation === 'relu' ? 'nnRelu' : mask ? 'tnMasked' : form;
    const extra = mask ?? bias ?? { offset: this.zeros, member: 0, row: 0 };
    this.words.push(...productWords(opcode, { members, rows, columns, depth }, { a, b, out, extra }, this.panel));
    if (activation === 'tanh') this.encode({ op: 'unary', kind: 'tanh', x: out, out });
  }

  private reduce({ kind, axis, x, out }: Extract<Instruction, { op: 'reduce' }>): void {
    const code = reduceKinds.indexOf(kind);
    if (axis === 'columns' && x.shape.columns > 1 && x.column === 1) {
      this.emit(
        'horizontal',
        ...[code, x.shape.members, x.shape.rows, x.shape.columns],
        ...target(out, [out.member, out.row, 0]),
        ...[x.offset, 4 * x.member, 4 * x.row],
      );
      return;
    }
    // The kept axes, with the reduced one as a stride beside them (0 where x broadcasts along it).
    const count = x.shape[axis];
    const step = axis === 'members' ? x.member : axis === 'rows' ? x.row : x.column;
    const { sizes, strides } = collapse(out, [{ ...x, shape: out.shape }], true);
    this.emit(
      'vertical',
      ...[code, count, ...sizes],
      ...target(out, strides[0]),
      ...operand(x, strides[1]).slice(0, 3),
      4 * step,
    );
  }
}

/** Where a matrix starts, in bytes, and its strides in floats. */
type Matrix = Pick<Place, 'offset' | 'member' | 'row'>;

/** The instruction of a matrix product, as assembly/matmul.ts reads it. */
export function productWords(
  opcode: Opcode,
  { members, rows, columns, depth }: { members: number; rows: number; columns: number; depth: number },
  { a, b, out, extra }: { a: Matrix; b: Matrix; out: Matrix; extra: Matrix },
  scratch: number,
): number[] {
  const operands = [a, b, out, extra].flatMap(({ offset, member, row }) => [offset, 4 * member, 4 * row]);
  const words = [members, rows, columns, depth, ...operands, scratch];
  return [opcodes.indexOf(opcode), words.length + 2, ...words];
}

/** Start and strides in bytes, without the inner one, which is 4. */
function target(place: Place, strides: readonly number[]): number[] {
  return [place.offset, 4 * strides[0], 4 * strides[1]];
}
function operand(place: Place, strides: readonly number[]): number[] {
  return [place.offset, ...strides.map((stride) => 4 * stride)];
}

/**
 * The loops of an element-wise instruction: three sizes (outer, middle, inner) and, for `out` and each operand, three
 * strides in floats. Neighbouring axes which every array steps through as one become one. The inner axis is dense in `out`,
 * and dense or (unless `denseOnly`) broadcast in each operand; where there is no such axis its size is 1.
 */
function collapse(out: Place, operands: readonly Place[], denseOnly = false) {
  const places = [out, ...operands];
  const axes: { size: number; strides: number[] }[] = [];
  const { members, rows, columns } = out.shape;
  for (const axis of [
    { size: members, strides: places.map(({ member }) => member) },
    { size: rows, strides: places.map(({ row }) => row) },
    { size: columns, strides: places.map(({ column }) => column as number) },
  ]) {
    if (axis.size === 1) continue;
    const last = axes.at(-1);
    if (last?.strides.every((stride, i) => stride === axis.strides[i] * axis.size))
      axes[axes.length - 1] = { size: last.size * axis.size, strides: axis.strides };
    else axes.push(axis);
  }
  const inner = axes.at(-1);
  const innerFits =
    inner !== undefined &&
    inner.strides[0] === 1 &&
    inner.strides.every((stride) => stride === 1 || (stride === 0 && !denseOnly));
  if (!innerFits) axes.push({ size: 1, strides: places.map(() => 0) });
  while (axes.length < 3) axes.unshift({ size: 1, strides: places.map(() => 0) });
  if (axes.length > 3) throw new Error(`cannot loop over ${sizesOf(out)}: its columns are not dense`);
  return { sizes: axes.map(({ size }) => size), strides: places.map((_, i) => axes.map(({ strides }) => strides[i])) };
}

const bits = new DataView(new ArrayBuffer(4));
function floatBits(value: number): number {
  bits.setFloat32(0, value);
  return bits.getInt32(0);
}

function sizesOf({ shape: { members, rows, columns } }: Place): string {
  return `[${members}, ${rows}, ${columns}]`;
}
