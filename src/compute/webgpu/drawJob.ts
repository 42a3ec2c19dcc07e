/** Minibatches and noise, straight from the counter-based streams. */
import type { Of, Piece, Shader } from './shader';

export function drawJob(shader: Shader, work: Of<'gather'> | Of<'random'>): Piece {
  const { threads } = shader.tuning;
  const { out } = work;
  const [c, r] = ['c', 'r'];
  const target = shader.vectorIndex(out, '0u', r, c);
  if (work.op === 'random') {
    const tasks = out.shape.rows * shader.vectors;
    const convert = `${work.distribution}_from_bits`;
    const parts = [0, 1, 2, 3].map(
      (part) => `${convert}(draw_bits(${work.stream >>> 0}u, r * ${shader.columns}u + 4u * c + ${part}u))`,
    );
    return {
      text: `    let t = wg * ${threads}u + thread;
  if (t < ${tasks}u) {
    let r = t / ${shader.vectors}u;
    let c = t % ${shader.vectors}u;
    batch[${target}] = vec4f(${parts.join(', ')});
  }
`,
      workgroups: Math.ceil(tasks / threads),
    };
  }
  const fields = shader.layout.plan.record.stride / 4;
  const tasks = fields * shader.vectors;
  const records = [0, 1, 2, 3].map(
    (part) => `      let record${part} = record_part(${work.stream >>> 0}u, 4u * c + ${part}u, f);\n`,
  );
  const rows = ['x', 'y', 'z', 'w'].map(
    (component, part) =>
      `      batch[${shader.vectorIndex(out, '0u', `(4u * f + ${part}u)`, c)}] = vec4f(record0.${component}, record1.${component}, record2.${component}, record3.${component});\n`,
  );
  return {
    text: `    let t = wg * ${threads}u + thread;
  if (t < ${tasks}u) {
    let f = t / ${shader.vectors}u;
    let c = t % ${shader.vectors}u;
${records.join('')}${rows.join('')}    }
`,
    workgroups: Math.ceil(tasks / threads),
  };
}
