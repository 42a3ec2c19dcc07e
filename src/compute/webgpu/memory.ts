/** How large the buffers of a group of replicas are, and where things lie in them. */
import { normalTable } from '../../numeric/random';
import type { Plan } from '../program/plan';
import type { OpenDevice } from './device';
import { type BufferName, bindings } from './prelude';
import type { Schedule } from './schedule';
import { headerWords, type Layout } from './shader';

/** Updates whose metrics fit into the log, and so the most that one submission makes. */
export const logRows = 512;

export function layoutOf(plan: Plan, schedule: Schedule, replicas: number): Layout {
  const log = Math.ceil(schedule.scratchBytes / 4);
  return {
    plan,
    schedule,
    log,
    stride: {
      state: plan.state.bytes / 4,
      batch: Math.ceil(schedule.batchBytes / 16) * 4,
      scratch: log + logRows * plan.metrics.length,
      replay: plan.replay.capacity * plan.record.stride,
      corrections: logRows * schedule.executions * 2,
    },
    tables: { active: 0, corrections: replicas },
  };
}
/** Bytes of each buffer. */
export function bufferSizes({ plan, stride, tables }: Layout, replicas: number): Record<BufferName, number> {
  return {
    data: 4 * plan.data.capacity * plan.record.stride,
    replay: 4 * stride.replay * replicas,
    batch: Math.max(16, 4 * stride.batch * replicas),
    state: 4 * stride.state * replicas,
    scratch: Math.max(4, 4 * stride.scratch * replicas),
    header: 4 * headerWords * replicas,
    tables: 4 * (tables.corrections + stride.corrections * replicas),
    normal_table: normalTable.byteLength,
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

/** @throws RangeError where the device's limits or its memory do not suffice, with the number that was exceeded */
export async function allocateAll(
  device: OpenDevice,
  sizes: Readonly<Record<BufferName, number>>,
): Promise<Record<BufferName, GPUBuffer>> {
  const { maxStorageBuffersPerShaderStage: offered } = device.limits;
  if (offered < bindings.length)
    throw new RangeError(`WebGPU here offers ${offered} storage buffers a shader; the lab needs ${bindings.length}.`);
  const buffers = {} as Record<BufferName, GPUBuffer>;
  try {
    for (const name of bindings) buffers[name] = await device.allocate(described[name], sizes[name]);
  } catch (error) {
    for (const buffer of Object.values(buffers)) buffer.destroy();
    throw error;
  }
  return buffers;
}
/** End of the part of the state that queries read: moments lie behind all weights. */
export function weightsEnd(plan: Plan): number {
  return Math.min(plan.state.bytes, ...plan.arenas.flatMap(({ first }) => (first === undefined ? [] : [first])));
}
