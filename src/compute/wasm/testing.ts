/** Hand-made plans for tests: arrays laid one after another in an image which is all state but the log, and instructions on them. */
import { stream } from '../../numeric/random';
import type { Instruction, Place, Plan } from '../program/plan';
import type { Shape } from '../program/program';
import { openPlan } from './engine';

export const shape = (members: number, rows: number, columns: number): Shape => ({ members, rows, columns });
export const elements = ({ members, rows, columns }: Shape) => members * rows * columns;

/** `count` numbers in [−1, 1), the same for the same seed. */
export function randomFloats(count: number, seed: number): Float32Array {
  const numbers = stream(seed, 'test');
  return Float32Array.from({ length: count }, () => numbers.uniform(-1, 1));
}

export class Image {
  private readonly contents: { offset: number; values: Float32Array }[] = [];
  private end = 0;
  readonly header: Plan['header'];
  readonly data: Plan['data'];
  readonly replay: Plan['replay'];

  constructor(private readonly options: { seed?: number; stride?: number; records?: readonly [number, number] } = {}) {
    const header = this.allocate(64);
    this.header = {
      ...{ key0: header, key1: header + 4, update: header + 8 },
      ...{ batchMode: header + 12, offlineColumns: header + 16, query: header + 20 },
    };
    const [dataCapacity, replayCapacity] = options.records ?? [0, 0];
    const stride = options.stride ?? 4;
    this.data = { count: header + 24, capacity: dataCapacity, records: this.allocate(4 * stride * dataCapacity) };
    this.replay = { count: header + 28, capacity: replayCapacity, records: this.allocate(4 * stride * replayCapacity) };
  }

  private allocate(bytes: number): number {
    const offset = this.end;
    // A gap behind every array, filled with NaN, shows whoever reads past its end and uses it.
    this.end = Math.ceil((offset + bytes) / 16) * 16 + 32;
    return offset;
  }

  /** Dense, with strides of 0 on axes of size 1, as the planner lays arrays. */
  place(of: Shape, values?: Float32Array): Place {
    const offset = this.allocate(4 * elements(of));
    if (values) this.contents.push({ offset, values });
    return {
      offset,
      shape: of,
      member: of.members > 1 ? of.rows * of.columns : 0,
      row: of.rows > 1 ? of.columns : 0,
      column: of.columns > 1 ? 1 : 0,
    };
  }

  scalar(value: number): Place {
    return this.place(shape(1, 1, 1), Float32Array.of(value));
  }

  plan(instructions: readonly Instruction[], metrics: readonly string[] = [], logRows = 4): Plan {
    const metricsRow = this.allocate(4 * metrics.length);
    // The log is no part of the state: it holds the rows of the last call only.
    const stateBytes = this.end;
    const log = { offset: this.allocate(4 * metrics.length * logRows), rows: logRows };
    return {
      bytes: this.end,
      state: { offset: 0, bytes: stateBytes },
      header: this.header,
      scalars: {},
      constants: [],
      parameters: [],
      arenas: [],
      record: { fields: [], stride: this.options.stride ?? 4 },
      data: this.data,
      replay: this.replay,
      batch: 64,
      metrics,
      metricsRow,
      log,
      entries: { update: { name: 'update', instructions, inputs: {}, outputs: {}, columns: 64 } },
      layout: '',
      flops: 0,
    };
  }

  state(plan: Plan): Uint8Array {
    const floats = new Float32Array(plan.state.bytes / 4).fill(Number.NaN);
    floats.fill(0, 0, 16);
    floats.fill(0, plan.metricsRow / 4, plan.metricsRow / 4 + plan.metrics.length);
    for (const { offset, values } of this.contents) floats.set(values, offset / 4);
    new Uint32Array(floats.buffer)[plan.header.key0 / 4] = this.options.seed ?? 0;
    return new Uint8Array(floats.buffer);
  }

  /** Runs the instructions once and reads a place back, dense, [members, rows, columns]. */
  async run(instructions: readonly Instruction[], updates = 1): Promise<(place: Place) => Float32Array> {
    const plan = this.plan(instructions);
    const session = await openPlan(plan, this.state(plan));
    await session.run(updates);
    const after = new Float32Array((await session.readState()).buffer);
    return (place) => read(after, place);
  }
}

/** The elements a place names, in order. */
export function read(floats: Float32Array, { offset, shape: of, member, row, column }: Place): Float32Array {
  const values = new Float32Array(elements(of));
  let i = 0;
  for (let m = 0; m < of.members; m++)
    for (let r = 0; r < of.rows; r++)
      for (let c = 0; c < of.columns; c++) values[i++] = floats[offset / 4 + m * member + r * row + c * column];
  return values;
}

/** The int32 patterns, so that comparisons see −0 and NaN. */
export const bitsOf = (floats: Float32Array) => Array.from(new Int32Array(Float32Array.from(floats).buffer));

/** Distance between two float32 in units in the last place; 0 for two NaN. */
export function ulpDistance(a: number, b: number): number {
  if (Number.isNaN(a) && Number.isNaN(b)) return 0;
  const ordered = (value: number) => {
    const [bits] = new Int32Array(Float32Array.of(value).buffer);
    return bits < 0 ? -2147483648 - bits : bits;
  };
  return Number.isNaN(a) || Number.isNaN(b) ? Infinity : Math.abs(ordered(a) - ordered(b));
}
