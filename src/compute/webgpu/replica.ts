/**
 * One replica. It keeps a copy of its state image, in which whatever the host decides by itself (scalars, counters, splits, powers
 * of Adam's β) is always true; the device is asked for the rest. Queries run on a `wasm` copy of the learner, which gets the
 * weights when they have moved.
 */
import type { BatchSplit, Session, SourceName } from '../executor';
import type { Place, Plan } from '../program/plan';
import { adam } from '../program/program';
import { wasmExecutor } from '../wasm/session';
import type { Condition, ReplicaGroup } from './group';
import { weightsEnd } from './memory';
import { headerSlots, headerWords } from './shader';

export class WebgpuSession implements Session {
  readonly plan: Plan;
  readonly #group: ReplicaGroup;
  readonly #image: Uint8Array<ArrayBuffer>;
  readonly #view: DataView;
  /** Whether the device has newer weights than the image, newer numbers of any kind, and the image newer ones than the copy. */
  #isBehind = false;
  #areMomentsBehind = false;
  #isCopyBehind = true;
  #isHeaderBehind = true;
  #copy: Promise<Session> | null = null;
  #isOpen = true;

  constructor(
    group: ReplicaGroup,
    readonly index: number,
    readonly seed: number,
  ) {
    this.#group = group;
    this.plan = group.plan;
    this.#image = new Uint8Array(this.plan.state.bytes);
    this.#view = new DataView(this.#image.buffer);
  }

  /** Bytes on the device, of all replicas together. */
  get deviceBytes(): number {
    return this.#group.bytes;
  }
  /** Dispatches that update number `update` takes. */
  dispatches(update: number): number {
    return this.#group.dispatches(update);
  }
  get updates(): number {
    return this.#view.getUint32(this.plan.header.update, true);
  }
  isOn({ offset }: Place): boolean {
    return this.#number(offset) !== 0;
  }
  /** How often a block's body runs in update number `update`. */
  passes({ every, repeat, enabled }: Condition, update: number): number {
    if (every !== undefined) return update % every === 0 ? 1 : 0;
    if (enabled !== undefined) return this.isOn(enabled) ? 1 : 0;
    return repeat ?? 1;
  }

  setScalar(name: string, value: number): void {
    const slot = this.plan.scalars[name];
    if (!slot) throw new Error(`scalar ${name}: expected one of ${Object.keys(this.plan.scalars).join(', ')}`);
    if (Object.is(this.#number(slot.offset), Math.fround(value))) return;
    this.#view.setFloat32(slot.offset, value, true);
    this.#upload(slot.offset, 4);
    this.#isCopyBehind = true;
  }
  setBatchSplit({ offlineColumns }: BatchSplit): void {
    const isProportional = offlineColumns === 'proportional';
    if (
      !isProportional &&
      !(Number.isInteger(offlineColumns) && offlineColumns >= 0 && offlineColumns <= this.plan.batch)
    )
      throw new RangeError(`offlineColumns: expected an integer from 0 to ${this.plan.batch}, got ${offlineColumns}`);
    this.#setWord(this.plan.header.batchMode, isProportional ? 1 : 0);
    this.#setWord(this.plan.header.offlineColumns, isProportional ? 0 : offlineColumns);
  }
  async writeRecords(source: SourceName, first: number, records: Float32Array, count: number): Promise<void> {
    const slots = this.plan[source];
    const { stride } = this.plan.record;
    if (first < 0 || first * stride + records.length > slots.capacity * stride || count < 0 || count > slots.capacity)
      throw new RangeError(
        `${source}: capacity ${slots.capacity} records, got ${records.length / stride} from ${first}, count ${count}`,
      );
    this.#group.requireDevice();
    const replica = source === 'data' ? 0 : this.index * this.#group.layout.stride.replay;
    const { queue } = this.#group.device.device;
    queue.writeBuffer(
      this.#group.buffers[source],
      4 * (replica + first * stride),
      records as Float32Array<ArrayBuffer>,
    );
    if (source === 'replay') this.#setWord(slots.count, count);
    else for (const session of this.#group.sessions) session.#setWord(slots.count, count);
  }

  run(updates: number, thenQuery = false): Promise<Float32Array> {
    this.#assertOpen();
    return this.#group.run(this.index, updates, thenQuery);
  }
  async query(
    name: string,
    inputs: Readonly<Record<string, Float32Array>>,
    counter = 0,
  ): Promise<Record<string, Float32Array>> {
    this.#assertOpen();
    this.#copy ??= wasmExecutor.open(this.#group.programs, { seed: this.seed, dataCapacity: 0, replayCapacity: 0 });
    const copy = await this.#copy;
    if (this.#isBehind || this.#isCopyBehind) {
      await copy.writeState(await this.#newestImage());
      this.#isCopyBehind = false;
    }
    return copy.query(name, inputs, counter);
  }
  async readState(): Promise<Uint8Array> {
    return (await this.#newestImage(true)).slice();
  }
  async writeState(state: Uint8Array): Promise<void> {
    const { bytes } = this.plan.state;
    if (state.length !== bytes) throw new RangeError(`state: expected ${bytes} bytes, got ${state.length}`);
    this.#image.set(state);
    this.#upload(0, bytes);
    this.#isBehind = false;
    this.#areMomentsBehind = false;
    this.#isCopyBehind = true;
    this.#isHeaderBehind = true;
  }
  async readReplay(count: number): Promise<Float32Array> {
    const { buffers, layout } = this.#group;
    const bytes = 4 * count * this.plan.record.stride;
    const read = await this.#read(buffers.replay, 4 * this.index * layout.stride.replay, bytes);
    return new Float32Array(read.buffer);
  }
  dispose(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    void this.#copy?.then((copy) => copy.dispose());
    this.#group.close(this.index);
  }

  // ---- what the group tells its replicas ----

  /** Brings the header on the device up to date: counters, split, counts, the log's first row. */
  flush(): void {
    if (!this.#isHeaderBehind) {
      this.#uploadHeader(headerSlots.row, Uint32Array.of(0));
      return;
    }
    const { header, data, replay } = this.plan;
    const words = new Uint32Array(headerWords);
    const set = (slot: keyof typeof headerSlots, offset: number) => {
      words[headerSlots[slot]] = this.#view.getUint32(offset, true);
    };
    set('key0', header.key0);
    set('key1', header.key1);
    set('update', header.update);
    set('batchMode', header.batchMode);
    set('offlineColumns', header.offlineColumns);
    set('dataCount', data.count);
    set('replayCount', replay.count);
    this.#uploadHeader(0, words);
    this.#isHeaderBehind = false;
  }
  /** β1ᵗ and β2ᵗ of the next step, as `wasm` advances them. */
  advancePowers(offset: number): readonly [number, number] {
    const power1 = this.#view.getFloat64(offset, true) * adam.beta1;
    const power2 = this.#view.getFloat64(offset + 8, true) * adam.beta2;
    this.#view.setFloat64(offset, power1, true);
    this.#view.setFloat64(offset + 8, power2, true);
    return [power1, power2];
  }
  advanced(updates: number): void {
    this.#view.setUint32(this.plan.header.update, this.updates + updates, true);
    this.#isBehind = true;
    this.#areMomentsBehind = true;
  }
  /** The first bytes of the state, weights among them, as the device has them now. */
  took(bytes: Uint8Array): void {
    this.#mergeDeviceBytes(bytes);
    this.#isBehind = false;
    this.#isCopyBehind = true;
  }

  async #newestImage(whole = false): Promise<Uint8Array<ArrayBuffer>> {
    const isStale = whole ? this.#isBehind || this.#areMomentsBehind : this.#isBehind;
    if (isStale) {
      const { buffers, layout } = this.#group;
      const bytes = whole ? this.plan.state.bytes : weightsEnd(this.plan);
      this.#mergeDeviceBytes(await this.#read(buffers.state, 4 * this.index * layout.stride.state, bytes));
      this.#isBehind = false;
      this.#isCopyBehind = true;
      if (whole) this.#areMomentsBehind = false;
    }
    return this.#image;
  }
  /** Takes what the device computes; header, scalars and powers are the host's. */
  #mergeDeviceBytes(bytes: Uint8Array): void {
    const computed = this.plan.metricsRow;
    this.#image.set(bytes.subarray(computed), computed);
  }
  #number(offset: number): number {
    return this.#view.getFloat32(offset, true);
  }
  #setWord(offset: number, value: number): void {
    this.#view.setUint32(offset, value, true);
    this.#isHeaderBehind = true;
  }
  #upload(offset: number, bytes: number): void {
    this.#group.requireDevice();
    const { buffers, layout, device } = this.#group;
    const target = 4 * this.index * layout.stride.state + offset;
    device.device.queue.writeBuffer(buffers.state, target, this.#image, offset, bytes);
  }
  #uploadHeader(slot: number, words: Uint32Array<ArrayBuffer>): void {
    const { buffers, device } = this.#group;
    device.device.queue.writeBuffer(buffers.header, 4 * (this.index * headerWords + slot), words);
  }
  async #read(buffer: GPUBuffer, offset: number, bytes: number): Promise<Uint8Array<ArrayBuffer>> {
    this.#assertOpen();
    this.#group.requireDevice();
    const { device } = this.#group;
    // GPUBufferUsage.MAP_READ | COPY_DST
    const staging = device.device.createBuffer({ size: Math.max(4, bytes), usage: 1 | 8 });
    try {
      const encoder = device.device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, offset, staging, 0, bytes);
      device.device.queue.submit([encoder.finish()]);
      await staging.mapAsync(1); // GPUMapMode.READ
      return new Uint8Array(staging.getMappedRange().slice(0, bytes));
    } catch (error) {
      throw await device.whyRejected(error);
    } finally {
      staging.destroy();
    }
  }
  #assertOpen(): void {
    if (!this.#isOpen) throw new Error('the session was disposed');
  }
}
