import { describe, expect, test } from 'vitest';
import { differentiableAncestors } from './graph';
import type { Node, ParameterSpec, Program, Statement } from './program';
import { shapeOf } from './shapes';
import type { Tensor } from './tensor';
import { type ProgramRecorder, type Tracer, traceProgramSet, transitionLayout } from './trace';

const record = transitionLayout(3, 2);
const weight: ParameterSpec = { name: 'w', shape: shapeOf(1, 1, 3), initial: { kind: 'uniform', bound: 1 } };

type Body = (tools: {
  tracer: Tracer;
  record: ProgramRecorder;
  observation: Tensor;
  action: Tensor;
}) => Record<string, Tensor>;
/** An update over modules `a` and `b` of one [1, 1, 3] array each. */
function traceUpdate(body: Body, before: (tracer: Tracer) => void = () => {}): Program {
  return traceProgramSet({ record, batch: 8 }, (tracer) => {
    tracer.module('a', [weight]);
    tracer.module('b', [weight]);
    before(tracer);
    tracer.update((batch, recorder) => body({ tracer, record: recorder, ...batch }), {
      learningRate: tracer.scalar('learningRate', 1e-3),
    });
  }).update;
}
const apply = (tracer: Tracer, module: string, x: Tensor) => tracer.matmul(tracer.parameter(module, 'w'), x);
const count = (program: Program, op: Node['op']) => program.nodes.filter((node) => node.op === op).length;
const versions = (program: Program, module: string) =>
  program.nodes.flatMap((node) => (node.op === 'parameter' && node.module === module ? [node.version] : []));

describe('equal values are one node', () => {
  test('the same expression twice', () => {
    const program = traceUpdate(({ tracer, observation }) => ({
      first: apply(tracer, 'a', observation).tanh().mean(),
      second: apply(tracer, 'a', observation).tanh().mean(),
    }));
    expect(count(program, 'matmul')).toBe(1);
    expect(program.metrics).toEqual(['first', 'second']);
  });
  test('random draws are never shared', () => {
    const program = traceUpdate(({ record: { normal } }) => ({ sum: normal(2).add(normal(2)).mean() }));
    expect(count(program, 'random')).toBe(2);
    expect(program.streams).toBe(2);
  });
  test('neighbouring fields of a record are a view, others a copy', () => {
    const joined = (body: (observation: Tensor, action: Tensor) => Tensor[]) =>
      traceUpdate(({ tracer, observation, action }) => ({ x: tracer.concat(...body(observation, action)).mean() }));
    const adjacent = joined((observation, action) => [observation, action]);
    expect(count(adjacent, 'concat')).toBe(0);
    expect(adjacent.nodes.some((node) => node.op === 'rows' && node.first === 0 && node.shape.rows === 5)).toBe(true);
    expect(
      count(
        joined((observation, action) => [action, observation]),
        'concat',
      ),
    ).toBe(1);
  });
});

describe('parameters carry versions', () => {
  test('later lines see the new values', () => {
    const program = traceUpdate(({ tracer, record: { minimize }, observation }) => {
      const before = apply(tracer, 'a', observation).square().mean();
      minimize(before, { module: 'a' });
      return { before, after: apply(tracer, 'a', observation).square().mean() };
    });
    expect(versions(program, 'a')).toEqual([0, 1]);
    expect(count(program, 'matmul')).toBe(2);
  });
  test('minimising another module leaves them shared', () => {
    const program = traceUpdate(({ tracer, record: { minimize }, observation }) => {
      const before = apply(tracer, 'a', observation).mean();
      minimize(apply(tracer, 'b', observation).square().mean(), { module: 'b' });
      return { before, after: apply(tracer, 'a', observation).mean() };
    });
    expect(versions(program, 'a')).toEqual([0]);
  });
  test('moveTowards raises the target only', () => {
    const program = traceUpdate(({ tracer, record: { moveTowards, constant }, observation }) => {
      const both = () =>
        apply(tracer, 'a', observation)
          .add(apply(tracer, 'b', observation))
          .mean();
      const before = both();
      moveTowards({ module: 'a' }, { module: 'b' }, constant(0.1));
      return { before, after: both() };
    });
    expect([versions(program, 'a'), versions(program, 'b')]).toEqual([[0, 1], [0]]);
  });
  test('a repeated block reads anew what it may have written', () => {
    const program = traceUpdate(({ tracer, record: { repeat, minimize }, observation }) => {
      const before = apply(tracer, 'a', observation).square().mean();
      repeat(3, () => minimize(apply(tracer, 'a', observation).square().mean(), { module: 'a' }));
      return { before };
    });
    expect(new Set(versions(program, 'a')).size).toBe(2);
  });
  test('a loss from before the last change is refused', () => {
    const stale: Body = ({ tracer, record: { minimize }, observation }) => {
      const loss = apply(tracer, 'a', observation).square().mean();
      minimize(loss, { module: 'a' });
      return { loss: minimize(loss, { module: 'a' }) };
    };
    expect(() => traceUpdate(stale)).toThrow('computed before the module last changed');
  });
  test('a loss that does not depend on the module is refused', () => {
    const body: Body = ({ tracer, record: { minimize }, observation }) => ({
      loss: minimize(apply(tracer, 'a', observation).stopGradient().mean(), { module: 'a' }),
    });
    expect(() => traceUpdate(body)).toThrow('does not depend on it');
  });
});

describe('blocks', () => {
  const nestedNodes = (statements: readonly Statement[]): number[] =>
    statements.flatMap((statement) => {
      if (statement.kind === 'compute') return [...statement.nodes];
      return statement.kind === 'block' ? nestedNodes(statement.body) : [];
    });
  test('what a block computed first is computed again outside', () => {
    const program = traceUpdate(({ tracer, record: { every }, observation }) => {
      const inside = every(2, () => apply(tracer, 'a', observation).mean());
      return { inside, outside: apply(tracer, 'a', observation).mean() };
    });
    expect(count(program, 'matmul')).toBe(2);
    const block = program.statements.find((statement) => statement.kind === 'block')!;
    expect(block.body.at(-1)).toMatchObject({ kind: 'metric', name: 'inside' });
    expect(program.statements.at(-1)).toMatchObject({ kind: 'metric', name: 'outside' });
    expect(new Set(nestedNodes(program.statements)).size).toBe(program.nodes.length);
  });
  test('what was computed before is shared inside', () => {
    const program = traceUpdate(({ tracer, record: { every }, observation }) => {
      const before = apply(tracer, 'a', observation).mean();
      return { before, inside: every(2, () => apply(tracer, 'a', observation).mean().mul(2)) };
    });
    expect(count(program, 'matmul')).toBe(1);
  });
  test('a value from a block cannot be used outside', () => {
    const body: Body = ({ tracer, record: { every }, observation }) => ({
      sum: every(2, () => apply(tracer, 'a', observation).mean()).add(1),
    });
    expect(() => traceUpdate(body)).toThrow('inside a block');
  });
  test('a metric of a block stays in it, though its value is known outside', () => {
    const program = traceUpdate(({ tracer, record: { every }, observation }) => {
      const now = apply(tracer, 'a', observation).mean();
      return { now, held: every(2, () => apply(tracer, 'a', observation).mean()) };
    });
    expect(count(program, 'matmul')).toBe(1);
    const block = program.statements.find((statement) => statement.kind === 'block')!;
    expect(block.body).toMatchObject([{ kind: 'metric', name: 'held' }]);
  });
  test('every 1 is no block', () => {
    const program = traceUpdate(({ tracer, record: { every }, observation }) => ({
      value: every(1, () => apply(tracer, 'a', observation).mean()).add(1),
    }));
    expect(program.statements.some((statement) => statement.kind === 'block')).toBe(false);
  });
});

describe('programs share modules and recipes, no values', () => {
  test('a hyperparameter and what is computed from it arrive in every program', () => {
    let rate: Tensor | undefined;
    const programs = traceProgramSet({ record, batch: 8 }, (tracer) => {
      rate = tracer.scalar('discount', 0.99).oneMinus();
      tracer.module('a', [weight]);
      const use = (x: Tensor) => apply(tracer, 'a', x).mul(rate!);
      tracer.update(({ observation }, { minimize }) => ({ loss: minimize(use(observation).mean(), { module: 'a' }) }), {
        learningRate: tracer.scalar('learningRate', 1e-3),
      });
      tracer.query('look', { columns: 4, inputs: { observation: 3 } }, ({ observation }) => ({ y: use(observation) }));
    });
    expect(programs.scalars).toEqual([
      { name: 'discount', value: 0.99 },
      { name: 'learningRate', value: 1e-3 },
    ]);
    for (const program of [programs.update, programs.queries.look]) {
      expect(program.nodes.filter((node) => node.op === 'scalar' && node.name === 'discount')).toHaveLength(1);
    }
    expect(programs.queries.look.inputs.map(({ name }) => name)).toEqual(['observation']);
    expect(programs.modules).toMatchObject([{ name: 'a', learns: true }]);
  });
  test('a tensor of another program is refused', () => {
    const define = () =>
      traceProgramSet({ record, batch: 8 }, (tracer) => {
        tracer.module('a', [weight]);
        let kept: Tensor | undefined;
        tracer.update(
          ({ observation }) => {
            kept = observation;
            return {};
          },
          { learningRate: tracer.scalar('learningRate', 1e-3) },
        );
        tracer.query('look', { columns: 8, inputs: { x: 3 } }, ({ x }) => ({ y: x.add(kept!) }));
      });
    expect(define).toThrow('of program "update" is used in look');
  });
  test('a query changes no state', () => {
    const define = () =>
      traceProgramSet({ record, batch: 8 }, (tracer) => {
        tracer.module('a', [weight]);
        tracer.query('look', { columns: 4, inputs: { x: 3 } }, ({ x }, { minimize }) => ({
          y: minimize(apply(tracer, 'a', x).mean(), { module: 'a' }),
        }));
      });
    expect(define).toThrow('Query "look" calls minimize');
  });
  test('beforeMinimize changes what is minimised and not what is reported', () => {
    const { update } = traceProgramSet({ record, batch: 8 }, (tracer) => {
      tracer.module('a', [weight]);
      tracer.update(
        ({ observation }, { minimize }) => ({
          loss: minimize(apply(tracer, 'a', observation).mean(), { module: 'a' }),
        }),
        {
          learningRate: tracer.scalar('learningRate', 1e-3),
          beforeMinimize: (loss) => loss.add(tracer.parameter('a', 'w').square().sum()),
        },
      );
    });
    const minimised = update.statements.find((statement) => statement.kind === 'minimize')!;
    const reported = update.statements.find((statement) => statement.kind === 'metric')!;
    const squares = (id: number) =>
      differentiableAncestors(update.nodes, id).some((node) => {
        const { op } = update.nodes[node];
        return op === 'unary';
      });
    expect([squares(minimised.loss), squares(reported.value)]).toEqual([true, false]);
  });
});

describe('mistakes say what was expected', () => {
  const mistakes: [string, Body][] = [
    [
      'add: shapes [1, 3, 8] and [1, 2, 8] differ in rows',
      ({ observation, action }) => ({ x: observation.add(action) }),
    ],
    [
      'matmul nn: [1, 1, 3] and [1, 2, 8] share no inner size (3 and 2)',
      ({ tracer, action }) => ({ x: apply(tracer, 'a', action) }),
    ],
    ['rows: 2 … 3 lie outside [1, 3, 8]', ({ observation }) => ({ x: observation.rows(2, 2) })],
    ['metric x: expected one number, got [1, 3, 8]', ({ observation }) => ({ x: observation })],
    [
      'expected a loss of shape [1, 1, 1], got [1, 1, 8]',
      ({ tracer, record: r, observation }) => ({ x: r.minimize(apply(tracer, 'a', observation), { module: 'a' }) }),
    ],
    ['clamp: expected low ≤ high, got 2 and 1', ({ observation }) => ({ x: observation.clamp(2, 1) })],
    ['There is no module named "c"', ({ tracer, observation }) => ({ x: apply(tracer, 'c', observation) })],
    ['oneHot: expected one row', ({ observation }) => ({ x: observation.oneHot(3) })],
    [
      'every: expected a positive integer, got 0',
      ({ record: r, observation }) => ({ x: r.every(0, () => observation) }),
    ],
  ];
  test.each(mistakes)('%s', (sentence, body) => {
    expect(() => traceUpdate(body)).toThrow(sentence);
  });
  test('two modules of one name', () => {
    expect(() =>
      traceUpdate(
        () => ({}),
        (tracer) => tracer.module('a', []),
      ),
    ).toThrow('two modules named "a"');
  });
});
