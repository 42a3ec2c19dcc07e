import { describe, expect, test } from 'vitest';
import { log } from '../../numeric/math';
import { ReferenceSession } from '../reference/session';
import type { ParameterSpec } from './program';
import { shapeOf, sizeOf } from './shapes';
import type { Tensor } from './tensor';
import { type ProgramRecorder, type Tracer, traceProgramSet, transitionLayout } from './trace';

type Loss = (x: Tensor, w: Tensor, tools: { tracer: Tracer; record: ProgramRecorder }) => Tensor;

/** x is [2, 3, 4] and w [1, 2, 3]; both lie away from the kinks of relu, min, abs and the like. */
const sizes = { x: shapeOf(2, 3, 4), w: shapeOf(1, 2, 3) };
const array = (name: keyof typeof sizes): ParameterSpec => ({
  name,
  shape: sizes[name],
  initial: { kind: 'constant', value: 0 },
});

/** Value and gradient of a loss in float64, by the planned program. */
function measure(loss: Loss) {
  const programs = traceProgramSet({ record: transitionLayout(1, 1), batch: 4 }, (tracer) => {
    tracer.module('point', [array('x'), array('w')]);
    const learningRate = tracer.scalar('learningRate', 0);
    tracer.update(
      (_, record) => {
        const [x, w] = (['x', 'w'] as const).map((name) => tracer.parameter('point', name));
        const value = loss(x, w, { tracer, record });
        return { value: record.minimize(value, { module: 'point' }) };
      },
      { learningRate },
    );
  });
  const session = new ReferenceSession(programs, { seed: 1, dataCapacity: 1, replayCapacity: 0 }, 'double');
  const { interpreter, plan } = session;
  const [arena] = plan.arenas;
  return (point: Readonly<Record<'x' | 'w', readonly number[]>>) => {
    for (const { name, offset } of plan.parameters) interpreter.floats.set(point[name as 'x' | 'w'], offset / 4);
    interpreter.update();
    const gradient = (name: string) => {
      const slot = plan.parameters.find((candidate) => candidate.name === name)!;
      const first = (arena.gradients! + slot.offset - arena.parameters) / 4;
      return Array.from(interpreter.floats.subarray(first, first + sizeOf(slot.shape)));
    };
    return { value: interpreter.floats[plan.metricsRow / 4], x: gradient('x'), w: gradient('w') };
  };
}

/** Numbers in [0.25, 1.75] with alternating signs where wanted, all different. */
function spread(count: number, seed: number, signed: boolean): number[] {
  return Array.from({ length: count }, (_, i) => {
    const size = 0.25 + 1.5 * ((((i + 1) * 0.6180339887 + seed * 0.37) % 1) + 0.003 * i) * 0.9;
    return signed && (i + seed) % 2 === 0 ? -size : size;
  });
}

/** Largest difference between the gradient and central differences, against the largest gradient. */
function gradientError(loss: Loss, signed: boolean): number {
  const evaluate = measure(loss);
  const point = { x: spread(24, 1, signed), w: spread(6, 2, signed) };
  const { x, w } = evaluate(point);
  const analytic = { x, w };
  const step = 1e-5;
  let largest = 0;
  let error = 0;
  for (const name of ['x', 'w'] as const) {
    analytic[name].forEach((gradient, i) => {
      const moved = (by: number) =>
        evaluate({ ...point, [name]: point[name].map((v, j) => (j === i ? v + by : v)) }).value;
      const numeric = (moved(step) - moved(-step)) / (2 * step);
      largest = Math.max(largest, Math.abs(numeric));
      error = Math.max(error, Math.abs(numeric - gradient));
    });
  }
  return error / largest;
}

/** A weighting that tells elements apart, so that a transposed or shifted gradient cannot pass. */
const weigh = (x: Tensor, tracer: Tracer): Tensor => {
  const { rows, members } = x.shape;
  let sum = tracer.constant(0);
  for (let m = 0; m < members; m++) {
    for (let r = 0; r < rows; r++) {
      const part = members > 1 ? x.member(m).rows(r, 1) : x.rows(r, 1);
      sum = sum.add(
        part
          .square()
          .mul(1 + 0.7 * r + 0.3 * m)
          .add(part.mul(0.5 * m + r))
          .sum(),
      );
    }
  }
  return sum;
};

const operations: Record<string, { signed: boolean; of: Loss }> = {
  add: { signed: true, of: (x, w) => x.add(w.rows(0, 1).sumOverRows().sum()) },
  'add, spread rows': { signed: true, of: (x) => x.add(x.rows(1, 1)) },
  subtract: { signed: true, of: (x) => x.sub(x.member(1)) },
  multiply: { signed: true, of: (x) => x.mul(x.rows(2, 1)) },
  divide: { signed: false, of: (x) => x.rows(0, 1).div(x) },
  minimum: { signed: true, of: (x) => x.min(x.member(0).mul(0.9).add(0.01)) },
  maximum: { signed: true, of: (x) => x.max(x.rows(1, 1).mul(1.1).add(0.02)) },
  select: { signed: true, of: (x) => x.less(0.1).select(x.square(), x.mul(3)) },
  negate: { signed: true, of: (x) => x.square().neg() },
  square: { signed: true, of: (x) => x.square() },
  sqrt: { signed: false, of: (x) => x.sqrt() },
  exp: { signed: true, of: (x) => x.exp() },
  log: { signed: false, of: (x) => x.log() },
  relu: { signed: true, of: (x) => x.relu() },
  tanh: { signed: true, of: (x) => x.tanh() },
  sigmoid: { signed: true, of: (x) => x.sigmoid() },
  softplus: { signed: true, of: (x) => x.softplus() },
  absolute: { signed: true, of: (x) => x.abs().mul(x) },
  sine: { signed: true, of: (x, _, { tracer }) => tracer.sine(x) },
  cosine: { signed: true, of: (x, _, { tracer }) => tracer.cosine(x) },
  clamp: { signed: true, of: (x) => x.clamp(-0.8, 0.9) },
  'matmul nn': { signed: true, of: (x, w, { tracer }) => tracer.matmul(w, x) },
  'matmul tn': { signed: true, of: (x, w, { tracer }) => tracer.matmul(w, x.rows(1, 2), 'tn') },
  'matmul nt': { signed: true, of: (x, _, { tracer }) => tracer.matmul(x, x.member(1), 'nt') },
  'matmul of a broadcast': {
    signed: true,
    of: (x, w, { tracer }) => tracer.matmul(w, tracer.concat(x.rows(0, 1).sumOverRows(), x.rows(0, 2))),
  },
  layer: { signed: true, of: (x, w, { tracer }) => tracer.matmul(w, x).add(w.rows(0, 1).sum()).relu() },
  'sum over members': { signed: true, of: (x) => x.sumOverMembers() },
  'sum over rows': { signed: true, of: (x) => x.sumOverRows() },
  'sum over everything': { signed: true, of: (x) => x.square().sum() },
  mean: { signed: true, of: (x) => x.mul(x).mean() },
  'min over members': { signed: true, of: (x) => x.minOverMembers() },
  'max over members': { signed: true, of: (x) => x.maxOverMembers() },
  'min over rows': { signed: true, of: (x) => x.minOverRows() },
  'max over rows': { signed: true, of: (x) => x.maxOverRows() },
  logsumexp: { signed: true, of: (x) => x.logSumExpOverRows() },
  rows: { signed: true, of: (x) => x.rows(1, 2) },
  member: { signed: true, of: (x) => x.member(1) },
  concat: { signed: true, of: (x, _, { tracer }) => tracer.concat(x.rows(2, 1), x.tanh(), x.rows(0, 1)) },
};

describe('gradients agree with central differences in float64', () => {
  test.each(Object.entries(operations))('%s, first derivative', (_, { signed, of }) => {
    const loss: Loss = (x, w, tools) => weigh(of(x, w, tools), tools.tracer).add(w.square().sum());
    expect(gradientError(loss, signed)).toBeLessThan(1e-7);
  });
  test.each(Object.entries(operations))('%s, second derivative', (_, { signed, of }) => {
    const loss: Loss = (x, w, tools) => {
      const value = weigh(of(x, w, tools), tools.tracer).add(w.square().sum());
      const [dx, dw] = tools.record.gradient(value, [x, w]);
      return dx.square().sum().add(dw.mul(w).sum()).add(value);
    };
    expect(gradientError(loss, signed)).toBeLessThan(1e-6);
  });
});

describe('where a derivative does not exist', () => {
  const gradientAt = (loss: Loss, x: readonly number[]) => measure(loss)({ x, w: spread(6, 2, true) }).x;
  const zeros = new Array<number>(24).fill(0);

  test('the tie of min and max goes to the first input', () => {
    const x = spread(24, 1, true);
    const tie =
      (of: (moving: Tensor, still: Tensor) => Tensor): Loss =>
      (all) =>
        of(all.mul(2), all.stopGradient().mul(2)).sum();
    const [moving, still] = [new Array(24).fill(2), zeros];
    expect(
      gradientAt(
        tie((a, b) => a.min(b)),
        x,
      ),
    ).toEqual(moving);
    expect(
      gradientAt(
        tie((a, b) => b.min(a)),
        x,
      ),
    ).toEqual(still);
    expect(
      gradientAt(
        tie((a, b) => a.max(b)),
        x,
      ),
    ).toEqual(moving);
    expect(
      gradientAt(
        tie((a, b) => b.max(a)),
        x,
      ),
    ).toEqual(still);
  });
  test('the tie of min over members goes to the first member', () => {
    expect(gradientAt((x) => x.minOverMembers().sum(), zeros)).toEqual([
      ...zeros.slice(0, 12).fill(1),
      ...zeros.slice(12),
    ]);
  });
  test('relu passes nothing at 0', () => {
    expect(gradientAt((x) => x.relu().sum(), zeros)).toEqual(zeros);
  });
  test('stopGradient, less and equal pass nothing', () => {
    const loss: Loss = (x) => x.stopGradient().mul(x).add(x.less(0.3).mul(7)).add(x.equal(0.3)).sum();
    const x = spread(24, 1, true);
    expect(gradientAt(loss, x)).toEqual(x);
  });
  test('logsumexp of large numbers does not overflow', () => {
    const { value } = measure((x) => x.mul(1000).logSumExpOverRows().mean())({
      x: zeros.map(() => 1),
      w: spread(6, 2, true),
    });
    expect(value).toBeCloseTo(1000 + log(3), 10);
  });
});
