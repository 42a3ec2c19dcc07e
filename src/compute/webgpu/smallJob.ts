/** What one workgroup does in order: scalars, metrics, clipping, short arenas, the end of an update. */
import type { Place } from '../program/plan';
import { arenaStep } from './arenaJob';
import type { Work } from './schedule';
import { headerSlots, literal, type Of, type Shader, sum } from './shader';
import { binaryExpression, selectExpression, unaryExpression } from './shaders/math';

export function smallJob(shader: Shader, works: readonly Work[]): string {
  const text: string[] = [];
  works.forEach((work, index) => {
    if (index > 0) text.push('    storageBarrier();\n    workgroupBarrier();\n');
    text.push(smallWork(shader, work));
  });
  return text.join('');
}
function loop(shader: Shader, tasks: number, lines: readonly string[]): string {
  return `    for (var t = thread; t < ${tasks}u; t += ${shader.tuning.threads}u) {
    ${lines.join('\n      ')}
  }
`;
}
function smallWork(shader: Shader, work: Work): string {
  const { plan } = shader.layout;
  switch (work.op) {
    case 'adamPart':
    case 'polyakPart':
      return loop(shader, work.count / 4, arenaStep(shader, work, 't'));
    case 'metric': {
      const slot = plan.metricsRow / 4 + work.column;
      return `    if (thread == 0u) { state[state_base + ${slot >> 2}u].${'xyzw'[slot & 3]} = ${shader.number(work.value, '0u', '0u', '0u')}; }\n`;
    }
    case 'finish': {
      const columns = plan.metrics.length;
      const copies = plan.metrics.map(
        (_, column) =>
          `      scratch[scratch_base + ${shader.layout.log}u + row * ${columns}u + ${column}u] = state_number(${plan.metricsRow / 4 + column}u);\n`,
      );
      return `    if (thread == 0u) {
    let row = header[header_base + ${headerSlots.row}u];
${copies.join('')}      header[header_base + ${headerSlots.row}u] = row + 1u;
    header[header_base + ${headerSlots.update}u] += 1u;
  }
`;
    }
    case 'clip':
      return clip(shader, work);
    case 'matmul':
    case 'unary':
    case 'binary':
    case 'select':
    case 'fill':
    case 'reduce':
    case 'random': {
      const { members, rows, columns } = work.out.shape;
      const lines = [
        `let c = t % ${columns}u;`,
        `let r = (t / ${columns}u) % ${rows}u;`,
        `let m = t / ${columns * rows}u;`,
      ];
      const value = smallExpression(shader, work, lines);
      const { buffer, first } = shader.locate(work.out);
      if (buffer !== 'scratch') throw new Error(`${work.op}: expected an output outside the batch.`);
      lines.push(
        `scratch[scratch_base + ${sum(first, ['m', work.out.member], ['r', work.out.row], ['c', work.out.column])}] = ${value};`,
      );
      return loop(shader, members * rows * columns, lines);
    }
    case 'fusedGradient':
    case 'gather':
      throw new Error(`${work.op} is never small.`);
    default:
      return work satisfies never;
  }
}
function smallExpression(
  shader: Shader,
  work: Of<'matmul'> | Of<'unary'> | Of<'binary'> | Of<'select'> | Of<'fill'> | Of<'reduce'> | Of<'random'>,
  lines: string[],
): string {
  const at = (place: Place) => shader.number(place, 'm', 'r', 'c');
  switch (work.op) {
    case 'unary':
      return unaryExpression(work.kind, at(work.x));
    case 'binary':
      return binaryExpression(work.kind, at(work.x), at(work.y));
    case 'select':
      return selectExpression(at(work.condition), at(work.x), at(work.y));
    case 'fill':
      return literal(work.value);
    case 'random':
      return `${work.distribution}_from_bits(draw_bits(${work.stream >>> 0}u, t))`;
    case 'reduce': {
      const { x, axis, kind } = work;
      const element = (i: string) =>
        axis === 'members'
          ? shader.number(x, i, 'r', 'c')
          : axis === 'rows'
            ? shader.number(x, 'm', i, 'c')
            : shader.number(x, 'm', 'r', i);
      const combine = kind === 'sum' ? 's + x' : kind === 'minimum' ? 'select(s, x, x < s)' : 'select(s, x, s < x)';
      lines.push(
        `var s = ${element('0u')};`,
        `for (var i = 1u; i < ${x.shape[axis]}u; i++) { let x = ${element('i')}; s = ${combine}; }`,
      );
      return 's';
    }
    case 'matmul': {
      const { form, a, b, bias, mask, activation } = work;
      const depth = form === 'tn' ? a.shape.rows : a.shape.columns;
      const left = form === 'tn' ? shader.number(a, 'm', 'k', 'r') : shader.number(a, 'm', 'r', 'k');
      const right = form === 'nt' ? shader.number(b, 'm', 'c', 'k') : shader.number(b, 'm', 'k', 'c');
      lines.push(
        `var s = ${bias ? shader.number(bias, 'm', 'r', '0u') : '0.0'};`,
        `for (var k = 0u; k < ${depth}u; k++) { s += ${left} * ${right}; }`,
      );
      const activated = activation === 'none' ? 's' : unaryExpression(activation, 's');
      return mask ? `select(${activated}, 0.0, ${at(mask)} <= 0.0)` : activated;
    }
    default:
      return work satisfies never;
  }
}
/** Every thread sums its share of the squares, one adds the shares up, all scale. */
function clip(shader: Shader, { gradients, count, limit }: Of<'clip'>): string {
  const { threads } = shader.tuning;
  const { first } = shader.locate({ offset: gradients } as Place);
  const gradient = `scratch[scratch_base + ${first}u + t]`;
  return `    shares[thread] = 0.0;
  for (var t = thread; t < ${count}u; t += ${threads}u) { shares[thread] += ${gradient} * ${gradient}; }
  workgroupBarrier();
  var squares = 0.0;
  for (var i = 0u; i < ${threads}u; i++) { squares += shares[i]; }
  let norm = sqrt(squares);
  if (norm > ${literal(limit)}) {
    for (var t = thread; t < ${count}u; t += ${threads}u) { ${gradient} = ${gradient} * (${literal(limit)} / norm); }
  }
`;
}
