/**
 * WGSL of one stage: what each job does, workgroup by workgroup.
 *
 * Batch values lie in a buffer of vectors of four columns, so a thread of a column job handles four columns of some rows; state
 * lies in vectors too, since whole vectors are what threads may write side by side. Everything else is single numbers. Sizes and
 * offsets are constants of the text; the replica is the third dimension of the dispatch.
 */
import type { Instruction, Place, Plan } from '../program/plan';
import { adam as adamConstants } from '../program/program';
import type { AdamPart, FusedGradient, Job, PolyakPart, Schedule, Stage, Work } from './schedule';
import { extent } from './schedule';
import { binaryExpression, selectExpression, unaryExpression } from './shaders/math';

type Of<Op extends Instruction['op']> = Extract<Instruction, { op: Op }>;

/** How work is cut for a device. Sizes that do not divide fall back to the largest divisor. */
export interface Tuning {
  /** Threads of a workgroup. */
  readonly threads: number;
  /** Vectors of four columns that a workgroup of a column job takes through its chain. */
  readonly tileVectors: number;
  /** Most outputs of a product that one thread makes at once: rows × vectors. */
  readonly rows: number;
  readonly vectors: number;
  /** Rows of a weight gradient that one thread makes at once, each four numbers wide. */
  readonly gradientRows: number;
  /** Threads that share a sum over the batch, so that neighbours read neighbouring columns. */
  readonly gradientLanes: number;
  /**
   * Jobs of a stage share one dispatch. A software device runs every branch of a shader, taken or not, so there each job has a
   * dispatch of its own.
   */
  readonly mergesJobs: boolean;
}
/** Few threads with many outputs each: a processor pays for every load. */
const softwareTuning: Tuning = {
  threads: 16,
  tileVectors: 4,
  rows: 4,
  vectors: 1,
  gradientRows: 4,
  gradientLanes: 1,
  mergesJobs: false,
};
/** Many threads. Tiles as wide as leaves every processor of a large device a workgroup: wider ones read weights less often. */
const hardwareTuning: Tuning = {
  threads: 256,
  tileVectors: 4,
  rows: 4,
  vectors: 1,
  gradientRows: 4,
  gradientLanes: 8,
  mergesJobs: true,
};
const fewWorkgroups = 32;

/** @param vectors  of four columns in a batch */
export function tuningFor(device: { readonly isSoftware: boolean }, replicas: number, vectors: number): Tuning {
  if (device.isSoftware) return softwareTuning;
  let { tileVectors } = hardwareTuning;
  while (tileVectors > 1 && (replicas * vectors) / tileVectors < fewWorkgroups) tileVectors /= 2;
  return { ...hardwareTuning, tileVectors };
}

export interface Kernel {
  readonly code: string;
  /** Workgroups along x; replicas along z. */
  readonly workgroups: number;
}

/** Offsets that depend on the number of replicas only. */
export interface Layout {
  readonly plan: Plan;
  readonly schedule: Schedule;
  /** Floats or words of one replica in each buffer. */
  readonly stride: {
    readonly state: number;
    readonly batch: number;
    readonly scratch: number;
    readonly replay: number;
    readonly coefficients: number;
  };
  /** Float in a replica's scratch where the metrics log starts. */
  readonly log: number;
  /** First word of each table. */
  readonly tables: { readonly active: number; readonly coefficients: number };
}

export const headerWords = 16;
/** Words of a replica's header. */
export const headerSlots = {
  key0: 0,
  key1: 1,
  update: 2,
  batchMode: 3,
  offlineColumns: 4,
  dataCount: 5,
  replayCount: 6,
  row: 7,
} as const;

export class KernelWriter {
  readonly #layout: Layout;
  readonly #tuning: Tuning;
  readonly #columns: number;
  /** Vectors in a row of batch values. */
  readonly #vectors: number;
  #names = 0;

  constructor(layout: Layout, tuning: Tuning) {
    this.#layout = layout;
    this.#tuning = tuning;
    this.#columns = layout.plan.batch;
    this.#vectors = layout.plan.batch / 4;
  }

  /** The text of a stage's kernels, without the prelude. */
  write({ jobs }: Stage): Kernel[] {
    const pieces = jobs.map((job) => this.#job(job));
    const groups = this.#tuning.mergesJobs ? [pieces] : pieces.map((piece) => [piece]);
    return groups.map((group) => this.#kernel(group));
  }
  #kernel(pieces: readonly { text: string; workgroups: number }[]): Kernel {
    let first = 0;
    const branches = pieces.map(({ text, workgroups }) => {
      const isInside = `group >= ${first}u && group < ${first + workgroups}u`;
      const body = `    let wg = group - ${first}u;\n${text}`;
      const branch = pieces.length === 1 ? body : `  if (${isInside}) {\n${body}  }\n`;
      first += workgroups;
      return branch;
    });
    const code = `
@compute @workgroup_size(${this.#tuning.threads})
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) thread: u32) {
  let group = id.x;
  enter(id.z);
${branches.join('')}}
`;
    return { code, workgroups: first };
  }

  #job(job: Job): { text: string; workgroups: number } {
    switch (job.kind) {
      case 'draw':
        return this.#draw(job.work[0] as Of<'gather'> | Of<'random'>);
      case 'column':
        return this.#column(job.work);
      case 'reduce':
        return this.#reduce(job.work[0] as FusedGradient | Of<'matmul'> | Of<'reduce'>);
      case 'arena':
        return this.#arena(job.work[0] as AdamPart | PolyakPart);
      case 'small':
        return { text: this.#small(job.work), workgroups: 1 };
      default:
        return job.kind satisfies never;
    }
  }

  // ---- places ----

  /** Float offset of a place in the buffer it lies in, and that buffer. */
  #locate({ offset }: Place): { buffer: 'state' | 'batch' | 'scratch'; first: number } {
    const { plan, schedule } = this.#layout;
    if (offset < plan.state.bytes) return { buffer: 'state', first: offset / 4 };
    const root = schedule.roots.find(({ first, end }) => first <= offset && offset < end);
    if (root === undefined) throw new Error(`No value lies at ${offset}.`);
    return { buffer: root.isBatch ? 'batch' : 'scratch', first: (root.offset + offset - root.first) / 4 };
  }
  #isBatch(place: Place): boolean {
    return this.#locate(place).buffer === 'batch';
  }
  /** One number of a place. */
  #number(place: Place, m: string, r: string, c: string): string {
    const { buffer, first } = this.#locate(place);
    return `${buffer}_number(${sum(first, [m, place.member], [r, place.row], [c, place.column])})`;
  }
  /** Index of a vector of four columns of a batch value. */
  #vectorIndex(place: Place, m: string, r: string, c: string): string {
    const { first } = this.#locate(place);
    return `batch_base + ${sum(first / 4, [m, place.member / 4], [r, place.row / 4], [c, 1])}`;
  }
  /** Four columns of a place, from vector `c` on. */
  #vector(place: Place, m: string, r: string, c: string): string {
    if (place.column === 0) return `vec4f(${this.#number(place, m, r, '0u')})`;
    if (this.#isBatch(place)) return `batch[${this.#vectorIndex(place, m, r, c)}]`;
    const parts = [0, 1, 2, 3].map((part) => this.#number(place, m, r, `(4u * ${c} + ${part}u)`));
    return `vec4f(${parts.join(', ')})`;
  }
  #name(stem: string): string {
    return `${stem}${this.#names++}`;
  }

  // ---- draw ----

  #draw(work: Of<'gather'> | Of<'random'>): { text: string; workgroups: number } {
    const { threads } = this.#tuning;
    const { out } = work;
    const [c, r] = ['c', 'r'];
    const target = this.#vectorIndex(out, '0u', r, c);
    if (work.op === 'random') {
      const tasks = out.shape.rows * this.#vectors;
      const convert = `${work.distribution}_from_bits`;
      const parts = [0, 1, 2, 3].map(
        (part) => `${convert}(draw_bits(${work.stream >>> 0}u, r * ${this.#columns}u + 4u * c + ${part}u))`,
      );
      return {
        text: `    let t = wg * ${threads}u + thread;
    if (t < ${tasks}u) {
      let r = t / ${this.#vectors}u;
      let c = t % ${this.#vectors}u;
      batch[${target}] = vec4f(${parts.join(', ')});
    }
`,
        workgroups: Math.ceil(tasks / threads),
      };
    }
    const fields = this.#layout.plan.record.stride / 4;
    const tasks = fields * this.#vectors;
    const records = [0, 1, 2, 3].map(
      (part) => `      let record${part} = record_part(${work.stream >>> 0}u, 4u * c + ${part}u, f);\n`,
    );
    const rows = ['x', 'y', 'z', 'w'].map(
      (component, part) =>
        `      batch[${this.#vectorIndex(out, '0u', `(4u * f + ${part}u)`, c)}] = vec4f(record0.${component}, record1.${component}, record2.${component}, record3.${component});\n`,
    );
    return {
      text: `    let t = wg * ${threads}u + thread;
    if (t < ${tasks}u) {
      let f = t / ${this.#vectors}u;
      let c = t % ${this.#vectors}u;
${records.join('')}${rows.join('')}    }
`,
      workgroups: Math.ceil(tasks / threads),
    };
  }

  // ---- column ----

  #column(work: readonly Work[]): { text: string; workgroups: number } {
    const tile = largestDivisor(this.#vectors, this.#tuning.tileVectors);
    const steps = groupElementWise(work);
    const text: string[] = [`    let tile = wg * ${tile}u;\n`];
    /** Written since the last barrier, by byte range. */
    let written: { first: number; end: number }[] = [];
    for (const step of steps) {
      const reads = step.flatMap(placesRead).map(extent);
      if (written.some((range) => reads.some((read) => read.first < range.end && range.first < read.end))) {
        text.push('    storageBarrier();\n    workgroupBarrier();\n');
        written = [];
      }
      if (step.length === 1 && step[0].op === 'matmul') text.push(this.#product(step[0], tile));
      else text.push(this.#elements(step, tile));
      for (const { out } of step as { out: Place }[]) written.push(extent(out));
    }
    return { text: text.join(''), workgroups: this.#vectors / tile };
  }

  /** One loop over the elements of a shape for a run of element-wise instructions, intermediate values in registers. */
  #elements(step: readonly Work[], tile: number): string {
    const instructions = step as readonly (Of<'unary'> | Of<'binary'> | Of<'select'> | Of<'fill'> | Of<'reduce'>)[];
    const { members, rows } = instructions[0].out.shape;
    const tasks = members * rows * tile;
    const known = new Map<string, string>();
    const read = (place: Place): string => known.get(keyOf(place)) ?? this.#vector(place, 'm', 'r', 'c');
    const lines: string[] = [];
    for (const instruction of instructions) {
      const name = this.#name('v');
      lines.push(`let ${name} = ${this.#elementExpression(instruction, read, lines)};`);
      known.set(keyOf(instruction.out), name);
      lines.push(`batch[${this.#vectorIndex(instruction.out, 'm', 'r', 'c')}] = ${name};`);
    }
    return `    for (var t = thread; t < ${tasks}u; t += ${this.#tuning.threads}u) {
      let c = tile + t % ${tile}u;
      let r = (t / ${tile}u) % ${rows}u;
      let m = t / ${tile * rows}u;
      ${lines.join('\n      ')}
    }
`;
  }
  #elementExpression(
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
        const total = this.#name('s');
        const at = (i: string) => (axis === 'members' ? this.#vector(x, i, 'r', 'c') : this.#vector(x, 'm', i, 'c'));
        lines.push(`var ${total} = ${at('0u')};`);
        const next = this.#name('x');
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
  #product(work: Of<'matmul'>, tile: number): string {
    const { form, a, b, out, bias, activation, mask } = work;
    const { members, rows } = out.shape;
    const depth = form === 'tn' ? a.shape.rows : a.shape.columns;
    const width = largestDivisor(tile, this.#tuning.vectors);
    const columnGroups = tile / width;
    // Fewer rows a thread where some threads would have none.
    let height = largestDivisor(rows, this.#tuning.rows);
    while (height > 1 && members * (rows / height) * columnGroups < this.#tuning.threads)
      height = largestDivisor(rows, height - 1);
    const rowGroups = rows / height;
    const tasks = members * rowGroups * columnGroups;
    const { buffer, first } = this.#locate(a);
    const isAligned = buffer === 'state' && first % 4 === 0 && a.member % 4 === 0 && a.row % 4 === 0;
    const inRows = [...Array(height).keys()];
    const inVectors = [...Array(width).keys()];
    const lines: string[] = [
      `let c = tile + (t % ${columnGroups}u) * ${width}u;`,
      `let r = ((t / ${columnGroups}u) % ${rowGroups}u) * ${height}u;`,
      `let m = t / ${columnGroups * rowGroups}u;`,
    ];
    for (const i of inRows) {
      const start = bias ? this.#vector(bias, 'm', `(r + ${i}u)`, 'c') : 'vec4f(0.0)';
      lines.push(`let start${i} = ${start};`);
      for (const j of inVectors) lines.push(`var sum${i}_${j} = start${i};`);
    }
    lines.push(`var x = ${this.#vectorIndex(b, 'm', '0u', 'c')};`);
    const step = b.row / 4;
    const loadColumns = (k: number) => inVectors.map((j) => `let x${k}_${j} = batch[x + ${k * step + j}u];`);
    const add = (i: number, k: number, weight: string) =>
      inVectors.map((j) => `sum${i}_${j} += ${weight} * x${k}_${j};`);
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
        form === 'tn' ? this.#number(a, 'm', 'k', `(r + ${i}u)`) : this.#number(a, 'm', `(r + ${i}u)`, 'k');
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
        if (mask) value = `select(${value}, vec4f(0.0), ${this.#vector(mask, 'm', row, column)} <= vec4f(0.0))`;
        lines.push(`batch[${this.#vectorIndex(out, 'm', row, column)}] = ${value};`);
      }
    }
    return `    for (var t = thread; t < ${tasks}u; t += ${this.#tuning.threads}u) {
      ${lines.join('\n      ')}
    }
`;
  }

  // ---- reduce ----

  #reduce(work: FusedGradient | Of<'matmul'> | Of<'reduce'>): { text: string; workgroups: number } {
    const made = work.op === 'fusedGradient' ? work.gradient : work;
    const isTile = made.op === 'matmul' && made.out.shape.columns % 4 === 0;
    const { lines, tasks, values } = isTile ? this.#gradientTile(made) : this.#flat(made);
    const { threads, gradientLanes: lanes } = this.#tuning;
    const deliveries = values.map(({ value, index }) => this.#deliver(work, made, value, index));
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
              ...this.#deliver(work, made, 'total', index),
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
  #gradientTile({ a, b, out }: Of<'matmul'>): Sums {
    const { members, rows, columns } = out.shape;
    const lanes = this.#tuning.gradientLanes;
    const height = largestDivisor(rows, this.#tuning.gradientRows);
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
      ...inRows.map((i) => `let a${i} = ${this.#vectorIndex(a, 'm', `(r + ${i}u)`, '0u')};`),
      ...inColumns.map((j) => `let b${j} = ${this.#vectorIndex(b, 'm', `(n + ${j}u)`, '0u')};`),
      `for (var k = lane; k < ${this.#vectors}u; k += ${lanes}u) {`,
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
  #flat(made: Of<'matmul'> | Of<'reduce'>): Sums {
    if (made.op === 'reduce' && made.kind !== 'sum') throw new Error(`A ${made.kind} over the batch is not summed.`);
    const { members, rows, columns } = made.out.shape;
    const lanes = this.#tuning.gradientLanes;
    const size = members * rows * columns;
    const lines = [0, 1, 2, 3].flatMap((part) => {
      const [m, r, n] = ['m', 'r', 'n'].map((name) => `${name}${part}`);
      const left = this.#vectorIndex(made.op === 'matmul' ? made.a : made.x, m, r, '0u');
      const [right, term] =
        made.op === 'matmul'
          ? [[`let b${part} = ${this.#vectorIndex(made.b, m, n, '0u')};`], `batch[a${part} + k] * batch[b${part} + k]`]
          : [[], `batch[a${part} + k]`];
      return [
        `let f${part} = min(4u * t + ${part}u, ${size - 1}u);`,
        `let n${part} = f${part} % ${columns}u;`,
        `let r${part} = (f${part} / ${columns}u) % ${rows}u;`,
        `let m${part} = f${part} / ${columns * rows}u;`,
        `var sum${part} = vec4f(0.0);`,
        `let a${part} = ${left};`,
        ...right,
        `for (var k = lane; k < ${this.#vectors}u; k += ${lanes}u) { sum${part} += ${term}; }`,
      ];
    });
    const part = (i: number) =>
      size % 4 === 0 ? total(`sum${i}`) : `select(0.0, ${total(`sum${i}`)}, 4u * t + ${i}u < ${size}u)`;
    const value = `vec4f(${[0, 1, 2, 3].map(part).join(', ')})`;
    return { lines, tasks: Math.ceil(size / 4), values: [{ value, index: 't', before: [] }] };
  }
  /** Writes four numbers at `index` (in fours) of a dense output, or takes Adam's step with them. */
  #deliver(work: Work, { out }: { out: Place }, value: string, index: string): string[] {
    if (work.op === 'fusedGradient') {
      const { adam, polyak } = work;
      return [
        '{',
        `let i = ${index};`,
        `let gradient = ${value};`,
        ...this.#adamStep(adam, 'gradient', 'i'),
        ...(polyak ? this.#polyakStep(polyak, 'i') : []),
        '}',
      ];
    }
    const size = out.shape.members * out.shape.rows * out.shape.columns;
    const { buffer, first } = this.#locate(out);
    if (buffer !== 'scratch') throw new Error('A sum over the batch goes to memory of single numbers.');
    const name = this.#name('g');
    const isWhole = size % 4 === 0;
    return [
      `let ${name} = ${value};`,
      ...['x', 'y', 'z', 'w'].map((lane, part) => {
        const store = `scratch[scratch_base + ${first + part}u + 4u * ${index}] = ${name}.${lane};`;
        return isWhole || part === 0 ? store : `if (4u * ${index} + ${part}u < ${size}u) { ${store} }`;
      }),
    ];
  }

  // ---- Adam, Polyak ----

  /** One step for the vector `i` (in fours) of a part, with `gradient` a vec4f. */
  #adamStep({ adam, first, execution }: AdamPart, gradient: string, i: string): string[] {
    const at = (offset: number) => `state_base + ${offset / 16 + first / 4}u + ${i}`;
    const { beta1, beta2, epsilon } = adamConstants;
    const rate = this.#number(adam.learningRate, '0u', '0u', '0u');
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
  #polyakStep({ polyak, first }: PolyakPart, i: string): string[] {
    const target = `state_base + ${polyak.target / 16 + first / 4}u + ${i}`;
    const rate = this.#number(polyak.rate, '0u', '0u', '0u');
    return [`let lagging = state[${target}];`, `state[${target}] = lagging + ${rate} * (moved - lagging);`];
  }
  #arenaStep(work: AdamPart | PolyakPart, i: string): string[] {
    if (work.op === 'polyakPart') {
      const source = `state_base + ${work.polyak.source / 16 + work.first / 4}u + ${i}`;
      return [`let moved = state[${source}];`, ...this.#polyakStep(work, i)];
    }
    const { first } = this.#locate({ offset: work.adam.gradients } as Place);
    const parts = [0, 1, 2, 3].map((part) => `scratch[scratch_base + ${first + work.first + part}u + 4u * ${i}]`);
    return [`let gradient = vec4f(${parts.join(', ')});`, ...this.#adamStep(work, 'gradient', i)];
  }
  #arena(work: AdamPart | PolyakPart): { text: string; workgroups: number } {
    const tasks = work.count / 4;
    return {
      text: `    let t = wg * ${this.#tuning.threads}u + thread;
    if (t < ${tasks}u) {
      ${this.#arenaStep(work, 't').join('\n      ')}
    }
`,
      workgroups: Math.ceil(tasks / this.#tuning.threads),
    };
  }

  // ---- small ----

  #small(works: readonly Work[]): string {
    const text: string[] = [];
    works.forEach((work, index) => {
      if (index > 0) text.push('    storageBarrier();\n    workgroupBarrier();\n');
      text.push(this.#smallWork(work));
    });
    return text.join('');
  }
  #loop(tasks: number, lines: readonly string[]): string {
    return `    for (var t = thread; t < ${tasks}u; t += ${this.#tuning.threads}u) {
      ${lines.join('\n      ')}
    }
`;
  }
  #smallWork(work: Work): string {
    const { plan } = this.#layout;
    switch (work.op) {
      case 'adamPart':
      case 'polyakPart':
        return this.#loop(work.count / 4, this.#arenaStep(work, 't'));
      case 'metric': {
        const slot = plan.metricsRow / 4 + work.column;
        return `    if (thread == 0u) { state[state_base + ${slot >> 2}u].${'xyzw'[slot & 3]} = ${this.#number(work.value, '0u', '0u', '0u')}; }\n`;
      }
      case 'finish': {
        const columns = plan.metrics.length;
        const copies = plan.metrics.map(
          (_, column) =>
            `      scratch[scratch_base + ${this.#layout.log}u + row * ${columns}u + ${column}u] = state_number(${plan.metricsRow / 4 + column}u);\n`,
        );
        return `    if (thread == 0u) {
      let row = header[header_base + ${headerSlots.row}u];
${copies.join('')}      header[header_base + ${headerSlots.row}u] = row + 1u;
      header[header_base + ${headerSlots.update}u] += 1u;
    }
`;
      }
      case 'clip':
        return this.#clip(work);
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
        const value = this.#smallExpression(work, lines);
        const { buffer, first } = this.#locate(work.out);
        if (buffer !== 'scratch') throw new Error(`${work.op}: expected an output outside the batch.`);
        lines.push(
          `scratch[scratch_base + ${sum(first, ['m', work.out.member], ['r', work.out.row], ['c', work.out.column])}] = ${value};`,
        );
        return this.#loop(members * rows * columns, lines);
      }
      case 'fusedGradient':
      case 'gather':
        throw new Error(`${work.op} is never small.`);
      default:
        return work satisfies never;
    }
  }
  #smallExpression(
    work: Of<'matmul'> | Of<'unary'> | Of<'binary'> | Of<'select'> | Of<'fill'> | Of<'reduce'> | Of<'random'>,
    lines: string[],
  ): string {
    const at = (place: Place) => this.#number(place, 'm', 'r', 'c');
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
            ? this.#number(x, i, 'r', 'c')
            : axis === 'rows'
              ? this.#number(x, 'm', i, 'c')
              : this.#number(x, 'm', 'r', i);
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
        const left = form === 'tn' ? this.#number(a, 'm', 'k', 'r') : this.#number(a, 'm', 'r', 'k');
        const right = form === 'nt' ? this.#number(b, 'm', 'c', 'k') : this.#number(b, 'm', 'k', 'c');
        lines.push(
          `var s = ${bias ? this.#number(bias, 'm', 'r', '0u') : '0.0'};`,
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
  #clip({ gradients, count, limit }: Of<'clip'>): string {
    const { threads } = this.#tuning;
    const { first } = this.#locate({ offset: gradients } as Place);
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
}

/** Sums over the batch: code that makes them, tasks that share them out, and per task vectors of four with where they go. */
interface Sums {
  readonly lines: readonly string[];
  readonly tasks: number;
  readonly values: readonly { readonly value: string; readonly index: string; readonly before: readonly string[] }[];
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
    const range = extent(place);
    return step.every((made) => {
      const { out } = made as { out: Place };
      const other = extent(out);
      return keyOf(out) === keyOf(place) || range.end <= other.first || other.end <= range.first;
    });
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
function keyOf({ offset, shape, member, row, column }: Place): string {
  return [offset, shape.members, shape.rows, shape.columns, member, row, column].join();
}

/** `first + Σ index·stride` without what is 0, as u32. */
function sum(first: number, ...terms: readonly (readonly [string, number])[]): string {
  const parts = terms.filter(([index, stride]) => stride !== 0 && index !== '0u');
  return [`${first}u`, ...parts.map(([index, stride]) => (stride === 1 ? index : `${index} * ${stride}u`))].join(' + ');
}
function total(vector: string): string {
  return `((${vector}.x + ${vector}.y) + (${vector}.z + ${vector}.w))`;
}
function largestDivisor(of: number, limit: number): number {
  for (let divisor = Math.min(of, limit); divisor > 1; divisor--) if (of % divisor === 0) return divisor;
  return 1;
}
/** A number as WGSL writes an f32. */
export function literal(value: number): string {
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded)) throw new RangeError(`A shader cannot write the number ${value}.`);
  const text = `${rounded}`;
  return /[.e]/.test(text) ? `f32(${text})` : `f32(${text}.0)`;
}
