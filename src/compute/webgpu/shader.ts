/** Where kernels find values: text of reads and indices, with every offset and size a constant. */
import type { Instruction, Place, Plan } from '../program/plan';
import type { Schedule } from './schedule';
import type { Tuning } from './tuning';

export type Of<Op extends Instruction['op']> = Extract<Instruction, { op: Op }>;
/** What a number of workgroups does; in the text `wg` is its number among them, `thread` that of the thread. */
export interface Piece {
  readonly text: string;
  readonly workgroups: number;
}

/** Offsets that depend on the number of replicas only. */
export interface Layout {
  readonly plan: Plan;
  readonly schedule: Schedule;
  /** Floats or words of one replica in each buffer. */
  readonly stride: {
    readonly state: number;
    readonly batch: number;
    readonly scratch: number;
    readonly replay: number;
    readonly corrections: number;
  };
  /** Float in a replica's scratch where the metrics log starts. */
  readonly log: number;
  /** First word of each table. */
  readonly tables: { readonly active: number; readonly corrections: number };
}

export const headerWords = 16;
/** Words of a replica's header. */
export const headerSlots = {
  key0: 0,
  key1: 1,
  update: 2,
  batchMode: 3,
  offlineColumns: 4,
  dataCount: 5,
  replayCount: 6,
  row: 7,
} as const;

/** One kernel's surroundings, shared by the writers of its jobs. */
export class Shader {
  #names = 0;

  constructor(
    readonly layout: Layout,
    readonly tuning: Tuning,
  ) {}

  /** Columns of the batch. */
  get columns(): number {
    return this.layout.plan.batch;
  }
  /** Vectors in a row of batch values. */
  get vectors(): number {
    return this.layout.plan.batch / 4;
  }
  /** A name not used before. */
  name(stem: string): string {
    return `${stem}${this.#names++}`;
  }
  /** Float offset of a place in the buffer it lies in, and that buffer. */
  locate({ offset }: Place): { buffer: 'state' | 'batch' | 'scratch'; first: number } {
    const { plan, schedule } = this.layout;
    if (offset < plan.state.bytes) return { buffer: 'state', first: offset / 4 };
    const root = schedule.roots.find(({ first, end }) => first <= offset && offset < end);
    if (root === undefined) throw new Error(`No value lies at ${offset}.`);
    return { buffer: root.isBatch ? 'batch' : 'scratch', first: (root.offset + offset - root.first) / 4 };
  }
  isBatch(place: Place): boolean {
    return this.locate(place).buffer === 'batch';
  }
  /** One number of a place. */
  number(place: Place, m: string, r: string, c: string): string {
    const { buffer, first } = this.locate(place);
    return `${buffer}_number(${sum(first, [m, place.member], [r, place.row], [c, place.column])})`;
  }
  /** Index of a vector of four columns of a batch value. */
  vectorIndex(place: Place, m: string, r: string, c: string): string {
    const { first } = this.locate(place);
    return `batch_base + ${sum(first / 4, [m, place.member / 4], [r, place.row / 4], [c, 1])}`;
  }
  /** Four columns of a place, from vector `c` on. */
  vector(place: Place, m: string, r: string, c: string): string {
    if (place.column === 0) return `vec4f(${this.number(place, m, r, '0u')})`;
    if (this.isBatch(place)) return `batch[${this.vectorIndex(place, m, r, c)}]`;
    const parts = [0, 1, 2, 3].map((part) => this.number(place, m, r, `(4u * ${c} + ${part}u)`));
    return `vec4f(${parts.join(', ')})`;
  }
}

export function keyOf({ offset, shape, member, row, column }: Place): string {
  return [offset, shape.members, shape.rows, shape.columns, member, row, column].join();
}

/** `first + Σ index·stride` without what is 0, as u32. */
export function sum(first: number, ...terms: readonly (readonly [string, number])[]): string {
  const parts = terms.filter(([index, stride]) => stride !== 0 && index !== '0u');
  return [`${first}u`, ...parts.map(([index, stride]) => (stride === 1 ? index : `${index} * ${stride}u`))].join(' + ');
}
export function total(vector: string): string {
  return `((${vector}.x + ${vector}.y) + (${vector}.z + ${vector}.w))`;
}
export function largestDivisor(of: number, limit: number): number {
  for (let divisor = Math.min(of, limit); divisor > 1; divisor--) if (of % divisor === 0) return divisor;
  return 1;
}
/** A number as WGSL writes an f32. */
export function literal(value: number): string {
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded)) throw new RangeError(`A shader cannot write the number ${value}.`);
  const text = `${rounded}`;
  return /[.e]/.test(text) ? `f32(${text})` : `f32(${text}.0)`;
}
