/** The executor `webgpu`: a plan's stages as compute shaders, every replica in the same dispatches. */
import type { Executor, ReplicaOptions } from '../executor';
import { plan as makePlan } from '../program/planner';
import type { ProgramSet } from '../program/program';
import { isSoftwareOnly, sharedDevice, whyNoDevice } from './device';
import { ReplicaGroup } from './group';
import { logRows } from './memory';
import type { Tuning } from './tuning';

/** Environment steps that one set of acting weights serves: a read-back costs about as much as some dozen updates. */
const actingSteps = 32;

export const webgpuExecutor: Executor = {
  id: 'webgpu',
  reproducible: false,
  staleness: actingSteps,
  unavailable: whyNoDevice,
  async hopeless() {
    return (await isSoftwareOnly()) ? 'WebGPU here is computed by the processor itself.' : null;
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
): Promise<ReplicaGroup['sessions']> {
  const { seeds, dataCapacity, replayCapacity } = options;
  const plan = makePlan(programs, { dataCapacity, replayCapacity, logRows, distinctTemporaries: true });
  if (plan.batch % 4 !== 0)
    throw new RangeError(`WebGPU needs a batch of a multiple of 4; this one has ${plan.batch}.`);
  const device = await sharedDevice();
  // Compiling goes on for seconds on a device that is gone.
  const lost = device.lost.then((reason) => Promise.reject(reason));
  const group = await Promise.race([ReplicaGroup.open(device, programs, plan, seeds, tuning), lost]);
  return group.sessions;
}
