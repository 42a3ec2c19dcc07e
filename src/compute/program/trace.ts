/**
 * Records tensor programs: calling a method on a traced tensor adds a node, nothing is computed.
 *
 * `traceProgramSet` hands out a `Tracer`. Modules and scalars are declared on it once; `update` and each `query` then trace one
 * program. Tensors made outside a program (a hyperparameter, `discount.oneMinus()`) are recipes: whichever program uses
 * them records them anew. Tensors made inside belong to that program.
 */
import type { Batch, Recorder } from '../../algorithms/algorithm';
import type { Network } from '../modules';
import { differentiate } from './autodiff';
import { drawLimit } from './draws';
import { differentiableAncestors, Graph, operandsOf, withOperands } from './graph';
import type {
  Axis,
  BinaryOp,
  BlockCondition,
  ModuleSpec,
  NodeId,
  ParameterSpec,
  Program,
  ProgramSet,
  RecordLayout,
  Shape,
  Statement,
  UnaryOp,
} from './program';
import { describeShape, sameShape, scalarShape, shapeOf, sizeOf } from './shapes';
import type { Operand, Tensor } from './tensor';

/** A `Recorder` with what algorithms rarely need. */
export interface ProgramRecorder extends Recorder {
  minimize(loss: Tensor, network: Network, learningRate?: Tensor, options?: { readonly gradientClip?: number }): Tensor;
  /** Runs `body` n times; its random draws are fresh each time. */
  repeat<T>(n: number, body: () => T): T;
  /** Runs `body` while the scalar is not 0. */
  enabled<T>(scalar: Tensor, body: () => T): T;
  /** ∂loss/∂x for each of `wrt`: tensors like any other, so they can be penalised and differentiated again. */
  gradient(loss: Tensor, wrt: readonly Tensor[]): Tensor[];
  /** Another minibatch, drawn afresh. */
  draw(): Batch;
}
export interface UpdateOptions {
  /** What `minimize` uses when no learning rate is given. */
  readonly learningRate: Tensor;
  /** Sees every loss before it is differentiated; what it returns is minimised instead (anchors, penalties). */
  beforeMinimize?(loss: Tensor, network: Network): Tensor;
}
export interface QueryOptions {
  /** Batch columns, a multiple of 4. */
  readonly columns: number;
  /** Rows of each input; it arrives as [1, rows, columns]. */
  readonly inputs: Readonly<Record<string, number>>;
}
export interface Tracer {
  /** A number the host may write between calls. The same name twice is the same scalar. */
  scalar(name: string, initial: number): Tensor;
  /** Declares a module. @throws Error if the name is taken */
  module(name: string, parameters: readonly ParameterSpec[]): void;
  hasModule(name: string): boolean;
  parametersOf(module: string): readonly ParameterSpec[];
  /** The array as it is at this point of the current program. */
  parameter(module: string, name: string): Tensor;
  /** nn: A·B · tn: Aᵀ·B · nt: A·Bᵀ; one member broadcasts. */
  matmul(a: Tensor, b: Tensor, form?: 'nn' | 'tn' | 'nt'): Tensor;
  concat(...parts: Tensor[]): Tensor;
  constant(value: number): Tensor;
  /** Sine and cosine, for positional features. */
  sine(x: Tensor): Tensor;
  cosine(x: Tensor): Tensor;
  /** Traces the update; the tensors it returns, each [1, 1, 1], become the metrics. */
  update(
    trace: (batch: Batch, record: ProgramRecorder) => Readonly<Record<string, Tensor>>,
    options: UpdateOptions,
  ): void;
  /** Traces a query over the same modules. It may draw noise; it changes no state. */
  query(
    name: string,
    options: QueryOptions,
    trace: (inputs: Readonly<Record<string, Tensor>>, record: Recorder) => Readonly<Record<string, Tensor>>,
  ): void;
}

/**
 * Everything `define` traces, as data.
 *
 * @param options.batch  columns of the update's minibatch, a multiple of 4
 * @throws Error if `define` records no update
 */
export function traceProgramSet(
  options: { readonly record: RecordLayout; readonly batch: number },
  define: (tracer: Tracer) => void,
): ProgramSet {
  requireColumns('batch', options.batch);
  const tracer = new ProgramSetTracer(options.record, options.batch);
  define(tracer);
  return tracer.finish();
}

/** Record layout with the five fields of a transition, one after the other. */
export function transitionLayout(observationSize: number, actionSize: number): RecordLayout {
  const sizes = {
    observation: observationSize,
    action: actionSize,
    reward: 1,
    terminated: 1,
    nextObservation: observationSize,
  };
  let first = 0;
  const fields = Object.entries(sizes).map(([name, size]) => {
    const field = { name, first, size };
    first += size;
    return field;
  });
  return { fields, stride: Math.ceil(first / 4) * 4 };
}

class ProgramSetTracer implements Tracer {
  readonly #record: RecordLayout;
  readonly #batch: number;
  readonly #modules = new Map<string, readonly ParameterSpec[]>();
  readonly #scalars = new Map<string, number>();
  readonly #learning = new Set<string>();
  readonly #queries: Record<string, Program> = {};
  #update: Program | null = null;
  /** Recipes: what is made outside every program. */
  readonly #recipes: ProgramTrace;
  #current: ProgramTrace | null = null;

  constructor(record: RecordLayout, batch: number) {
    this.#record = record;
    this.#batch = batch;
    this.#recipes = new ProgramTrace('a recipe', 1, null);
  }

  scalar(name: string, initial: number): Tensor {
    if (!Number.isFinite(initial)) throw new RangeError(`scalar ${name}: expected a finite number, got ${initial}.`);
    if (!this.#scalars.has(name)) this.#scalars.set(name, initial);
    return this.apply([], (graph) => graph.intern({ op: 'scalar', name, shape: scalarShape }));
  }
  module(name: string, parameters: readonly ParameterSpec[]): void {
    if (this.#modules.has(name)) throw new Error(`There are two modules named "${name}".`);
    this.#modules.set(name, parameters);
  }
  hasModule(name: string): boolean {
    return this.#modules.has(name);
  }
  parametersOf(module: string): readonly ParameterSpec[] {
    const parameters = this.#modules.get(module);
    if (parameters === undefined) throw new Error(`There is no module named "${module}".`);
    return parameters;
  }
  parameter(module: string, name: string): Tensor {
    const spec = this.parametersOf(module).find((candidate) => candidate.name === name);
    if (spec === undefined) throw new Error(`Module "${module}" has no parameter named "${name}".`);
    const trace = this.#here();
    return new TracedTensor(this, trace, trace.parameter(module, name, spec.shape));
  }
  matmul(a: Tensor, b: Tensor, form: 'nn' | 'tn' | 'nt' = 'nn'): Tensor {
    return this.apply([a, b], (graph, [left, right]) => graph.matmul(form, left, right));
  }
  concat(...parts: Tensor[]): Tensor {
    return this.apply(parts, (graph, ids) => graph.concat(ids));
  }
  constant(value: number): Tensor {
    return this.apply([], (graph) => graph.constant(value));
  }
  sine(x: Tensor): Tensor {
    return this.apply([x], (graph, [id]) => graph.unary('sine', id));
  }
  cosine(x: Tensor): Tensor {
    return this.apply([x], (graph, [id]) => graph.unary('cosine', id));
  }

  update(
    define: (batch: Batch, record: ProgramRecorder) => Readonly<Record<string, Tensor>>,
    options: UpdateOptions,
  ): void {
    if (this.#update !== null) throw new Error('A program set has one update; it was traced already.');
    this.#update = this.#trace('update', this.#batch, (trace) => {
      const record = this.#updateRecorder(trace, options);
      const metrics = define(record.draw(), record);
      for (const [name, value] of Object.entries(metrics)) {
        const body = value instanceof TracedTensor && value.trace === trace ? value.body : trace.body;
        trace.metric(name, this.#idIn(trace, value), body);
      }
    });
  }

  query(
    name: string,
    { columns, inputs }: QueryOptions,
    define: (inputs: Readonly<Record<string, Tensor>>, record: Recorder) => Readonly<Record<string, Tensor>>,
  ): void {
    if (name === 'update' || name in this.#queries) throw new Error(`There are two programs named "${name}".`);
    requireColumns(`query ${name}`, columns);
    this.#queries[name] = this.#trace(name, columns, (trace) => {
      const tensors: Record<string, Tensor> = {};
      for (const [input, rows] of Object.entries(inputs)) {
        tensors[input] = new TracedTensor(this, trace, trace.input(input, rows));
      }
      const refuse = (what: string) => () => {
        throw new Error(`Query "${name}" calls ${what}; a query changes no state.`);
      };
      const record: Recorder = {
        ...this.#noise(trace),
        minimize: refuse('minimize'),
        moveTowards: refuse('moveTowards'),
        every: refuse('every'),
      };
      for (const [output, value] of Object.entries(define(tensors, record))) {
        trace.output(output, this.#idIn(trace, value));
      }
    });
  }

  finish(): ProgramSet {
    if (this.#update === null) throw new Error('The program set has no update.');
    const modules: ModuleSpec[] = [...this.#modules].map(([name, parameters]) => ({
      name,
      parameters,
      learns: this.#learning.has(name),
    }));
    return {
      modules,
      scalars: [...this.#scalars].map(([name, value]) => ({ name, value })),
      record: this.#record,
      update: this.#update,
      queries: this.#queries,
    };
  }

  /** The tensor `build` makes of `operands`, in the current program or, outside one, as a recipe. */
  apply(operands: readonly Operand[], build: (graph: Graph, ids: readonly NodeId[]) => NodeId): Tensor {
    const trace = this.#here();
    const ids = operands.map((operand) =>
      typeof operand === 'number' ? trace.graph.constant(operand) : this.#idIn(trace, operand),
    );
    return new TracedTensor(this, trace, build(trace.graph, ids));
  }

  #here(): ProgramTrace {
    return this.#current ?? this.#recipes;
  }
  #idIn(trace: ProgramTrace, tensor: Tensor): NodeId {
    if (!(tensor instanceof TracedTensor)) throw new TypeError('Expected a tensor of this trace.');
    if (tensor.trace === trace) return tensor.id;
    if (tensor.trace === this.#recipes) return trace.import(this.#recipes, tensor.id);
    throw new Error(
      `A tensor of program "${tensor.trace.name}" is used in ${trace.name}; programs share only modules.`,
    );
  }
  #trace(name: string, columns: number, body: (trace: ProgramTrace) => void): Program {
    if (this.#current !== null) throw new Error(`Program "${name}" is traced inside "${this.#current.name}".`);
    const trace = new ProgramTrace(name, columns, this.#recipes);
    this.#current = trace;
    try {
      body(trace);
    } finally {
      this.#current = null;
    }
    return trace.finish();
  }

  #noise(trace: ProgramTrace) {
    const draw = (distribution: 'normal' | 'uniform') => (rows: number) =>
      new TracedTensor(this, trace, trace.random(distribution, rows));
    return {
      normal: draw('normal'),
      uniform: draw('uniform'),
      concat: (...parts: Tensor[]) => this.concat(...parts),
      constant: (value: number) => this.constant(value),
    };
  }
  #updateRecorder(trace: ProgramTrace, { learningRate, beforeMinimize }: UpdateOptions): ProgramRecorder {
    const block = <T>(when: BlockCondition, body: () => T): T => trace.block(when, body);
    return {
      ...this.#noise(trace),
      minimize: (loss, network, rate = learningRate, options = {}) => {
        const minimised = beforeMinimize?.(loss, network) ?? loss;
        this.parametersOf(network.module);
        trace.minimize(this.#idIn(trace, minimised), network.module, this.#idIn(trace, rate), options.gradientClip);
        this.#learning.add(network.module);
        return loss;
      },
      moveTowards: (target, source, rate) => {
        this.#requireSameArrays(target.module, source.module);
        trace.moveTowards(target.module, source.module, this.#idIn(trace, rate));
      },
      every: (n, body) => {
        requireCount('every', n);
        return n === 1 ? body() : block({ every: n }, body);
      },
      repeat: (n, body) => {
        requireCount('repeat', n);
        return n === 1 ? body() : block({ repeat: n }, body);
      },
      enabled: (scalar, body) => {
        const node = trace.graph.nodes[this.#idIn(trace, scalar)];
        if (node.op !== 'scalar') throw new Error('enabled: expected a scalar of the program set.');
        return block({ enabled: node.name }, body);
      },
      gradient: (loss, wrt) => {
        const ids = wrt.map((tensor) => this.#idIn(trace, tensor));
        return differentiate(trace.graph, this.#idIn(trace, loss), ids).map((id, index) => {
          const zero = () => trace.graph.broadcast(trace.graph.constant(0), wrt[index].shape);
          return new TracedTensor(this, trace, id ?? zero());
        });
      },
      draw: () => this.#fields(trace),
    };
  }
  #fields(trace: ProgramTrace): Batch {
    const record = trace.draw(this.#record.stride);
    const field = (name: string): Tensor => {
      const found = this.#record.fields.find((candidate) => candidate.name === name);
      if (found === undefined) throw new Error(`The record has no field "${name}".`);
      return new TracedTensor(this, trace, trace.graph.rows(record, found.first, found.size));
    };
    return {
      observation: field('observation'),
      action: field('action'),
      reward: field('reward'),
      terminated: field('terminated'),
      nextObservation: field('nextObservation'),
    };
  }
  #requireSameArrays(target: string, source: string): void {
    const [a, b] = [this.parametersOf(target), this.parametersOf(source)];
    const agree =
      a.length === b.length && a.every(({ name, shape }, i) => name === b[i].name && sameShape(shape, b[i].shape));
    if (!agree) throw new Error(`moveTowards: modules "${target}" and "${source}" do not have the same arrays.`);
  }
}

/** One program while it is traced. */
class ProgramTrace {
  readonly name: string;
  readonly graph = new Graph();
  readonly #columns: number;
  readonly #root: Statement[] = [];
  /** Bodies of the open blocks, outermost first; index is the depth. */
  readonly #bodies: Statement[][] = [this.#root];
  readonly #versions = new Map<string, number>();
  /** Rises on entering a repeated block: a second pass reads what the first has written. */
  #epoch = 0;
  readonly #inputs: { readonly name: string; readonly node: NodeId }[] = [];
  readonly #outputs: { readonly name: string; readonly node: NodeId }[] = [];
  readonly #metrics: string[] = [];
  #draws = 0;
  #streams = 0;
  readonly #isRecipe: boolean;

  constructor(name: string, columns: number, recipes: ProgramTrace | null) {
    this.name = name;
    this.#columns = columns;
    this.#isRecipe = recipes === null;
    this.graph.onNode = (id) => {
      const body = this.body;
      const last = body[body.length - 1];
      if (last?.kind === 'compute') (last.nodes as NodeId[]).push(id);
      else body.push({ kind: 'compute', nodes: [id] });
    };
  }

  parameter(module: string, name: string, shape: Shape): NodeId {
    return this.graph.intern({ op: 'parameter', module, name, version: this.#version(module), shape });
  }
  input(name: string, rows: number): NodeId {
    const node = this.graph.intern({ op: 'input', name, shape: shapeOf(1, rows, this.#columns) });
    this.#inputs.push({ name, node });
    return node;
  }
  random(distribution: 'normal' | 'uniform', rows: number): NodeId {
    if (this.#isRecipe) throw new Error('Random numbers can be drawn only inside a program.');
    if (this.#streams === drawLimit) throw new Error(`Program "${this.name}" has more than ${drawLimit} random draws.`);
    const shape = shapeOf(1, rows, this.#columns);
    return this.graph.intern({ op: 'random', distribution, stream: this.#streams++, shape });
  }
  draw(rows: number): NodeId {
    return this.graph.intern({ op: 'batch', draw: this.#draws++, shape: shapeOf(1, rows, this.#columns) });
  }
  /** The same value in this program; parameters as they are here. */
  import(from: ProgramTrace, id: NodeId, done = new Map<NodeId, NodeId>()): NodeId {
    const before = done.get(id);
    if (before !== undefined) return before;
    const node = from.graph.nodes[id];
    const here =
      node.op === 'parameter'
        ? this.parameter(node.module, node.name, node.shape)
        : this.graph.intern(
            withOperands(
              node,
              operandsOf(node).map((operand) => this.import(from, operand, done)),
            ),
          );
    done.set(id, here);
    return here;
  }

  minimize(loss: NodeId, module: string, learningRate: NodeId, gradientClip?: number): void {
    const { nodes } = this.graph;
    if (sizeOf(nodes[loss].shape) !== 1) {
      throw new RangeError(
        `minimize ${module}: expected a loss of shape [1, 1, 1], got ${describeShape(nodes[loss].shape)}.`,
      );
    }
    if (sizeOf(nodes[learningRate].shape) !== 1) {
      throw new RangeError(
        `minimize ${module}: expected one learning rate, got ${describeShape(nodes[learningRate].shape)}.`,
      );
    }
    if (!this.graph.isVisible(loss))
      throw new Error(`minimize ${module}: the loss was computed in a block that may be skipped.`);
    const version = this.#version(module);
    let isReached = false;
    for (const id of differentiableAncestors(nodes, loss)) {
      const node = nodes[id];
      if (node.op !== 'parameter' || node.module !== module) continue;
      if (node.version !== version) {
        throw new Error(`minimize ${module}: the loss was computed before the module last changed; compute it again.`);
      }
      isReached = true;
    }
    if (!isReached) throw new Error(`minimize ${module}: the loss does not depend on it.`);
    this.body.push({ kind: 'minimize', loss, module, learningRate, gradientClip });
    this.#raise(module);
  }
  moveTowards(target: string, source: string, rate: NodeId): void {
    const { shape } = this.graph.nodes[rate];
    if (sizeOf(shape) !== 1) throw new RangeError(`moveTowards: expected one rate, got ${describeShape(shape)}.`);
    this.body.push({ kind: 'moveTowards', target, source, rate });
    this.#raise(target);
  }
  /** @param body  where the tensor was made: in a block that is skipped, the metric keeps its last value */
  metric(name: string, value: NodeId, body: Statement[]): void {
    const { shape } = this.graph.nodes[value];
    if (sizeOf(shape) !== 1) throw new RangeError(`metric ${name}: expected one number, got ${describeShape(shape)}.`);
    body.push({ kind: 'metric', name, value });
    this.#metrics.push(name);
  }
  output(name: string, value: NodeId): void {
    const { shape } = this.graph.nodes[value];
    const wanted = shapeOf(1, shape.rows, this.#columns);
    if (shape.members !== 1) throw new RangeError(`output ${name}: expected one member, got ${describeShape(shape)}.`);
    const node = this.graph.broadcast(value, wanted);
    this.#root.push({ kind: 'output', name, value: node });
    this.#outputs.push({ name, node });
  }
  block<T>(when: BlockCondition, run: () => T): T {
    const body: Statement[] = [];
    this.body.push({ kind: 'block', when, body });
    this.#bodies.push(body);
    this.graph.enterBlock();
    if ('repeat' in when) this.#epoch++;
    try {
      return run();
    } finally {
      this.graph.leaveBlock();
      this.#bodies.pop();
    }
  }

  finish(): Program {
    return {
      name: this.name,
      nodes: this.graph.nodes,
      statements: this.#root,
      columns: this.#columns,
      inputs: this.#inputs,
      metrics: this.#metrics,
      outputs: this.#outputs,
      draws: this.#draws,
      streams: this.#streams,
    };
  }

  /** The innermost open block's. */
  get body(): Statement[] {
    return this.#bodies[this.#bodies.length - 1];
  }
  #version(module: string): number {
    return (this.#versions.get(module) ?? 0) + this.#epoch;
  }
  #raise(module: string): void {
    this.#versions.set(module, (this.#versions.get(module) ?? 0) + 1);
  }
}

class TracedTensor implements Tensor {
  readonly #tracer: ProgramSetTracer;
  readonly trace: ProgramTrace;
  readonly id: NodeId;
  /** The block it was made in, though an equal value may have been computed further out. */
  readonly body: Statement[];

  constructor(tracer: ProgramSetTracer, trace: ProgramTrace, id: NodeId) {
    this.#tracer = tracer;
    this.trace = trace;
    this.id = id;
    this.body = trace.body;
  }
  get shape(): Shape {
    return this.trace.graph.nodes[this.id].shape;
  }

  #unary(kind: UnaryOp): Tensor {
    return this.#tracer.apply([this], (graph, [x]) => graph.unary(kind, x));
  }
  #binary(kind: BinaryOp, other: Operand): Tensor {
    return this.#tracer.apply([this, other], (graph, [x, y]) => graph.binary(kind, x, y));
  }
  #reduce(kind: 'sum' | 'minimum' | 'maximum', ...along: Axis[]): Tensor {
    return this.#tracer.apply([this], (graph, [x]) => along.reduce((id, axis) => graph.reduce(kind, axis, id), x));
  }
  /** A constant column 0 … size − 1, [1, size, 1]. */
  #indices(size: number): Tensor {
    return this.#tracer.apply([], (graph) => graph.constantColumn(Array.from({ length: size }, (_, index) => index)));
  }

  add(other: Operand): Tensor {
    return this.#binary('add', other);
  }
  sub(other: Operand): Tensor {
    return this.#binary('subtract', other);
  }
  mul(other: Operand): Tensor {
    return this.#binary('multiply', other);
  }
  div(other: Operand): Tensor {
    return this.#binary('divide', other);
  }
  min(other: Operand): Tensor {
    return this.#binary('minimum', other);
  }
  max(other: Operand): Tensor {
    return this.#binary('maximum', other);
  }
  less(other: Operand): Tensor {
    return this.#binary('less', other);
  }
  equal(other: Operand): Tensor {
    return this.#binary('equal', other);
  }
  select(whenTrue: Operand, whenFalse: Operand): Tensor {
    return this.#tracer.apply([this, whenTrue, whenFalse], (graph, [condition, x, y]) => graph.select(condition, x, y));
  }
  neg(): Tensor {
    return this.#unary('negate');
  }
  oneMinus(): Tensor {
    return this.#tracer.apply([1, this], (graph, [one, x]) => graph.binary('subtract', one, x));
  }
  square(): Tensor {
    return this.#unary('square');
  }
  sqrt(): Tensor {
    return this.#unary('sqrt');
  }
  exp(): Tensor {
    return this.#unary('exp');
  }
  log(): Tensor {
    return this.#unary('log');
  }
  relu(): Tensor {
    return this.#unary('relu');
  }
  tanh(): Tensor {
    return this.#unary('tanh');
  }
  sigmoid(): Tensor {
    return this.#unary('sigmoid');
  }
  softplus(): Tensor {
    return this.#unary('softplus');
  }
  abs(): Tensor {
    return this.#unary('absolute');
  }
  clamp(low: number, high: number): Tensor {
    if (!(low <= high)) throw new RangeError(`clamp: expected low ≤ high, got ${low} and ${high}.`);
    return this.max(low).min(high);
  }
  rows(first: number, count: number): Tensor {
    return this.#tracer.apply([this], (graph, [x]) => graph.rows(x, first, count));
  }
  member(index: number): Tensor {
    return this.#tracer.apply([this], (graph, [x]) => graph.member(x, index));
  }
  sumOverMembers(): Tensor {
    return this.#reduce('sum', 'members');
  }
  minOverMembers(): Tensor {
    return this.#reduce('minimum', 'members');
  }
  maxOverMembers(): Tensor {
    return this.#reduce('maximum', 'members');
  }
  meanOverMembers(): Tensor {
    return this.sumOverMembers().mul(1 / this.shape.members);
  }
  sumOverRows(): Tensor {
    return this.#reduce('sum', 'rows');
  }
  meanOverRows(): Tensor {
    return this.sumOverRows().mul(1 / this.shape.rows);
  }
  minOverRows(): Tensor {
    return this.#reduce('minimum', 'rows');
  }
  maxOverRows(): Tensor {
    return this.#reduce('maximum', 'rows');
  }
  logSumExpOverRows(): Tensor {
    // The shift cancels in value and gradient; without it exp overflows.
    const shift = this.maxOverRows().stopGradient();
    return this.sub(shift).exp().sumOverRows().log().add(shift);
  }
  argmaxOverRows(): Tensor {
    const { rows } = this.shape;
    return this.stopGradient().equal(this.stopGradient().maxOverRows()).select(this.#indices(rows), rows).minOverRows();
  }
  oneHot(classes: number): Tensor {
    if (this.shape.rows !== 1) throw new RangeError(`oneHot: expected one row, got ${describeShape(this.shape)}.`);
    return this.equal(this.#indices(classes));
  }
  mean(): Tensor {
    return this.sum().mul(1 / sizeOf(this.shape));
  }
  sum(): Tensor {
    return this.#reduce('sum', 'members', 'rows', 'columns');
  }
  stopGradient(): Tensor {
    return this.#tracer.apply([this], (graph, [x]) => graph.stopGradient(x));
  }
}

function requireColumns(what: string, columns: number): void {
  if (!(Number.isInteger(columns) && columns >= 4 && columns % 4 === 0)) {
    throw new RangeError(`${what}: expected a positive multiple of 4 columns, got ${columns}.`);
  }
}
function requireCount(what: string, n: number): void {
  if (!(Number.isInteger(n) && n >= 1)) throw new RangeError(`${what}: expected a positive integer, got ${n}.`);
}
