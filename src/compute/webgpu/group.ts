/** Replicas of one program on one device: they advance together, K updates in one submission, one read-back for K. */
import { normalTable } from '../../numeric/random';
import type { DeviceLost } from '../deviceLost';
import type { Place, Plan } from '../program/plan';
import type { ProgramSet } from '../program/program';
import { initialState } from '../state';
import type { OpenDevice } from './device';
import { KernelWriter } from './kernels';
import { allocateAll, bufferSizes, layoutOf, logRows, weightsEnd } from './memory';
import { Pipelines } from './pipelines';
import { type BufferName, bindings, prelude } from './prelude';
import { WebgpuSession } from './replica';
import { type Segment, schedule } from './schedule';
import type { Layout } from './shader';
import { type Tuning, tuningFor } from './tuning';

/** Dispatches of one stage. */
interface Kernel {
  /** One for each pass of the `repeat` blocks around. */
  readonly pipelines: readonly GPUComputePipeline[];
  readonly workgroups: number;
}
export interface Condition {
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

export class ReplicaGroup {
  readonly sessions: readonly WebgpuSession[];
  readonly #open = new Set<number>();
  readonly #requests = new Map<number, Request>();
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
    private readonly bindGroup: GPUBindGroup,
  ) {
    this.sessions = seeds.map((seed, index) => new WebgpuSession(this, index, seed));
    seeds.forEach((_, index) => {
      this.#open.add(index);
    });
    void device.lost.then((lost) => this.#fail(lost));
  }

  /** @throws RangeError where it does not fit, with the number that was exceeded */
  static async open(
    device: OpenDevice,
    programs: ProgramSet,
    plan: Plan,
    seeds: readonly number[],
    tuning: Tuning = tuningFor(device, seeds.length, plan.batch / 4),
  ): Promise<ReplicaGroup> {
    const layout = layoutOf(plan, schedule(plan), seeds.length);
    const sizes = bufferSizes(layout, seeds.length);
    const buffers = await allocateAll(device, sizes);
    const { device: gpu } = device;
    gpu.queue.writeBuffer(buffers.normal_table, 0, normalTable as Int32Array<ArrayBuffer>);
    const pipelines = Pipelines.of(gpu);
    const bindGroup = gpu.createBindGroup({
      layout: pipelines.bindGroupLayout,
      entries: bindings.map((name, binding) => ({ binding, resource: { buffer: buffers[name] } })),
    });
    const head = prelude(layout, sizes, tuning);
    const writer = new KernelWriter(layout, tuning);
    const compile = async (segments: readonly Segment[], passes: number): Promise<Steps> => {
      const steps = segments.map(async (segment): Promise<Steps> => {
        if ('body' in segment)
          return [{ ...segment, body: await compile(segment.body, passes * (segment.repeat ?? 1)) }];
        const kernels = segment.stages.flatMap((stage) => writer.write(stage));
        requireDispatches(device, kernels, seeds.length);
        return Promise.all(
          kernels.map(async ({ code, workgroups }) => {
            const each = Array.from({ length: passes }, (_, repetition) => pipelines.get(head + code, repetition));
            return { kernel: { pipelines: await Promise.all(each), workgroups } };
          }),
        );
      });
      return (await Promise.all(steps)).flat();
    };
    const steps = await compile(layout.schedule.segments, 1).catch((error) => {
      for (const buffer of Object.values(buffers)) buffer.destroy();
      throw error;
    });
    const group = new ReplicaGroup(device, programs, plan, seeds, layout, buffers, steps, bindGroup);
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
  }
  requireDevice(): void {
    if (this.#lost) throw this.#lost;
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
        const reason = await this.device.whyRejected(error);
        for (const [, { reject }] of cohort) reject(reason);
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
      const offset = 4 * (layout.tables.corrections + session.index * layout.stride.corrections);
      queue.writeBuffer(buffers.tables, offset, corrections);
    }
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setBindGroup(0, this.bindGroup);
    for (let update = first; update < first + updates; update++) {
      this.#walk(this.steps, sessions[0], update, 0, (kernel, repetition) => {
        pass.setPipeline(kernel.pipelines[repetition]);
        pass.dispatchWorkgroups(kernel.workgroups, 1, sessions.length);
      });
    }
    pass.end();
    const logBytes = 4 * updates * plan.metrics.length;
    const weightBytes = withWeights ? weightsEnd(plan) : 0;
    const each = logBytes + weightBytes;
    const staging = this.#stage(Math.max(4, each * sessions.length));
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
  #stage(bytes: number): GPUBuffer {
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

  /** Adam's corrections of the coming updates, and the powers of β that they leave behind. */
  #corrections(session: WebgpuSession, updates: number): Float32Array<ArrayBuffer> {
    const { executions, segments } = this.layout.schedule;
    const rows = new Float32Array(updates * executions * 2);
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

/** @throws RangeError naming the limit */
function requireDispatches({ limits }: OpenDevice, kernels: readonly { workgroups: number }[], replicas: number): void {
  const most = limits.maxComputeWorkgroupsPerDimension;
  const needed = Math.max(replicas, ...kernels.map(({ workgroups }) => workgroups));
  if (needed > most)
    throw new RangeError(`WebGPU here takes at most ${most} workgroups a dispatch; this run needs ${needed}.`);
}
/** Scalars that switch blocks on and off: replicas that differ in one take other dispatches. */
function switchesOf(steps: Steps): Place[] {
  return steps.flatMap((step) =>
    'body' in step ? [...(step.enabled ? [step.enabled] : []), ...switchesOf(step.body)] : [],
  );
}
