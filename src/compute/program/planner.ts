/**
 * From a program set to a plan: every value gets an address, every step its instructions.
 *
 * Views (rows, members, broadcasts) are strides on the value they look at. Gradients are written straight into their module's
 * gradient arena, parameters are read where they lie; everything else shares one arena by lifetime.
 */
import { sha256Hex } from '../../numeric/digest';
import { batchStream, noiseStream } from './draws';
import { type Fusion, type Lowered, lower, readsOf, type Step, visit } from './lower';
import { Layout, type Lifetime, placeByLifetime } from './memory';
import type { EntryPoint, Instruction, ModuleArena, ParameterSlot, Place, Plan, SourceSlots } from './plan';
import type { Node, NodeId, Program, ProgramSet, Shape } from './program';
import { axes, scalarShape, sizeOf } from './shapes';

export interface PlanOptions {
  /** Records the data source can hold. */
  readonly dataCapacity: number;
  readonly replayCapacity: number;
  /** Rows of the metrics log: updates a call can run before its log is read. */
  readonly logRows: number;
  /**
   * Every value keeps bytes of its own: for executors that run instructions side by side and place temporaries themselves.
   * Otherwise values that are never alive together share.
   */
  readonly distinctTemporaries?: boolean;
}

const float = 4;
/** Of vectors: what SIMD loads like. */
const vectorAlignment = 16;
/** Of whole regions: a cache line. */
const regionAlignment = 64;

export function plan(programs: ProgramSet, options: PlanOptions): Plan {
  const lowered = new Map<Program, Lowered>();
  for (const program of [programs.update, ...Object.values(programs.queries)]) lowered.set(program, lower(program));
  requireDistinctStreams(Object.keys(programs.queries));

  // The state.
  const layout = new Layout(0);
  const word = () => layout.take(4, 4);
  const state = { key0: word(), key1: word(), update: word(), batchMode: word(), offlineColumns: word() };
  const counts = { data: word(), replay: word() };
  const learning = programs.modules.filter(({ learns }) => learns);
  const powers = new Map(learning.map(({ name }) => [name, layout.take(16, 8)]));
  const scalars: Record<string, { offset: number; initial: number }> = {};
  for (const { name, value } of programs.scalars) scalars[name] = { offset: layout.take(float, float), initial: value };
  const constants = placeConstants([...lowered.values()], layout);
  const metricsRow = layout.take(float * programs.update.metrics.length, vectorAlignment);
  const shapes = programs.modules.map(({ name, parameters }) => {
    const inside = new Layout(0);
    const offsets = parameters.map(({ shape }) => inside.take(float * sizeOf(shape), vectorAlignment));
    return { name, parameters, offsets, bytes: Math.ceil(inside.end / vectorAlignment) * vectorAlignment };
  });
  const region = (bytes: number) => layout.take(bytes, regionAlignment);
  const bases = new Map(shapes.map(({ name, bytes }) => [name, region(bytes)]));
  const moments = new Map<string, { first: number; second: number }>();
  for (const { name, bytes } of shapes) {
    if (powers.has(name)) moments.set(name, { first: region(bytes), second: region(bytes) });
  }
  const stateBytes = layout.take(0, regionAlignment);

  // Records, then what no checkpoint needs.
  const { record } = programs;
  const source = (count: number, capacity: number): SourceSlots => {
    // An empty source keeps one slot of zeros, so that a draw from it reads something defined.
    const slots = Math.max(1, capacity);
    return { count, capacity: slots, records: region(slots * record.stride * float) };
  };
  const data = source(counts.data, options.dataCapacity);
  const replay = source(counts.replay, options.replayCapacity);
  const query = layout.take(4, regionAlignment);
  const gradients = new Map<string, number>();
  for (const { name, bytes } of shapes) if (powers.has(name)) gradients.set(name, region(bytes));
  const temporaries = region(0);

  const arenas: ModuleArena[] = shapes.map(({ name, bytes }) => ({
    name,
    parameters: bases.get(name)!,
    count: bytes / float,
    ...moments.get(name),
    powers: powers.get(name),
    gradients: gradients.get(name),
  }));
  const parameters: ParameterSlot[] = shapes.flatMap(({ name, parameters: specs, offsets }) =>
    specs.map((spec, index) => ({ ...spec, module: name, offset: bases.get(name)! + offsets[index] })),
  );
  const addresses: Addresses = {
    scalars,
    constants: constants.offsets,
    metrics: programs.update.metrics,
    arenas: new Map(arenas.map((arena) => [arena.name, arena])),
    slots: new Map(programs.modules.map(({ name }) => [name, parameters.filter((slot) => slot.module === name)])),
    temporaries,
    areDistinct: options.distinctTemporaries ?? false,
  };
  const entries: Record<string, EntryPoint> = {};
  let temporaryBytes = 0;
  for (const [program, steps] of lowered) {
    const { entry, bytes } = new EntryPlanner(program, steps, addresses).plan();
    entries[program.name] = entry;
    temporaryBytes = Math.max(temporaryBytes, bytes);
  }
  layout.take(temporaryBytes, 1);
  const log = { offset: region(options.logRows * programs.update.metrics.length * float), rows: options.logRows };

  const header = { ...state, query };
  return {
    bytes: layout.take(0, regionAlignment),
    state: { offset: 0, bytes: stateBytes },
    header,
    scalars,
    constants: constants.values,
    parameters,
    arenas,
    record,
    data,
    replay,
    batch: programs.update.columns,
    metrics: programs.update.metrics,
    metricsRow,
    log,
    entries,
    layout: sha256Hex(
      new TextEncoder().encode(
        JSON.stringify({
          state: stateBytes,
          header: state,
          counts,
          // A scalar's place counts, not its start value: a knob that was moved changes no layout.
          scalars: Object.entries(scalars).map(([name, { offset }]) => [name, offset]),
          constants: constants.values,
          parameters: parameters.map(({ module, name, shape, offset }) => ({ module, name, shape, offset })),
          moments: [...moments],
          powers: [...powers],
          metrics: programs.update.metrics,
          metricsRow,
          record,
        }),
      ),
    ),
    flops: flopsOf(entries['update'].instructions),
  };
}

/** Every constant once, in the order of first use. */
function placeConstants(
  lowered: readonly Lowered[],
  layout: Layout,
): { offsets: ReadonlyMap<string, number>; values: { offset: number; value: number }[] } {
  const offsets = new Map<string, number>();
  const values: { offset: number; value: number }[] = [];
  for (const { nodes, steps } of lowered) {
    visit(steps, (step) => {
      const node = step.kind === 'node' ? nodes[step.id] : null;
      if (node?.op !== 'constant' || offsets.has(constantKey(node.values))) return;
      const offset = layout.take(float * node.values.length, float);
      offsets.set(constantKey(node.values), offset);
      node.values.forEach((value, index) => {
        values.push({ offset: offset + float * index, value });
      });
    });
  }
  return { offsets, values };
}
function constantKey(values: readonly number[]): string {
  return values.map((value) => (Object.is(value, -0) ? '-0' : `${value}`)).join(',');
}
function requireDistinctStreams(queries: readonly string[]): void {
  const seen = new Map<number, string>();
  for (const name of queries) {
    const first = noiseStream(name, 0);
    const other = seen.get(first);
    if (other !== undefined) throw new Error(`Queries "${other}" and "${name}" would draw the same noise; rename one.`);
    seen.set(first, name);
  }
}
/** Multiplications and additions of matrix products, an update's average over its blocks. */
function flopsOf(instructions: readonly Instruction[]): number {
  let flops = 0;
  for (const instruction of instructions) {
    if (instruction.op === 'matmul') {
      const { shape } = instruction.a;
      flops += 2 * sizeOf(instruction.out.shape) * (instruction.form === 'tn' ? shape.rows : shape.columns);
    } else if (instruction.op === 'block') {
      flops += (flopsOf(instruction.body) * (instruction.repeat ?? 1)) / (instruction.every ?? 1);
    }
  }
  return flops;
}

interface Addresses {
  readonly scalars: Readonly<Record<string, { readonly offset: number }>>;
  readonly constants: ReadonlyMap<string, number>;
  readonly metrics: readonly string[];
  readonly arenas: ReadonlyMap<string, ModuleArena>;
  readonly slots: ReadonlyMap<string, readonly ParameterSlot[]>;
  readonly temporaries: number;
  readonly areDistinct: boolean;
}
/** What a view sees of the value at its root, in floats. */
interface View {
  readonly root: NodeId;
  readonly offset: number;
  readonly member: number;
  readonly row: number;
  readonly column: 0 | 1;
}
type Storage = { readonly at: 'fixed'; readonly offset: number } | { readonly at: 'temporary'; readonly index: number };

/** Plans one program: positions of its steps, lifetimes of its values, then instructions. */
class EntryPlanner {
  readonly #program: Program;
  readonly #nodes: readonly Node[];
  readonly #steps: readonly Step[];
  readonly #fusions: ReadonlyMap<NodeId, Fusion>;
  readonly #addresses: Addresses;
  readonly #positions = new Map<Step, number>();
  /** First and last position of repeated blocks. */
  readonly #loops: { readonly first: number; readonly last: number }[] = [];
  readonly #definedAt = new Map<NodeId, number>();
  /** By root. */
  readonly #lastUse = new Map<NodeId, number>();
  /** Broadcasts that a matrix product reads: they must really be there. */
  readonly #materialised = new Set<NodeId>();
  /** Parameters that move while an older value is still needed. */
  readonly #copied = new Set<NodeId>();
  readonly #storage = new Map<NodeId, Storage>();
  readonly #lifetimes: { bytes: number; first: number; last: number }[] = [];
  /** Copies of outputs that are no dense value of their own, by output name. */
  readonly #outputCopies = new Map<string, Storage>();
  #offsets: readonly number[] = [];

  constructor(program: Program, { nodes, steps, fusions }: Lowered, addresses: Addresses) {
    this.#program = program;
    this.#nodes = nodes;
    this.#steps = steps;
    this.#fusions = fusions;
    this.#addresses = addresses;
  }

  plan(): { entry: EntryPoint; bytes: number } {
    this.#number(this.#steps, { next: 0 });
    this.#findMaterialised();
    this.#findLastUses();
    this.#findCopied();
    this.#placeGradients();
    this.#placeValues();
    const always = { first: 0, last: Number.POSITIVE_INFINITY };
    const lifetimes: readonly Lifetime[] = this.#addresses.areDistinct
      ? this.#lifetimes.map(({ bytes }) => ({ bytes, ...always }))
      : this.#lifetimes;
    const placed = placeByLifetime(lifetimes, vectorAlignment);
    this.#offsets = placed.offsets;
    const instructions = this.#emitAll(this.#steps);
    const inputs: Record<string, Place> = {};
    for (const { name, node } of this.#program.inputs) inputs[name] = this.#place(node);
    const outputs: Record<string, Place> = {};
    for (const { name, node } of this.#program.outputs) outputs[name] = this.#outputPlace(name, node);
    return {
      entry: { name: this.#program.name, instructions, inputs, outputs, columns: this.#program.columns },
      bytes: placed.bytes,
    };
  }

  #number(steps: readonly Step[], counter: { next: number }): void {
    for (const step of steps) {
      const position = counter.next++;
      this.#positions.set(step, position);
      if (step.kind === 'node') this.#definedAt.set(step.id, position);
      if (step.kind === 'block') {
        this.#number(step.body, counter);
        const last = counter.next++;
        if ('repeat' in step.when) this.#loops.push({ first: position, last });
      }
    }
  }
  #findMaterialised(): void {
    visit(this.#steps, (step) => {
      if (step.kind !== 'node') return;
      const node = this.#nodes[this.#fusions.get(step.id)?.matmul ?? step.id];
      if (node.op !== 'matmul') return;
      for (let operand of [node.a, node.b]) {
        for (let view = this.#nodes[operand]; this.#isView(operand); view = this.#nodes[operand]) {
          const inner = (view as { x: NodeId }).x;
          const { shape } = this.#nodes[inner];
          const isSpread = shape.rows !== view.shape.rows || shape.columns !== view.shape.columns;
          if (view.op === 'broadcast' && isSpread) this.#materialised.add(operand);
          else operand = inner;
        }
      }
    });
  }
  /** A position inside a loop keeps values from outside alive until the loop ends: the next pass reads them again. */
  #findLastUses(): void {
    visit(this.#steps, (step) => {
      const position = this.#positions.get(step)!;
      for (const id of readsOf(step, this.#nodes, this.#fusions)) this.#use(this.#view(id).root, position);
    });
    for (const { node } of this.#program.outputs) this.#use(this.#view(node).root, Number.POSITIVE_INFINITY);
  }
  #use(root: NodeId, position: number): void {
    const defined = this.#definedAt.get(root) ?? -1;
    let last = position;
    for (const loop of this.#loops) {
      if (defined < loop.first && loop.first < position && position <= loop.last) last = Math.max(last, loop.last);
    }
    this.#lastUse.set(root, Math.max(last, this.#lastUse.get(root) ?? -1));
  }
  #findCopied(): void {
    const moves: { module: string; position: number }[] = [];
    visit(this.#steps, (step) => {
      const position = this.#positions.get(step)!;
      if (step.kind === 'adam') moves.push({ module: step.module, position });
      if (step.kind === 'polyak') moves.push({ module: step.target, position });
    });
    for (const [id, defined] of this.#definedAt) {
      const node = this.#nodes[id];
      if (node.op !== 'parameter') continue;
      const last = this.#lastUse.get(id) ?? -1;
      if (moves.some((move) => move.module === node.module && defined < move.position && move.position < last)) {
        this.#copied.add(id);
      }
    }
  }
  /** Gradients that can be computed where Adam reads them: nobody writes there in between, nobody reads them afterwards. */
  #placeGradients(): void {
    const lastStep = new Map<string, number>();
    visit(this.#steps, (step) => {
      if (step.kind !== 'adam') return;
      const position = this.#positions.get(step)!;
      for (const [name, id] of step.gradients) {
        const isFree =
          this.#isComputed(id) &&
          !this.#storage.has(id) &&
          this.#definedAt.get(id)! > (lastStep.get(step.module) ?? -1) &&
          this.#lastUse.get(id)! <= position;
        if (isFree) this.#storage.set(id, { at: 'fixed', offset: this.#gradientOffset(step.module, name) });
      }
      lastStep.set(step.module, position);
    });
  }
  #placeValues(): void {
    for (const { node } of this.#program.inputs) this.#storage.set(node, this.#temporary(node, -1));
    visit(this.#steps, (step) => {
      if (step.kind === 'node' && !this.#storage.has(step.id) && !this.#isView(step.id)) {
        this.#storage.set(step.id, this.#storageOf(step.id, this.#positions.get(step)!));
      }
      if (step.kind === 'output' && !this.#isDenseOutput(step.value)) {
        this.#outputCopies.set(
          step.name,
          this.#temporary(step.value, this.#positions.get(step)!, Number.POSITIVE_INFINITY),
        );
      }
    });
  }
  #storageOf(id: NodeId, position: number): Storage {
    const node = this.#nodes[id];
    if (node.op === 'constant')
      return { at: 'fixed', offset: this.#addresses.constants.get(constantKey(node.values))! };
    if (node.op === 'scalar') return { at: 'fixed', offset: this.#addresses.scalars[node.name].offset };
    if (node.op === 'parameter' && !this.#copied.has(id)) {
      return { at: 'fixed', offset: this.#slot(node.module, node.name).offset };
    }
    return this.#temporary(id, position);
  }
  #temporary(id: NodeId, first: number, last = this.#lastUse.get(id) ?? first): Storage {
    this.#lifetimes.push({ bytes: float * sizeOf(this.#nodes[id].shape), first, last: Math.max(first, last) });
    return { at: 'temporary', index: this.#lifetimes.length - 1 };
  }

  #slot(module: string, name: string): ParameterSlot {
    return this.#addresses.slots.get(module)!.find((slot) => slot.name === name)!;
  }
  #gradientOffset(module: string, name: string): number {
    const arena = this.#addresses.arenas.get(module)!;
    return arena.gradients! + this.#slot(module, name).offset - arena.parameters;
  }
  #isView(id: NodeId): boolean {
    const { op } = this.#nodes[id];
    if (op === 'broadcast') return !this.#materialised.has(id);
    return op === 'rows' || op === 'member' || op === 'stopGradient';
  }
  /** Whether a step writes this value into storage of its own. */
  #isComputed(id: NodeId): boolean {
    const { op } = this.#nodes[id];
    const isRead = op === 'parameter' || op === 'constant' || op === 'scalar' || op === 'input';
    return !isRead && !this.#isView(id) && this.#definedAt.has(id);
  }
  #isDenseOutput(id: NodeId): boolean {
    return this.#isComputed(id);
  }

  #view(id: NodeId): View {
    const node = this.#nodes[id];
    const { members, rows, columns } = node.shape;
    const strides = (view: View): View => ({
      ...view,
      member: members === 1 ? 0 : view.member,
      row: rows === 1 ? 0 : view.row,
      column: columns === 1 ? 0 : view.column,
    });
    if (!this.#isView(id)) return strides({ root: id, offset: 0, member: rows * columns, row: columns, column: 1 });
    const inner = this.#view((node as { x: NodeId }).x);
    if (node.op !== 'rows' && node.op !== 'member') return strides(inner);
    const step = node.op === 'rows' ? inner.row : inner.member;
    return strides({ ...inner, offset: inner.offset + node.first * step });
  }
  #address(storage: Storage): number {
    return storage.at === 'fixed' ? storage.offset : this.#addresses.temporaries + this.#offsets[storage.index];
  }
  /** Where a value lies; with a shape, spread to it. */
  #place(id: NodeId, shape: Shape = this.#nodes[id].shape): Place {
    const { root, offset, member, row, column } = this.#view(id);
    const base = this.#address(this.#storage.get(root)!);
    return { offset: base + float * offset, shape, member, row, column };
  }
  #outputPlace(name: string, id: NodeId): Place {
    const copy = this.#outputCopies.get(name);
    return copy === undefined ? this.#place(id) : densePlace(this.#address(copy), this.#nodes[id].shape);
  }

  #emitAll(steps: readonly Step[]): Instruction[] {
    return steps.flatMap((step) => this.#emit(step));
  }
  #emit(step: Step): Instruction[] {
    switch (step.kind) {
      case 'node':
        return this.#emitNode(step.id);
      case 'adam':
        return this.#emitAdam(step);
      case 'polyak': {
        const target = this.#addresses.arenas.get(step.target)!;
        const source = this.#addresses.arenas.get(step.source)!;
        const rate = this.#place(step.rate);
        return [{ op: 'polyak', target: target.parameters, source: source.parameters, count: target.count, rate }];
      }
      case 'metric':
        return [{ op: 'metric', column: this.#addresses.metrics.indexOf(step.name), value: this.#place(step.value) }];
      case 'output': {
        if (!this.#outputCopies.has(step.name)) return [];
        return [copy(this.#place(step.value), this.#outputPlace(step.name, step.value))];
      }
      case 'block': {
        const body = this.#emitAll(step.body);
        if ('every' in step.when) return [{ op: 'block', every: step.when.every, body }];
        if ('repeat' in step.when) return [{ op: 'block', repeat: step.when.repeat, body }];
        const { offset } = this.#addresses.scalars[step.when.enabled];
        return [{ op: 'block', enabled: densePlace(offset, scalarShape), body }];
      }
      default:
        return step satisfies never;
    }
  }
  #emitAdam(step: Extract<Step, { kind: 'adam' }>): Instruction[] {
    const arena = this.#addresses.arenas.get(step.module)!;
    const { parameters, count } = arena;
    const gradients = arena.gradients!;
    const instructions: Instruction[] = [];
    for (const { name, shape } of this.#addresses.slots.get(step.module)!) {
      const out = densePlace(this.#gradientOffset(step.module, name), shape);
      const id = step.gradients.get(name);
      if (id === undefined) instructions.push({ op: 'fill', value: 0, out });
      else {
        const place = this.#place(id);
        if (place.offset !== out.offset) instructions.push(copy(place, out));
      }
    }
    if (step.gradientClip !== undefined) {
      instructions.push({ op: 'clip', gradients, count, limit: step.gradientClip });
    }
    const learningRate = this.#place(step.learningRate);
    const { first, second, powers } = arena;
    instructions.push({
      op: 'adam',
      parameters,
      gradients,
      first: first!,
      second: second!,
      powers: powers!,
      count,
      learningRate,
    });
    return instructions;
  }
  #emitNode(id: NodeId): Instruction[] {
    if (this.#isView(id)) return [];
    const node = this.#nodes[id];
    const { shape } = node;
    const storage = this.#storage.get(id)!;
    const fusion = this.#fusions.get(id);
    if (fusion !== undefined) return [this.#emitMatmul(id, fusion)];
    const out = densePlace(this.#address(storage), shape);
    switch (node.op) {
      case 'constant':
      case 'scalar':
      case 'input':
        return [];
      case 'parameter':
        return this.#copied.has(id) ? [copy(densePlace(this.#slot(node.module, node.name).offset, shape), out)] : [];
      case 'batch':
        return [{ op: 'gather', stream: batchStream(node.draw), out }];
      case 'random': {
        const stream = noiseStream(this.#program.name, node.stream);
        return [{ op: 'random', distribution: node.distribution, stream, out }];
      }
      case 'matmul':
        return [this.#emitMatmul(id, { matmul: id, activation: 'none' })];
      case 'unary':
        return [{ op: 'unary', kind: node.kind, x: this.#place(node.x), out }];
      case 'binary':
        return [{ op: 'binary', kind: node.kind, x: this.#place(node.x, shape), y: this.#place(node.y, shape), out }];
      case 'select': {
        const [condition, x, y] = [node.condition, node.x, node.y].map((operand) => this.#place(operand, shape));
        return [{ op: 'select', condition, x, y, out }];
      }
      case 'reduce':
        return [{ op: 'reduce', kind: node.kind, axis: node.axis, x: this.#place(node.x), out }];
      case 'pad': {
        const x = this.#place(node.x);
        return [{ op: 'fill', value: 0, out }, copy(x, inside(out, node.axis, node.first, x.shape))];
      }
      case 'concat': {
        let first = 0;
        return node.parts.map((part) => {
          const x = this.#place(part);
          const target = inside(out, 'rows', first, x.shape);
          first += x.shape.rows;
          return copy(x, target);
        });
      }
      case 'broadcast':
        return [copy(this.#place(node.x, shape), out)];
      case 'rows':
      case 'member':
      case 'stopGradient':
        throw new Error(`A view (${node.op}) has no instruction.`);
      default:
        return node satisfies never;
    }
  }
  #emitMatmul(id: NodeId, { matmul, bias, activation, mask }: Fusion): Instruction {
    const node = this.#nodes[matmul];
    if (node.op !== 'matmul') throw new Error('A fusion without its product.');
    return {
      op: 'matmul',
      form: node.form,
      a: this.#place(node.a),
      b: this.#place(node.b),
      out: densePlace(this.#address(this.#storage.get(id)!), node.shape),
      activation,
      ...(bias === undefined ? {} : { bias: this.#place(bias) }),
      ...(mask === undefined ? {} : { mask: this.#place(mask) }),
    };
  }
}

function copy(x: Place, out: Place): Instruction {
  return { op: 'unary', kind: 'copy', x, out };
}
function densePlace(offset: number, shape: Shape): Place {
  const { members, rows, columns } = shape;
  return {
    offset,
    shape,
    member: members === 1 ? 0 : rows * columns,
    row: rows === 1 ? 0 : columns,
    column: columns === 1 ? 0 : 1,
  };
}
/** The part of `whole` from `first` along `axis`, of `shape`. */
function inside(whole: Place, axis: 'rows' | 'members', first: number, shape: Shape): Place {
  const { rows, columns } = whole.shape;
  const strides = { members: rows * columns, rows: columns, columns: 1 };
  const [member, row, column] = axes.map((name) => (shape[name] === 1 ? 0 : strides[name]));
  return { offset: whole.offset + float * first * strides[axis], shape, member, row, column: column as 0 | 1 };
}
