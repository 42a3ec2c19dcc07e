/**
 * Every executor against TensorFlow.js on its plain JavaScript backend, whose differentiation shares nothing with ours.
 *
 * Gradients are compared, each array against its own largest value, not parameters: Adam turns rounding noise in a
 * gradient near zero into a full step. The bound is 1e-5; float32 has 6e-8 and the sums here are short.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { provideGpu } from '../../workers/nodeGpu';
import type { Algorithm, Hyper } from '../algorithms/algorithm';
import { algorithms } from '../algorithms/registry';
import type { Executor, Session } from './executor';
import { createNetworkBuilder } from './networks';
import type { Graph } from './program/graph';
import type { Plan } from './program/plan';
import type { BinaryOp, NodeId, ProgramSet, UnaryOp } from './program/program';
import { shapeOf } from './program/shapes';
import type { Tensor } from './program/tensor';
import { traceProgramSet, transitionLayout } from './program/trace';
import { ReferenceSession } from './reference/session';
import { tfjsExecutor } from './tfjs/session';
import {
  type Arrays,
  batch,
  drawing,
  gradientsOf,
  outcomeOf,
  probe,
  randomRecords,
  relativeDifference,
} from './tfjs/testing';
import { wasmExecutor } from './wasm/session';
import { webgpuExecutor } from './webgpu/session';
import { noGpu } from './webgpu/testing';

const oracle = tfjsExecutor('cpu');
const hasGpu = await provideGpu();
if (!hasGpu) console.warn(noGpu);
const executors = [wasmExecutor, referenceExecutor(), tfjsExecutor('wasm'), ...(hasGpu ? [webgpuExecutor] : [])];
const bound = 1e-5;

type Build = (graph: Graph, arrays: Arrays) => NodeId;
interface Case {
  readonly name: string;
  readonly x?: [number, number, number];
  readonly y?: [number, number, number];
  readonly build: Build;
}

const x: Build = (_, arrays) => arrays.parameter('probe', 'x');
const y: Build = (_, arrays) => arrays.parameter('probe', 'y');
/** In [½, 2¾]: for roots, logarithms and divisors. */
const positive =
  (of: Build): Build =>
  (graph, arrays) =>
    graph.binary('add', graph.unary('square', of(graph, arrays)), graph.constant(0.5));

// Records, so that a new operation does not compile until it has a case.
const unaryOperands: Record<UnaryOp, Build> = {
  negate: x,
  square: x,
  sqrt: positive(x),
  reciprocal: positive(x),
  exp: x,
  log: positive(x),
  relu: x,
  tanh: x,
  sigmoid: x,
  softplus: x,
  absolute: x,
  sign: x,
  sine: x,
  cosine: x,
};
const binaryOperands: Record<BinaryOp, [Build, Build]> = {
  add: [x, y],
  subtract: [x, y],
  multiply: [x, y],
  divide: [x, positive(y)],
  minimum: [x, y],
  maximum: [x, y],
  less: [x, y],
  equal: [x, y],
};

const unaryCases = Object.entries(unaryOperands).map(
  ([kind, operand]): Case => ({
    name: kind,
    build: (graph, arrays) => graph.unary(kind as UnaryOp, operand(graph, arrays)),
  }),
);
const spreads: [what: string, x: [number, number, number], y: [number, number, number]][] = [
  ['of one shape', [2, 3, batch], [2, 3, batch]],
  ['of a column and a row', [1, 3, 1], [2, 1, batch]],
  ['of an array and a number', [2, 3, batch], [1, 1, 1]],
];
const binaryCases = Object.entries(binaryOperands).flatMap(([kind, [first, second]]) =>
  spreads.map(
    ([what, ofX, ofY]): Case => ({
      name: `${kind} ${what}`,
      x: ofX,
      y: ofY,
      build: (graph, arrays) => graph.binary(kind as BinaryOp, first(graph, arrays), second(graph, arrays)),
    }),
  ),
);
const matmulCases = (
  [
    ['nn', [2, 5, 3], [2, 3, batch]],
    ['nn', [2, 5, 3], [1, 3, batch]],
    ['nn', [1, 5, 3], [2, 3, batch]],
    ['tn', [2, 3, 5], [2, 3, batch]],
    ['tn', [2, 3, 5], [1, 3, batch]],
    ['nt', [2, 5, batch], [2, 3, batch]],
    ['nt', [2, 5, batch], [1, 3, batch]],
  ] as const
).map(
  ([form, ofX, ofY]): Case => ({
    name: `matmul ${form} of [${ofX}] and [${ofY}]`,
    x: [...ofX],
    y: [...ofY],
    build: (graph, arrays) => graph.matmul(form, x(graph, arrays), y(graph, arrays)),
  }),
);
const reduceCases = (['sum', 'minimum', 'maximum'] as const).flatMap((kind) =>
  (['members', 'rows', 'columns'] as const).map((axis): Case => {
    // Extremes over the batch are for looking only: ours have no gradient.
    const isLookedAt = axis === 'columns' && kind !== 'sum';
    return {
      name: `${kind} over ${axis}`,
      build: (graph, arrays) => {
        const value = x(graph, arrays);
        const reduced = graph.reduce(kind, axis, isLookedAt ? graph.stopGradient(value) : value);
        return isLookedAt ? graph.binary('multiply', reduced, value) : reduced;
      },
    };
  }),
);
/** x and an equal array that is not differentiated by: a tie everywhere. */
const tied = (combine: (graph: Graph, x: NodeId, same: NodeId) => NodeId): Build => {
  return (graph, arrays) => combine(graph, arrays.parameter('probe', 'x'), arrays.parameter('same', 'x'));
};
const otherCases: Case[] = [
  {
    name: 'select',
    build: (graph, arrays) => {
      const [first, second] = [x(graph, arrays), y(graph, arrays)];
      return graph.select(
        graph.binary('less', first, second),
        graph.unary('exp', first),
        graph.unary('square', second),
      );
    },
  },
  {
    name: 'select of spread operands',
    x: [2, 1, batch],
    y: [1, 3, 1],
    build: (graph, arrays) => {
      const [first, second] = [x(graph, arrays), y(graph, arrays)];
      return graph.select(graph.binary('less', first, graph.constant(0)), second, graph.constant(2));
    },
  },
  { name: 'rows', build: (graph, arrays) => graph.rows(x(graph, arrays), 1, 2) },
  { name: 'member', build: (graph, arrays) => graph.member(x(graph, arrays), 1) },
  { name: 'pad of rows', build: (graph, arrays) => graph.pad('rows', x(graph, arrays), 2, 6) },
  { name: 'pad of members', build: (graph, arrays) => graph.pad('members', x(graph, arrays), 1, 4) },
  { name: 'concat', build: (graph, arrays) => graph.concat([y(graph, arrays), x(graph, arrays), y(graph, arrays)]) },
  {
    name: 'broadcast',
    x: [1, 3, 1],
    build: (graph, arrays) => graph.unary('exp', graph.broadcast(x(graph, arrays), shapeOf(2, 3, batch))),
  },
  {
    name: 'stopGradient',
    build: (graph, arrays) => {
      const value = x(graph, arrays);
      return graph.binary('multiply', graph.unary('exp', value), graph.stopGradient(graph.unary('square', value)));
    },
  },
  { name: 'minimum, tied', build: tied((graph, one, same) => graph.binary('minimum', one, same)) },
  { name: 'minimum, tied the other way', build: tied((graph, one, same) => graph.binary('minimum', same, one)) },
  { name: 'maximum, tied', build: tied((graph, one, same) => graph.binary('maximum', one, same)) },
  { name: 'maximum, tied the other way', build: tied((graph, one, same) => graph.binary('maximum', same, one)) },
  {
    name: 'minimum over rows, tied',
    build: tied((graph, one, same) => graph.reduce('minimum', 'rows', graph.concat([one, same]))),
  },
  {
    name: 'minimum over rows, tied late',
    build: tied((graph, one, same) => graph.reduce('minimum', 'rows', graph.concat([same, one]))),
  },
  {
    name: 'maximum over rows, tied',
    build: tied((graph, one, same) => graph.reduce('maximum', 'rows', graph.concat([one, same]))),
  },
  {
    name: 'maximum over rows, tied late',
    build: tied((graph, one, same) => graph.reduce('maximum', 'rows', graph.concat([same, one]))),
  },
  { name: 'relu at 0', build: tied((graph, one, same) => graph.unary('relu', graph.binary('subtract', one, same))) },
  {
    name: 'absolute at 0',
    build: tied((graph, one, same) => graph.unary('absolute', graph.binary('subtract', one, same))),
  },
  {
    name: 'a gradient that was traced (second derivatives)',
    x: [2, 5, 3],
    y: [2, 3, batch],
    build: (graph, arrays) => {
      // d/dy of Σ tanh(x·y), as the differentiation of ours records it.
      const [weight, input] = [x(graph, arrays), y(graph, arrays)];
      const activation = graph.unary('tanh', graph.matmul('nn', weight, input));
      const slope = graph.binary('subtract', graph.constant(1), graph.unary('square', activation));
      return graph.matmul('tn', weight, slope);
    },
  },
];

function referenceExecutor(): Pick<Executor, 'open'> & { id: string } {
  return { id: 'reference', open: async (programs, options) => new ReferenceSession(programs, options) };
}

describe.each(executors)('$id agrees with tfjs-cpu on', (executor) => {
  test.each([...unaryCases, ...binaryCases, ...matmulCases, ...reduceCases, ...otherCases])(
    '$name: value and gradients',
    async ({ x: ofX = [2, 3, batch], y: ofY = [2, 3, batch], build }) => {
      const programs = probe({ x: shapeOf(...ofX), y: shapeOf(...ofY) }, build);
      const [actual, expected] = [await outcomeOf(executor, programs), await outcomeOf(oracle, programs)];
      expect(relativeDifference(actual.metrics, expected.metrics)).toBeLessThan(bound);
      for (const [name, gradient] of Object.entries(expected.gradients)) {
        expect(relativeDifference(actual.gradients[name], gradient), name).toBeLessThan(bound);
      }
    },
  );

  test('the bits of every draw', async () => {
    const programs = drawing();
    for (const split of [0, 5, batch, 'proportional'] as const) {
      const prepare = async (session: Session) => {
        const records = randomRecords(programs.record, 20).map((value) => -value);
        await session.writeRecords('replay', 0, records, 20);
        session.setBatchSplit({ offlineColumns: split });
      };
      const [actual, expected] = [
        await outcomeOf(executor, programs, { updates: 3, prepare }),
        await outcomeOf(oracle, programs, { updates: 3, prepare }),
      ];
      expect(actual.metrics).toEqual(expected.metrics);
      expect(new Set(expected.metrics).size).toBeGreaterThan(expected.metrics.length / 2);
    }
  });

  test('the layout of a state, so that either goes on from the other’s', async () => {
    // The smallest one where shaders are compiled for it, which takes seconds.
    const algorithm = executor === webgpuExecutor ? 'BC' : 'IQL';
    const { programs, records } = algorithmCases().find(({ name }) => name.startsWith(algorithm))!;
    const { state } = await outcomeOf(oracle, programs, { records, updates: 3 });
    const prepare = (session: Session) => session.writeState(state);
    const there = await outcomeOf(executor, programs, { records, prepare });
    const here = await outcomeOf(oracle, programs, { records, prepare });
    expect(there.layout).toBe(here.layout);
    expect(there.state.length).toBe(here.state.length);
    expect(relativeDifference(there.metrics, here.metrics)).toBeLessThan(bound);
    for (const [name, moments] of Object.entries(here.gradients)) {
      expect(relativeDifference(there.gradients[name], moments), name).toBeLessThan(bound);
    }
  });

  // WebGPU has its own, on one session each.
  describe.each(executor === webgpuExecutor ? [] : algorithmCases())('$name', ({ programs, records }) => {
    test('one update: every gradient and every metric', async () => {
      const actual = await outcomeOf(executor, programs, { records });
      const expected = await outcomeOf(oracle, programs, { records });
      expect(relativeDifference(actual.metrics, expected.metrics)).toBeLessThan(bound);
      expect(Object.keys(actual.gradients)).toEqual(Object.keys(expected.gradients));
      for (const [name, gradient] of Object.entries(expected.gradients)) {
        expect(relativeDifference(actual.gradients[name], gradient), name).toBeLessThan(bound);
      }
    });
    test('no network stands still', async () => {
      const { gradients } = await outcomeOf(executor, programs, { records, updates: 2 });
      const still = Object.entries(gradients).filter(([, gradient]) => gradient.every((value) => value === 0));
      expect(still.map(([name]) => name)).toEqual([]);
    });
  });
});

/**
 * 100 updates on `webgpu` and on `wasm` drift apart, and no executor can help it: they sum in another order, and Adam divides
 * a gradient by its own size, so the rounding noise of one that is nearly 0 moves a weight by a full learning rate.
 *
 * Each module's weights are compared by their distance as a share of the way that they went. Measured here, SwiftShader
 * against `wasm`: at most 1e-6; `wasm` against itself with every first weight changed in its last bit: up to 3e-3 (the policy
 * of IQL); with a learning rate off by 1 %: at least 1e-2. The bound lies between, and the last test holds that it can tell.
 */
const driftBound = 5e-3;
/** Metrics are means, so they drift less: of each one's largest value, 2e-6 was measured. */
const curveBound = 1e-3;
const manyUpdates = 100;

describe.skipIf(!hasGpu)('webgpu agrees on', () => {
  // Shaders of one program compile for seconds in software; LayerNorm's operations are the same in every algorithm.
  describe.each(algorithmCases().filter(({ layerNorm, name }) => !layerNorm || name.startsWith('BC, box')))(
    '$name',
    ({ programs, records }) => {
      let [gpu, wasm]: Trajectory[] = [];
      beforeAll(async () => {
        gpu = await trajectory(webgpuExecutor, programs, records);
        wasm = await trajectory(wasmExecutor, programs, records);
      }, 180_000);

      test('one update with tfjs-cpu and with wasm: every gradient and every metric', async () => {
        const oracular = await outcomeOf(oracle, programs, { records });
        for (const expected of [oracular, wasm.first]) {
          expect(relativeDifference(gpu.first.metrics, expected.metrics)).toBeLessThan(bound);
          expect(Object.keys(gpu.first.gradients)).toEqual(Object.keys(expected.gradients));
          for (const [name, gradient] of Object.entries(expected.gradients)) {
            expect(relativeDifference(gpu.first.gradients[name], gradient), name).toBeLessThan(bound);
          }
        }
      });

      test(`${manyUpdates} updates with wasm: where the weights went, and every metric on the way`, () => {
        for (const [module, drift] of Object.entries(drifts(gpu, wasm))) expect(drift, module).toBeLessThan(driftBound);
        const columns = wasm.plan.metrics.length;
        wasm.plan.metrics.forEach((name, column) => {
          const curve = (log: Float32Array) => log.filter((_, i) => i % columns === column);
          expect(relativeDifference(curve(gpu.metrics), curve(wasm.metrics)), name).toBeLessThan(curveBound);
        });
      });

      test('the bound of that sees a learning rate which is off by 1 %', async () => {
        const off = await trajectory(wasmExecutor, programs, records, 1.01);
        for (const [module, drift] of Object.entries(drifts(off, wasm))) {
          expect(drift, module).toBeGreaterThan(driftBound);
        }
      });
    },
  );
});

interface Trajectory {
  readonly plan: Plan;
  readonly start: Uint8Array;
  /** After one update. */
  readonly first: { readonly metrics: Float32Array; readonly gradients: Readonly<Record<string, Float32Array>> };
  /** Rows of the updates after the first. */
  readonly metrics: Float32Array;
  readonly end: Uint8Array;
}

/** `manyUpdates` updates from the start, one and then the others, with the learning rate times `factor`. */
async function trajectory(
  executor: Executor,
  programs: ProgramSet,
  records: Float32Array,
  factor = 1,
): Promise<Trajectory> {
  const count = records.length / programs.record.stride;
  const session = await executor.open(programs, { seed: 7, dataCapacity: count, replayCapacity: count });
  try {
    await session.writeRecords('data', 0, records, count);
    session.setBatchSplit({ offlineColumns: programs.update.columns });
    const { value: learningRate } = programs.scalars.find(({ name }) => name === 'learningRate')!;
    session.setScalar('learningRate', learningRate * factor);
    const { plan } = session;
    const start = await session.readState();
    const row = await session.run(1);
    const first = { metrics: row, gradients: gradientsOf(plan, await session.readState()) };
    const metrics = await session.run(manyUpdates - 1);
    return { plan, start, first, metrics, end: await session.readState() };
  } finally {
    session.dispose();
  }
}

/** By module: Euclidean distance of the weights at the end, as a share of the way that the expected ones went. */
function drifts(actual: Trajectory, expected: Trajectory): Record<string, number> {
  const { arenas, state } = expected.plan;
  return Object.fromEntries(
    arenas.map(({ name, parameters, count }) => {
      const at = parameters - state.offset;
      const weights = (image: Uint8Array) => new Float32Array(image.slice(at, at + 4 * count).buffer);
      const [here, there, start] = [weights(actual.end), weights(expected.end), weights(expected.start)];
      const distance = (from: Float32Array) => Math.hypot(...from.map((value, i) => value - there[i]));
      return [name, distance(here) / distance(start)];
    }),
  );
}

/** Every algorithm of the registry on each kind of action it can take, plain and with LayerNorm. */
function algorithmCases(): { name: string; layerNorm: boolean; programs: ProgramSet; records: Float32Array }[] {
  return Object.values(algorithms).flatMap((algorithm) =>
    algorithm.capabilities.actions.flatMap((kind) =>
      [false, true].map((layerNorm) => {
        const actions = kind === 'discrete' ? 3 : 0;
        const programs = programsOf(algorithm, { actions, layerNorm });
        return {
          name: `${algorithm.name}, ${kind} actions${layerNorm ? ', LayerNorm' : ''}`,
          layerNorm,
          programs,
          records: randomRecords(programs.record, 50, actions),
        };
      }),
    ),
  );
}

function programsOf(algorithm: Algorithm, { actions, layerNorm }: { actions: number; layerNorm: boolean }): ProgramSet {
  const observationSize = 3;
  const actionSize = actions > 0 ? 1 : 2;
  const params = Object.fromEntries(Object.entries(algorithm.params).map(([name, field]) => [name, field.default]));
  return traceProgramSet({ record: transitionLayout(observationSize, actionSize), batch }, (tracer) => {
    const build = createNetworkBuilder(tracer, {
      observationSize,
      actionSize,
      actions,
      hidden: [16, 16],
      critics: 2,
      layerNorm,
    });
    const hyper: Record<string, Tensor> = {};
    for (const [name, value] of Object.entries(params)) {
      if (typeof value === 'number') hyper[name] = tracer.scalar(name, value);
    }
    const learner = algorithm.program(algorithm.networks(build, params), hyper as Hyper<never>, params);
    tracer.update((minibatch, recorder) => learner.update(minibatch, recorder), {
      learningRate: hyper['learningRate'],
    });
  });
}
