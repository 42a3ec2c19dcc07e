/**
 * Evaluates a program set without a plan: every value an array of its own, parameters copied where they are read. The planner's
 * fusions, views and shared memory are tested against it, bit for bit.
 */
import { indexFromBits, normalFromBits, threefry2x32, uniformFromBits } from '../../numeric/random';
import { differentiate } from '../program/autodiff';
import { batchStream, noiseStream } from '../program/draws';
import { differentiableAncestors, Graph } from '../program/graph';
import { binaryOperations, unaryOperations } from '../program/operations';
import {
  type Axis,
  adam,
  type Node,
  type NodeId,
  type Program,
  type ProgramSet,
  type Shape,
  type Statement,
} from '../program/program';
import { sizeOf } from '../program/shapes';

const smallestMoment = 1e-30;

interface Moments {
  readonly first: Float32Array;
  readonly second: Float32Array;
}

export class DirectEvaluator {
  readonly parameters = new Map<string, Map<string, Float32Array>>();
  readonly scalars = new Map<string, number>();
  readonly metrics = new Map<string, number>();
  readonly #programs: ProgramSet;
  readonly #seed: number;
  readonly #records: Float32Array;
  readonly #moments = new Map<string, Map<string, Moments>>();
  readonly #powers = new Map<string, [number, number]>();
  #update = 0;
  #counter = 0;
  #repetition = 0;

  /** @param records  [n, stride]: the data source; there is no replay */
  constructor(programs: ProgramSet, seed: number, records: Float32Array) {
    this.#programs = programs;
    this.#seed = seed;
    this.#records = records;
    for (const { name, value } of programs.scalars) this.scalars.set(name, Math.fround(value));
    for (const { name, parameters } of programs.modules) {
      const zeros = () => new Map(parameters.map((spec) => [spec.name, new Float32Array(sizeOf(spec.shape))]));
      this.parameters.set(name, zeros());
      const [first, second] = [zeros(), zeros()];
      const moments = parameters.map((spec): [string, Moments] => [
        spec.name,
        { first: first.get(spec.name)!, second: second.get(spec.name)! },
      ]);
      this.#moments.set(name, new Map(moments));
      this.#powers.set(name, [1, 1]);
    }
  }
  update(): void {
    this.#counter = this.#update;
    this.#repetition = 0;
    const program = this.#programs.update;
    this.#runAll(program, program.statements, new Graph(program.nodes), new Map(), new Map());
    this.#update++;
  }
  query(name: string, inputs: Readonly<Record<string, Float32Array>>, counter: number): Record<string, Float32Array> {
    const program = this.#programs.queries[name];
    const values = new Map<NodeId, Float32Array>();
    for (const input of program.inputs) values.set(input.node, inputs[input.name]);
    const outputs = new Map<string, Float32Array>();
    this.#counter = counter;
    this.#runAll(program, program.statements, new Graph(program.nodes), values, outputs);
    return Object.fromEntries(outputs);
  }

  #runAll(
    program: Program,
    statements: readonly Statement[],
    graph: Graph,
    values: Map<NodeId, Float32Array>,
    outputs: Map<string, Float32Array>,
  ): void {
    const compute = (id: NodeId) => {
      if (graph.nodes[id].op !== 'input') values.set(id, this.#evaluate(program, graph, id, values));
    };
    const single = (id: NodeId) => values.get(id)![0];
    for (const statement of statements) {
      switch (statement.kind) {
        case 'compute':
          statement.nodes.forEach(compute);
          break;
        case 'minimize': {
          // Only what is computed by now may be reused: the list holds later nodes too.
          const fresh = new Graph(graph.nodes);
          for (const id of values.keys()) fresh.adopt(id);
          const first = fresh.nodes.length;
          const wrt = differentiableAncestors(fresh.nodes, statement.loss).filter((id) => {
            const node = fresh.nodes[id];
            return node.op === 'parameter' && node.module === statement.module;
          });
          const gradients = differentiate(fresh, statement.loss, wrt);
          const local = new Map(values);
          for (let id = first; id < fresh.nodes.length; id++) {
            local.set(id, this.#evaluate(program, fresh, id, local));
          }
          const byName = new Map<string, Float32Array>();
          wrt.forEach((id, index) => {
            const node = fresh.nodes[id];
            const gradient = gradients[index];
            if (node.op === 'parameter' && gradient !== null) byName.set(node.name, local.get(gradient)!);
          });
          this.#adam(statement.module, byName, single(statement.learningRate), statement.gradientClip);
          break;
        }
        case 'moveTowards':
          this.#polyak(statement.target, statement.source, single(statement.rate));
          break;
        case 'metric':
          this.metrics.set(statement.name, single(statement.value));
          break;
        case 'output':
          outputs.set(statement.name, values.get(statement.value)!);
          break;
        case 'block': {
          const { when, body } = statement;
          const run = () => this.#runAll(program, body, graph, values, outputs);
          if ('every' in when) {
            if (this.#update % when.every === 0) run();
          } else if ('enabled' in when) {
            if (this.scalars.get(when.enabled) !== 0) run();
          } else {
            const [counter, repetition] = [this.#counter, this.#repetition];
            for (let pass = 0; pass < when.repeat; pass++) {
              this.#repetition = repetition * when.repeat + pass;
              this.#counter = this.#update + this.#repetition * 16777216;
              run();
            }
            [this.#counter, this.#repetition] = [counter, repetition];
          }
          break;
        }
        default:
          statement satisfies never;
      }
    }
  }

  #evaluate(program: Program, graph: Graph, id: NodeId, values: ReadonlyMap<NodeId, Float32Array>): Float32Array {
    const node = graph.nodes[id];
    const read = (operand: NodeId, shape = graph.nodes[operand].shape) => reader(values.get(operand)!, shape);
    switch (node.op) {
      case 'constant':
        return Float32Array.from(node.values);
      case 'parameter':
        return this.parameters.get(node.module)!.get(node.name)!.slice();
      case 'scalar':
        return Float32Array.of(this.scalars.get(node.name)!);
      case 'input':
        throw new Error('Inputs are written before the program runs.');
      case 'batch': {
        const { stride } = this.#programs.record;
        const count = this.#records.length / stride;
        const indices = Array.from({ length: node.shape.columns }, (_, column) =>
          indexFromBits(this.#draw(batchStream(node.draw), column), count),
        );
        return fill(node.shape, (_, r, c) => this.#records[indices[c] * stride + r]);
      }
      case 'random': {
        const stream = noiseStream(program.name, node.stream);
        const fromBits = node.distribution === 'normal' ? normalFromBits : uniformFromBits;
        return fill(node.shape, (_, r, c) => fromBits(this.#draw(stream, r * node.shape.columns + c)));
      }
      case 'matmul':
        return multiply(node, graph.nodes, values);
      case 'unary': {
        const x = read(node.x);
        return fill(node.shape, (m, r, c) => unaryOperations[node.kind](x(m, r, c)));
      }
      case 'binary': {
        const [x, y] = [read(node.x), read(node.y)];
        return fill(node.shape, (m, r, c) => binaryOperations[node.kind](x(m, r, c), y(m, r, c)));
      }
      case 'select': {
        const [condition, x, y] = [read(node.condition), read(node.x), read(node.y)];
        return fill(node.shape, (m, r, c) => (condition(m, r, c) !== 0 ? x(m, r, c) : y(m, r, c)));
      }
      case 'reduce': {
        const x = read(node.x);
        const combine = binaryOperations[node.kind === 'sum' ? 'add' : node.kind];
        const size = graph.nodes[node.x].shape[node.axis];
        const at = (axis: Axis, i: number, m: number, r: number, c: number) =>
          axis === 'members' ? x(i, r, c) : axis === 'rows' ? x(m, i, c) : x(m, r, i);
        return fill(node.shape, (m, r, c) => {
          let result = at(node.axis, 0, m, r, c);
          for (let i = 1; i < size; i++) result = Math.fround(combine(result, at(node.axis, i, m, r, c)));
          return result;
        });
      }
      case 'rows': {
        const x = read(node.x);
        return fill(node.shape, (m, r, c) => x(m, node.first + r, c));
      }
      case 'member': {
        const x = read(node.x);
        return fill(node.shape, (m, r, c) => x(node.first + m, r, c));
      }
      case 'pad': {
        const x = read(node.x);
        const size = graph.nodes[node.x].shape[node.axis];
        return fill(node.shape, (m, r, c) => {
          const index = (node.axis === 'rows' ? r : m) - node.first;
          if (index < 0 || index >= size) return 0;
          return node.axis === 'rows' ? x(m, index, c) : x(index, r, c);
        });
      }
      case 'concat': {
        const rows = node.parts.flatMap((part) => {
          const x = read(part);
          return Array.from({ length: graph.nodes[part].shape.rows }, (_, r) => (m: number, c: number) => x(m, r, c));
        });
        return fill(node.shape, (m, r, c) => rows[r](m, c));
      }
      case 'broadcast': {
        const x = read(node.x);
        return fill(node.shape, x);
      }
      case 'stopGradient':
        return values.get(node.x)!;
      default:
        return node satisfies never;
    }
  }

  #draw(stream: number, index: number): number {
    const bits = new Uint32Array(2);
    threefry2x32(this.#seed, stream, this.#counter, index, bits);
    return bits[0];
  }
  #adam(module: string, gradients: ReadonlyMap<string, Float32Array>, rate: number, clip?: number): void {
    const { fround } = Math;
    const powers = this.#powers.get(module)!;
    powers[0] *= adam.beta1;
    powers[1] *= adam.beta2;
    const step = fround(rate / (1 - powers[0]));
    const scale = fround(1 / Math.sqrt(1 - powers[1]));
    const flush = (moment: number) => (Math.abs(moment) < smallestMoment ? 0 : moment);
    let factor = 1;
    if (clip !== undefined) {
      let squares = 0;
      for (const name of this.parameters.get(module)!.keys()) {
        for (const gradient of gradients.get(name) ?? []) squares = fround(squares + fround(gradient * gradient));
      }
      const norm = fround(Math.sqrt(squares));
      if (norm > clip) factor = fround(fround(clip) / norm);
    }
    for (const [name, values] of this.parameters.get(module)!) {
      const { first, second } = this.#moments.get(module)!.get(name)!;
      const gradient = gradients.get(name) ?? new Float32Array(values.length);
      for (let i = 0; i < values.length; i++) {
        const g = fround(gradient[i] * factor);
        first[i] = flush(fround(fround(fround(adam.beta1) * first[i]) + fround(fround(1 - adam.beta1) * g)));
        const square = fround(fround(1 - adam.beta2) * fround(g * g));
        second[i] = flush(fround(fround(fround(adam.beta2) * second[i]) + square));
        const size = fround(fround(fround(Math.sqrt(second[i])) * scale) + fround(adam.epsilon));
        values[i] -= fround(fround(step * first[i]) / size);
      }
    }
  }
  #polyak(target: string, source: string, rate: number): void {
    for (const [name, values] of this.parameters.get(target)!) {
      const from = this.parameters.get(source)!.get(name)!;
      for (let i = 0; i < values.length; i++) {
        values[i] += Math.fround(rate * Math.fround(from[i] - values[i]));
      }
    }
  }
}

type Reader = (m: number, r: number, c: number) => number;
/** Element of a dense array; indices along sizes of 1 do not matter. */
function reader(values: Float32Array, { members, rows, columns }: Shape): Reader {
  return (m, r, c) =>
    values[((members === 1 ? 0 : m) * rows + (rows === 1 ? 0 : r)) * columns + (columns === 1 ? 0 : c)];
}
function fill({ members, rows, columns }: Shape, value: Reader): Float32Array {
  const values = new Float32Array(members * rows * columns);
  let i = 0;
  for (let m = 0; m < members; m++) {
    for (let r = 0; r < rows; r++) for (let c = 0; c < columns; c++) values[i++] = value(m, r, c);
  }
  return values;
}
function multiply(
  { form, a, b, shape }: Extract<Node, { op: 'matmul' }>,
  nodes: readonly Node[],
  values: ReadonlyMap<NodeId, Float32Array>,
): Float32Array {
  const [left, right] = [nodes[a].shape, nodes[b].shape];
  const [x, y] = [reader(values.get(a)!, left), reader(values.get(b)!, right)];
  const inner = form === 'tn' ? left.rows : left.columns;
  return fill(shape, (m, r, c) => {
    let sum = 0;
    for (let k = 0; k < inner; k++) {
      const product = (form === 'tn' ? x(m, k, r) : x(m, r, k)) * (form === 'nt' ? y(m, c, k) : y(m, k, c));
      sum = Math.fround(sum + Math.fround(product));
    }
    return sum;
  });
}
