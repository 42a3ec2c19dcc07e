import { describe, expect, test } from 'vitest';
import type { NetworkBuilder } from './modules';
import { createNetworkBuilder } from './networks';
import type { Plan } from './program/plan';
import { plan } from './program/planner';
import { traceProgramSet, transitionLayout } from './program/trace';
import { ReferenceSession } from './reference/session';
import {
  copyModule,
  initialState,
  parameterBytes,
  readParameters,
  readScalar,
  readUpdate,
  resetState,
  shrinkAndPerturb,
  transferState,
  writeScalar,
  writeWord,
} from './state';

interface Shape {
  /** Kind of policy. */
  readonly policy: 'deterministic' | 'squashed';
  readonly hidden?: number;
  readonly hasValue?: boolean;
  readonly hasAnchor?: boolean;
}
/** Critic, target and policy, all learning on something simple; optionally V and a frozen copy of the policy. */
function programs({ policy: kind, hidden = 6, hasValue = false, hasAnchor = false }: Shape) {
  return traceProgramSet({ record: transitionLayout(3, 2), batch: 16 }, (tracer) => {
    const build: NetworkBuilder = createNetworkBuilder(tracer, {
      observationSize: 3,
      actionSize: 2,
      actions: 0,
      hidden: [hidden, hidden],
      critics: 2,
      layerNorm: false,
    });
    const value = hasValue ? build.value() : null;
    const critic = build.critics();
    const targetCritic = build.lagging(critic);
    const policy = kind === 'deterministic' ? build.deterministicPolicy() : build.gaussianPolicy('squashed');
    if (hasAnchor) build.lagging(policy, 'anchor');
    const discount = tracer.scalar('discount', 0.9);
    tracer.update(
      ({ observation, action, reward }, { minimize, moveTowards, constant }) => {
        if (value) minimize(value.of(observation).sub(reward).square().mean(), value);
        const q = minimize(critic.each(observation, action).sub(reward.mul(discount)).square().mean(), critic);
        minimize(policy.greedy(observation).sub(action).square().mean(), policy);
        moveTowards(targetCritic, critic, constant(0.1));
        return { q };
      },
      { learningRate: tracer.scalar('learningRate', 0.01) },
    );
    tracer.query('greedy', { columns: 4, inputs: { observation: 3 } }, ({ observation }) => ({
      action: policy.greedy(observation),
    }));
  });
}
const planOf = (shape: Shape) => plan(programs(shape), { dataCapacity: 8, replayCapacity: 8, logRows: 4 });
/** A state after a few updates: moments, powers and targets have moved. */
async function trained(shape: Shape): Promise<{ plan: Plan; state: Uint8Array; session: ReferenceSession }> {
  const session = new ReferenceSession(programs(shape), { seed: 5, dataCapacity: 8, replayCapacity: 8 });
  const records = Float32Array.from({ length: 8 * session.plan.record.stride }, (_, i) => ((i * 31) % 17) / 8.5 - 1);
  await session.writeRecords('data', 0, records, 8);
  await session.run(3);
  return { plan: session.plan, state: await session.readState(), session };
}
const momentsOf = (p: Plan, state: Uint8Array, module: string) => {
  const { first, second, powers, count } = p.arenas.find(({ name }) => name === module)!;
  const floats = new Float32Array(state.slice().buffer);
  return {
    first: Array.from(floats.subarray(first! / 4, first! / 4 + count)),
    second: Array.from(floats.subarray(second! / 4, second! / 4 + count)),
    powers: Array.from(new Float64Array(state.slice(powers, powers! + 16).buffer)),
  };
};
const allZero = (values: readonly number[]) => values.every((value) => value === 0);

describe('the initial state', () => {
  test('is the same for the same seed, another for another', () => {
    const p = planOf({ policy: 'deterministic' });
    expect(initialState(p, 4)).toEqual(initialState(p, 4));
    expect(initialState(p, 4)).not.toEqual(initialState(p, 5));
  });
  test('adding a module changes no weights of others', () => {
    const [without, withValue] = [
      planOf({ policy: 'deterministic' }),
      planOf({ policy: 'deterministic', hasValue: true }),
    ];
    const [a, b] = [
      readParameters(without, initialState(without, 4)),
      readParameters(withValue, initialState(withValue, 4)),
    ];
    expect(b.critic).toEqual(a.critic);
    expect(b.policy).toEqual(a.policy);
    expect(b.value.weight0).not.toEqual(a.policy.weight0);
  });
  test('draws batches from the data and has done no update', () => {
    const p = planOf({ policy: 'deterministic' });
    const state = initialState(p, 4);
    const words = new Uint32Array(state.buffer);
    expect([words[p.header.key0 / 4], words[p.header.batchMode / 4], words[p.header.offlineColumns / 4]]).toEqual([
      4, 0, 16,
    ]);
    expect(readUpdate(p, state)).toBe(0);
    expect(momentsOf(p, state, 'critic').powers).toEqual([1, 1]);
  });
});

describe('transfer', () => {
  test('into the same programs keeps everything but the count of updates', async () => {
    const from = await trained({ policy: 'deterministic' });
    const { state, kept, fresh } = transferState(from.plan, from.state, from.plan, 5);
    expect([kept, fresh]).toEqual([['critic', 'targetCritic', 'policy'], []]);
    expect(readUpdate(from.plan, state)).toBe(0);
    expect(momentsOf(from.plan, state, 'policy')).toEqual(momentsOf(from.plan, from.state, 'policy'));
    expect(parameterBytes(from.plan, state)).toEqual(parameterBytes(from.plan, from.state));
    const words = new Uint32Array(state.buffer);
    expect(words[from.plan.data.count / 4]).toBe(8);
  });
  test('to another kind of policy keeps the greedy action', async () => {
    const from = await trained({ policy: 'deterministic' });
    const to = new ReferenceSession(programs({ policy: 'squashed', hasValue: true, hasAnchor: true }), {
      seed: 5,
      dataCapacity: 8,
      replayCapacity: 8,
    });
    const moved = transferState(from.plan, from.state, to.plan, 5);
    await to.writeState(moved.state);
    const observation = Float32Array.from({ length: 12 }, (_, i) => i / 6 - 1);
    expect(await to.query('greedy', { observation })).toEqual(await from.session.query('greedy', { observation }));
    expect(moved.kept).toEqual(expect.arrayContaining(['critic', 'targetCritic', 'policy.weight0', 'policy.meanBias']));
    expect(moved.fresh).toEqual(['value', 'policy.logStdWeight', 'policy.logStdBias', 'anchor']);
    // A divided module starts its moments afresh: one bias correction cannot serve both halves.
    expect(momentsOf(to.plan, moved.state, 'policy').powers).toEqual([1, 1]);
    expect(allZero(momentsOf(to.plan, moved.state, 'policy').first)).toBe(true);
    expect(momentsOf(to.plan, moved.state, 'critic').powers).toEqual(momentsOf(from.plan, from.state, 'critic').powers);
    // A new copy follows what its source has become.
    const { policy, anchor } = readParameters(to.plan, moved.state);
    expect(anchor).toEqual(policy);
  });
  test('to other sizes starts afresh as a new run would', async () => {
    const from = await trained({ policy: 'deterministic' });
    const to = planOf({ policy: 'deterministic', hidden: 8 });
    const { state, kept, fresh } = transferState(from.plan, from.state, to, 5);
    expect(readParameters(to, state).critic.weight1).toEqual(readParameters(to, initialState(to, 5)).critic.weight1);
    expect(fresh).toContain('critic.weight0');
    expect(kept).toEqual(['critic.headBias', 'targetCritic.headBias', 'policy.meanBias']);
  });
});

describe('resets', () => {
  const shape: Shape = { policy: 'deterministic', hasValue: true, hasAnchor: true };
  const before = trained(shape);
  const changedArrays = async (which: Parameters<typeof resetState>[2]) => {
    const { plan: p, state } = await before;
    const after = resetState(p, state, which, 9);
    const [old, now] = [readParameters(p, state), readParameters(p, after)];
    const changed: string[] = [];
    for (const [module, arrays] of Object.entries(now)) {
      for (const name of Object.keys(arrays)) {
        if (arrays[name].some((value, i) => value !== old[module][name][i])) changed.push(`${module}.${name}`);
      }
    }
    return { changed, p, state, after, now };
  };
  test('none changes nothing', async () => {
    const { state, after } = await changedArrays('none');
    expect(after).toEqual(state);
  });
  test('the optimiser loses its moments alone', async () => {
    const { changed, p, after } = await changedArrays('optimiser');
    expect(changed).toEqual([]);
    for (const module of ['critic', 'value', 'policy']) {
      const { first, second, powers } = momentsOf(p, after, module);
      expect([allZero(first), allZero(second), powers]).toEqual([true, true, [1, 1]]);
    }
  });
  test('last layers', async () => {
    const { changed, p, state, after, now } = await changedArrays('lastLayers');
    const fresh = [
      'value.headWeight',
      'value.headBias',
      'critic.headWeight',
      'critic.headBias',
      'policy.meanWeight',
      'policy.meanBias',
    ];
    expect(changed).toEqual(expect.arrayContaining(fresh));
    // The target is a copy again, so all of it may change; hidden layers of what learns stay.
    expect(changed.filter((name) => !name.startsWith('targetCritic') && !fresh.includes(name))).toEqual([]);
    expect(now.targetCritic).toEqual(now.critic);
    expect(momentsOf(p, after, 'critic').powers).toEqual([1, 1]);
    expect(readUpdate(p, after)).toBe(readUpdate(p, state));
  });
  test('the critic, with V and the target, and not the policy', async () => {
    const { changed, p, state, after, now } = await changedArrays('critic');
    expect(new Set(changed.map((name) => name.split('.')[0]))).toEqual(new Set(['critic', 'targetCritic', 'value']));
    expect(now.targetCritic).toEqual(now.critic);
    expect(momentsOf(p, after, 'policy')).toEqual(momentsOf(p, state, 'policy'));
  });
  test('all, but not the anchor', async () => {
    const { changed } = await changedArrays('all');
    expect(new Set(changed.map((name) => name.split('.')[0]))).toEqual(
      new Set(['critic', 'targetCritic', 'value', 'policy']),
    );
  });
  test('fresh weights are not those of the start', async () => {
    const { p, now } = await changedArrays('all');
    expect(now.policy.weight0).not.toEqual(readParameters(p, initialState(p, 9)).policy.weight0);
  });
});

describe('shrink and perturb', () => {
  test('mixes every weight with a fresh one', async () => {
    const { plan: p, state } = await trained({ policy: 'deterministic', hasAnchor: true });
    const [whole, half, none] = [1, 0.5, 0].map((keep) => readParameters(p, shrinkAndPerturb(p, state, keep, 9)));
    expect(whole).toEqual(readParameters(p, state));
    half.critic.weight1.forEach((value, i) => {
      expect(value).toBeCloseTo((whole.critic.weight1[i] + none.critic.weight1[i]) / 2, 6);
    });
    expect(half.targetCritic).toEqual(half.critic);
    expect(half.anchor).toEqual(whole.anchor);
    expect(() => shrinkAndPerturb(p, state, 1.5, 9)).toThrow('keep: expected 0 to 1');
  });
});

describe('reads and writes by name', () => {
  test('leave the given image alone', async () => {
    const { plan: p, state } = await trained({ policy: 'deterministic', hasAnchor: true });
    const before = state.slice();
    copyModule(p, state, 'policy', 'anchor');
    resetState(p, state, 'all', 1);
    shrinkAndPerturb(p, state, 0.5, 1);
    writeScalar(p, state, 'discount', 0.5);
    writeWord(state, p.header.update, 12);
    transferState(p, state, p, 1);
    expect(state).toEqual(before);
  });
  test('copy a module, scalars and words', async () => {
    const { plan: p, state } = await trained({ policy: 'deterministic', hasAnchor: true });
    const frozen = readParameters(p, copyModule(p, state, 'policy', 'anchor'));
    expect(frozen.anchor).toEqual(frozen.policy);
    expect(() => copyModule(p, state, 'critic', 'anchor')).toThrow('has no array');
    expect(readScalar(p, writeScalar(p, state, 'discount', 0.5), 'discount')).toBe(0.5);
    expect(readScalar(p, state, 'discount')).toBe(Math.fround(0.9));
    expect(() => readScalar(p, state, 'nothing')).toThrow('no scalar named "nothing"');
    expect(readUpdate(p, writeWord(state, p.header.update, 123))).toBe(123);
  });
  test('an image of another plan is refused', () => {
    expect(() => readParameters(planOf({ policy: 'squashed' }), new Uint8Array(64))).toThrow('expected');
  });
  test('the bytes of parameters are those of every array, without padding', async () => {
    const { plan: p, state } = await trained({ policy: 'deterministic' });
    const all = Object.values(readParameters(p, state)).flatMap((arrays) =>
      Object.values(arrays).flatMap((array) => Array.from(array)),
    );
    expect(Array.from(new Float32Array(parameterBytes(p, state).buffer))).toEqual(all);
  });
});
