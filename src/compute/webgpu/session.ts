/**
 * The executor `webgpu`: a plan's stages as compute shaders, every replica in the same dispatches, K updates in one submission,
 * one read-back for K.
 *
 * The device holds state, records and temporaries; the host keeps what it decides by itself (scalars, counters, splits, powers of
 * Adam's β), so a state image is complete without asking the device more than once. Queries run on a `wasm` copy of the learner,
 * which gets the weights when they have moved.
 */
import { normalTable } from '../../numeric/random';
import { DeviceLost } from '../deviceLost';
import type { BatchSplit, Executor, ReplicaOptions, Session, SourceName } from '../executor';
import type { Place, Plan } from '../program/plan';
import { plan as makePlan } from '../program/planner';
import { adam, type ProgramSet } from '../program/program';
import { initialState } from '../state';
import { wasmExecutor } from '../wasm/session';
import { findAdapter, guarded, type OpenDevice, openDevice } from './device';
import { headerSlots, headerWords, KernelWriter, type Layout, type Tuning, tuningFor } from './kernels';
import { type BufferName, bindings, prelude, readOnly } from './prelude';
import { type Schedule, type Segment, schedule } from './schedule';

/** Updates whose metrics fit into the log, and so the most that one submission makes. */
const logRows = 512;
/** Environment steps that one set of acting weights serves: a read-back costs about as much as some dozen updates. */
const actingSteps = 32;

export const webgpuExecutor: Executor = {
  id: 'webgpu',
  reproducible: false,
  staleness: actingSteps,
  async unavailable() {
    const found = await findAdapter();
    return 'reason' in found ? found.reason : null;
  },
  async open(programs, { seed, ...capacities }) {
    const [session] = await openReplicas(programs, { seeds: [seed], ...capacities });
    return session;
  },
  openReplicas,
};

/** @throws RangeError where the device's limits or its memory do not suffice, with the number that was exceeded */
export async function openReplicas(
  programs: ProgramSet,
  options: ReplicaOptions,
  tuning?: Tuning,
): Promise<readonly WebgpuSession[]> {
  const { seeds, dataCapacity, replayCapacity } = options;
  const plan = makePlan(programs, { dataCapacity, replayCapacity, logRows, distinctTemporaries: true });
  if (plan.batch % 4 !== 0)
    throw new RangeError(`WebGPU needs a batch of a multiple of 4; this one has ${plan.batch}.`);
  const device = await openDevice();
  try {
    const group = await ReplicaGroup.open(device, programs, plan, seeds, tuning);
    return group.sessions;
  } catch (error) {
    device.device.destroy();
    throw error;
  }
}

/** Dispatches of one stage. */
interface Kernel {
  readonly module: GPUShaderModule;
  readonly pipeline: GPUComputePipeline;
  readonly workgroups: number;
}
interface Condition {
  readonly every?: number;
  readonly repeat?: number;
  readonly enabled?: Place;
}
type Steps = readonly ({ readonly kernel: Kernel } | (Condition & { readonly body: Steps }))[];

interface Request {
  readonly updates: number;
  readonly thenQuery: boolean;
  readonly resolve: (log: Float32Array) => void;
  readonly reject: (error: unknown) => void;
}

class ReplicaGroup {
  readonly sessions: readonly WebgpuSession[];
  readonly #open = new Set<number>();
  readonly #requests = new Map<number, Request>();
  readonly #repeated = new Map<Kernel, Map<number, GPUComputePipeline>>();
  #lost: DeviceLost | null = null;
  #staging: GPUBuffer | null = null;

  private constructor(
    readonly device: OpenDevice,
    readonly programs: ProgramSet,
    readonly plan: Plan,
    seeds: readonly number[],
    readonly layout: Layout,
    readonly buffers: Readonly<Record<BufferName, GPUBuffer>>,
    private readonly steps: Steps,
    private readonly pipelineLayout: GPUPipelineLayout,
    private readonly bindGroup: GPUBindGroup,
  ) {
    this.sessions = seeds.map((seed, index) => new WebgpuSession(this, index, seed));
    seeds.forEach((_, index) => {
      this.#open.add(index);
    });
    void device.lost.then((lost) => this.#fail(lost));
  }

  static async open(
    device: OpenDevice,
    programs: ProgramSet,
    plan: Plan,
    seeds: readonly number[],
    tuning: Tuning = tuningFor(device, seeds.length, plan.batch / 4),
  ): Promise<ReplicaGroup> {
    const scheduled = schedule(plan);
    const layout = layoutOf(plan, scheduled, seeds.length);
    const sizes = bufferSizes(layout, seeds.length);
    requireLimits(device, sizes);
    const { device: gpu } = device;
    const buffers = {} as Record<BufferName, GPUBuffer>;
    for (const name of bindings) {
      const usage = 4 | 8 | 128; // GPUBufferUsage.COPY_SRC | COPY_DST | STORAGE
      buffers[name] = await guarded(gpu, described[name], () =>
        gpu.createBuffer({ label: name, size: sizes[name], usage }),
      );
    }
    gpu.queue.writeBuffer(buffers.normal_table, 0, normalTable as Int32Array<ArrayBuffer>);
    const bindGroupLayout = gpu.createBindGroupLayout({
      entries: bindings.map((name, binding) => ({
        binding,
        visibility: 4, // GPUShaderStage.COMPUTE
        buffer: { type: readOnly.includes(name) ? 'read-only-storage' : 'storage' },
      })),
    });
    const pipelineLayout = gpu.createPipelineLayout({ bindGroupLayouts: [bindGroupLayout] });
    const bindGroup = gpu.createBindGroup({
      layout: bindGroupLayout,
      entries: bindings.map((name, binding) => ({ binding, resource: { buffer: buffers[name] } })),
    });
    const writer = new KernelWriter(layout, tuning);
    const head = prelude(layout, sizes, tuning);
    const compile = async (segments: readonly Segment[]): Promise<Steps> => {
      const steps: Steps[number][] = [];
      for (const segment of segments) {
        if ('body' in segment) {
          steps.push({ ...segment, body: await compile(segment.body) });
          continue;
        }
        const written = segment.stages.flatMap((stage) => writer.write(stage));
        const kernels = written.map(async ({ code, workgroups }) => {
          const module = gpu.createShaderModule({ code: head + code });
          const pipeline = await gpu.createComputePipelineAsync({ layout: pipelineLayout, compute: { module } });
          return { module, pipeline, workgroups };
        });
        for (const kernel of await Promise.all(kernels)) steps.push({ kernel });
      }
      return steps;
    };
    const steps = await compile(scheduled.segments);
    const group = new ReplicaGroup(device, programs, plan, seeds, layout, buffers, steps, pipelineLayout, bindGroup);
    for (const session of group.sessions) await session.writeState(initialState(plan, session.seed));
    return group;
  }

  get bytes(): number {
    return Object.values(this.buffers).reduce((sum, { size }) => sum + size, 0);
  }
  /** Dispatches of update number `update`. */
  dispatches(update: number): number {
    let count = 0;
    this.#walk(this.steps, this.sessions[0], update, 0, () => count++);
    return count;
  }

  /** Resolves when every open replica has asked and all are done. */
  run(index: number, updates: number, thenQuery: boolean): Promise<Float32Array> {
    return new Promise((resolve, reject) => {
      this.#requests.set(index, { updates, thenQuery, resolve, reject });
      this.#runWhenAllAsked();
    });
  }
  close(index: number): void {
    if (!this.#open.delete(index)) return;
    if (this.#open.size > 0) {
      this.#runWhenAllAsked();
      return;
    }
    this.#staging?.destroy();
    for (const buffer of Object.values(this.buffers)) buffer.destroy();
    this.device.device.destroy();
  }
  requireDevice(): void {
    if (this.#lost) throw this.#lost;
  }
  /** A device that goes away rejects what is pending before it says why. */
  reasonOf(error: unknown): unknown {
    if (this.#lost || error instanceof RangeError) return this.#lost ?? error;
    return new DeviceLost(error instanceof Error ? error.message : String(error));
  }

  #runWhenAllAsked(): void {
    if (this.#requests.size < this.#open.size || this.#open.size === 0) return;
    const requests = [...this.#requests].sort(([a], [b]) => a - b);
    this.#requests.clear();
    void this.#runAll(requests);
  }
  /** Replicas at the same update, with as many to make by the same blocks, go together. */
  async #runAll(requests: readonly [number, Request][]): Promise<void> {
    const cohorts = new Map<string, [number, Request][]>();
    for (const request of requests) {
      const [index, { updates, thenQuery }] = request;
      const session = this.sessions[index];
      const key = `${updates} ${thenQuery} ${session.updates} ${switchesOf(this.steps).map((place) => session.isOn(place))}`;
      cohorts.set(key, [...(cohorts.get(key) ?? []), request]);
    }
    for (const cohort of cohorts.values()) {
      try {
        const logs = await this.#runCohort(
          cohort.map(([index]) => this.sessions[index]),
          cohort[0][1].updates,
          cohort[0][1].thenQuery,
        );
        cohort.forEach(([, { resolve }], position) => {
          resolve(logs[position]);
        });
      } catch (error) {
        for (const [, { reject }] of cohort) reject(this.reasonOf(error));
      }
    }
  }
  async #runCohort(sessions: readonly WebgpuSession[], updates: number, thenQuery: boolean): Promise<Float32Array[]> {
    const columns = this.plan.metrics.length;
    const logs = sessions.map(() => new Float32Array(updates * columns));
    for (let done = 0; done < updates; ) {
      const turn = Math.min(updates - done, logRows);
      const isLast = done + turn === updates;
      await this.#submit(sessions, turn, isLast && thenQuery, (index, rows) => logs[index].set(rows, done * columns));
      done += turn;
    }
    return logs;
  }

  async #submit(
    sessions: readonly WebgpuSession[],
    updates: number,
    withWeights: boolean,
    take: (index: number, rows: Float32Array) => void,
  ): Promise<void> {
    this.requireDevice();
    const { device: gpu } = this.device;
    const { layout, plan, buffers } = this;
    const { queue } = gpu;
    const first = sessions[0].updates;
    const active = Uint32Array.from(sessions, ({ index }) => index);
    queue.writeBuffer(buffers.tables, 4 * layout.tables.active, active);
    for (const session of sessions) {
      session.flush();
      const corrections = this.#corrections(session, updates);
      const offset = 4 * (layout.tables.coefficients + session.index * layout.stride.coefficients);
      queue.writeBuffer(buffers.tables, offset, corrections);
    }
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setBindGroup(0, this.bindGroup);
    for (let update = first; update < first + updates; update++) {
      this.#walk(this.steps, sessions[0], update, 0, (kernel, repetition) => {
        pass.setPipeline(repetition === 0 ? kernel.pipeline : this.#withRepetition(kernel, repetition));
        pass.dispatchWorkgroups(kernel.workgroups, 1, sessions.length);
      });
    }
    pass.end();
    const logBytes = 4 * updates * plan.metrics.length;
    const weightBytes = withWeights ? weightsEnd(plan) : 0;
    const each = logBytes + weightBytes;
    const staging = this.stage(Math.max(4, each * sessions.length));
    sessions.forEach(({ index }, position) => {
      const log = 4 * (index * layout.stride.scratch + layout.log);
      if (logBytes > 0) encoder.copyBufferToBuffer(buffers.scratch, log, staging, position * each, logBytes);
      if (weightBytes > 0)
        encoder.copyBufferToBuffer(
          buffers.state,
          4 * index * layout.stride.state,
          staging,
          position * each + logBytes,
          weightBytes,
        );
    });
    queue.submit([encoder.finish()]);
    for (const session of sessions) session.advanced(updates);
    await staging.mapAsync(1); // GPUMapMode.READ
    const bytes = staging.getMappedRange();
    sessions.forEach((session, position) => {
      take(position, new Float32Array(bytes, position * each, logBytes / 4));
      if (weightBytes > 0) session.took(new Uint8Array(bytes, position * each + logBytes, weightBytes));
    });
    staging.unmap();
  }
  /** A buffer to read `bytes` bytes through, kept between calls. */
  stage(bytes: number): GPUBuffer {
    if (this.#staging === null || this.#staging.size < bytes) {
      this.#staging?.destroy();
      // GPUBufferUsage.MAP_READ | COPY_DST
      this.#staging = this.device.device.createBuffer({ size: bytes, usage: 1 | 8 });
    }
    return this.#staging;
  }

  /** Calls `see` for every kernel of an update, in order, with the pass of the `repeat` blocks around it. */
  #walk(
    steps: Steps,
    session: WebgpuSession,
    update: number,
    repetition: number,
    see: (kernel: Kernel, repetition: number) => void,
  ): void {
    for (const step of steps) {
      if ('kernel' in step) {
        see(step.kernel, repetition);
        continue;
      }
      const passes = session.passes(step, update);
      for (let pass = 0; pass < passes; pass++) {
        this.#walk(step.body, session, update, repetition * passes + pass, see);
      }
    }
  }
  #withRepetition(kernel: Kernel, repetition: number): GPUComputePipeline {
    const known = this.#repeated.get(kernel) ?? new Map<number, GPUComputePipeline>();
    this.#repeated.set(kernel, known);
    let pipeline = known.get(repetition);
    if (pipeline === undefined) {
      pipeline = this.device.device.createComputePipeline({
        layout: this.pipelineLayout,
        compute: { module: kernel.module, constants: { repetition } },
      });
      known.set(repetition, pipeline);
    }
    return pipeline;
  }

  /** Adam's corrections of the coming updates, and the powers of β that they leave behind. */
  #corrections(session: WebgpuSession, updates: number): Float32Array<ArrayBuffer> {
    const { executions, segments } = this.layout.schedule;
    const rows = new Float32Array(Math.max(1, updates * executions * 2));
    const step = (list: readonly Segment[], update: number, row: number, repetition: number): void => {
      for (const segment of list) {
        if ('stages' in segment) {
          for (const { adam: instruction, first } of segment.adams) {
            const [power1, power2] = session.advancePowers(instruction.powers);
            const at = 2 * (row * executions + first + repetition);
            rows[at] = 1 / (1 - power1);
            rows[at + 1] = 1 / Math.sqrt(1 - power2);
          }
          continue;
        }
        const passes = session.passes(segment, update);
        for (let pass = 0; pass < passes; pass++) step(segment.body, update, row, repetition * passes + pass);
      }
    };
    for (let row = 0; row < updates; row++) step(segments, session.updates + row, row, 0);
    return rows;
  }

  #fail(lost: DeviceLost): void {
    this.#lost = lost;
    for (const { reject } of this.#requests.values()) reject(lost);
    this.#requests.clear();
  }
}

/** One replica. It keeps a copy of its state image, in which whatever the host decides is always true. */
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
      throw this.#group.reasonOf(error);
    } finally {
      staging.destroy();
    }
  }
  #assertOpen(): void {
    if (!this.#isOpen) throw new Error('the session was disposed');
  }
}

/** Scalars that switch blocks on and off: replicas that differ in one take other dispatches. */
function switchesOf(steps: Steps): Place[] {
  return steps.flatMap((step) =>
    'body' in step ? [...(step.enabled ? [step.enabled] : []), ...switchesOf(step.body)] : [],
  );
}
/** End of the part of the state that queries read: moments lie behind all weights. */
function weightsEnd(plan: Plan): number {
  return Math.min(plan.state.bytes, ...plan.arenas.flatMap(({ first }) => (first === undefined ? [] : [first])));
}

function layoutOf(plan: Plan, scheduled: Schedule, replicas: number): Layout {
  const log = Math.ceil(scheduled.scratchBytes / 4);
  const coefficients = Math.max(1, logRows * scheduled.executions * 2);
  return {
    plan,
    schedule: scheduled,
    log,
    stride: {
      state: plan.state.bytes / 4,
      batch: Math.ceil(scheduled.batchBytes / 16) * 4,
      scratch: log + logRows * plan.metrics.length,
      replay: plan.replay.capacity * plan.record.stride,
      coefficients,
    },
    tables: { active: 0, coefficients: replicas },
  };
}
/** Words for messages. */
const described: Readonly<Record<BufferName, string>> = {
  data: 'the dataset',
  replay: 'the replay buffer',
  batch: 'values of the batch',
  state: 'weights and moments',
  scratch: 'gradients and metrics',
  header: 'counters',
  tables: 'corrections',
  normal_table: 'the table of normal numbers',
};
/** Bytes of each buffer. */
function bufferSizes({ plan, stride, tables }: Layout, replicas: number): Record<BufferName, number> {
  return {
    data: 4 * plan.data.capacity * plan.record.stride,
    replay: 4 * stride.replay * replicas,
    batch: Math.max(16, 4 * stride.batch * replicas),
    state: 4 * stride.state * replicas,
    scratch: 4 * stride.scratch * replicas,
    header: 4 * headerWords * replicas,
    tables: 4 * (tables.coefficients + stride.coefficients * replicas),
    normal_table: normalTable.byteLength,
  };
}
/** @throws RangeError naming the limit */
function requireLimits({ limits }: OpenDevice, sizes: Readonly<Record<BufferName, number>>): void {
  if (limits.maxStorageBuffersPerShaderStage < bindings.length)
    throw new RangeError(
      `WebGPU here offers ${limits.maxStorageBuffersPerShaderStage} storage buffers a shader; the lab needs ${bindings.length}.`,
    );
  const most = Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
  for (const name of bindings) {
    if (sizes[name] > most)
      throw new RangeError(
        `WebGPU here takes buffers of at most ${megabytes(most)} MB of memory; this run needs one of ${megabytes(sizes[name])} MB for ${described[name]}.`,
      );
  }
}
const megabytes = (bytes: number) => Math.ceil(bytes / 2 ** 20).toLocaleString('en');
