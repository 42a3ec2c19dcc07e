/** What only this executor has: cutting for devices, replicas that advance together, read-backs, a device that goes away. */
import { describe, expect, test, vi } from 'vitest';
import { provideGpu } from '../../../workers/nodeGpu';
import { algorithms } from '../../algorithms/registry';
import { environments } from '../../environments/registry';
import { defaultsOf } from '../../schema/fields';
import { assemble } from '../../training/assemble';
import { specWith } from '../../training/testing';
import { DeviceLost } from '../deviceLost';
import type { Session } from '../executor';
import { createNetworkBuilder } from '../networks';
import { plan } from '../program/planner';
import type { ProgramSet } from '../program/program';
import { traceProgramSet, transitionLayout } from '../program/trace';
import { outcomeOf, randomRecords, relativeDifference } from '../tfjs/testing';
import { wasmExecutor } from '../wasm/session';
import { sharedDevice } from './device';
import type { WebgpuSession } from './replica';
import { type Segment, schedule } from './schedule';
import { openReplicas } from './session';
import { type Tuning, tuningFor } from './tuning';

const present = await provideGpu();
if (!present) console.warn('Skipped: WebGPU sessions, for no WebGPU adapter is here.');

const records = 40;
function programsOf(algorithm: string, hidden = 16, layerNorm = false): ProgramSet {
  const isDiscrete = !algorithms[algorithm].capabilities.actions.includes('box');
  const spec = specWith(isDiscrete ? 'two-returns' : 'stitching', {
    'network.hiddenSize': hidden,
    'network.batch': 32,
    'network.layerNorm': layerNorm,
  });
  const params = defaultsOf(algorithms[algorithm].params);
  const environment = environments[spec.environment.id].make(spec.environment.params);
  return assemble({ ...spec, offline: { ...spec.offline, algorithm, params } }, 'offline', environment);
}
const options = { dataCapacity: records, replayCapacity: records };
async function opened(
  programs: ProgramSet,
  seeds: readonly number[],
  tuning?: Tuning,
): Promise<readonly WebgpuSession[]> {
  const sessions = await openReplicas(programs, { seeds, ...options }, tuning);
  await sessions[0].writeRecords('data', 0, randomRecords(programs.record, records, 2), records);
  return sessions;
}
const limits = { maxComputeInvocationsPerWorkgroup: 256, maxComputeWorkgroupStorageSize: 32_768 };
const tunings: [string, Tuning][] = [
  // As for a graphics processor, but with workgroups that a processor can bear.
  ['hardware', { ...tuningFor({ isSoftware: false, limits }, 1, 8), threads: 16 }],
  ['software', tuningFor({ isSoftware: true, limits }, 1, 8)],
];
const offline = Object.values(algorithms).filter(({ capabilities }) => capabilities.offline);

test('a device of the smallest limits gets smaller workgroups', () => {
  const smallest = { maxComputeInvocationsPerWorkgroup: 128, maxComputeWorkgroupStorageSize: 16_384 };
  const most = { ...smallest, maxComputeInvocationsPerWorkgroup: 256 };
  expect(tuningFor({ isSoftware: false, limits: smallest }, 1, 8)).toMatchObject({ threads: 128, gradientRows: 4 });
  expect(tuningFor({ isSoftware: false, limits: most }, 1, 8)).toMatchObject({ threads: 256, gradientRows: 2 });
  expect(tuningFor({ isSoftware: false, limits }, 1, 8)).toMatchObject({ threads: 256, gradientRows: 4 });
});

describe.skipIf(!present)('webgpu', () => {
  describe.each(tunings)('cut for %s', (_, tuning) => {
    const executor = {
      id: 'webgpu',
      open: async (programs: ProgramSet, { seed }: { seed: number }) =>
        (await openReplicas(programs, { seeds: [seed], ...options }, tuning))[0] as Session,
    };
    test.each(offline.map(({ id }) => id))('%s gives the gradients of wasm', async (id) => {
      const programs = programsOf(id, 32);
      const data = randomRecords(programs.record, records, 2);
      const actual = await outcomeOf(executor, programs, { records: data });
      const expected = await outcomeOf(wasmExecutor, programs, { records: data });
      expect(relativeDifference(actual.metrics, expected.metrics)).toBeLessThan(1e-5);
      for (const [name, gradient] of Object.entries(expected.gradients))
        expect(relativeDifference(actual.gradients[name], gradient), name).toBeLessThan(1e-5);
    });
  });

  test.each(offline.map(({ id }) => id))('%s takes at most 14 dispatches an update on a graphics processor', (id) => {
    const planned = plan(programsOf(id), { ...options, logRows: 8, distinctTemporaries: true });
    let stages = 0;
    const count = (segments: readonly Segment[]) => {
      for (const segment of segments) {
        if ('stages' in segment) stages += segment.stages.length;
        else count(segment.body);
      }
    };
    count(schedule(planned).segments);
    expect(stages).toBeLessThanOrEqual(14);
    if (id === 'iql') expect(stages).toBe(6);
  });

  test('a replica computes what a lone session does, with its own seed and scalars', async () => {
    const programs = programsOf('bc');
    const replicas = await opened(programs, [3, 4, 5]);
    replicas[1].setScalar('learningRate', 0.01);
    const logs = await Promise.all(replicas.map((session) => session.run(4)));
    for (const [index, seed] of [3, 4, 5].entries()) {
      const [lone] = await opened(programs, [seed]);
      if (index === 1) lone.setScalar('learningRate', 0.01);
      expect(await lone.run(4)).toEqual(logs[index]);
      expect(await lone.readState()).toEqual(await replicas[index].readState());
      lone.dispose();
    }
    for (const replica of replicas) replica.dispose();
  });

  test('results depend neither on the updates a call nor on who else is still there', async () => {
    const programs = programsOf('td3bc'); // every second update of the policy
    const [whole, pieces, leaver] = await opened(programs, [8, 8, 9]);
    const together = Promise.all([whole.run(5), pieces.run(2), leaver.run(3)]);
    const [log, first] = await together;
    leaver.dispose();
    const idle = whole.run(0);
    const second = await pieces.run(3);
    await idle;
    expect(Float32Array.of(...first, ...second)).toEqual(log);
    expect(await pieces.readState()).toEqual(await whole.readState());
    for (const session of [whole, pieces]) session.dispose();
  });

  test('reads back once a call, and once for a query between calls', async () => {
    const mapped = vi.spyOn(GPUBuffer.prototype, 'mapAsync');
    const [session] = await opened(programsOf('bc'), [1]);
    const { rows, columns } = session.plan.entries['greedy'].inputs['observation'].shape;
    const inputs = { observation: new Float32Array(rows * columns).fill(0.3) };
    const calls = async (work: () => Promise<unknown>) => {
      mapped.mockClear();
      await work();
      return mapped.mock.calls.length;
    };
    expect(await calls(() => session.run(20))).toBe(1);
    expect(await calls(() => session.query('greedy', inputs))).toBe(1);
    expect(await calls(() => session.query('greedy', inputs))).toBe(0);
    expect(await calls(() => session.run(20, true))).toBe(1);
    expect(await calls(() => session.query('greedy', inputs))).toBe(0);
    expect(await calls(() => session.readState())).toBe(1);
    mapped.mockRestore();
    session.dispose();
  });

  test('queries answer with the newest weights and leave no trace', async () => {
    const programs = programsOf('bc');
    const [asked, unasked] = await opened(programs, [2, 2]);
    const { rows, columns } = asked.plan.entries['greedy'].inputs['observation'].shape;
    const inputs = { observation: new Float32Array(rows * columns).fill(0.3) };
    await Promise.all([asked.run(3, true), unasked.run(3)]);
    const wasm = await wasmExecutor.open(programs, { seed: 2, dataCapacity: 0, replayCapacity: 0 });
    await wasm.writeState(await unasked.readState());
    expect(await asked.query('greedy', inputs)).toEqual(await wasm.query('greedy', inputs));
    await Promise.all([asked.run(1), unasked.run(1)]);
    expect(await asked.readState()).toEqual(await unasked.readState());
    for (const session of [asked, unasked]) session.dispose();
  });

  test('goes on from the state of wasm, and wasm from its own', async () => {
    const programs = programsOf('bc');
    const data = randomRecords(programs.record, records, 2);
    const wasm = await wasmExecutor.open(programs, { seed: 6, ...options });
    await wasm.writeRecords('data', 0, data, records);
    const [session] = await opened(programs, [1]);
    await wasm.run(3);
    await session.writeState(await wasm.readState());
    expect(relativeDifference(await session.run(2), await wasm.run(2))).toBeLessThan(1e-4);
    const there = new DataView((await session.readState()).buffer);
    const here = new DataView((await wasm.readState()).buffer);
    const { powers } = session.plan.arenas.find((arena) => arena.powers !== undefined)!;
    for (const offset of [powers!, powers! + 8])
      expect(there.getFloat64(offset, true)).toBe(here.getFloat64(offset, true));
    expect(there.getUint32(session.plan.header.update, true)).toBe(5);
    session.dispose();
  });

  test('draws from the replay source of its own replica', async () => {
    const programs = programsOf('bc');
    const [one, other] = await opened(programs, [1, 1]);
    for (const [index, session] of [one, other].entries()) {
      session.setBatchSplit({ offlineColumns: 8 });
      const own = randomRecords(programs.record, 10, 2).map((value) => value * (index + 1));
      await session.writeRecords('replay', 0, own, 10);
      expect(await session.readReplay(10)).toEqual(own);
    }
    const wasm = await wasmExecutor.open(programs, { seed: 1, ...options });
    await wasm.writeRecords('data', 0, randomRecords(programs.record, records, 2), records);
    wasm.setBatchSplit({ offlineColumns: 8 });
    await wasm.writeRecords('replay', 0, await other.readReplay(10), 10);
    const [, log] = await Promise.all([one.run(1), other.run(1)]);
    expect(relativeDifference(log, await wasm.run(1))).toBeLessThan(1e-5);
    for (const session of [one, other]) session.dispose();
  });

  test('blocks: every, repeat and enabled, as on wasm', async () => {
    const programs = withBlocks();
    const run = async (session: Session, enabled: number) => {
      session.setScalar('enabled', enabled);
      await session.writeRecords('data', 0, randomRecords(programs.record, records), records);
      const log = await session.run(4);
      return { log, state: await session.readState() };
    };
    for (const enabled of [0, 1]) {
      const [session] = await openReplicas(programs, { seeds: [1], ...options });
      const wasm = await wasmExecutor.open(programs, { seed: 1, ...options });
      const [actual, expected] = [await run(session, enabled), await run(wasm, enabled)];
      expect(relativeDifference(actual.log, expected.log)).toBeLessThan(1e-4);
      const powersOf = (state: Uint8Array) =>
        session.plan.arenas.flatMap(({ powers }) =>
          powers === undefined ? [] : [...state.subarray(powers, powers + 16)],
        );
      expect(powersOf(actual.state)).toEqual(powersOf(expected.state));
      session.dispose();
    }
  });

  test('a device that goes away rejects what runs and what comes after', async () => {
    const [session] = await opened(programsOf('bc'), [1]);
    const { device } = await sharedDevice();
    const running = session.run(200);
    device.destroy();
    await expect(running).rejects.toBeInstanceOf(DeviceLost);
    await expect(session.run(1)).rejects.toBeInstanceOf(DeviceLost);
    session.dispose();
    const [next] = await opened(programsOf('bc'), [1]);
    expect(await next.run(1)).toHaveLength(next.plan.metrics.length);
    next.dispose();
  });

  test('what does not fit is refused with the number that was exceeded', async () => {
    const tooMany = { seeds: [1], dataCapacity: 40, replayCapacity: 2 ** 27 };
    await expect(openReplicas(programsOf('bc'), tooMany)).rejects.toThrow(
      /too little memory for the replay buffer: \d+ bytes, and one buffer holds \d+ at most/,
    );
  });
});

/** A policy that every kind of block moves, with noise and clipping of its own. */
function withBlocks(): ProgramSet {
  return traceProgramSet({ record: transitionLayout(3, 2), batch: 32 }, (tracer) => {
    const build = createNetworkBuilder(tracer, {
      observationSize: 3,
      actionSize: 2,
      actions: 0,
      hidden: [16],
      critics: 2,
      layerNorm: false,
    });
    const policy = build.gaussianPolicy('clipped');
    const learningRate = tracer.scalar('learningRate', 0.01);
    const enabled = tracer.scalar('enabled', 1);
    tracer.update(
      ({ observation, action }, record) => {
        const follow = () => {
          const noise = record.normal(2).mul(0.1);
          record.minimize(policy.logProbability(observation, action.add(noise)).mean().neg(), policy, learningRate, {
            gradientClip: 0.5,
          });
        };
        record.every(3, follow);
        record.repeat(2, () => record.repeat(2, follow));
        record.enabled(enabled, follow);
        return { likelihood: policy.logProbability(observation, action).mean() };
      },
      { learningRate },
    );
  });
}
