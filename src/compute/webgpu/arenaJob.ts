/** Adam's and Polyak's steps over parts of a module's arena, in vectors of four. */
import type { Place } from '../program/plan';
import { adam as adamConstants } from '../program/program';
import type { AdamPart, PolyakPart } from './schedule';
import { literal, type Piece, type Shader } from './shader';

/** One step for the vector `i` (in fours) of a part, with `gradient` a vec4f. */
export function adamStep(shader: Shader, { adam, first, execution }: AdamPart, gradient: string, i: string): string[] {
  const at = (offset: number) => `state_base + ${offset / 16 + first / 4}u + ${i}`;
  const { beta1, beta2, epsilon } = adamConstants;
  const rate = shader.number(adam.learningRate, '0u', '0u', '0u');
  return [
    `let corrections = adam_corrections(${execution}u);`,
    `let before1 = state[${at(adam.first)}];`,
    `let before2 = state[${at(adam.second)}];`,
    `let moment1 = flushed(${literal(beta1)} * before1 + ${literal(1 - beta1)} * ${gradient});`,
    `let moment2 = flushed(${literal(beta2)} * before2 + ${literal(1 - beta2)} * (${gradient} * ${gradient}));`,
    `state[${at(adam.first)}] = moment1;`,
    `state[${at(adam.second)}] = moment2;`,
    `let moved = state[${at(adam.parameters)}] - (${rate} * corrections.x) * moment1 / (sqrt(moment2) * corrections.y + vec4f(${literal(epsilon)}));`,
    `state[${at(adam.parameters)}] = moved;`,
  ];
}
/** After Adam's step for the same vector, whose result is `moved`. */
export function polyakStep(shader: Shader, { polyak, first }: PolyakPart, i: string): string[] {
  const target = `state_base + ${polyak.target / 16 + first / 4}u + ${i}`;
  const rate = shader.number(polyak.rate, '0u', '0u', '0u');
  return [`let lagging = state[${target}];`, `state[${target}] = lagging + ${rate} * (moved - lagging);`];
}
export function arenaStep(shader: Shader, work: AdamPart | PolyakPart, i: string): string[] {
  if (work.op === 'polyakPart') {
    const source = `state_base + ${work.polyak.source / 16 + work.first / 4}u + ${i}`;
    return [`let moved = state[${source}];`, ...polyakStep(shader, work, i)];
  }
  const { first } = shader.locate({ offset: work.adam.gradients } as Place);
  const parts = [0, 1, 2, 3].map((part) => `scratch[scratch_base + ${first + work.first + part}u + 4u * ${i}]`);
  return [`let gradient = vec4f(${parts.join(', ')});`, ...adamStep(shader, work, 'gradient', i)];
}
export function arenaJob(shader: Shader, work: AdamPart | PolyakPart): Piece {
  const tasks = work.count / 4;
  return {
    text: `    let t = wg * ${shader.tuning.threads}u + thread;
  if (t < ${tasks}u) {
    ${arenaStep(shader, work, 't').join('\n      ')}
  }
`,
    workgroups: Math.ceil(tasks / shader.tuning.threads),
  };
}
