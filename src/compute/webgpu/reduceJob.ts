/**
 * Sums over the batch: weight gradients and means. Where only Adam reads a gradient, its thread takes Adam's step with it, and
 * Polyak's after that.
 */
import type { Place } from '../program/plan';
import { adamStep, polyakStep } from './arenaJob';
import type { FusedGradient, Work } from './schedule';
import { largestDivisor, type Of, type Piece, type Shader, total } from './shader';

export function reduceJob(shader: Shader, work: FusedGradient | Of<'matmul'> | Of<'reduce'>): Piece {
  const made = work.op === 'fusedGradient' ? work.gradient : work;
  const isTile = made.op === 'matmul' && made.out.shape.columns % 4 === 0;
  const { lines, tasks, values } = isTile ? gradientTile(shader, made) : flat(shader, made);
  const { threads, gradientLanes: lanes } = shader.tuning;
  const deliveries = values.map(({ value, index }) => deliver(shader, work, made, value, index));
  // Every thread goes through the sums, for all must reach the barrier; those beyond the end repeat the last.
  const text =
    lanes === 1
      ? [...lines, ...deliveries.flat()]
      : [
          ...lines,
          ...values.map(({ value }, i) => `partials[thread * ${values.length}u + ${i}u] = ${value};`),
          '}',
          'workgroupBarrier();',
          `if (task < ${tasks}u) {`,
          'let t = task;',
          ...values.flatMap(({ index, before }, i) => [
            `if (lane == ${i}u) {`,
            ...before,
            `var total = partials[thread / ${lanes}u * ${lanes * values.length}u + ${i}u];`,
            `for (var i = 1u; i < ${lanes}u; i++) { total += partials[(thread / ${lanes}u * ${lanes}u + i) * ${values.length}u + ${i}u]; }`,
            ...deliver(shader, work, made, 'total', index),
            '}',
          ]),
        ];
  return {
    text: `    let lane = thread % ${lanes}u;
  let task = (wg * ${threads}u + thread) / ${lanes}u;
  ${lanes === 1 ? `if (task < ${tasks}u) {\n      let t = task;` : `{\n      let t = min(task, ${tasks - 1}u);`}
    ${text.join('\n      ')}
  }
`,
    workgroups: Math.ceil((tasks * lanes) / threads),
  };
}
/** Weight gradients [rows, columns] with columns in fours: `gradientRows` × 4 outputs a thread. */
function gradientTile(shader: Shader, { a, b, out }: Of<'matmul'>): Sums {
  const { members, rows, columns } = out.shape;
  const lanes = shader.tuning.gradientLanes;
  const height = largestDivisor(rows, shader.tuning.gradientRows);
  const [rowGroups, columnGroups] = [rows / height, columns / 4];
  const inRows = [...Array(height).keys()];
  const inColumns = [0, 1, 2, 3];
  const where = [
    `let n = (t % ${columnGroups}u) * 4u;`,
    `let r = ((t / ${columnGroups}u) % ${rowGroups}u) * ${height}u;`,
    `let m = t / ${columnGroups * rowGroups}u;`,
  ];
  const lines: string[] = [
    ...where,
    ...inRows.flatMap((i) => inColumns.map((j) => `var sum${i}_${j} = vec4f(0.0);`)),
    ...inRows.map((i) => `let a${i} = ${shader.vectorIndex(a, 'm', `(r + ${i}u)`, '0u')};`),
    ...inColumns.map((j) => `let b${j} = ${shader.vectorIndex(b, 'm', `(n + ${j}u)`, '0u')};`),
    `for (var k = lane; k < ${shader.vectors}u; k += ${lanes}u) {`,
    ...inColumns.map((j) => `let y${j} = batch[b${j} + k];`),
    ...inRows.flatMap((i) => [
      `let x${i} = batch[a${i} + k];`,
      ...inColumns.map((j) => `sum${i}_${j} += x${i} * y${j};`),
    ]),
    '}',
  ];
  const values = inRows.map((i) => ({
    value: `vec4f(${inColumns.map((j) => total(`sum${i}_${j}`)).join(', ')})`,
    index: `((m * ${rows}u + r + ${i}u) * ${columns / 4}u + n / 4u)`,
    before: where,
  }));
  return { lines, tasks: members * rowGroups * columnGroups, values };
}
/** Any sum over the batch: four neighbouring outputs a thread, each with its own row, column and member. */
function flat(shader: Shader, made: Of<'matmul'> | Of<'reduce'>): Sums {
  if (made.op === 'reduce' && made.kind !== 'sum') throw new Error(`A ${made.kind} over the batch is not summed.`);
  const { members, rows, columns } = made.out.shape;
  const lanes = shader.tuning.gradientLanes;
  const size = members * rows * columns;
  const lines = [0, 1, 2, 3].flatMap((part) => {
    const [m, r, n] = ['m', 'r', 'n'].map((name) => `${name}${part}`);
    const left = shader.vectorIndex(made.op === 'matmul' ? made.a : made.x, m, r, '0u');
    const [right, term] =
      made.op === 'matmul'
        ? [[`let b${part} = ${shader.vectorIndex(made.b, m, n, '0u')};`], `batch[a${part} + k] * batch[b${part} + k]`]
        : [[], `batch[a${part} + k]`];
    return [
      `let f${part} = min(4u * t + ${part}u, ${size - 1}u);`,
      `let n${part} = f${part} % ${columns}u;`,
      `let r${part} = (f${part} / ${columns}u) % ${rows}u;`,
      `let m${part} = f${part} / ${columns * rows}u;`,
      `var sum${part} = vec4f(0.0);`,
      `let a${part} = ${left};`,
      ...right,
      `for (var k = lane; k < ${shader.vectors}u; k += ${lanes}u) { sum${part} += ${term}; }`,
    ];
  });
  const part = (i: number) =>
    size % 4 === 0 ? total(`sum${i}`) : `select(0.0, ${total(`sum${i}`)}, 4u * t + ${i}u < ${size}u)`;
  const value = `vec4f(${[0, 1, 2, 3].map(part).join(', ')})`;
  return { lines, tasks: Math.ceil(size / 4), values: [{ value, index: 't', before: [] }] };
}
/** Writes four numbers at `index` (in fours) of a dense output, or takes Adam's step with them. */
function deliver(shader: Shader, work: Work, { out }: { out: Place }, value: string, index: string): string[] {
  if (work.op === 'fusedGradient') {
    const { adam, polyak } = work;
    return [
      '{',
      `let i = ${index};`,
      `let gradient = ${value};`,
      ...adamStep(shader, adam, 'gradient', 'i'),
      ...(polyak ? polyakStep(shader, polyak, 'i') : []),
      '}',
    ];
  }
  const size = out.shape.members * out.shape.rows * out.shape.columns;
  const { buffer, first } = shader.locate(out);
  if (buffer !== 'scratch') throw new Error('A sum over the batch goes to memory of single numbers.');
  const name = shader.name('g');
  const isWhole = size % 4 === 0;
  return [
    `let ${name} = ${value};`,
    ...['x', 'y', 'z', 'w'].map((lane, part) => {
      const store = `scratch[scratch_base + ${first + part}u + 4u * ${index}] = ${name}.${lane};`;
      return isWhole || part === 0 ? store : `if (4u * ${index} + ${part}u < ${size}u) { ${store} }`;
    }),
  ];
}

/** Sums over the batch: code that makes them, tasks that share them out, and per task vectors of four with where they go. */
interface Sums {
  readonly lines: readonly string[];
  readonly tasks: number;
  readonly values: readonly { readonly value: string; readonly index: string; readonly before: readonly string[] }[];
}
