/**
 * Batch-local work: a workgroup takes a tile of columns through a chain of instructions, with barriers where one reads what
 * another's threads have written. Neighbouring element-wise instructions become one loop, values in registers.
 */
import type { Place } from '../program/plan';
import { extent, overlap, type Range, type Work } from './schedule';
import { keyOf, largestDivisor, literal, type Of, type Piece, type Shader, sum } from './shader';
import { binaryExpression, selectExpression, unaryExpression } from './shaders/math';

export function columnJob(shader: Shader, work: readonly Work[]): Piece {
  const tile = largestDivisor(shader.vectors, shader.tuning.tileVectors);
  const text: string[] = [`    let tile = wg * ${tile}u;\n`];
  /** Touched since the last barrier, by byte range. */
  let [read, written]: [Range[], Range[]] = [[], []];
  for (const step of groupElementWise(work)) {
    const reads = step.flatMap(placesRead).map(extent);
    const writes = (step as { out: Place }[]).map(({ out }) => extent(out));
    if (meet(written, [...reads, ...writes]) || meet(read, writes)) {
      text.push('    storageBarrier();\n    workgroupBarrier();\n');
      [read, written] = [[], []];
    }
    if (step.length === 1 && step[0].op === 'matmul') text.push(product(shader, step[0], tile));
    else text.push(elements(shader, step, tile));
    read.push(...reads);
    written.push(...writes);
  }
  return { text: text.join(''), workgroups: shader.vectors / tile };
}
function meet(some: readonly Range[], others: readonly Range[]): boolean {
  return some.some((range) => others.some((other) => overlap(range, other)));
}

/** One loop over the elements of a shape for a run of element-wise instructions, intermediate values in registers. */
function elements(shader: Shader, step: readonly Work[], tile: number): string {
  const instructions = step as readonly (Of<'unary'> | Of<'binary'> | Of<'select'> | Of<'fill'> | Of<'reduce'>)[];
  const { members, rows } = instructions[0].out.shape;
  const tasks = members * rows * tile;
  const known = new Map<string, string>();
  const read = (place: Place): string => known.get(keyOf(place)) ?? shader.vector(place, 'm', 'r', 'c');
  const lines: string[] = [];
  for (const instruction of instructions) {
    const name = shader.name('v');
    lines.push(`let ${name} = ${elementExpression(shader, instruction, read, lines)};`);
    known.set(keyOf(instruction.out), name);
    lines.push(`batch[${shader.vectorIndex(instruction.out, 'm', 'r', 'c')}] = ${name};`);
  }
  return `    for (var t = thread; t < ${tasks}u; t += ${shader.tuning.threads}u) {
    let c = tile + t % ${tile}u;
    let r = (t / ${tile}u) % ${rows}u;
    let m = t / ${tile * rows}u;
    ${lines.join('\n      ')}
  }
`;
}
function elementExpression(
  shader: Shader,
  instruction: Of<'unary'> | Of<'binary'> | Of<'select'> | Of<'fill'> | Of<'reduce'>,
  read: (place: Place) => string,
  lines: string[],
): string {
  switch (instruction.op) {
    case 'unary':
      return unaryExpression(instruction.kind, read(instruction.x), 4);
    case 'binary':
      return binaryExpression(instruction.kind, read(instruction.x), read(instruction.y), 4);
    case 'select':
      return selectExpression(read(instruction.condition), read(instruction.x), read(instruction.y), 4);
    case 'fill':
      return `vec4f(${literal(instruction.value)})`;
    case 'reduce': {
      const { x, axis, kind } = instruction;
      const total = shader.name('s');
      const at = (i: string) => (axis === 'members' ? shader.vector(x, i, 'r', 'c') : shader.vector(x, 'm', i, 'c'));
      lines.push(`var ${total} = ${at('0u')};`);
      const next = shader.name('x');
      const combine =
        kind === 'sum'
          ? `${total} + ${next}`
          : kind === 'minimum'
            ? `select(${total}, ${next}, ${next} < ${total})`
            : `select(${total}, ${next}, ${total} < ${next})`;
      lines.push(`for (var i = 1u; i < ${x.shape[axis]}u; i++) { let ${next} = ${at('i')}; ${total} = ${combine}; }`);
      return total;
    }
    default:
      return instruction satisfies never;
  }
}
/** out[m, r, c] = activation(bias + Σ_k a·b): a thread makes `rows` × `vectors` of them. */
function product(shader: Shader, work: Of<'matmul'>, tile: number): string {
  const { form, a, b, out, bias, activation, mask } = work;
  const { members, rows } = out.shape;
  const depth = form === 'tn' ? a.shape.rows : a.shape.columns;
  const width = largestDivisor(tile, shader.tuning.vectors);
  const columnGroups = tile / width;
  // Fewer rows a thread where some threads would have none.
  let height = largestDivisor(rows, shader.tuning.rows);
  while (height > 1 && members * (rows / height) * columnGroups < shader.tuning.threads)
    height = largestDivisor(rows, height - 1);
  const rowGroups = rows / height;
  const tasks = members * rowGroups * columnGroups;
  const { buffer, first } = shader.locate(a);
  const isAligned = buffer === 'state' && first % 4 === 0 && a.member % 4 === 0 && a.row % 4 === 0;
  const inRows = [...Array(height).keys()];
  const inVectors = [...Array(width).keys()];
  const lines: string[] = [
    `let c = tile + (t % ${columnGroups}u) * ${width}u;`,
    `let r = ((t / ${columnGroups}u) % ${rowGroups}u) * ${height}u;`,
    `let m = t / ${columnGroups * rowGroups}u;`,
  ];
  for (const i of inRows) {
    const start = bias ? shader.vector(bias, 'm', `(r + ${i}u)`, 'c') : 'vec4f(0.0)';
    lines.push(`let start${i} = ${start};`);
    for (const j of inVectors) lines.push(`var sum${i}_${j} = start${i};`);
  }
  lines.push(`var x = ${shader.vectorIndex(b, 'm', '0u', 'c')};`);
  const step = b.row / 4;
  const loadColumns = (k: number) => inVectors.map((j) => `let x${k}_${j} = batch[x + ${k * step + j}u];`);
  const add = (i: number, k: number, weight: string) => inVectors.map((j) => `sum${i}_${j} += ${weight} * x${k}_${j};`);
  if (form === 'nn' && isAligned && depth % 4 === 0) {
    for (const i of inRows)
      lines.push(`var w${i} = state_base + ${sum(first / 4, ['m', a.member / 4], [`(r + ${i}u)`, a.row / 4])};`);
    lines.push(
      `for (var k = 0u; k < ${depth / 4}u; k++) {`,
      ...[0, 1, 2, 3].flatMap(loadColumns),
      ...inRows.flatMap((i) => [
        `let a${i} = state[w${i}];`,
        ...['x', 'y', 'z', 'w'].flatMap((part, k) => add(i, k, `a${i}.${part}`)),
        `w${i}++;`,
      ]),
      `x += ${4 * step}u;`,
      '}',
    );
  } else if (form === 'tn' && isAligned && height % 4 === 0) {
    lines.push(
      `var w = state_base + ${sum(first / 4, ['m', a.member / 4])} + r / 4u;`,
      `for (var k = 0u; k < ${depth}u; k++) {`,
      ...loadColumns(0),
      ...[...Array(height / 4).keys()].flatMap((group) => [
        `let a${group} = state[w + ${group}u];`,
        ...['x', 'y', 'z', 'w'].flatMap((part, i) => add(4 * group + i, 0, `a${group}.${part}`)),
      ]),
      `w += ${a.row / 4}u;`,
      `x += ${step}u;`,
      '}',
    );
  } else {
    const weight = (i: number) =>
      form === 'tn' ? shader.number(a, 'm', 'k', `(r + ${i}u)`) : shader.number(a, 'm', `(r + ${i}u)`, 'k');
    lines.push(
      `for (var k = 0u; k < ${depth}u; k++) {`,
      ...loadColumns(0),
      ...inRows.flatMap((i) => [`let a${i} = ${weight(i)};`, ...add(i, 0, `a${i}`)]),
      `x += ${step}u;`,
      '}',
    );
  }
  for (const i of inRows) {
    for (const j of inVectors) {
      const [row, column] = [`(r + ${i}u)`, `(c + ${j}u)`];
      let value = `sum${i}_${j}`;
      if (activation === 'relu') value = `select(${value}, vec4f(0.0), ${value} < vec4f(0.0))`;
      if (activation === 'tanh') value = unaryExpression('tanh', value, 4);
      if (mask) value = `select(${value}, vec4f(0.0), ${shader.vector(mask, 'm', row, column)} <= vec4f(0.0))`;
      lines.push(`batch[${shader.vectorIndex(out, 'm', row, column)}] = ${value};`);
    }
  }
  return `    for (var t = thread; t < ${tasks}u; t += ${shader.tuning.threads}u) {
    ${lines.join('\n      ')}
  }
`;
}

/** Neighbouring element-wise instructions of one shape become one step, where none reads another's output by other strides. */
function groupElementWise(work: readonly Work[]): Work[][] {
  const steps: Work[][] = [];
  for (const next of work) {
    const last = steps.at(-1);
    if (last !== undefined && isElementWise(next) && isElementWise(last[0]) && canJoin(last, next)) last.push(next);
    else steps.push([next]);
  }
  return steps;
}
function isElementWise(work: Work): work is Of<'unary'> | Of<'binary'> | Of<'select'> | Of<'fill'> {
  return work.op === 'unary' || work.op === 'binary' || work.op === 'select' || work.op === 'fill';
}
function canJoin(step: readonly Work[], next: Of<'unary'> | Of<'binary'> | Of<'select'> | Of<'fill'>): boolean {
  const first = (step[0] as { out: Place }).out.shape;
  const { shape } = next.out;
  if (first.members !== shape.members || first.rows !== shape.rows) return false;
  return placesRead(next).every((place) => {
    return (step as readonly { out: Place }[]).every(
      ({ out }) => keyOf(out) === keyOf(place) || !overlap(extent(out), extent(place)),
    );
  });
}
function placesRead(work: Work): Place[] {
  switch (work.op) {
    case 'matmul':
      return [work.a, work.b, work.bias, work.mask].filter((place) => place !== undefined);
    case 'unary':
    case 'reduce':
      return [work.x];
    case 'binary':
      return [work.x, work.y];
    case 'select':
      return [work.condition, work.x, work.y];
    default:
      return [];
  }
}
