/** The executor as its users see it, and against the reference interpreter on random programs. */
import { describe, expect, test } from 'vitest';
import { stream } from '../../numeric/random';
import type { Session } from '../executor';
import type { Plan } from '../program/plan';
import type { ProgramSet } from '../program/program';
import { shapeOf } from '../program/shapes';
import type { Tensor } from '../program/tensor';
import { traceProgramSet, transitionLayout } from '../program/trace';
import { ReferenceSession } from '../reference/session';
import { initialState } from '../state';
import { hasRelaxedSimd } from './relaxed';
import { wasmExecutor, wasmRelaxedExecutor } from './session';
import { randomFloats } from './testing';

const record = transitionLayout(3, 2);
const capacity = { dataCapacity: 40, replayCapacity: 8 };
const uniform = { kind: 'uniform', bound: 0.7 } as const;
const batch = 12;

/** A program of about 20 random operations on tensors of 3 rows, one of them in a block, ending in Adam and Polyak steps. */
function randomProgram(seed: number): ProgramSet {
  const random = stream(seed, 'test');
  const arrays = (members: number) => [
    { name: 'weight', shape: shapeOf(members, 3, 3), initial: uniform },
    { name: 'bias', shape: shapeOf(members, 3, 1), initial: uniform },
    { name: 'shared', shape: shapeOf(1, 3, 3), initial: uniform },
    { name: 'head', shape: shapeOf(members, 1, 3), initial: uniform },
  ];
  const members = 1 + random.index(3);
  return traceProgramSet({ record, batch }, (tracer) => {
    tracer.module('network', arrays(members));
    tracer.module('target', arrays(members));
    const rate = tracer.scalar('rate', 0.05);
    const body = (start: readonly Tensor[], steps: number, noise: () => Tensor): Tensor[] => {
      const parameter = (name: string) => tracer.parameter(random.index(2) ? 'network' : 'target', name);
      const pool = [...start];
      const pick = () => pool[random.index(pool.length)];
      const moves: (() => Tensor)[] = [
        () => tracer.matmul(parameter('weight'), pick()).add(parameter('bias')).relu(),
        () => tracer.matmul(parameter('shared'), pick()).add(parameter('bias')).tanh(),
        () => tracer.matmul(parameter('weight'), pick(), 'tn').relu(),
        () => tracer.matmul(tracer.matmul(pick(), pick(), 'nt').mul(0.1), pick()),
        () => pick().add(pick()).mul(0.5),
        () => pick().sub(pick()).tanh(),
        () => pick().mul(pick()).tanh(),
        () => pick().div(pick().square().add(0.5)).tanh(),
        () => pick().min(pick()),
        () => pick().max(pick().rows(random.index(3), 1)),
        () => pick().less(pick()).select(pick(), pick()),
        () => tracer.concat(pick().rows(1, 2), pick().rows(0, 1)),
        () => pick().tanh().exp().sub(1),
        () => pick().square().add(0.3).log(),
        () => pick().softplus().sqrt(),
        () => pick().sigmoid().neg(),
        () => pick().abs().oneMinus().clamp(-0.7, 0.6),
        () => tracer.sine(pick()).add(tracer.cosine(pick())),
        () => pick().sub(pick().meanOverRows()),
        () => pick().sub(pick().minOverMembers()).add(pick().maxOverRows()).tanh(),
        () => pick().logSumExpOverRows().add(pick()).tanh(),
        () => pick().sub(pick().mean()),
        () => pick().add(noise()).tanh(),
        () => pick().member(0).stopGradient().add(pick().sumOverMembers()).tanh(),
      ];
      for (let step = 0; step < steps; step++) pool.push(moves[random.index(moves.length)]());
      return pool;
    };
    tracer.update(
      (minibatch, recorder) => {
        const pool = body([minibatch.observation, minibatch.nextObservation], 16, () => recorder.normal(3));
        const loss = (values: readonly Tensor[]) =>
          values.reduce(
            (sum, value) => sum.add(tracer.matmul(tracer.parameter('network', 'head'), value).square().mean()),
            tracer.constant(0),
          );
        const metrics: Record<string, Tensor> = {};
        for (const [i, value] of pool.entries()) metrics[`value${i}`] = value.mul(value.add(1)).mean();
        metrics['loss'] = recorder.minimize(loss(pool.slice(-4)), { module: 'network' });
        const follow = () => recorder.moveTowards({ module: 'target' }, { module: 'network' }, rate);
        if (random.index(2)) recorder.repeat(2, follow);
        else recorder.every(1 + random.index(2), follow);
        return metrics;
      },
      { learningRate: tracer.scalar('learningRate', 0.01) },
    );
    tracer.query('ask', { columns: 4, inputs: { observation: 3 } }, ({ observation }, recorder) => {
      const pool = body([observation], 6, () => recorder.normal(3));
      return {
        last: pool[pool.length - 1].member(0),
        sum: pool[pool.length - 2].sumOverMembers().sumOverRows(),
        noisy: observation.add(recorder.normal(3)),
      };
    });
  });
}

/** The gradients of the first update, which Adam's first moments hold as (1 − β₁)·g. */
function gradients(plan: Plan, state: Uint8Array): Float32Array {
  const arena = plan.arenas.find(({ name }) => name === 'network');
  return new Float32Array(state.slice(arena!.first!, arena!.first! + 4 * arena!.count).buffer);
}
async function fill(session: Session): Promise<void> {
  await session.writeRecords('data', 0, randomFloats(40 * record.stride, 2), 40);
  await session.writeRecords('replay', 0, randomFloats(8 * record.stride, 3), 8);
  session.setBatchSplit({ offlineColumns: 7 });
}
/** Largest difference, against the largest number, or `scale` if all are smaller: what cancelled has no more digits. */
function difference(actual: Float32Array, expected: Float32Array, scale: number): number {
  const largest = Math.max(scale, ...expected.map(Math.abs));
  return Math.max(0, ...actual.map((value, i) => Math.abs(value - expected[i]))) / largest;
}

test.each(Array.from({ length: 60 }, (_, seed) => [seed]))(
  'random program %i agrees with the reference: metrics, gradients, a query',
  async (seed) => {
    const programs = randomProgram(seed);
    const options = { seed: 5, ...capacity };
    const [wasm, reference] = [await wasmExecutor.open(programs, options), new ReferenceSession(programs, options)];
    await fill(wasm);
    await fill(reference);
    const inputs = { observation: randomFloats(12, 4) };
    const [asked, expected] = [await wasm.query('ask', inputs, 9), await reference.query('ask', inputs, 9)];
    // Rounding alone differs, over a few dozen operations of 24 bits.
    for (const name of ['last', 'sum']) expect(difference(asked[name], expected[name], 1)).toBeLessThan(1e-5);
    expect(asked['noisy']).toEqual(expected['noisy']);
    expect(difference(await wasm.run(1), await reference.run(1), 1)).toBeLessThan(1e-5);
    const [actual, defined] = [await wasm.readState(), await reference.readState()];
    expect(difference(gradients(wasm.plan, actual), gradients(wasm.plan, defined), 1e-3)).toBeLessThan(2e-5);
  },
);

describe('a session', () => {
  const open = async () => {
    const programs = randomProgram(0);
    const session = await wasmExecutor.open(programs, { seed: 5, ...capacity });
    await fill(session);
    return session;
  };

  test('is available and reproducible here', async () => {
    expect(await wasmExecutor.unavailable()).toBeNull();
    expect(wasmExecutor.reproducible).toBe(true);
  });
  test('says why where there is no WebAssembly', async () => {
    const present = globalThis.WebAssembly;
    try {
      Reflect.deleteProperty(globalThis, 'WebAssembly');
      expect(await wasmExecutor.unavailable()).toBe('WebAssembly is missing here.');
      Object.assign(globalThis, { WebAssembly: { ...present, validate: () => false } });
      expect(await wasmExecutor.unavailable()).toBe('This browser lacks WebAssembly SIMD.');
    } finally {
      Object.defineProperty(globalThis, 'WebAssembly', { value: present, configurable: true, writable: true });
    }
  });
  test('with fused multiply-add is another executor, which repeats nowhere and says where it is missing', async () => {
    expect(wasmRelaxedExecutor).toMatchObject({ id: 'wasm-relaxed', reproducible: false });
    const missing = await wasmRelaxedExecutor.unavailable();
    if (!hasRelaxedSimd()) {
      expect(missing).toBe('WebAssembly has no fused multiply-add here.');
      return;
    }
    expect(missing).toBeNull();
    const [strict, fused] = [await open(), await wasmRelaxedExecutor.open(randomProgram(0), { seed: 5, ...capacity })];
    await fill(fused);
    expect(difference(await fused.run(1), await strict.run(1), 1)).toBeLessThan(1e-5);
  });
  test('starts from the initial state of its seed', async () => {
    const session = await wasmExecutor.open(randomProgram(0), { seed: 5, ...capacity });
    expect(await session.readState()).toEqual(initialState(session.plan, 5));
  });
  test('a query changes no state, and its counter alone decides its noise', async () => {
    const session = await open();
    await session.run(2);
    const inputs = { observation: randomFloats(12, 4) };
    const before = await session.readState();
    const first = await session.query('ask', inputs, 1);
    const other = await session.query('ask', inputs, 2);
    expect(await session.readState()).toEqual(before);
    expect(await session.query('ask', inputs, 1)).toEqual(first);
    expect(other).not.toEqual(first);
  });
  test('scalars are float32 and move the next update', async () => {
    const [slow, fast] = [await open(), await open()];
    fast.setScalar('learningRate', 0.1);
    await slow.run(1);
    await fast.run(1);
    expect(await fast.readState()).not.toEqual(await slow.readState());
    expect(() => slow.setScalar('speed', 1)).toThrow('scalar speed: expected one of');
  });
  test('replay records come back as they went in', async () => {
    const session = await open();
    const more = randomFloats(2 * record.stride, 8);
    await session.writeRecords('replay', 3, more, 8);
    const replay = await session.readReplay(8);
    expect(replay.subarray(3 * record.stride, 5 * record.stride)).toEqual(more);
    expect(replay.subarray(0, record.stride)).toEqual(randomFloats(8 * record.stride, 3).subarray(0, record.stride));
  });
  test('refuses what does not fit, in words', async () => {
    const session = await open();
    await expect(session.writeRecords('replay', 7, new Float32Array(2 * record.stride), 8)).rejects.toThrow(
      'replay: capacity 8 records, got 2 from 7, count 8',
    );
    await expect(session.writeState(new Uint8Array(3))).rejects.toThrow('got 3');
    await expect(session.query('update', {})).rejects.toThrow('query update');
    await expect(session.query('ask', {})).rejects.toThrow('input observation takes 12 numbers, got none');
    expect(() => session.setBatchSplit({ offlineColumns: batch + 1 })).toThrow('expected an integer from 0 to 12');
    session.dispose();
    await expect(session.run(1)).rejects.toThrow('disposed');
  });
});
