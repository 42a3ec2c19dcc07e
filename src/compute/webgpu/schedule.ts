/**
 * From a plan's instructions to stages: what one dispatch can do, because nothing in it waits for another workgroup.
 *
 * Every instruction is of one kind, by how its work spreads over workgroups:
 *
 *     draw     gather and noise: any thread, any element
 *     column   batch-local: each column of the batch alone (forward passes, losses, input gradients); a workgroup takes a tile
 *              of columns through a whole chain, with barriers of its own only
 *     reduce   over the batch: weight gradients and sums; where only Adam reads a gradient, its thread takes Adam's step too
 *              (and Polyak's after it), and the gradient never reaches memory
 *     arena    Adam and Polyak over long arenas: any thread, any element
 *     small    the rest (scalars, metrics, clipping): one workgroup, in order
 *
 * An instruction goes into the earliest stage that its dependencies allow. Two of kind `column` or two of kind `small` may
 * depend on each other within a stage; any other dependency crosses workgroups and so starts a later one.
 */
import { placeByLifetime } from '../program/memory';
import type { Instruction, ModuleArena, Place, Plan } from '../program/plan';
import { sizeOf } from '../program/shapes';

type Of<Op extends Instruction['op']> = Extract<Instruction, { op: Op }>;
/** Byte offsets, the end excluded. */
export interface Range {
  readonly first: number;
  readonly end: number;
}

/** Adam's step over `count` floats from float `first` of a module's arena; `execution` is its first row of corrections. */
export interface AdamPart {
  readonly op: 'adamPart';
  readonly adam: Of<'adam'>;
  readonly first: number;
  readonly count: number;
  readonly execution: number;
}
export interface PolyakPart {
  readonly op: 'polyakPart';
  readonly polyak: Of<'polyak'>;
  readonly first: number;
  readonly count: number;
}
/** A gradient that goes straight into Adam's step. */
export interface FusedGradient {
  readonly op: 'fusedGradient';
  readonly gradient: Of<'matmul'> | Of<'reduce'>;
  readonly adam: AdamPart;
  readonly polyak?: PolyakPart;
}
/** The end of an update: its row of metrics goes to the log, the counters rise. */
interface Finish {
  readonly op: 'finish';
}
export type Work =
  | Exclude<Instruction, Of<'adam'> | Of<'polyak'> | Of<'block'>>
  | AdamPart
  | PolyakPart
  | FusedGradient
  | Finish;
export type WorkKind = 'draw' | 'column' | 'reduce' | 'arena' | 'small';

/** What one dispatch does. Jobs share nothing but what earlier stages left. */
export interface Stage {
  readonly jobs: readonly Job[];
}
export interface Job {
  readonly kind: WorkKind;
  /** In order; more than one for `column` and `small` only. */
  readonly work: readonly Work[];
}
export type Segment =
  /** `adams`: the steps of Adam taken in it, in order, however they are spread over its stages. */
  | { readonly stages: readonly Stage[]; readonly adams: readonly AdamExecutions[] }
  | {
      readonly every?: number;
      readonly repeat?: number;
      readonly enabled?: Place;
      readonly body: readonly Segment[];
    };

/** Where a value that is no state lies: in the buffer of batch values (vectors of four columns) or of other numbers. */
export interface Root extends Range {
  readonly isBatch: boolean;
  /** Byte offset in its buffer. */
  readonly offset: number;
}
export interface Schedule {
  readonly segments: readonly Segment[];
  readonly roots: readonly Root[];
  readonly batchBytes: number;
  readonly scratchBytes: number;
  /** Rows of corrections that Adam's steps of one update need, whatever its blocks do. */
  readonly executions: number;
}
/** One step of Adam in the program as written. */
export interface AdamExecutions {
  readonly adam: Of<'adam'>;
  /** Its first row; pass p of the `repeat` blocks around it has row first + p. */
  readonly first: number;
}

/** Longer parts of an arena than this are spread over workgroups. */
const smallCount = 2048;
/** Pseudo-addresses of what lies outside the image: the counters, and the log. */
const countersRange: Range = { first: -8, end: -4 };

export function schedule(plan: Plan): Schedule {
  const scheduler = new Scheduler(plan);
  return scheduler.schedule(plan.entries['update'].instructions);
}

interface MutableRoot extends Range {
  isBatch: boolean;
  firstStage: number;
  lastStage: number;
}

class Scheduler {
  readonly #plan: Plan;
  readonly #roots: MutableRoot[] = [];
  #adams: AdamExecutions[] = [];
  #executions = 0;
  #stages = 0;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  schedule(instructions: readonly Instruction[]): Schedule {
    this.#findRoots(instructions);
    const segments = this.#segmentsOf([...instructions, { op: 'finish' }], 1);
    const placed = (isBatch: boolean) => {
      const roots = this.#roots.filter((root) => root.isBatch === isBatch);
      const lifetimes = roots.map(({ first, end, firstStage, lastStage }) => ({
        bytes: lastStage < 0 ? 0 : end - first, // fused gradients need no room
        first: firstStage,
        last: lastStage,
      }));
      const { offsets, bytes } = placeByLifetime(lifetimes, 16);
      return {
        roots: roots.map(({ first, end }, index): Root => ({ first, end, isBatch, offset: offsets[index] })),
        bytes,
      };
    };
    const [batch, scratch] = [placed(true), placed(false)];
    return {
      segments,
      roots: [...batch.roots, ...scratch.roots].sort((a, b) => a.first - b.first),
      batchBytes: batch.bytes,
      scratchBytes: scratch.bytes,
      executions: this.#executions,
    };
  }

  // ---- values ----

  /** Joins what instructions write into roots, and finds which of them hold a column for each of the batch. */
  #findRoots(instructions: readonly Instruction[]): void {
    const ranges: Range[] = [];
    const outs: { instruction: Instruction; range: Range }[] = [];
    const collect = (list: readonly Instruction[]) => {
      for (const instruction of list) {
        if (instruction.op === 'block') {
          collect(instruction.body);
          continue;
        }
        // What is read as one must stay together: parts of a concatenation, gradients of a module.
        const { reads } = this.#accessesOfAny(instruction);
        ranges.push(...reads.filter(({ first }) => first >= this.#plan.state.bytes));
        if ('out' in instruction && !this.#isState(instruction.out.offset)) {
          const range = extent(instruction.out);
          ranges.push(range);
          outs.push({ instruction, range });
        }
      }
    };
    collect(instructions);
    for (const { first, end } of ranges.sort((a, b) => a.first - b.first)) {
      const last = this.#roots.at(-1);
      if (last !== undefined && first < last.end)
        this.#roots[this.#roots.length - 1] = { ...last, end: Math.max(last.end, end) };
      else
        this.#roots.push({
          first,
          end: roundUp16(end),
          isBatch: false,
          firstStage: Number.POSITIVE_INFINITY,
          lastStage: -1,
        });
    }
    for (const { instruction, range } of outs) {
      if (this.#givesColumns(instruction)) this.#rootOf(range.first)!.isBatch = true;
    }
  }
  #givesColumns(instruction: Instruction): boolean {
    const { batch } = this.#plan;
    switch (instruction.op) {
      case 'gather':
        return true;
      case 'random':
        return instruction.out.shape.columns === batch;
      case 'matmul':
        return instruction.form !== 'nt' && this.holdsColumns(instruction.b);
      case 'reduce':
        return instruction.axis !== 'columns' && this.holdsColumns(instruction.x);
      case 'unary':
        return this.holdsColumns(instruction.x);
      case 'binary':
        return this.holdsColumns(instruction.x) || this.holdsColumns(instruction.y);
      case 'select':
        return [instruction.condition, instruction.x, instruction.y].some((place) => this.holdsColumns(place));
      default:
        return false;
    }
  }
  /** Whether a place names values with a column for each of the batch. */
  holdsColumns(place: Place): boolean {
    return this.#rootOf(place.offset)?.isBatch ?? false;
  }
  #rootOf(offset: number): MutableRoot | undefined {
    return this.#roots.find(({ first, end }) => first <= offset && offset < end);
  }
  #isState(offset: number): boolean {
    return offset < this.#plan.state.bytes;
  }

  // ---- segments ----

  /** @param passes of the `repeat` blocks around */
  #segmentsOf(list: readonly (Instruction | Finish)[], passes: number): Segment[] {
    const segments: Segment[] = [];
    let straight: (Exclude<Instruction, Of<'block'>> | Finish)[] = [];
    const flush = () => {
      if (straight.length > 0) {
        const stages = this.#stagesOf(this.#fuse(straight, passes));
        segments.push({ stages, adams: this.#adams });
      }
      straight = [];
      this.#adams = [];
    };
    for (const instruction of list) {
      if (instruction.op !== 'block') {
        straight.push(instruction);
        continue;
      }
      flush();
      const { every, repeat, enabled, body } = instruction;
      const firstStage = this.#stages;
      segments.push({ every, repeat, enabled, body: this.#segmentsOf(body, passes * (repeat ?? 1)) });
      if (repeat !== undefined) this.#keepThrough(firstStage, this.#stages - 1);
    }
    flush();
    return segments;
  }
  /** What a repeated body reads from outside must outlive its last stage: the next pass reads it again. */
  #keepThrough(firstStage: number, lastStage: number): void {
    for (const root of this.#roots) {
      if (root.firstStage < firstStage && root.lastStage >= firstStage)
        root.lastStage = Math.max(root.lastStage, lastStage);
    }
  }

  // ---- Adam's and Polyak's steps, taken apart and fused ----

  #fuse(list: readonly (Exclude<Instruction, Of<'block'>> | Finish)[], passes: number): Work[] {
    const moved = new Set<number>();
    /** Polyak steps already attached, by instruction: floats [first, end) of its arena. */
    const attached = new Map<number, Range[]>();
    const replacements = new Map<number, Work[]>();
    list.forEach((instruction, at) => {
      if (instruction.op !== 'adam') return;
      const execution = this.#executions;
      this.#adams.push({ adam: instruction, first: execution });
      this.#executions += passes;
      const arena = this.#plan.arenas.find(({ parameters }) => parameters === instruction.parameters)!;
      const polyakAt = this.#polyakAfter(list, at, instruction);
      const works: Work[] = [];
      let rest = 0;
      const takeRest = (end: number) => {
        if (end > rest) works.push({ op: 'adamPart', adam: instruction, first: rest, count: end - rest, execution });
      };
      for (const { first, count } of slotsOf(this.#plan, arena)) {
        const range = floats(instruction.gradients + 4 * first, count);
        const maker = this.#onlyMaker(list, at, range, instruction);
        if (maker === null) continue;
        moved.add(maker.at);
        takeRest(first);
        rest = first + count;
        const part = { first, count };
        const polyak = polyakAt === null ? undefined : (list[polyakAt] as Of<'polyak'>);
        works.push({
          op: 'fusedGradient',
          gradient: maker.gradient,
          adam: { op: 'adamPart', adam: instruction, ...part, execution },
          ...(polyak ? { polyak: { op: 'polyakPart', polyak, ...part } } : {}),
        });
        if (polyakAt !== null)
          attached.set(polyakAt, [...(attached.get(polyakAt) ?? []), { first, end: first + count }]);
      }
      takeRest(instruction.count);
      replacements.set(at, works);
    });
    return list.flatMap((instruction, at): Work[] => {
      if (moved.has(at)) return [];
      if (instruction.op === 'adam') return replacements.get(at)!;
      if (instruction.op === 'polyak') return remainder(instruction, attached.get(at) ?? []);
      return [instruction];
    });
  }
  /**
   * The instruction that makes exactly the gradients in `range`, if it sums over the batch, nobody but this Adam reads them and
   * what it reads is the same still when Adam comes.
   */
  #onlyMaker(
    list: readonly (Instruction | Finish)[],
    adamAt: number,
    range: Range,
    adam: Of<'adam'>,
  ): { at: number; gradient: Of<'matmul'> | Of<'reduce'> } | null {
    let found: { at: number; gradient: Of<'matmul'> | Of<'reduce'> } | null = null;
    for (let at = adamAt - 1; at >= 0 && found === null; at--) {
      const instruction = list[at];
      if (instruction.op === 'finish' || instruction.op === 'block') return null;
      const { reads, writes } = this.#accesses(instruction as Work);
      if (reads.some((read) => overlap(read, range))) return null;
      if (!writes.some((write) => overlap(write, range))) continue;
      if (instruction.op !== 'matmul' && instruction.op !== 'reduce') return null;
      if (this.#kindOf(instruction) !== 'reduce' || extent(instruction.out).first !== range.first) return null;
      if (sizeOf(instruction.out.shape) > (range.end - range.first) / 4) return null;
      found = { at, gradient: instruction };
    }
    if (found === null) return null;
    const { reads } = this.#accesses(found.gradient);
    for (let at = found.at + 1; at < adamAt; at++) {
      const { writes } = this.#accessesOfAny(list[at]);
      if (writes.some((write) => reads.some((read) => overlap(read, write)))) return null;
    }
    const readsLater = list.slice(adamAt + 1).some((later) => {
      const { reads: all } = this.#accessesOfAny(later);
      return later !== adam && all.some((read) => overlap(read, range));
    });
    return readsLater ? null : found;
  }
  /** Position of the Polyak step that follows `adam` with its module as the source, and nothing touching either in between. */
  #polyakAfter(list: readonly (Instruction | Finish)[], adamAt: number, adam: Of<'adam'>): number | null {
    for (let at = adamAt + 1; at < list.length; at++) {
      const instruction = list[at];
      const source = floats(adam.parameters, adam.count);
      if (instruction.op === 'polyak' && instruction.source === adam.parameters) {
        const target = floats(instruction.target, instruction.count);
        if (!this.#isState(instruction.rate.offset)) return null;
        const between = list.slice(adamAt + 1, at).map((other) => this.#accessesOfAny(other));
        const isTouched = between.some(
          ({ reads, writes }) =>
            [...reads, ...writes].some((range) => overlap(range, target)) ||
            writes.some((range) => overlap(range, source)),
        );
        return isTouched ? null : at;
      }
      const { writes } = this.#accessesOfAny(instruction);
      if (writes.some((range) => overlap(range, source))) return null;
    }
    return null;
  }

  // ---- stages ----

  #stagesOf(list: readonly Work[]): Stage[] {
    const kinds = list.map((work) => this.#kindOf(work));
    const accesses = list.map((work) => this.#accesses(work));
    const stages: number[] = [];
    const conflicts: number[][] = [];
    list.forEach((_, at) => {
      let stage = 0;
      conflicts.push([]);
      for (let earlier = 0; earlier < at; earlier++) {
        if (!conflict(accesses[earlier], accesses[at])) continue;
        conflicts[at].push(earlier);
        const isChain = kinds[earlier] === kinds[at] && (kinds[at] === 'column' || kinds[at] === 'small');
        stage = Math.max(stage, stages[earlier] + (isChain ? 0 : 1));
      }
      stages.push(stage);
    });
    const count = Math.max(...stages) + 1;
    const base = this.#stages;
    this.#stages += count;
    list.forEach((_, at) => {
      const { reads, writes } = accesses[at];
      for (const range of [...reads, ...writes]) {
        for (const root of this.#roots) {
          if (!overlap(root, range)) continue;
          root.firstStage = Math.min(root.firstStage, base + stages[at]);
          root.lastStage = Math.max(root.lastStage, base + stages[at]);
        }
      }
    });
    return Array.from({ length: count }, (_, stage) => ({
      jobs: jobsOf(
        list.map((work, at) => ({ work, at })).filter(({ at }) => stages[at] === stage),
        kinds,
        conflicts,
      ),
    }));
  }
  #kindOf(work: Work | Instruction): WorkKind {
    switch (work.op) {
      case 'gather':
        return 'draw';
      case 'random':
        return this.holdsColumns(work.out) ? 'draw' : 'small';
      case 'fusedGradient':
        return 'reduce';
      case 'adamPart':
      case 'polyakPart':
        return work.count > smallCount ? 'arena' : 'small';
      case 'matmul':
        if (work.form === 'nt') return this.holdsColumns(work.a) && this.holdsColumns(work.b) ? 'reduce' : 'small';
        return this.holdsColumns(work.out) ? 'column' : 'small';
      case 'reduce':
        if (work.axis === 'columns')
          return work.kind === 'sum' && this.holdsColumns(work.x) && work.x.column === 1 ? 'reduce' : 'small';
        return this.holdsColumns(work.out) ? 'column' : 'small';
      case 'unary':
      case 'binary':
      case 'select':
      case 'fill':
        return this.holdsColumns(work.out) ? 'column' : 'small';
      default:
        return 'small';
    }
  }
  #accessesOfAny(instruction: Instruction | Finish): Accesses {
    if (instruction.op === 'adam' || instruction.op === 'polyak')
      return this.#arenaAccesses(instruction, 0, instruction.count);
    if (instruction.op === 'block') throw new Error('A block inside straight code.');
    return this.#accesses(instruction);
  }
  #accesses(work: Work | Instruction): Accesses {
    switch (work.op) {
      case 'matmul':
        return io([work.a, work.b, work.bias, work.mask], work.out);
      case 'unary':
      case 'reduce':
        return io([work.x], work.out);
      case 'binary':
        return io([work.x, work.y], work.out);
      case 'select':
        return io([work.condition, work.x, work.y], work.out);
      case 'fill':
        return io([], work.out);
      case 'gather':
      case 'random': {
        const { reads, writes } = io([], work.out);
        return { reads: [...reads, countersRange], writes };
      }
      case 'adam':
      case 'polyak':
        return this.#arenaAccesses(work, 0, work.count);
      case 'adamPart':
        return this.#arenaAccesses(work.adam, work.first, work.count);
      case 'polyakPart':
        return this.#arenaAccesses(work.polyak, work.first, work.count);
      case 'fusedGradient': {
        const { gradient, adam, polyak } = work;
        const made = this.#accesses(gradient);
        const step = this.#arenaAccesses(adam.adam, adam.first, adam.count);
        const follow = polyak
          ? this.#arenaAccesses(polyak.polyak, polyak.first, polyak.count)
          : { reads: [], writes: [] };
        return {
          reads: [...made.reads, ...step.reads.slice(1), ...follow.reads],
          writes: [...step.writes, ...follow.writes],
        };
      }
      case 'clip': {
        const range = floats(work.gradients, work.count);
        return { reads: [range], writes: [range] };
      }
      case 'metric': {
        const row = this.#plan.metricsRow + 4 * work.column;
        return { reads: [extent(work.value)], writes: [floats(row, 1)] };
      }
      case 'finish': {
        const row = floats(this.#plan.metricsRow, this.#plan.metrics.length);
        return { reads: [row, countersRange], writes: [countersRange] };
      }
      case 'block':
        throw new Error('A block inside straight code.');
      default:
        return work satisfies never;
    }
  }
  /** The first range that Adam reads is the gradients. */
  #arenaAccesses(work: Of<'adam'> | Of<'polyak'>, first: number, count: number): Accesses {
    const part = (offset: number) => floats(offset + 4 * first, count);
    if (work.op === 'polyak') {
      const target = part(work.target);
      return { reads: [part(work.source), extent(work.rate), target], writes: [target] };
    }
    const moved = [part(work.parameters), part(work.first), part(work.second)];
    return { reads: [part(work.gradients), extent(work.learningRate), countersRange, ...moved], writes: moved };
  }
}

interface Accesses {
  readonly reads: readonly Range[];
  readonly writes: readonly Range[];
}

/** Instructions of one stage, column chains that have nothing to do with each other apart. */
function jobsOf(
  members: readonly { work: Work; at: number }[],
  kinds: readonly WorkKind[],
  conflicts: readonly (readonly number[])[],
): Job[] {
  const jobs: { kind: WorkKind; work: Work[]; at: Set<number> }[] = [];
  for (const { work, at } of members) {
    const kind = kinds[at];
    if (kind === 'small') {
      const chain = jobs.find((job) => job.kind === 'small');
      if (chain) chain.work.push(work);
      else jobs.push({ kind, work: [work], at: new Set([at]) });
    } else if (kind === 'column') {
      const joined = jobs.filter(
        (job) => job.kind === 'column' && conflicts[at].some((earlier) => job.at.has(earlier)),
      );
      if (joined.length === 0) {
        jobs.push({ kind, work: [work], at: new Set([at]) });
        continue;
      }
      const [first, ...others] = joined;
      for (const other of others) {
        for (const position of other.at) first.at.add(position);
        first.work.push(...other.work);
        jobs.splice(jobs.indexOf(other), 1);
      }
      first.at.add(at);
      first.work.push(work);
    } else jobs.push({ kind, work: [work], at: new Set([at]) });
  }
  const order = new Map(members.map(({ work, at }) => [work, at]));
  return jobs.map(({ kind, work }) => ({ kind, work: work.sort((a, b) => order.get(a)! - order.get(b)!) }));
}

/** What is left of a Polyak step when the attached parts are taken out. */
function remainder(polyak: Of<'polyak'>, attached: readonly Range[]): PolyakPart[] {
  const parts: PolyakPart[] = [];
  let first = 0;
  for (const { first: start, end } of [...attached].sort((a, b) => a.first - b.first)) {
    if (start > first) parts.push({ op: 'polyakPart', polyak, first, count: start - first });
    first = end;
  }
  if (polyak.count > first) parts.push({ op: 'polyakPart', polyak, first, count: polyak.count - first });
  return parts;
}

/** The arrays of a module's arena in floats, each with the padding behind it. */
function slotsOf(plan: Plan, arena: ModuleArena): { first: number; count: number }[] {
  const slots = plan.parameters.filter(({ module }) => module === arena.name).sort((a, b) => a.offset - b.offset);
  return slots.map(({ offset }, index) => {
    const first = (offset - arena.parameters) / 4;
    const end = index + 1 < slots.length ? (slots[index + 1].offset - arena.parameters) / 4 : arena.count;
    return { first, count: end - first };
  });
}

function io(inputs: readonly (Place | undefined)[], out: Place): Accesses {
  return { reads: inputs.filter((place) => place !== undefined).map(extent), writes: [extent(out)] };
}
export function extent({ offset, shape, member, row, column }: Place): Range {
  const last = (shape.members - 1) * member + (shape.rows - 1) * row + (shape.columns - 1) * column;
  return { first: offset, end: offset + 4 * (last + 1) };
}
function floats(offset: number, count: number): Range {
  return { first: offset, end: offset + 4 * count };
}
export function overlap(a: Range, b: Range): boolean {
  return a.first < b.end && b.first < a.end;
}
function conflict(earlier: Accesses, later: Accesses): boolean {
  return (
    earlier.writes.some((write) => later.reads.some((read) => overlap(write, read))) ||
    later.writes.some((write) => earlier.reads.some((read) => overlap(write, read))) ||
    earlier.writes.some((write) => later.writes.some((other) => overlap(write, other)))
  );
}
function roundUp16(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}
