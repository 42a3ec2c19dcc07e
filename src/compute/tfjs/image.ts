/**
 * What a session keeps on the host: counters, scalars and records, in the layout of the plan, and the random draws which
 * they address (plan.ts, `StateHeader`). TensorFlow.js has no 32-bit integer arithmetic, so the host draws and uploads.
 */
import { indexFromBits, normalFromBits, threefry2x32, uniformFromBits } from '../../numeric/random';
import type { SourceName } from '../executor';
import type { Plan } from '../program/plan';

/** Repetitions of a block take their bits from counters this far apart. */
const repetitionStep = 2 ** 24;

export class HostImage {
  readonly #plan: Plan;
  readonly #records: Readonly<Record<SourceName, Float32Array>>;
  readonly #word = new Uint32Array(2);
  readonly #state: Uint8Array;
  readonly #view: DataView;

  /** @param state  plan.state.bytes long; owned by the image from now on */
  constructor(plan: Plan, state: Uint8Array) {
    this.#plan = plan;
    const { stride } = plan.record;
    // Never empty: an empty source gives its slot 0, as on every executor.
    const room = (capacity: number) => new Float32Array(Math.max(capacity, 1) * stride);
    this.#records = { data: room(plan.data.capacity), replay: room(plan.replay.capacity) };
    this.#state = state;
    this.#view = new DataView(state.buffer, state.byteOffset, state.byteLength);
  }

  get bytes(): Uint8Array {
    return this.#state;
  }

  word(offset: number): number {
    return this.#view.getUint32(offset - this.#plan.state.offset, true);
  }
  setWord(offset: number, value: number): void {
    this.#view.setUint32(offset - this.#plan.state.offset, value, true);
  }
  float(offset: number): number {
    return this.#view.getFloat32(offset - this.#plan.state.offset, true);
  }
  setFloat(offset: number, value: number): void {
    this.#view.setFloat32(offset - this.#plan.state.offset, value, true);
  }
  double(offset: number): number {
    return this.#view.getFloat64(offset - this.#plan.state.offset, true);
  }
  setDouble(offset: number, value: number): void {
    this.#view.setFloat64(offset - this.#plan.state.offset, value, true);
  }
  /** A copy of `count` floats. */
  floats(offset: number, count: number): Float32Array {
    const first = offset - this.#plan.state.offset;
    return new Float32Array(this.#state.slice(first, first + 4 * count).buffer);
  }
  setFloats(offset: number, values: Float32Array): void {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#state.set(bytes, offset - this.#plan.state.offset);
  }

  writeRecords(source: SourceName, first: number, records: Float32Array, count: number): void {
    const { stride } = this.#plan.record;
    const { capacity, count: countOffset } = this.#plan[source];
    const end = first + records.length / stride;
    if (end > capacity || count > capacity) {
      throw new RangeError(`${source}: ${Math.max(end, count)} records do not fit a capacity of ${capacity}.`);
    }
    this.#records[source].set(records, first * stride);
    this.setWord(countOffset, count);
  }
  readRecords(source: SourceName, count: number): Float32Array {
    return this.#records[source].slice(0, count * this.#plan.record.stride);
  }

  /** Updates done. */
  get updates(): number {
    return this.word(this.#plan.header.update);
  }
  countUpdate(): void {
    this.setWord(this.#plan.header.update, this.updates + 1);
  }

  /** First counter word of the draws of this update, or of this pass of a `repeat` block. */
  updateCounter(repetition: number): number {
    return (this.updates + repetition * repetitionStep) >>> 0;
  }

  /** Fills `into` with draws 0, 1, … of a stream. */
  drawNoise(distribution: 'normal' | 'uniform', stream: number, counter: number, into: Float32Array): void {
    const convert = distribution === 'normal' ? normalFromBits : uniformFromBits;
    for (let n = 0; n < into.length; n++) into[n] = convert(this.#bits(stream, counter, n));
  }

  /** A minibatch, feature-major [stride, columns]. */
  drawBatch(stream: number, counter: number, columns: number): Float32Array {
    const { header, record, data, replay } = this.#plan;
    const { stride } = record;
    const dataCount = this.word(data.count);
    const replayCount = this.word(replay.count);
    const overBoth = this.word(header.batchMode) === 1;
    const offlineColumns = this.word(header.offlineColumns);
    const batch = new Float32Array(stride * columns);
    for (let column = 0; column < columns; column++) {
      const bits = this.#bits(stream, counter, column);
      let source: SourceName;
      let index: number;
      if (overBoth) {
        index = indexFromBits(bits, dataCount + replayCount);
        source = index < dataCount ? 'data' : 'replay';
        if (source === 'replay') index -= dataCount;
      } else {
        source = column < offlineColumns ? 'data' : 'replay';
        index = indexFromBits(bits, source === 'data' ? dataCount : replayCount);
      }
      const records = this.#records[source];
      for (let row = 0; row < stride; row++) batch[row * columns + column] = records[index * stride + row];
    }
    return batch;
  }

  #bits(stream: number, counter: number, n: number): number {
    const { key0, key1 } = this.#plan.header;
    threefry2x32(this.word(key0), (this.word(key1) + stream) >>> 0, counter, n, this.#word);
    return this.#word[0];
  }
}
