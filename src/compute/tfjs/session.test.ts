import { memory } from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import type { Session } from '../executor';
import type { NodeId, ProgramSet } from '../program/program';
import { traceProgramSet } from '../program/trace';
import { tfjsExecutor } from './session';
import { batch, outcomeOf, randomRecords, record } from './testing';

const executors = [tfjsExecutor('cpu'), tfjsExecutor('wasm')];

/** Two networks, a delayed one, noise, a follower, a clipped gradient, and queries with and without noise. */
function programs(): ProgramSet {
  return traceProgramSet({ record, batch }, (tracer) => {
    const layer = (module: string) => {
      tracer.module(module, [
        { name: 'weights', shape: { members: 2, rows: 4, columns: 3 }, initial: { kind: 'uniform', bound: 0.5 } },
        { name: 'bias', shape: { members: 2, rows: 4, columns: 1 }, initial: { kind: 'constant', value: 0.1 } },
      ]);
      return { module };
    };
    const [fast, slow, lagging] = ['fast', 'slow', 'lagging'].map(layer);
    const forward = (network: { module: string }, input: ReturnType<typeof tracer.constant>) =>
      tracer
        .matmul(tracer.parameter(network.module, 'weights'), input)
        .add(tracer.parameter(network.module, 'bias'))
        .tanh();
    const rate = tracer.scalar('learningRate', 0.01);
    const share = tracer.scalar('share', 0.25);
    const isOn = tracer.scalar('isOn', 1);
    tracer.update(
      ({ observation, reward, nextObservation }, recorder) => {
        const target = reward.add(forward(lagging, nextObservation).minOverMembers()).stopGradient();
        const error = forward(fast, observation).sub(target).add(recorder.normal(1).mul(0.1));
        const fastLoss = recorder.minimize(error.square().mean(), fast, rate, { gradientClip: 0.05 });
        const slowLoss = recorder.every(2, () =>
          recorder.minimize(forward(slow, observation).sub(forward(fast, observation)).abs().mean(), slow),
        );
        recorder.enabled(isOn, () => recorder.moveTowards(lagging, fast, share));
        recorder.repeat(2, () => {
          const again = recorder.draw();
          recorder.minimize(forward(fast, again.observation).square().mean().mul(0.1), fast);
        });
        return { fastLoss, slowLoss };
      },
      { learningRate: rate },
    );
    tracer.query('act', { columns: 4, inputs: { observation: 3 } }, ({ observation }, recorder) => ({
      action: forward(fast, observation).member(0).rows(0, 1).add(recorder.normal(1)),
      greedy: forward(fast, observation).meanOverMembers(),
    }));
  });
}
const records = randomRecords(record, 50);
const observation = Float32Array.from({ length: 12 }, (_, i) => i / 12);

async function open(executor: (typeof executors)[number]): Promise<Session> {
  const session = await executor.open(programs(), { seed: 3, dataCapacity: 50, replayCapacity: 8 });
  await session.writeRecords('data', 0, records, 50);
  await session.writeRecords('replay', 0, records.subarray(0, 8 * record.stride), 8);
  session.setBatchSplit({ offlineColumns: 12 });
  return session;
}

describe.each(executors)('$id', (executor) => {
  test('is available in Node', async () => {
    expect(await executor.unavailable()).toBeNull();
  });

  test('gives the same bits however many updates go into a call', async () => {
    const [one, many] = [await open(executor), await open(executor)];
    const log = await many.run(7);
    const rows = [await one.run(3), await one.run(1), await one.run(3)];
    expect([...log]).toEqual(rows.flatMap((row) => [...row]));
    expect(await one.readState()).toEqual(await many.readState());
    one.dispose();
    many.dispose();
  });

  test('goes on bit for bit from a state that was read', async () => {
    const first = await open(executor);
    await first.run(3);
    const state = await first.readState();
    const expected = await first.run(2);
    const second = await open(executor);
    await second.writeState(state);
    expect(await second.run(2)).toEqual(expected);
    first.dispose();
    second.dispose();
  });

  test('keeps the number of tensors constant and gives all back', async () => {
    const before = memory().numTensors;
    const session = await open(executor);
    await session.run(2);
    await session.query('act', { observation });
    const warm = memory().numTensors;
    await session.run(5);
    session.setScalar('share', 0.5);
    await session.run(1);
    await session.query('act', { observation });
    await session.writeState(await session.readState());
    await session.run(1);
    expect(memory().numTensors).toBe(warm);
    session.dispose();
    expect(memory().numTensors).toBe(before);
  });

  test('a skipped block leaves its module and its metric alone', async () => {
    const session = await open(executor);
    const names = session.plan.metrics;
    const log = await session.run(3);
    const slowLoss = [0, 1, 2].map((row) => log[row * names.length + names.indexOf('slowLoss')]);
    expect(slowLoss[1]).toBe(slowLoss[0]);
    expect(slowLoss[2]).not.toBe(slowLoss[0]);
    session.dispose();
  });

  test('a block whose scalar is 0 does nothing', async () => {
    const parametersOf = async (isOn: number) => {
      const session = await open(executor);
      session.setScalar('isOn', isOn);
      await session.run(1);
      const state = await session.readState();
      const { offset } = session.plan.parameters.find(
        ({ module, name }) => module === 'lagging' && name === 'weights',
      )!;
      session.dispose();
      return new Float32Array(state.slice(offset, offset + 4 * 24).buffer);
    };
    const initial = await open(executor);
    const { offset } = initial.plan.parameters.find(({ module, name }) => module === 'lagging' && name === 'weights')!;
    const untouched = new Float32Array((await initial.readState()).slice(offset, offset + 4 * 24).buffer);
    initial.dispose();
    expect(await parametersOf(0)).toEqual(untouched);
    expect(await parametersOf(1)).not.toEqual(untouched);
  });

  test('a query draws by its counter and changes nothing', async () => {
    const session = await open(executor);
    await session.run(1);
    const state = await session.readState();
    const [first, again, other] = [
      await session.query('act', { observation }, 5),
      await session.query('act', { observation }, 5),
      await session.query('act', { observation }, 6),
    ];
    expect(again).toEqual(first);
    expect(other['action']).not.toEqual(first['action']);
    expect(other['greedy']).toEqual(first['greedy']);
    expect(await session.readState()).toEqual(state);
    session.dispose();
  });

  test('replay is kept as written, and refuses more than its capacity', async () => {
    const session = await open(executor);
    const one = records.subarray(record.stride, 2 * record.stride);
    await session.writeRecords('replay', 3, one, 8);
    expect((await session.readReplay(8)).slice(3 * record.stride, 4 * record.stride)).toEqual(one.slice());
    await expect(session.writeRecords('replay', 8, one, 9)).rejects.toThrow('9 records do not fit a capacity of 8');
    session.dispose();
  });

  test('unknown names are refused', async () => {
    const session = await open(executor);
    expect(() => session.setScalar('nothing', 1)).toThrow('no scalar named nothing');
    await expect(session.query('nothing', {})).rejects.toThrow('no query named nothing');
    await expect(session.query('act', {})).rejects.toThrow('input observation is missing');
    await expect(session.writeState(new Uint8Array(4))).rejects.toThrow('got 4');
    session.dispose();
  });
});

test('uncaught errors of the process stay the process’s own', async () => {
  (await open(executors[1])).dispose();
  const sources = ['uncaughtException', 'unhandledRejection'].flatMap((event) => process.listeners(event as 'exit'));
  expect(sources.filter((listener) => /ExitStatus|throw/.test(String(listener)))).toEqual([]);
});

test('a backend that is not here says so in a sentence', async () => {
  expect(await tfjsExecutor('webgl').unavailable()).toBe(
    'TensorFlow.js cannot use webgl here: this machine does not offer it.',
  );
});

test('two sessions on different backends take turns', async () => {
  const [cpu, wasm] = [await open(executors[0]), await open(executors[1])];
  const [together, apart] = [await Promise.all([cpu.run(2), wasm.run(2)]), await outcomeOf(executors[0], programs())];
  expect(together[0].length).toBe(together[1].length);
  expect(apart.metrics.length).toBe(2);
  for (const [i, value] of together[0].entries()) expect(together[1][i]).toBeCloseTo(value, 4);
  cpu.dispose();
  wasm.dispose();
});

test('a loss that does not depend on its module is refused', async () => {
  const set = programs();
  const scalar = set.update.nodes.findIndex(({ op }) => op === 'scalar') as NodeId;
  const statements = [{ kind: 'minimize', loss: scalar, module: 'fast', learningRate: scalar }] as const;
  const broken: ProgramSet = {
    ...set,
    update: { ...set.update, statements: [{ kind: 'compute', nodes: [scalar] }, ...statements] },
  };
  await expect(executors[0].open(broken, { seed: 1, dataCapacity: 1, replayCapacity: 1 })).rejects.toThrow(
    'does not depend on the parameters of fast',
  );
});

test('replicas are lone sessions that read what any of them writes to the data', async () => {
  const [executor] = executors;
  const capacities = { dataCapacity: 50, replayCapacity: 8 };
  const replicas = await executor.openReplicas(programs(), { seeds: [3, 4], ...capacities });
  await replicas[1].writeRecords('data', 0, records, 50);
  for (const [replica, seed] of [3, 4].entries()) {
    const lone = await executor.open(programs(), { seed, ...capacities });
    await lone.writeRecords('data', 0, records, 50);
    const outcomes: Uint8Array[] = [];
    for (const session of [lone, replicas[replica]]) {
      session.setBatchSplit({ offlineColumns: batch });
      await session.run(3);
      outcomes.push(await session.readState());
      session.dispose();
    }
    expect(outcomes[1]).toEqual(outcomes[0]);
  }
});
