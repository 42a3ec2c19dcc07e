/**
 * Runs a program's statements as they stand with TensorFlow.js, gradients by its own differentiation. It shares no code
 * with the planner's gradients, which makes it the oracle the other executors are tested against, and the fallback
 * where they cannot run.
 *
 * Each update runs in one tidy. What outlives it (modules, metrics, scalars, constants, shared values of tapes) is kept
 * and disposed by hand, here and in `modules.ts` only.
 */
import type { Tensor, Tensor1D, Tensor3D } from '@tensorflow/tfjs';
import type { BatchSplit, Executor, Session, SourceName } from '../executor';
import { batchStream, noiseStream } from '../program/draws';
import { operandsOf } from '../program/graph';
import type { Plan } from '../program/plan';
import { plan as makePlan } from '../program/planner';
import type { Node, NodeId, Program, ProgramSet, Statement } from '../program/program';
import { initialState } from '../state';
import { HostImage } from './image';
import { type Backend, loadTfjs, onBackend, type Tfjs } from './library';
import { ModuleTensors } from './modules';
import { createOperations, dimensions, type LeafOp, type Operate } from './operations';
import { type Minimize, planTapes, type Tape } from './tapes';

/** An executor on one backend of TensorFlow.js. Nothing is loaded before it is asked for. */
export function tfjsExecutor(backend: Backend): Executor {
  return {
    id: `tfjs-${backend}`,
    reproducible: false,
    staleness: 1,
    async unavailable() {
      try {
        return await onBackend(await loadTfjs(), backend, () => null);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        return `TensorFlow.js cannot use ${backend} here: ${reason}`;
      }
    },
    async open(programs, { seed, ...capacities }) {
      return (await this.openReplicas(programs, { seeds: [seed], ...capacities }))[0];
    },
    async openReplicas(programs, { seeds, dataCapacity, replayCapacity }) {
      const tf = await loadTfjs();
      const plan = makePlan(programs, { dataCapacity, replayCapacity, logRows: 1 });
      const replicas: TfjsSession[] = [];
      for (const seed of seeds) {
        const state = initialState(plan, seed);
        replicas.push(
          await onBackend(tf, backend, () => new TfjsSession(tf, backend, programs, plan, state, replicas)),
        );
      }
      return replicas;
    },
  };
}

interface PreparedProgram {
  readonly program: Program;
  readonly tapes: ReadonlyMap<Minimize, Tape>;
  /** Tensors of the program's constants, made once. */
  readonly constants: Map<NodeId, Tensor3D>;
}

/** One update or query while it runs. */
interface Evaluation {
  readonly prepared: PreparedProgram;
  readonly values: Map<NodeId, Tensor3D>;
  readonly inputs: Readonly<Record<string, Float32Array>>;
  readonly outputs: Map<string, Tensor3D>;
  /** Values that a tape made and others read: they outlive its tidy and are disposed at the end. */
  readonly kept: Tensor[];
  /** First counter word of the draws. */
  counter: number;
  /** Pass of the innermost `repeat` block, counted through the outer ones. */
  repetition: number;
}

class TfjsSession implements Session {
  readonly plan: Plan;
  readonly #tf: Tfjs;
  readonly #replicas: readonly TfjsSession[];
  readonly #backend: Backend;
  readonly #operate: Operate;
  readonly #image: HostImage;
  readonly #update: PreparedProgram;
  readonly #queries: ReadonlyMap<string, PreparedProgram>;
  readonly #modules = new Map<string, ModuleTensors>();
  /** Tensors of the scalars read since they were last written. */
  readonly #scalars = new Map<string, Tensor3D>();
  /** This update's row of the log, column by column. */
  readonly #metrics: Tensor1D[] = [];

  /** @param replicas  those that share the data, itself among them; each has a copy of its own */
  constructor(
    tf: Tfjs,
    backend: Backend,
    programs: ProgramSet,
    plan: Plan,
    state: Uint8Array,
    replicas: readonly TfjsSession[],
  ) {
    this.plan = plan;
    this.#replicas = replicas;
    this.#tf = tf;
    this.#backend = backend;
    this.#operate = createOperations(tf);
    this.#image = new HostImage(plan, state);
    this.#update = prepare(programs.update);
    this.#queries = new Map(Object.entries(programs.queries).map(([name, program]) => [name, prepare(program)]));
    this.#upload();
  }

  setScalar(name: string, value: number): void {
    const slot = this.plan.scalars[name];
    if (slot === undefined) throw new RangeError(`setScalar: the program has no scalar named ${name}.`);
    this.#image.setFloat(slot.offset, value);
    this.#scalars.get(name)?.dispose();
    this.#scalars.delete(name);
  }

  setBatchSplit({ offlineColumns }: BatchSplit): void {
    const { header } = this.plan;
    const isProportional = offlineColumns === 'proportional';
    this.#image.setWord(header.batchMode, isProportional ? 1 : 0);
    this.#image.setWord(header.offlineColumns, isProportional ? 0 : offlineColumns);
  }

  async writeRecords(source: SourceName, first: number, records: Float32Array, count: number): Promise<void> {
    for (const session of source === 'data' ? this.#replicas : [this])
      session.#image.writeRecords(source, first, records, count);
  }

  async readReplay(count: number): Promise<Float32Array> {
    return this.#image.readRecords('replay', count);
  }

  async run(updates: number): Promise<Float32Array> {
    const log = await this.#onBackend(() => {
      const rows: Tensor1D[] = [];
      for (let done = 0; done < updates; done++) {
        this.#evaluate(this.#update, {}, this.#image.updateCounter(0));
        this.#image.countUpdate();
        if (this.#metrics.length > 0) rows.push(this.#tf.concat(this.#metrics));
      }
      if (rows.length === 0) return null;
      const joined = this.#tf.concat(rows);
      for (const row of rows) row.dispose();
      return joined;
    });
    return log === null ? new Float32Array(0) : this.#take(log);
  }

  async query(
    name: string,
    inputs: Readonly<Record<string, Float32Array>>,
    counter = 0,
  ): Promise<Record<string, Float32Array>> {
    const prepared = this.#queries.get(name);
    if (prepared === undefined) throw new RangeError(`query: the program set has no query named ${name}.`);
    const outputs = await this.#onBackend(() => this.#evaluate(prepared, inputs, counter));
    const result: Record<string, Float32Array> = {};
    for (const [output, tensor] of outputs) result[output] = await this.#take(tensor);
    return result;
  }

  async readState(): Promise<Uint8Array> {
    for (const module of this.#modules.values()) await module.download(this.#image);
    for (const [column, metric] of this.#metrics.entries()) {
      this.#image.setFloats(this.#metricOffset(column), (await metric.data()) as Float32Array);
    }
    return this.#image.bytes.slice();
  }

  async writeState(state: Uint8Array): Promise<void> {
    if (state.byteLength !== this.plan.state.bytes) {
      throw new RangeError(`writeState: expected ${this.plan.state.bytes} bytes, got ${state.byteLength}.`);
    }
    this.#image.bytes.set(state);
    await this.#onBackend(() => {
      this.#free();
      this.#upload();
    });
  }

  dispose(): void {
    this.#free();
    for (const { constants } of [this.#update, ...this.#queries.values()]) {
      for (const tensor of constants.values()) tensor.dispose();
      constants.clear();
    }
  }

  #onBackend<T>(work: () => T): Promise<T> {
    return onBackend(this.#tf, this.#backend, work);
  }

  /** Makes the tensors from the image. */
  #upload(): void {
    for (const arena of this.plan.arenas) {
      this.#modules.set(arena.name, new ModuleTensors(this.#tf, this.plan, arena, this.#image));
    }
    for (const column of this.plan.metrics.keys()) {
      this.#metrics.push(this.#tf.tensor1d(this.#image.floats(this.#metricOffset(column), 1)));
    }
  }

  #free(): void {
    for (const held of [...this.#modules.values(), ...this.#metrics, ...this.#scalars.values()]) held.dispose();
    this.#modules.clear();
    this.#metrics.length = 0;
    this.#scalars.clear();
  }

  #metricOffset(column: number): number {
    return this.plan.metricsRow + 4 * column;
  }

  #module(name: string): ModuleTensors {
    const module = this.#modules.get(name);
    if (module === undefined) throw new RangeError(`The program set has no module named ${name}.`);
    return module;
  }

  /** The numbers of a tensor, which is given back. */
  async #take(tensor: Tensor): Promise<Float32Array> {
    const numbers = (await tensor.data()) as Float32Array;
    tensor.dispose();
    return numbers;
  }

  /** Runs a program. Its outputs belong to the caller. */
  #evaluate(
    prepared: PreparedProgram,
    inputs: Readonly<Record<string, Float32Array>>,
    counter: number,
  ): ReadonlyMap<string, Tensor3D> {
    const evaluation: Evaluation = {
      prepared,
      values: new Map(),
      inputs,
      outputs: new Map(),
      kept: [],
      counter,
      repetition: 0,
    };
    try {
      this.#tf.tidy(() => this.#runStatements(prepared.program.statements, evaluation));
    } finally {
      for (const tensor of evaluation.kept) tensor.dispose();
    }
    return evaluation.outputs;
  }

  #runStatements(statements: readonly Statement[], evaluation: Evaluation): void {
    for (const statement of statements) this.#runStatement(statement, evaluation);
  }

  #runStatement(statement: Statement, evaluation: Evaluation): void {
    const tf = this.#tf;
    switch (statement.kind) {
      case 'compute':
        // Parameters and draws are read here: their values are those of this moment. The rest waits until it is needed,
        // so that a tape can record it and nothing is computed twice.
        for (const id of statement.nodes) {
          const { op } = evaluation.prepared.program.nodes[id];
          if (op === 'parameter' || op === 'batch' || op === 'random') this.#value(id, evaluation);
        }
        return;
      case 'minimize':
        this.#minimize(statement, evaluation);
        return;
      case 'moveTowards': {
        const rate = this.#value(statement.rate, evaluation);
        this.#module(statement.target).moveTowards(this.#module(statement.source), rate);
        return;
      }
      case 'metric': {
        const column = this.plan.metrics.indexOf(statement.name);
        const value = tf.keep(this.#value(statement.value, evaluation).as1D());
        this.#metrics[column].dispose();
        this.#metrics[column] = value;
        return;
      }
      case 'output':
        evaluation.outputs.set(statement.name, tf.keep(tf.clone(this.#value(statement.value, evaluation))));
        return;
      case 'block':
        this.#runBlock(statement, evaluation);
        return;
      default:
        statement satisfies never;
    }
  }

  #runBlock({ when, body }: Extract<Statement, { kind: 'block' }>, evaluation: Evaluation): void {
    const pass = () => {
      forget(body, evaluation.values);
      this.#runStatements(body, evaluation);
    };
    if ('every' in when) {
      if (this.#image.updates % when.every === 0) pass();
    } else if ('enabled' in when) {
      if (this.#image.float(this.plan.scalars[when.enabled].offset) !== 0) pass();
    } else {
      const { counter, repetition } = evaluation;
      for (let n = 0; n < when.repeat; n++) {
        evaluation.repetition = repetition * when.repeat + n;
        evaluation.counter = this.#image.updateCounter(evaluation.repetition);
        pass();
      }
      evaluation.counter = counter;
      evaluation.repetition = repetition;
    }
  }

  #minimize(statement: Minimize, evaluation: Evaluation): void {
    const { prepared, values, kept } = evaluation;
    const { nodes } = prepared.program;
    const tape = prepared.tapes.get(statement)!;
    const learningRate = this.#value(statement.learningRate, evaluation);
    for (const id of tape.outside) this.#value(id, evaluation);

    const loss = (...parameters: Tensor[]): Tensor => {
      const recorded = new Map(tape.parameters.map((id, i) => [id, parameters[i] as Tensor3D]));
      for (const id of tape.inside) {
        const operands = operandsOf(nodes[id]).map((operand) => recorded.get(operand) ?? values.get(operand)!);
        recorded.set(id, this.#operate(nodes[id] as Exclude<Node, { op: LeafOp }>, operands));
      }
      for (const id of tape.shared) {
        if (values.has(id)) continue;
        const value = this.#tf.keep(this.#tf.clone(recorded.get(id)!));
        values.set(id, value);
        kept.push(value);
      }
      return recorded.get(statement.loss)!;
    };
    const { grads } = this.#tf.valueAndGrads(loss)(tape.parameters.map((id) => this.#value(id, evaluation)));

    const gradients = new Map<string, Tensor3D>();
    for (const [i, id] of tape.parameters.entries()) {
      const node = nodes[id];
      if (node.op === 'parameter') gradients.set(node.name, grads[i] as Tensor3D);
    }
    this.#module(statement.module).step(gradients, learningRate, this.#image, statement.gradientClip);
  }

  /** The value of a node: remembered, or computed now from what it needs. */
  #value(id: NodeId, evaluation: Evaluation): Tensor3D {
    const known = evaluation.values.get(id);
    if (known !== undefined) return known;
    const node = evaluation.prepared.program.nodes[id];
    const value = this.#compute(node, id, evaluation);
    evaluation.values.set(id, value);
    return value;
  }

  #compute(node: Node, id: NodeId, evaluation: Evaluation): Tensor3D {
    const tf = this.#tf;
    const { program, constants } = evaluation.prepared;
    switch (node.op) {
      case 'constant':
        return remember(constants, id, () => tf.keep(tf.tensor3d([...node.values], dimensions(node.shape))));
      case 'scalar':
        return remember(this.#scalars, node.name, () => {
          const number = this.#image.float(this.plan.scalars[node.name].offset);
          return tf.keep(tf.tensor3d([number], [1, 1, 1]));
        });
      case 'parameter':
        return this.#module(node.module).read(node.name);
      case 'input': {
        const numbers = evaluation.inputs[node.name];
        if (numbers === undefined) throw new RangeError(`query ${program.name}: input ${node.name} is missing.`);
        return tf.tensor3d(numbers, dimensions(node.shape));
      }
      case 'batch': {
        const { rows, columns } = node.shape;
        const batch = this.#image.drawBatch(batchStream(node.draw), evaluation.counter, columns);
        return tf.tensor3d(batch, [1, rows, columns]);
      }
      case 'random': {
        const { members, rows, columns } = node.shape;
        const numbers = new Float32Array(members * rows * columns);
        const stream = noiseStream(program.name, node.stream);
        this.#image.drawNoise(node.distribution, stream, evaluation.counter, numbers);
        return tf.tensor3d(numbers, [members, rows, columns]);
      }
      default:
        return this.#operate(
          node,
          operandsOf(node).map((operand) => this.#value(operand, evaluation)),
        );
    }
  }
}

function prepare(program: Program): PreparedProgram {
  return { program, tapes: planTapes(program), constants: new Map() };
}

/** Drops what an earlier pass of a block computed. */
function forget(body: readonly Statement[], values: Map<NodeId, Tensor3D>): void {
  for (const statement of body) {
    if (statement.kind === 'compute') for (const id of statement.nodes) values.delete(id);
    else if (statement.kind === 'block') forget(statement.body, values);
  }
}

function remember<K, V>(known: Map<K, V>, key: K, make: () => V): V {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}
