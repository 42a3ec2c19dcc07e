/** WGSL of one stage: a kernel for all its jobs, or one each. The replica is the third dimension of every dispatch. */
import { arenaJob } from './arenaJob';
import { columnJob } from './columnJob';
import { drawJob } from './drawJob';
import { reduceJob } from './reduceJob';
import type { AdamPart, FusedGradient, Job, PolyakPart, Stage } from './schedule';
import { type Layout, type Of, type Piece, Shader } from './shader';
import { smallJob } from './smallJob';
import type { Tuning } from './tuning';

export interface Kernel {
  readonly code: string;
  /** Workgroups along x; replicas along z. */
  readonly workgroups: number;
}

export class KernelWriter {
  readonly #shader: Shader;

  constructor(layout: Layout, tuning: Tuning) {
    this.#shader = new Shader(layout, tuning);
  }

  /** The text of a stage's kernels, without the prelude. */
  write({ jobs }: Stage): Kernel[] {
    const pieces = jobs.map((job) => this.#job(job));
    const groups = this.#shader.tuning.mergesJobs ? [pieces] : pieces.map((piece) => [piece]);
    return groups.map((group) => this.#kernel(group));
  }
  #kernel(pieces: readonly Piece[]): Kernel {
    let first = 0;
    const branches = pieces.map(({ text, workgroups }) => {
      const isInside = `group >= ${first}u && group < ${first + workgroups}u`;
      const body = `    let wg = group - ${first}u;\n${text}`;
      const branch = pieces.length === 1 ? body : `  if (${isInside}) {\n${body}  }\n`;
      first += workgroups;
      return branch;
    });
    const code = `
@compute @workgroup_size(${this.#shader.tuning.threads})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) thread: u32) {
  let group = id.x;
  enter(id.z);
${branches.join('')}}
`;
    return { code, workgroups: first };
  }

  #job(job: Job): Piece {
    switch (job.kind) {
      case 'draw':
        return drawJob(this.#shader, job.work[0] as Of<'gather'> | Of<'random'>);
      case 'column':
        return columnJob(this.#shader, job.work);
      case 'reduce':
        return reduceJob(this.#shader, job.work[0] as FusedGradient | Of<'matmul'> | Of<'reduce'>);
      case 'arena':
        return arenaJob(this.#shader, job.work[0] as AdamPart | PolyakPart);
      case 'small':
        return { text: smallJob(this.#shader, job.work), workgroups: 1 };
      default:
        return job.kind satisfies never;
    }
  }
}
