import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DirectEvaluator } from '../reference/direct';
import { ReferenceSession } from '../reference/session';
import { readParameters } from '../state';
import { placeByLifetime } from './memory';
import type { Instruction, Plan } from './plan';
import { plan } from './planner';
import type { ParameterSpec, ProgramSet } from './program';
import { shapeOf } from './shapes';
import type { Tensor } from './tensor';
import { type ProgramRecorder, type Tracer, traceProgramSet, transitionLayout } from './trace';

const record = transitionLayout(3, 2);
const columns = 8;
const records = Float32Array.from({ length: 20 * record.stride }, (_, i) => (((i * 7919) % 1009) / 1009) * 2 - 1);
const uniform = { kind: 'uniform', bound: 0.7 } as const;
const layers: readonly ParameterSpec[] = [
  { name: 'weight', shape: shapeOf(2, 3, 3), initial: uniform },
  { name: 'bias', shape: shapeOf(2, 3, 1), initial: uniform },
  { name: 'single', shape: shapeOf(1, 3, 3), initial: uniform },
  { name: 'gain', shape: shapeOf(1, 1, 1), initial: uniform },
];

function trace(
  body: (tools: {
    tracer: Tracer;
    record: ProgramRecorder;
    observation: Tensor;
    action: Tensor;
  }) => Record<string, Tensor>,
) {
  return traceProgramSet({ record, batch: columns }, (tracer) => {
    tracer.module('a', layers);
    tracer.module('b', layers);
    tracer.module('c', layers);
    tracer.scalar('switch', 1);
    tracer.update((batch, recorder) => body({ tracer, record: recorder, ...batch }), {
      learningRate: tracer.scalar('learningRate', 0.01),
    });
  });
}
const planOf = (programs: ProgramSet) => plan(programs, { dataCapacity: 20, replayCapacity: 4, logRows: 8 });
async function open(programs: ProgramSet) {
  const session = new ReferenceSession(programs, { seed: 7, dataCapacity: 20, replayCapacity: 4 });
  await session.writeRecords('data', 0, records, 20);
  return session;
}
/** The same weights for the evaluator that has no plan. */
async function direct(programs: ProgramSet, session: ReferenceSession) {
  const evaluator = new DirectEvaluator(programs, 7, records);
  const initial = readParameters(session.plan, await session.readState());
  for (const [module, arrays] of Object.entries(initial)) {
    for (const [name, values] of Object.entries(arrays)) evaluator.parameters.get(module)!.get(name)!.set(values);
  }
  return evaluator;
}
function flatten(instructions: readonly Instruction[]): Instruction[] {
  return instructions.flatMap((one) => (one.op === 'block' ? [one, ...flatten(one.body)] : [one]));
}
const instructionsOf = (programs: ProgramSet) => flatten(planOf(programs).entries['update'].instructions);

/** One step of a random program: what to do, and numbers that choose on what. */
interface Move {
  readonly kind: number;
  readonly x: number;
  readonly y: number;
  readonly module: number;
}
const moves = fc.array(
  fc.record({
    kind: fc.oneof({ weight: 4, arbitrary: fc.nat(27) }, { weight: 1, arbitrary: fc.integer({ min: 20, max: 26 }) }),
    x: fc.nat(40),
    y: fc.nat(40),
    module: fc.nat(2),
  }),
  {
    minLength: 4,
    maxLength: 28,
  },
);

/** Interprets moves over a pool of tensors of 3 rows. Blocks take the next few moves; what they make stays inside. */
function randomProgram(list: readonly Move[]): ProgramSet {
  return trace(({ tracer, record: recorder, observation }) => {
    const metrics: Record<string, Tensor> = {};
    const run = (rest: readonly Move[], outer: readonly Tensor[], depth: number): void => {
      const pool = [...outer];
      for (let index = 0; index < rest.length; index++) {
        const { kind, x: first, y: second, module: which } = rest[index];
        const module = ['a', 'b', 'c'][which];
        const [x, y] = [pool[first % pool.length], pool[second % pool.length]];
        const parameter = (name: string) => tracer.parameter(module, name);
        const loss = () =>
          pool.slice(-3).reduce((sum, part) => sum.add(part.tanh().sub(0.3).square().mean()), tracer.constant(0));
        const block = () => {
          const body = rest.slice(index + 1, index + 1 + (second % 9));
          index += body.length;
          return () => run(body, pool, depth + 1);
        };
        const linear = (input: Tensor) => tracer.matmul(parameter(second % 2 === 0 ? 'weight' : 'single'), input);
        switch (kind) {
          case 0:
          case 1:
          case 2:
            pool.push(linear(x).add(parameter('bias')).relu());
            break;
          case 3:
            pool.push(linear(x).add(parameter('bias')).tanh());
            break;
          case 4:
            pool.push(parameter('bias').add(linear(x)));
            break;
          case 5:
            pool.push(linear(x));
            break;
          case 6:
            pool.push(x.add(y));
            break;
          case 7:
            pool.push(x.mul(y).tanh());
            break;
          case 8:
            pool.push(x.min(y), x.max(y));
            break;
          case 9:
            pool.push(x.less(y).select(x, y.mul(0.5)));
            break;
          case 10:
            pool.push(x.sub(x.rows(second % 3, 1)));
            break;
          case 11:
            pool.push(tracer.concat(x.rows(1, 2), y.rows(0, 1)));
            break;
          case 12:
            pool.push(x.minOverMembers(), x.maxOverRows().add(y));
            break;
          case 13:
            pool.push(x.add(recorder.normal(3).mul(0.1)));
            break;
          case 14:
            pool.push(x.mul(parameter('gain')));
            break;
          case 15:
            pool.push(x.member(x.shape.members - 1));
            break;
          case 16:
            pool.push(x.relu().stopGradient().add(y));
            break;
          case 17:
            pool.push(tracer.matmul(parameter('single'), x.sumOverRows().add(parameter('gain').mul(0)).add(y.mul(0))));
            break;
          case 18:
            pool.push(x.logSumExpOverRows().sub(y.softplus()).tanh());
            break;
          case 19:
            pool.push(x.div(x.square().meanOverRows().add(1).sqrt()));
            break;
          case 20:
          case 21:
          case 22: {
            // A module the last few values may not depend on: touch it, so that it learns something.
            const value = loss().add(linear(x).add(parameter('gain')).square().mean());
            try {
              const learnt = recorder.minimize(
                value,
                { module },
                undefined,
                first % 3 === 0 ? { gradientClip: 0.1 } : {},
              );
              if (depth === 0) metrics[`loss${index}`] = learnt;
            } catch (problem) {
              if (!`${problem}`.includes('before the module last changed')) throw problem;
            }
            break;
          }
          case 23:
            recorder.moveTowards({ module }, { module: ['b', 'c', 'a'][which] }, tracer.constant(0.2));
            break;
          case 24:
            recorder.every(2 + (first % 2), block());
            break;
          case 25:
            if (depth < 2) recorder.repeat(2 + (first % 2), block());
            break;
          case 26:
            recorder.enabled(tracer.scalar('switch', 1), block());
            break;
          case 27: {
            const [gradient] = recorder.gradient(y.tanh().square().mean().add(x.square().mean()), [x]);
            pool.push(gradient.mul(columns));
            break;
          }
        }
      }
      if (depth > 0) return;
      for (const [index, tensor] of pool.entries()) metrics[`m${index}`] = tensor.mean();
    };
    run(list, [observation, tracer.parameter('a', 'single').sum().add(observation)], 0);
    return metrics;
  });
}

describe('a plan computes what its program says', () => {
  test('random programs agree bit for bit with an evaluation that has no plan', async () => {
    let learning = 0;
    await fc.assert(
      fc.asyncProperty(moves, async (list) => {
        const programs = randomProgram(list);
        const session = await open(programs);
        const evaluator = await direct(programs, session);
        for (let update = 0; update < 3; update++) {
          if (update === 2) {
            session.setScalar('switch', 0);
            evaluator.scalars.set('switch', 0);
          }
          const row = await session.run(1);
          evaluator.update();
          const expected = programs.update.metrics.map((name) => evaluator.metrics.get(name) ?? 0);
          expect(Array.from(row)).toEqual(expected);
        }
        const parameters = readParameters(session.plan, await session.readState());
        for (const [module, arrays] of Object.entries(parameters)) {
          for (const [name, values] of Object.entries(arrays)) {
            expect({ module, name, values }).toEqual({
              module,
              name,
              values: evaluator.parameters.get(module)!.get(name)!,
            });
          }
        }
        if (programs.modules.some(({ learns }) => learns)) learning++;
      }),
      { numRuns: 150, seed: 20_240_601 },
    );
    expect(learning).toBeGreaterThan(50);
  });

  test('a value read before its parameters moved keeps their old values', async () => {
    const programs = trace(({ tracer, record: { minimize }, observation }) => {
      // `hidden` uses a@0; its gradient is needed after a has become a@1.
      const hidden = tracer.matmul(
        tracer.parameter('a', 'single'),
        tracer.matmul(tracer.parameter('b', 'single'), observation),
      );
      minimize(tracer.matmul(tracer.parameter('a', 'single'), observation).square().mean(), { module: 'a' });
      return { loss: minimize(hidden.square().mean(), { module: 'b' }) };
    });
    const session = await open(programs);
    const evaluator = await direct(programs, session);
    await session.run(2);
    evaluator.update();
    evaluator.update();
    const { b } = readParameters(session.plan, await session.readState());
    expect(b.single).toEqual(evaluator.parameters.get('b')!.get('single'));
  });

  describe('gradients that do not depend on their parameters may be shared between steps', () => {
    // The gradient of `linear` is the same node for every loss that holds it; that of `curved` overwrites the arena.
    const linear = (tracer: Tracer, x: Tensor) => tracer.matmul(tracer.parameter('a', 'single'), x).mean();
    const curved = (tracer: Tracer, x: Tensor) => tracer.parameter('a', 'single').square().sum().add(linear(tracer, x));
    const cases: Record<string, Parameters<typeof trace>[0]> = {
      'by a later loss': ({ tracer, record: { minimize }, observation }) => {
        const first = minimize(curved(tracer, observation), { module: 'a' });
        return { first, second: minimize(linear(tracer, observation), { module: 'a' }) };
      },
      'by a metric': ({ tracer, record: { minimize, gradient }, observation }) => {
        const [slope] = gradient(linear(tracer, observation), [tracer.parameter('a', 'single')]);
        minimize(linear(tracer, observation), { module: 'a' });
        minimize(curved(tracer, observation), { module: 'a' });
        return { slope: slope.square().sum() };
      },
      'by every pass of a loop': ({ tracer, record: { minimize, gradient, repeat }, observation }) => {
        const [slope] = gradient(linear(tracer, observation), [tracer.parameter('a', 'single')]);
        repeat(3, () => {
          minimize(linear(tracer, observation), { module: 'a' });
          minimize(curved(tracer, observation), { module: 'a' });
        });
        return { slope: slope.sum() };
      },
    };
    test.each(Object.entries(cases))('%s', async (_, body) => {
      const programs = trace(body);
      const session = await open(programs);
      const evaluator = await direct(programs, session);
      const log = await session.run(2);
      evaluator.update();
      evaluator.update();
      expect(Array.from(log.slice(-programs.update.metrics.length))).toEqual([...evaluator.metrics.values()]);
      const { a } = readParameters(session.plan, await session.readState());
      expect(a.single).toEqual(evaluator.parameters.get('a')!.get('single'));
    });
  });

  test('results do not depend on the number of updates a call', async () => {
    const programs = randomProgram(
      [0, 1, 13, 20, 24, 3, 21, 25, 13, 22, 23].map((kind, i) => ({ kind, x: i, y: i + 1, module: i % 3 })),
    );
    const [whole, parts] = [await open(programs), await open(programs)];
    const log = await whole.run(10);
    const logs = [await parts.run(3), await parts.run(6), await parts.run(1)].flatMap((part) => Array.from(part));
    expect(logs).toEqual(Array.from(log));
    expect(await parts.readState()).toEqual(await whole.readState());
  });
});

describe('what a plan leaves out', () => {
  const hidden = (tracer: Tracer, x: Tensor) =>
    tracer.matmul(tracer.parameter('a', 'weight'), x).add(tracer.parameter('a', 'bias')).relu();

  test('values nobody needs, and their random draws', () => {
    const instructions = instructionsOf(
      trace(({ tracer, record: { normal }, observation }) => {
        hidden(tracer, observation).add(normal(3));
        return { mean: observation.mean() };
      }),
    );
    expect(instructions.map(({ op }) => op)).toEqual(['gather', 'reduce', 'reduce', 'binary', 'metric']);
  });
  test('a layer is one instruction, its ReLU gradient a mask', () => {
    const instructions = instructionsOf(
      trace(({ tracer, record: { minimize }, observation }) => ({
        loss: minimize(hidden(tracer, hidden(tracer, observation)).square().mean(), { module: 'a' }),
      })),
    );
    const products = instructions.filter((one) => one.op === 'matmul');
    expect(
      products.map(({ form, activation, bias, mask }) => [form, activation, bias !== undefined, mask !== undefined]),
    ).toEqual([
      ['nn', 'relu', true, false],
      ['nn', 'relu', true, false],
      ['nt', 'none', false, false],
      ['tn', 'none', false, true],
      ['nt', 'none', false, false],
    ]);
  });
  test('tanh of relu stays two steps', () => {
    const instructions = instructionsOf(
      trace(({ tracer, observation }) => ({ x: hidden(tracer, observation).tanh().mean() })),
    );
    expect(instructions.filter(({ op }) => op === 'matmul' || op === 'unary')).toMatchObject([
      { op: 'matmul', activation: 'relu' },
      { op: 'unary', kind: 'tanh' },
    ]);
  });
  test.each([
    ['the condition may be negative', false, 0],
    ['the other value is not 0', true, 5],
    ['it is the ReLU’s gradient', true, 0],
  ])('whether a selection becomes a mask: %s', (_, isRelu, otherwise) => {
    const instructions = instructionsOf(
      trace(({ tracer, observation }) => {
        const condition = isRelu ? observation.relu() : observation;
        const product = tracer.matmul(tracer.parameter('a', 'single'), observation, 'tn');
        return { x: condition.select(product, otherwise).mean() };
      }),
    );
    const isMask = isRelu && otherwise === 0;
    expect(instructions.some(({ op }) => op === 'select')).toBe(!isMask);
    expect(instructions.some((one) => one.op === 'matmul' && one.mask !== undefined)).toBe(isMask);
  });
  test('gradients are written where Adam reads them', () => {
    const programs = trace(({ tracer, record: { minimize }, observation }) => {
      const y = tracer.matmul(tracer.parameter('a', 'single'), observation).mul(tracer.parameter('a', 'gain'));
      return { loss: minimize(y.add(tracer.parameter('a', 'bias')).square().mean(), { module: 'a' }) };
    });
    const { entries, arenas } = planOf(programs);
    const instructions = flatten(entries['update'].instructions);
    expect(instructions.some((one) => one.op === 'unary' && one.kind === 'copy')).toBe(false);
    const [a] = arenas;
    const written = instructions.filter(
      (one) => 'out' in one && one.out.offset >= a.gradients! && one.out.offset < a.gradients! + 4 * a.count,
    );
    // weight is untouched by the loss, so its gradient is filled with zeros.
    expect(written.map(({ op }) => op).sort()).toEqual(['fill', 'matmul', 'reduce', 'reduce']);
  });
});

describe('the image', () => {
  const programs = randomProgram([0, 1, 20, 2, 21, 24, 22].map((kind, i) => ({ kind, x: i, y: i + 2, module: i % 3 })));

  test('regions follow each other without overlap, vectors aligned', () => {
    const p: Plan = planOf(programs);
    const regions: [number, number][] = [
      ...[
        p.header.key0,
        p.header.key1,
        p.header.update,
        p.header.batchMode,
        p.header.offlineColumns,
        p.header.query,
      ].map((offset): [number, number] => [offset, 4]),
      [p.data.count, 4],
      [p.replay.count, 4],
      ...Object.values(p.scalars).map(({ offset }): [number, number] => [offset, 4]),
      ...p.constants.map(({ offset }): [number, number] => [offset, 4]),
      [p.metricsRow, 4 * p.metrics.length],
      ...p.arenas.flatMap(({ parameters, first, second, gradients, powers, count }) => [
        ...[parameters, first, second, gradients].flatMap((offset): [number, number][] =>
          offset === undefined ? [] : [[offset, 4 * count]],
        ),
        ...(powers === undefined ? [] : [[powers, 16] as [number, number]]),
      ]),
      ...[p.data, p.replay].map(({ records: offset, capacity }): [number, number] => [
        offset,
        4 * capacity * p.record.stride,
      ]),
      [p.log.offset, 4 * p.log.rows * p.metrics.length],
    ];
    regions.sort((a, b) => a[0] - b[0]);
    regions.forEach(([offset], i) => {
      expect(offset).toBeGreaterThanOrEqual(i === 0 ? 0 : regions[i - 1][0] + regions[i - 1][1]);
    });
    for (const { offset } of p.parameters) expect(offset % 16).toBe(0);
    for (const { count } of p.arenas) expect(count % 4).toBe(0);
    for (const { offset, module } of p.parameters) {
      const { parameters, count } = p.arenas.find(({ name }) => name === module)!;
      expect(offset >= parameters && offset < parameters + 4 * count && parameters + 4 * count <= p.state.bytes).toBe(
        true,
      );
    }
    expect(p.header.query).toBeGreaterThanOrEqual(p.state.bytes);
  });
  test('padding of arenas stays zero', async () => {
    const session = await open(programs);
    await session.run(5);
    const { parameters, arenas } = session.plan;
    for (const { name, parameters: first, count } of arenas) {
      const used = new Set<number>();
      for (const { module, offset, shape } of parameters) {
        if (module !== name) continue;
        for (let i = 0; i < shape.members * shape.rows * shape.columns; i++) used.add(offset / 4 + i);
      }
      const padding = Array.from({ length: count }, (_, i) => first / 4 + i).filter((i) => !used.has(i));
      expect(padding.length).toBeGreaterThan(0);
      expect(padding.map((i) => session.interpreter.floats[i])).toEqual(padding.map(() => 0));
    }
  });
  test('the layout digest follows the state and nothing else', () => {
    const { layout } = planOf(programs);
    expect(plan(programs, { dataCapacity: 999, replayCapacity: 77, logRows: 3 }).layout).toBe(layout);
    expect(planOf(randomProgram([])).layout).not.toBe(layout);
  });
  test('arenas keep apart what lives at the same time', () => {
    const life = fc.tuple(fc.integer({ min: 1, max: 500 }), fc.nat(30), fc.nat(10));
    fc.assert(
      fc.property(fc.array(life, { maxLength: 40 }), (list) => {
        const lifetimes = list.map(([bytes, first, length]) => ({ bytes, first, last: first + length }));
        const { offsets, bytes } = placeByLifetime(lifetimes, 16);
        lifetimes.forEach((a, i) => {
          expect(offsets[i] % 16).toBe(0);
          expect(offsets[i] + a.bytes).toBeLessThanOrEqual(bytes);
          lifetimes.slice(0, i).forEach((b, j) => {
            const meet = a.first <= b.last && b.first <= a.last;
            const apart = offsets[i] + a.bytes <= offsets[j] || offsets[j] + b.bytes <= offsets[i];
            expect(apart || !meet).toBe(true);
          });
        });
      }),
    );
  });
});

describe('queries', () => {
  const programs = traceProgramSet({ record, batch: columns }, (tracer) => {
    tracer.module('a', layers);
    const layer = (x: Tensor) => tracer.matmul(tracer.parameter('a', 'single'), x);
    tracer.update(
      ({ observation }, { minimize }) => ({ loss: minimize(layer(observation).square().mean(), { module: 'a' }) }),
      {
        learningRate: tracer.scalar('learningRate', 0.01),
      },
    );
    tracer.query('look', { columns: 4, inputs: { x: 3 } }, ({ x }) => ({
      y: layer(x),
      same: x,
      part: layer(x).rows(1, 1),
      weight: tracer.parameter('a', 'gain'),
    }));
    for (const name of ['noise', 'otherNoise']) {
      tracer.query(name, { columns: 4, inputs: {} }, (_, { normal }) => ({ y: normal(2) }));
    }
  });
  const x = Float32Array.from({ length: 12 }, (_, i) => Math.fround(i / 7 - 0.8));

  test('give dense arrays, also of inputs, views and parameters', async () => {
    const session = await open(programs);
    const { y, same, part, weight } = await session.query('look', { x });
    expect(same).toEqual(x);
    expect(part).toEqual(y.slice(4, 8));
    const { a } = readParameters(session.plan, await session.readState());
    expect(weight).toEqual(new Float32Array(4).fill(a.gain[0]));
    const evaluator = await direct(programs, session);
    expect(y).toEqual(evaluator.query('look', { x }, 0).y);
  });
  test('change no state', async () => {
    const session = await open(programs);
    const before = await session.readState();
    await session.query('look', { x });
    await session.query('noise', {}, 12);
    expect(await session.readState()).toEqual(before);
  });
  test('noise is keyed by the counter and the query’s name', async () => {
    const session = await open(programs);
    const noise = async (name: string, counter: number) => (await session.query(name, {}, counter)).y;
    expect(await noise('noise', 3)).toEqual(await noise('noise', 3));
    expect(await noise('noise', 3)).not.toEqual(await noise('noise', 4));
    expect(await noise('noise', 3)).not.toEqual(await noise('otherNoise', 3));
  });
});
