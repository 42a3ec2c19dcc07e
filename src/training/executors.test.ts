import { afterEach, describe, expect, test, vi } from 'vitest';
import type { Executor, ReplicaOptions } from '../compute/executor';
import type { ProgramSet } from '../compute/program/program';
import { explain } from '../spec/problems';
import { chooseExecutor, repeatChoice } from './executors';
import { prepareNow, small, specWith } from './testing';
import type { Trial } from './trial';

/** A clock that only updates move, and what the devices of this machine are like. */
const machine = vi.hoisted(() => ({
  time: 0,
  cost: { wasm: 1, webgpu: 0.5 },
  missing: null as string | null,
  refusal: null as Error | null,
  isSlow: false,
}));

/** `executor`, whose updates take their cost on that clock, whatever the number of replicas. */
function timed(executor: Executor, cost: () => number): Executor {
  const openReplicas = async (programs: ProgramSet, options: ReplicaOptions) => {
    const sessions = await executor.openReplicas(programs, options);
    for (const session of sessions) {
      const run = session.run.bind(session);
      session.run = (updates) => {
        machine.time += (updates * cost()) / sessions.length;
        return run(1);
      };
    }
    return sessions;
  };
  return Object.assign(Object.create(executor) as Executor, { openReplicas });
}
vi.mock('../compute/wasm/session', async (original) => {
  const { wasmExecutor } = await original<typeof import('../compute/wasm/session')>();
  return { wasmExecutor: timed(wasmExecutor, () => machine.cost.wasm) };
});
vi.mock('../compute/webgpu/session', async () => {
  const { wasmExecutor } = await vi.importActual<typeof import('../compute/wasm/session')>('../compute/wasm/session');
  const device = timed(wasmExecutor, () => machine.cost.webgpu);
  const webgpuExecutor: Executor = {
    ...wasmExecutor,
    ...device,
    id: 'webgpu',
    unavailable: async () => machine.missing,
    openReplicas: (...of) => (machine.refusal ? Promise.reject(machine.refusal) : device.openReplicas(...of)),
  };
  return { webgpuExecutor };
});

const spec = specWith('stitching', { ...small, 'dataset.params.transitions': 500, executor: 'auto' });
const prepared = prepareNow(spec);
const trial = (more: Partial<Trial> = {}): Trial => ({
  spec,
  prepared,
  seeds: [0],
  places: 1,
  isCompared: false,
  now: () => machine.time,
  sleep: () => (machine.isSlow ? Promise.resolve() : new Promise(() => {})),
  ...more,
});
afterEach(() => {
  Object.assign(machine, { cost: { wasm: 1, webgpu: 0.5 }, missing: null, refusal: null, isSlow: false });
});

describe('auto', () => {
  test('takes WebGPU where it is much faster, and says the numbers', async () => {
    machine.cost = { wasm: 0.526, webgpu: 0.192 };
    const { executor, why, timings, problem } = await chooseExecutor('auto', trial());
    expect(executor.id).toBe('webgpu');
    expect(why).toBe('WebGPU: 5,200 updates/s here, WebAssembly 1,900.');
    expect(timings.map(({ executor: id }) => id)).toEqual(['wasm', 'webgpu']);
    expect(timings[1].updatesPerSecond).toBeCloseTo(1000 / 0.192);
    expect(problem).toBeNull();
  });
  test('keeps to the same bits everywhere where little is to be gained', async () => {
    machine.cost = { wasm: 1, webgpu: 0.7 };
    const { executor, why } = await chooseExecutor('auto', trial());
    expect(executor.id).toBe('wasm');
    expect(why).toBe(
      'WebAssembly: 1,000 updates/s here, WebGPU 1,400: less than 1.5 times as many, and only WebAssembly repeats everywhere.',
    );
  });
  test('a slow graphics device just loses', async () => {
    machine.cost = { wasm: 1, webgpu: 20 };
    const { executor, why } = await chooseExecutor('auto', trial());
    expect(executor.id).toBe('wasm');
    expect(why).toBe('WebAssembly: 1,000 updates/s here, WebGPU 50.');
  });
  test('counts all runs that train at once, and the workers there are for them', async () => {
    machine.cost = { wasm: 1, webgpu: 5 };
    const seeds = Array.from({ length: 16 }, (_, seed) => seed);
    const one = await chooseExecutor('auto', trial({ seeds }));
    expect(one.executor.id).toBe('webgpu');
    expect(one.why).toBe('WebGPU: 3,200 updates/s here over 16 runs at once, WebAssembly 1,000.');
    expect((await chooseExecutor('auto', trial({ seeds, places: 4 }))).executor.id).toBe('wasm');
  });
  test('measures nothing where only one executor can repeat the result', async () => {
    const { executor, why, timings } = await chooseExecutor('auto', trial({ isCompared: true }));
    expect(executor.id).toBe('wasm');
    expect(timings).toEqual([]);
    expect(why).toBe('The result is compared with the sender’s, which only WebAssembly repeats.');
  });
  test('says why WebGPU is not there, or what it could not do', async () => {
    machine.missing = 'This browser has no WebGPU.';
    expect((await chooseExecutor('auto', trial())).why).toBe('This browser has no WebGPU, so WebAssembly is used.');
    machine.missing = null;
    machine.refusal = new RangeError('A buffer of 900 MB exceeds 128 MB.');
    const { executor, why } = await chooseExecutor('auto', trial());
    expect(executor.id).toBe('wasm');
    expect(why).toBe('WebAssembly: 1,000 updates/s here; WebGPU could not: A buffer of 900 MB exceeds 128 MB.');
  });
  test('waits only so long for a device that is slow to get ready', async () => {
    machine.isSlow = true;
    const { executor, why } = await chooseExecutor('auto', trial());
    expect(executor.id).toBe('wasm');
    expect(why).toMatch(/updates\/s here; WebGPU could not: it was not ready after 8 seconds\.$/);
  });
  test('is made once for all workers of a run', async () => {
    const first = await chooseExecutor('auto', trial());
    const again = await repeatChoice({ executor: first.executor.id, why: first.why, timings: first.timings });
    expect(again.executor.id).toBe(first.executor.id);
    expect(again).toMatchObject({ why: first.why, timings: first.timings, problem: null });
  });
});

test('an executor that is missing is replaced, in words', async () => {
  machine.missing = 'WebGPU found no graphics processor here.';
  const { executor, problem } = await chooseExecutor('webgpu');
  expect(executor.id).toBe('wasm');
  expect(problem && explain(problem)).toBe('WebGPU found no graphics processor here, so WebAssembly is used.');
});
