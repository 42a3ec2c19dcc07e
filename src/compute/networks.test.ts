import { describe, expect, test } from 'vitest';
import { exp } from '../numeric/math';
import type { GaussianPolicy, NetworkBuilder } from './modules';
import { createNetworkBuilder, type NetworkOptions } from './networks';
import type { Tensor } from './program/tensor';
import { type Tracer, traceProgramSet, transitionLayout } from './program/trace';
import { ReferenceSession } from './reference/session';
import { readParameters } from './state';

const options: NetworkOptions = {
  observationSize: 3,
  actionSize: 2,
  actions: 0,
  hidden: [5, 4],
  critics: 3,
  layerNorm: false,
};
type Outputs = Record<string, Tensor>;
type Queries = (
  build: NetworkBuilder,
  tracer: Tracer,
) => Record<string, { inputs: Record<string, number>; of: (inputs: Record<string, Tensor>) => Outputs }>;

/** A learner with these queries of 8 columns; nothing is trained. */
function open(change: Partial<NetworkOptions>, queries: Queries): ReferenceSession {
  const programs = traceProgramSet({ record: transitionLayout(3, 2), batch: 8 }, (tracer) => {
    const build = createNetworkBuilder(tracer, { ...options, ...change });
    const traced = queries(build, tracer);
    tracer.update(() => ({}), { learningRate: tracer.scalar('learningRate', 0) });
    for (const [name, { inputs, of }] of Object.entries(traced)) tracer.query(name, { columns: 8, inputs }, of);
  });
  return new ReferenceSession(programs, { seed: 3, dataCapacity: 1, replayCapacity: 0 }, 'double');
}
const numbers = (count: number, scale = 1) =>
  Float32Array.from({ length: count }, (_, i) => scale * (((i * 37) % 41) / 20.5 - 1));
/** Gives an array values far from its small start. */
function widen(session: ReferenceSession, module: string, name: string, scale: number): void {
  const { offset, shape } = session.plan.parameters.find((slot) => slot.module === module && slot.name === name)!;
  const count = shape.members * shape.rows * shape.columns;
  session.interpreter.floats.set(numbers(count, scale), offset / 4);
}

describe('critics', () => {
  const inputs = { observation: numbers(24), action: numbers(16) };
  const session = open({ layerNorm: true }, (build) => {
    const critic = build.critics();
    const sizes = { observation: 3, action: 2 };
    return {
      each: {
        inputs: sizes,
        of: ({ observation, action }) => {
          const each = critic.each(observation, action);
          return { q0: each.member(0), q1: each.member(1), q2: each.member(2) };
        },
      },
      both: {
        inputs: sizes,
        of: ({ observation, action }) => ({
          min: critic.min(observation, action),
          first: critic.first(observation, action),
        }),
      },
    };
  });
  widen(session, 'critic', 'headWeight', 1);
  widen(session, 'critic', 'gain0', 1.5);
  widen(session, 'critic', 'shift1', 0.5);

  test('min and first are the minimum and the first of each', async () => {
    const { q0, q1, q2 } = await session.query('each', inputs);
    const { min, first } = await session.query('both', inputs);
    expect(first).toEqual(q0);
    expect(min).toEqual(q0.map((value, i) => Math.min(value, q1[i], q2[i])));
    expect(q1).not.toEqual(q0);
  });
  test('are perceptrons with LayerNorm before ReLU', async () => {
    const { critic } = readParameters(session.plan, await session.readState());
    const { q1 } = await session.query('each', inputs);
    const column = 5;
    /** Member 1 of an array [3, rows, columns]. */
    const of = (name: string, rows: number) => {
      const values = critic[name];
      const size = values.length / 3;
      return Array.from({ length: rows }, (_, r) =>
        Array.from(values.subarray(size + (r * size) / rows, size + ((r + 1) * size) / rows)),
      );
    };
    let x = [
      ...[0, 1, 2].map((r) => inputs.observation[8 * r + column]),
      ...[0, 1].map((r) => inputs.action[8 * r + column]),
    ];
    const layer = (weight: string, bias: string, rows: number) =>
      of(weight, rows).map((row, r) => row.reduce((sum, w, k) => sum + w * x[k], 0) + of(bias, rows)[r][0]);
    for (const [index, units] of [5, 4].entries()) {
      const y = layer(`weight${index}`, `bias${index}`, units);
      const mean = y.reduce((sum, value) => sum + value, 0) / units;
      const variance = y.reduce((sum, value) => sum + (value - mean) ** 2, 0) / units;
      x = y.map((value, r) => {
        const normal = (value - mean) / Math.sqrt(variance + 1e-5);
        return Math.max(0, normal * of(`gain${index}`, units)[r][0] + of(`shift${index}`, units)[r][0]);
      });
    }
    expect(q1[column]).toBeCloseTo(layer('headWeight', 'headBias', 1)[0], 5);
  });
});

describe.each(['clipped', 'squashed'] as const)('the %s Gaussian policy', (kind) => {
  const session = open({ actionSize: 1 }, (build) => {
    const policy = build.gaussianPolicy(kind);
    return {
      density: {
        inputs: { observation: 3, action: 1 },
        of: ({ observation, action }) => ({ log: policy.logProbability(observation, action) }),
      },
      sample: {
        inputs: { observation: 3, noise: 1 },
        of: ({ observation, noise }) => {
          const { action, logProbability } = policy.sample(observation, noise);
          return {
            action,
            log: logProbability,
            again: policy.logProbability(observation, action),
            greedy: policy.greedy(observation),
          };
        },
      },
    };
  });
  if (kind === 'clipped')
    widen(session, 'policy', 'logStd', 0.9); // −0.9
  else widen(session, 'policy', 'logStdWeight', 0.8);
  widen(session, 'policy', 'meanWeight', 1);
  const observation = numbers(24);

  test('has a density that integrates to one', async () => {
    // Columns hold different states: the integral is over actions, for each of them.
    const [low, high] = kind === 'clipped' ? [-9, 9] : [-1, 1];
    const steps = 2000;
    const integral = new Float64Array(8);
    for (let step = 0; step < steps; step++) {
      const action = low + ((step + 0.5) * (high - low)) / steps;
      const { log } = await session.query('density', { observation, action: new Float32Array(8).fill(action) });
      log.forEach((value, i) => {
        integral[i] += (exp(value) * (high - low)) / steps;
      });
    }
    for (const total of integral) expect(total).toBeCloseTo(1, 3);
  });
  test('samples with the log-probability it states', async () => {
    const { log, again } = await session.query('sample', { observation, noise: numbers(8, 2) });
    log.forEach((value, i) => {
      expect(value).toBeCloseTo(again[i], 3);
    });
  });
  test('without noise does the greedy action', async () => {
    const { action, greedy } = await session.query('sample', { observation, noise: new Float32Array(8) });
    expect(action).toEqual(greedy);
    for (const value of greedy) expect(Math.abs(value)).toBeLessThan(1);
  });
});

test('the squashed density stays finite at the edge and far out', async () => {
  const session = open({ actionSize: 1 }, (build) => {
    const policy = build.gaussianPolicy('squashed');
    return {
      edge: {
        inputs: { observation: 3, action: 1, noise: 1 },
        of: ({ observation, action, noise }) => ({
          log: policy.logProbability(observation, action),
          sampled: policy.sample(observation, noise).logProbability,
        }),
      },
    };
  });
  widen(session, 'policy', 'logStdBias', -9);
  const action = Float32Array.from([1, -1, 1, -1, 0, 1, -1, 1]);
  const { log, sampled } = await session.query('edge', {
    observation: numbers(24),
    action,
    noise: action.map((a) => 6 * a),
  });
  for (const value of [...log, ...sampled]) expect(Number.isFinite(value)).toBe(true);
});

describe('policies share what a change of algorithm keeps', () => {
  const arraysOf = (make: (build: NetworkBuilder) => unknown) => {
    const session = open({}, (build) => {
      make(build);
      return {};
    });
    return session.plan.parameters.map(({ name, shape }) => `${name} ${Object.values(shape)}`);
  };
  test('trunk and mean head have the same names and shapes', () => {
    const shared = arraysOf((build) => build.deterministicPolicy());
    expect(shared).toEqual([
      'weight0 1,5,3',
      'bias0 1,5,1',
      'weight1 1,4,5',
      'bias1 1,4,1',
      'meanWeight 1,2,4',
      'meanBias 1,2,1',
    ]);
    expect(arraysOf((build) => build.gaussianPolicy('clipped'))).toEqual([...shared, 'logStd 1,2,1']);
    expect(arraysOf((build) => build.gaussianPolicy('squashed'))).toEqual([
      ...shared,
      'logStdWeight 1,2,4',
      'logStdBias 1,2,1',
    ]);
  });
  test('the greedy action is tanh of the mean head in all of them', async () => {
    const makers: ((build: NetworkBuilder) => GaussianPolicy | { greedy(x: Tensor): Tensor })[] = [
      (build) => build.deterministicPolicy(),
      (build) => build.gaussianPolicy('clipped'),
      (build) => build.gaussianPolicy('squashed'),
    ];
    const answers = await Promise.all(
      makers.map((make) => {
        const session = open({}, (build) => {
          const policy = make(build);
          return { greedy: { inputs: { x: 3 }, of: ({ x }) => ({ y: policy.greedy(x) }) } };
        });
        widen(session, 'policy', 'meanWeight', 1);
        return session.query('greedy', { x: numbers(24) });
      }),
    );
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
  });
});

test('discrete networks answer for every action', () => {
  const session = open({ actions: 4, actionSize: 1 }, (build) => {
    const [values, policy] = [build.actionValues(), build.logits()];
    return {
      all: { inputs: { x: 3 }, of: ({ x }) => ({ least: values.min(x), logits: policy.greedy(x) }) },
    };
  });
  const { outputs } = session.plan.entries['all'];
  expect([outputs['least'].shape.rows, outputs['logits'].shape.rows]).toEqual([4, 4]);
});

describe('the start', () => {
  const session = open({}, (build) => {
    const critic = build.critics();
    build.lagging(critic);
    const policy = build.deterministicPolicy();
    build.lagging(policy, 'anchor');
    build.value();
    build.scalar('logTemperature', -0.5);
    return {};
  });
  const starts = session.readState().then((state) => readParameters(session.plan, state));
  const largest = (values: Float32Array) => Math.max(...values.map(Math.abs));

  test('hidden layers lie within ±1/√inputs and use that range', async () => {
    const { critic } = await starts;
    expect(largest(critic.weight1)).toBeLessThanOrEqual(1 / Math.sqrt(5));
    expect(largest(critic.weight1)).toBeGreaterThan(0.9 / Math.sqrt(5));
    expect(largest(critic.bias0)).toBeLessThanOrEqual(1 / Math.sqrt(5));
  });
  test('last layers lie within ±0.003', async () => {
    const { critic, policy, value } = await starts;
    for (const weights of [critic.headWeight, policy.meanWeight, value.headWeight]) {
      expect(largest(weights)).toBeLessThanOrEqual(3e-3);
      expect(largest(weights)).toBeGreaterThan(0);
    }
  });
  test('copies start equal, under their own names', async () => {
    const { critic, targetCritic, policy, anchor, logTemperature } = await starts;
    expect(targetCritic).toEqual(critic);
    expect(anchor).toEqual(policy);
    expect(Array.from(logTemperature.value)).toEqual([-0.5]);
  });
  test('a network of another builder cannot be copied', () => {
    expect(() => open({}, (build) => ({ x: build.lagging({ module: 'critic' }) }) as never)).toThrow(
      'was not built here',
    );
  });
});
