/** The interpreter behind the interface that every executor has. */
import type { BatchSplit, Session, SessionOptions, SourceName } from '../executor';
import type { Place, Plan } from '../program/plan';
import { plan as makePlan } from '../program/planner';
import type { ProgramSet } from '../program/program';
import { sizeOf } from '../program/shapes';
import { initialState } from '../state';
import { Interpreter, type Precision } from './interpreter';

const logRows = 64;

export class ReferenceSession implements Session {
  readonly plan: Plan;
  readonly interpreter: Interpreter;
  readonly #precision: Precision;

  constructor(
    programs: ProgramSet,
    { seed, dataCapacity, replayCapacity }: SessionOptions,
    precision: Precision = 'single',
  ) {
    this.plan = makePlan(programs, { dataCapacity, replayCapacity, logRows });
    this.interpreter = new Interpreter(this.plan, precision);
    this.#precision = precision;
    this.#load(initialState(this.plan, seed));
  }

  setScalar(name: string, value: number): void {
    const scalar = this.plan.scalars[name];
    if (scalar === undefined) throw new Error(`There is no scalar named "${name}".`);
    this.#set(scalar.offset, value);
  }
  setBatchSplit({ offlineColumns }: BatchSplit): void {
    const { header } = this.plan;
    const isProportional = offlineColumns === 'proportional';
    this.interpreter.words[header.batchMode / 4] = isProportional ? 1 : 0;
    this.interpreter.words[header.offlineColumns / 4] = isProportional ? 0 : offlineColumns;
  }
  async writeRecords(source: SourceName, first: number, records: Float32Array, count: number): Promise<void> {
    const slots = this.plan[source];
    const { stride } = this.plan.record;
    if (first * stride + records.length > slots.capacity * stride || count > slots.capacity) {
      throw new RangeError(`${source}: ${count} records do not fit into ${slots.capacity}.`);
    }
    this.interpreter.floats.set(records, slots.records / 4 + first * stride);
    this.interpreter.words[slots.count / 4] = count;
  }
  async run(updates: number): Promise<Float32Array> {
    const { metrics, metricsRow } = this.plan;
    const log = new Float32Array(updates * metrics.length);
    for (let update = 0; update < updates; update++) {
      this.interpreter.update();
      const row = this.interpreter.floats.subarray(metricsRow / 4, metricsRow / 4 + metrics.length);
      log.set(row, update * metrics.length);
    }
    return log;
  }
  async query(
    name: string,
    inputs: Readonly<Record<string, Float32Array>>,
    counter = 0,
  ): Promise<Record<string, Float32Array>> {
    const entry = this.plan.entries[name];
    if (entry === undefined || name === 'update') throw new Error(`There is no query named "${name}".`);
    for (const [input, place] of Object.entries(entry.inputs)) {
      const values = inputs[input];
      if (values?.length !== sizeOf(place.shape)) {
        throw new RangeError(
          `query ${name}, ${input}: expected ${sizeOf(place.shape)} numbers, got ${values?.length}.`,
        );
      }
      this.interpreter.floats.set(values, place.offset / 4);
    }
    this.interpreter.query(entry, counter);
    return Object.fromEntries(
      Object.entries(entry.outputs).map(([output, place]) => [output, Float32Array.from(this.read(place))]),
    );
  }
  async readState(): Promise<Uint8Array> {
    const { plan, interpreter } = this;
    const words = interpreter.words.slice(0, plan.state.bytes / 4);
    if (this.#precision === 'double') {
      const floats = new Float32Array(words.buffer);
      for (const [first, count] of floatRegions(plan)) {
        floats.set(interpreter.floats.subarray(first / 4, first / 4 + count), first / 4);
      }
      const view = new DataView(words.buffer);
      for (const { powers } of plan.arenas) {
        if (powers === undefined) continue;
        const [first, second] = interpreter.readPowers(powers);
        view.setFloat64(powers, first, true);
        view.setFloat64(powers + 8, second, true);
      }
    }
    return new Uint8Array(words.buffer);
  }
  async writeState(state: Uint8Array): Promise<void> {
    if (state.length !== this.plan.state.bytes) {
      throw new RangeError(`state: expected ${this.plan.state.bytes} bytes, got ${state.length}.`);
    }
    this.#load(state);
  }
  async readReplay(count: number): Promise<Float32Array> {
    const { replay, record } = this.plan;
    return Float32Array.from(
      this.interpreter.floats.subarray(replay.records / 4, replay.records / 4 + count * record.stride),
    );
  }
  dispose(): void {}

  /** The numbers a place names, member by member, row by row. */
  read({ offset, shape, member, row, column }: Place): number[] {
    const values: number[] = [];
    for (let m = 0; m < shape.members; m++) {
      for (let r = 0; r < shape.rows; r++) {
        for (let c = 0; c < shape.columns; c++) {
          values.push(this.interpreter.floats[offset / 4 + m * member + r * row + c * column]);
        }
      }
    }
    return values;
  }

  #set(offset: number, value: number): void {
    this.interpreter.floats[offset / 4] = this.#precision === 'single' ? Math.fround(value) : value;
  }
  #load(state: Uint8Array): void {
    const { plan, interpreter } = this;
    const image = state.slice();
    interpreter.words.set(new Uint32Array(image.buffer), 0);
    if (this.#precision === 'single') return;
    const floats = new Float32Array(image.buffer);
    const view = new DataView(image.buffer);
    for (const [first, count] of floatRegions(plan)) {
      interpreter.floats.set(floats.subarray(first / 4, first / 4 + count), first / 4);
    }
    for (const { powers } of plan.arenas) {
      if (powers === undefined) continue;
      interpreter.writePowers(powers, [view.getFloat64(powers, true), view.getFloat64(powers + 8, true)]);
    }
  }
}

/** [byte offset, floats] of everything in the state that is float32. */
function floatRegions(plan: Plan): [number, number][] {
  return [
    ...Object.values(plan.scalars).map(({ offset }): [number, number] => [offset, 1]),
    ...plan.constants.map(({ offset }): [number, number] => [offset, 1]),
    [plan.metricsRow, plan.metrics.length],
    ...plan.arenas.flatMap(({ parameters, first, second, count }): [number, number][] => [
      [parameters, count],
      ...(first === undefined || second === undefined
        ? []
        : ([
            [first, count],
            [second, count],
          ] as [number, number][])),
    ]),
  ];
}
