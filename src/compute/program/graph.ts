/**
 * The nodes of one program, each distinct value once.
 *
 * Every method gives the node of a value: an equal one that is already known here, a simpler one that has the same value,
 * or a new one. "Here" are the current block and those around it: what a block computes may not have been computed when
 * the block was skipped, so it is unknown outside.
 */
import { binaryOperations, unaryOperations } from './operations';
import type { Axis, BinaryOp, Node, NodeId, Shape, UnaryOp } from './program';
import { axes, broadcastShape, describeShape, requireBroadcast, sameShape, shapeOf } from './shapes';

/** What one block has computed, by key. */
type Scope = Map<string, NodeId>;

export class Graph {
  readonly nodes: Node[];
  /** Called with every new node, in order. */
  onNode: (id: NodeId) => void = () => {};
  readonly #scopes: Scope[] = [new Map()];
  /** The scope each node was made in. */
  readonly #homes: Scope[] = [];

  constructor(nodes: readonly Node[] = []) {
    this.nodes = [...nodes];
  }

  enterBlock(): void {
    this.#scopes.push(new Map());
  }
  leaveBlock(): void {
    this.#scopes.pop();
  }
  /** Whether a node's value certainly exists here. */
  isVisible(id: NodeId): boolean {
    return this.#scopes.includes(this.#homes[id]);
  }
  /** Takes a node that is already in the list for known from here on. */
  adopt(id: NodeId): void {
    const scope = this.#scopes[this.#scopes.length - 1];
    this.#homes[id] = scope;
    const key = keyOf(this.nodes[id]);
    if (key !== null && !scope.has(key)) scope.set(key, id);
  }
  /** The node itself, no simplification: leaves and imported nodes. */
  intern(node: Node): NodeId {
    for (const operand of operandsOf(node)) {
      if (!this.isVisible(operand)) {
        throw new Error('A value computed inside a block (every, repeat, enabled) is used outside it.');
      }
    }
    const key = keyOf(node);
    if (key !== null) {
      for (let depth = this.#scopes.length - 1; depth >= 0; depth--) {
        const known = this.#scopes[depth].get(key);
        if (known !== undefined) return known;
      }
    }
    const id = this.nodes.push(node) - 1;
    const scope = this.#scopes[this.#scopes.length - 1];
    this.#homes[id] = scope;
    if (key !== null) scope.set(key, id);
    this.onNode(id);
    return id;
  }

  shape(id: NodeId): Shape {
    return this.nodes[id].shape;
  }
  constant(value: number): NodeId {
    return this.constantColumn([value]);
  }
  /** [1, values, 1] */
  constantColumn(values: readonly number[]): NodeId {
    for (const value of values) {
      if (Number.isNaN(value)) throw new RangeError('constant: expected a number, got NaN.');
    }
    return this.intern({
      op: 'constant',
      values: values.map((value) => Math.fround(value)),
      shape: shapeOf(1, values.length, 1),
    });
  }
  /** The value of a constant [1, 1, 1], else null. */
  constantValue(id: NodeId): number | null {
    const node = this.nodes[id];
    return node.op === 'constant' && node.values.length === 1 ? node.values[0] : null;
  }

  unary(kind: UnaryOp, x: NodeId): NodeId {
    const node = this.nodes[x];
    const value = this.constantValue(x);
    if (value !== null) return this.constant(unaryOperations[kind](value));
    if (kind === 'negate') {
      if (node.op === 'unary' && node.kind === 'negate') return node.x;
      if (node.op === 'binary' && node.kind === 'multiply') {
        const factor = this.constantValue(node.y);
        if (factor !== null) return this.binary('multiply', node.x, this.constant(-factor));
      }
    }
    return this.intern({ op: 'unary', kind, x, shape: node.shape });
  }

  binary(kind: BinaryOp, x: NodeId, y: NodeId): NodeId {
    const shape = broadcastShape(kind, this.shape(x), this.shape(y));
    const a = this.#withoutBroadcast(x, (bare) => broadcastShape(kind, bare, this.shape(y)), shape);
    const b = this.#withoutBroadcast(y, (bare) => broadcastShape(kind, this.shape(a), bare), shape);
    const [left, right] = [this.constantValue(a), this.constantValue(b)];
    if (left !== null && right !== null) return this.constant(binaryOperations[kind](left, right));
    const commutes = kind === 'add' || kind === 'multiply';
    if (commutes && left !== null) return this.binary(kind, b, a);
    if (right !== null && sameShape(this.shape(a), shape)) {
      const isNeutral = kind === 'multiply' || kind === 'divide' ? right === 1 : right === 0;
      if (isNeutral && (commutes || kind === 'divide' || kind === 'subtract')) return a;
      const inner = this.nodes[a];
      if (kind === 'multiply' && inner.op === 'binary' && inner.kind === 'multiply') {
        const factor = this.constantValue(inner.y);
        if (factor !== null) return this.binary('multiply', inner.x, this.constant(factor * right));
      }
      if (kind === 'multiply' && right === -1) return this.unary('negate', a);
    }
    if (kind === 'add') {
      const second = this.nodes[b];
      if (second.op === 'unary' && second.kind === 'negate') return this.binary('subtract', a, second.x);
    }
    return this.intern({ op: 'binary', kind, x: a, y: b, shape });
  }

  select(condition: NodeId, x: NodeId, y: NodeId): NodeId {
    const both = broadcastShape('select', this.shape(x), this.shape(y));
    const shape = broadcastShape('select', this.shape(condition), both);
    const others = (a: NodeId, b: NodeId) => (bare: Shape) =>
      broadcastShape('select', bare, broadcastShape('select', this.shape(a), this.shape(b)));
    const whenTrue = this.#withoutBroadcast(x, others(condition, y), shape);
    const whenFalse = this.#withoutBroadcast(y, others(condition, whenTrue), shape);
    return this.intern({ op: 'select', condition, x: whenTrue, y: whenFalse, shape });
  }

  /** nn: A·B · tn: Aᵀ·B · nt: A·Bᵀ */
  matmul(form: 'nn' | 'tn' | 'nt', a: NodeId, b: NodeId): NodeId {
    const [left, right] = [this.shape(a), this.shape(b)];
    const [rows, inner] = form === 'tn' ? [left.columns, left.rows] : [left.rows, left.columns];
    const [other, columns] = form === 'nt' ? [right.columns, right.rows] : [right.rows, right.columns];
    if (inner !== other) {
      throw new RangeError(
        `matmul ${form}: ${describeShape(left)} and ${describeShape(right)} share no inner size (${inner} and ${other}).`,
      );
    }
    if (left.members !== right.members && left.members !== 1 && right.members !== 1) {
      throw new RangeError(
        `matmul ${form}: ${describeShape(left)} and ${describeShape(right)} differ in members, where neither has size 1.`,
      );
    }
    return this.intern({
      op: 'matmul',
      form,
      a,
      b,
      shape: shapeOf(Math.max(left.members, right.members), rows, columns),
    });
  }

  reduce(kind: 'sum' | 'minimum' | 'maximum', axis: Axis, x: NodeId): NodeId {
    const node = this.nodes[x];
    if (node.shape[axis] === 1) return x;
    const shape = { ...node.shape, [axis]: 1 };
    if (node.op === 'broadcast' && this.shape(node.x)[axis] === 1) {
      const one = this.broadcast(node.x, shape);
      return kind === 'sum' ? this.binary('multiply', one, this.constant(node.shape[axis])) : one;
    }
    return this.intern({ op: 'reduce', kind, axis, x, shape });
  }
  /** Sum over whatever `shape` has in size 1: the gradient of a broadcast. */
  sumTo(x: NodeId, shape: Shape): NodeId {
    let sum = x;
    for (const axis of axes) if (shape[axis] === 1) sum = this.reduce('sum', axis, sum);
    return sum;
  }

  rows(x: NodeId, first: number, count: number): NodeId {
    const node = this.nodes[x];
    requireRange('rows', first, count, node.shape.rows, node.shape);
    if (count === node.shape.rows) return x;
    if (node.op === 'rows') return this.rows(node.x, node.first + first, count);
    return this.intern({ op: 'rows', first, x, shape: { ...node.shape, rows: count } });
  }
  member(x: NodeId, first: number, count = 1): NodeId {
    const node = this.nodes[x];
    requireRange('member', first, count, node.shape.members, node.shape);
    if (count === node.shape.members) return x;
    if (node.op === 'member') return this.member(node.x, node.first + first, count);
    return this.intern({ op: 'member', first, x, shape: { ...node.shape, members: count } });
  }
  pad(axis: 'rows' | 'members', x: NodeId, first: number, size: number): NodeId {
    const { shape } = this.nodes[x];
    if (shape[axis] === size) return x;
    return this.intern({ op: 'pad', axis, first, x, shape: { ...shape, [axis]: size } });
  }
  /** Parts one below the other. Neighbouring views of one value become a single view: fields of a record cost no copy. */
  concat(parts: readonly NodeId[]): NodeId {
    if (parts.length === 0) throw new RangeError('concat: expected at least one part.');
    const merged: NodeId[] = [];
    for (const part of parts) {
      const last = merged[merged.length - 1];
      const joined = last === undefined ? null : this.#join(last, part);
      if (joined === null) merged.push(part);
      else merged[merged.length - 1] = joined;
    }
    if (merged.length === 1) return merged[0];
    let shape = this.shape(merged[0]);
    for (const part of merged.slice(1)) {
      const next = this.shape(part);
      shape = {
        ...broadcastShape('concat', { ...shape, rows: 1 }, { ...next, rows: 1 }),
        rows: shape.rows + next.rows,
      };
    }
    const whole = merged.map((part) => this.broadcast(part, { ...shape, rows: this.shape(part).rows }));
    return this.intern({ op: 'concat', parts: whole, shape });
  }
  #join(first: NodeId, second: NodeId): NodeId | null {
    const [a, b] = [this.nodes[first], this.nodes[second]];
    if (a.op !== 'rows' || b.op !== 'rows' || a.x !== b.x || a.first + a.shape.rows !== b.first) return null;
    return this.rows(a.x, a.first, a.shape.rows + b.shape.rows);
  }
  broadcast(x: NodeId, shape: Shape): NodeId {
    const node = this.nodes[x];
    requireBroadcast('broadcast', node.shape, shape);
    if (sameShape(node.shape, shape)) return x;
    if (node.op === 'broadcast') return this.broadcast(node.x, shape);
    return this.intern({ op: 'broadcast', x, shape });
  }
  stopGradient(x: NodeId): NodeId {
    const node = this.nodes[x];
    if (node.op === 'stopGradient' || node.op === 'constant' || node.op === 'scalar') return x;
    return this.intern({ op: 'stopGradient', x, shape: node.shape });
  }

  /** An operand that was spread only for the sake of an operation that spreads by itself. */
  #withoutBroadcast(x: NodeId, resultOf: (bare: Shape) => Shape, wanted: Shape): NodeId {
    const node = this.nodes[x];
    return node.op === 'broadcast' && sameShape(resultOf(this.shape(node.x)), wanted) ? node.x : x;
  }
}

function requireRange(operation: string, first: number, count: number, size: number, shape: Shape): void {
  if (!(Number.isInteger(first) && Number.isInteger(count) && first >= 0 && count >= 1 && first + count <= size)) {
    throw new RangeError(`${operation}: ${first} … ${first + count - 1} lie outside ${describeShape(shape)}.`);
  }
}

export function operandsOf(node: Node): readonly NodeId[] {
  switch (node.op) {
    case 'constant':
    case 'parameter':
    case 'scalar':
    case 'input':
    case 'batch':
    case 'random':
      return [];
    case 'matmul':
      return [node.a, node.b];
    case 'binary':
      return [node.x, node.y];
    case 'select':
      return [node.condition, node.x, node.y];
    case 'concat':
      return node.parts;
    case 'unary':
    case 'reduce':
    case 'rows':
    case 'member':
    case 'pad':
    case 'broadcast':
    case 'stopGradient':
      return [node.x];
    default:
      return node satisfies never;
  }
}

/** The same node reading other operands, given in the order of `operandsOf`. */
export function withOperands(node: Node, operands: readonly NodeId[]): Node {
  const [first, second, third] = operands;
  switch (node.op) {
    case 'constant':
    case 'parameter':
    case 'scalar':
    case 'input':
    case 'batch':
    case 'random':
      return node;
    case 'matmul':
      return { ...node, a: first, b: second };
    case 'binary':
      return { ...node, x: first, y: second };
    case 'select':
      return { ...node, condition: first, x: second, y: third };
    case 'concat':
      return { ...node, parts: operands };
    case 'unary':
    case 'reduce':
    case 'rows':
    case 'member':
    case 'pad':
    case 'broadcast':
    case 'stopGradient':
      return { ...node, x: first };
    default:
      return node satisfies never;
  }
}

/** Equal keys, equal values; null for draws, which are never shared. */
function keyOf(node: Node): string | null {
  if (node.op === 'random' || node.op === 'batch') return null;
  const { members, rows, columns } = node.shape;
  return `${attributesOf(node)}|${operandsOf(node).join(',')}|${members},${rows},${columns}`;
}
function attributesOf(node: Node): string {
  switch (node.op) {
    case 'constant':
      // −0 and 0 are different divisors.
      return `constant ${node.values.map((value) => (Object.is(value, -0) ? '-0' : `${value}`)).join(',')}`;
    case 'parameter':
      return `parameter ${JSON.stringify([node.module, node.name])} ${node.version}`;
    case 'scalar':
    case 'input':
      return `${node.op} ${node.name}`;
    case 'matmul':
      return `matmul ${node.form}`;
    case 'unary':
    case 'binary':
      return `${node.op} ${node.kind}`;
    case 'reduce':
      return `reduce ${node.kind} ${node.axis}`;
    case 'rows':
    case 'member':
      return `${node.op} ${node.first}`;
    case 'pad':
      return `pad ${node.axis} ${node.first}`;
    default:
      return node.op;
  }
}

/** Nodes whose gradient reaches `loss`, in ascending order: operands come before their users. */
export function differentiableAncestors(nodes: readonly Node[], loss: NodeId): NodeId[] {
  const seen = new Set<NodeId>([loss]);
  const waiting = [loss];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    for (const operand of differentiableOperands(nodes[id])) {
      if (seen.has(operand)) continue;
      seen.add(operand);
      waiting.push(operand);
    }
  }
  return [...seen].sort((a, b) => a - b);
}
/** The operands through which a gradient flows. */
export function differentiableOperands(node: Node): readonly NodeId[] {
  switch (node.op) {
    case 'stopGradient':
      return [];
    case 'select':
      return [node.x, node.y];
    case 'unary':
      return node.kind === 'sign' ? [] : [node.x];
    case 'binary':
      return node.kind === 'less' || node.kind === 'equal' ? [] : [node.x, node.y];
    default:
      return operandsOf(node);
  }
}
