/**
 * Reverse-mode differentiation that records gradients as ordinary nodes, so that a gradient can be differentiated again.
 *
 * Rules use a value's own output where that suffices (relu, tanh, exp, …): its input need not be kept.
 */
import { differentiableAncestors, differentiableOperands, type Graph } from './graph';
import type { Node, NodeId } from './program';
import { describeShape, sizeOf } from './shapes';

/**
 * ∂loss/∂w for every node w of `wrt`, of w's shape; null where the loss does not depend on it.
 *
 * @param loss [1, 1, 1]
 * @throws RangeError if the loss is not a single number
 */
export function differentiate(graph: Graph, loss: NodeId, wrt: readonly NodeId[]): (NodeId | null)[] {
  if (sizeOf(graph.shape(loss)) !== 1) {
    throw new RangeError(`gradient: expected a loss of shape [1, 1, 1], got ${describeShape(graph.shape(loss))}.`);
  }
  const ancestors = differentiableAncestors(graph.nodes, loss);
  const wanted = new Set(wrt);
  const depends = new Set<NodeId>();
  for (const id of ancestors) {
    if (wanted.has(id) || differentiableOperands(graph.nodes[id]).some((operand) => depends.has(operand)))
      depends.add(id);
  }
  const adjoints = new Map<NodeId, NodeId>();
  if (depends.has(loss)) adjoints.set(loss, graph.constant(1));
  for (const id of ancestors.reverse()) {
    const adjoint = adjoints.get(id);
    if (adjoint === undefined || !depends.has(id)) continue;
    const accumulate = (operand: NodeId, contribution: () => NodeId) => {
      if (!depends.has(operand)) return;
      const whole = graph.broadcast(graph.sumTo(contribution(), graph.shape(operand)), graph.shape(operand));
      const before = adjoints.get(operand);
      adjoints.set(operand, before === undefined ? whole : graph.binary('add', before, whole));
    };
    propagate(graph, id, adjoint, accumulate);
  }
  return wrt.map((id) => adjoints.get(id) ?? null);
}

type Accumulate = (operand: NodeId, contribution: () => NodeId) => void;

/** Hands the adjoint `g` of node `id` on to its operands. Contributions may be larger than the operand: they are summed. */
function propagate(graph: Graph, id: NodeId, g: NodeId, accumulate: Accumulate): void {
  const node = graph.nodes[id];
  const zero = () => graph.constant(0);
  switch (node.op) {
    case 'constant':
    case 'parameter':
    case 'scalar':
    case 'input':
    case 'batch':
    case 'random':
    case 'stopGradient':
      return;
    case 'matmul': {
      const { a, b } = node;
      // The gradient of each form is the other two: nothing is ever transposed in memory.
      if (node.form === 'nn') {
        accumulate(a, () => graph.matmul('nt', g, b));
        accumulate(b, () => graph.matmul('tn', a, g));
      } else if (node.form === 'tn') {
        accumulate(a, () => graph.matmul('nt', b, g));
        accumulate(b, () => graph.matmul('nn', a, g));
      } else {
        accumulate(a, () => graph.matmul('nn', g, b));
        accumulate(b, () => graph.matmul('tn', g, a));
      }
      return;
    }
    case 'unary':
      accumulate(node.x, () => unaryGradient(graph, node, id, g));
      return;
    case 'binary':
      binaryGradient(graph, node, id, g, accumulate);
      return;
    case 'select':
      accumulate(node.x, () => graph.select(node.condition, g, zero()));
      accumulate(node.y, () => graph.select(node.condition, zero(), g));
      return;
    case 'reduce':
      accumulate(node.x, () =>
        node.kind === 'sum' ? graph.broadcast(g, graph.shape(node.x)) : extremumGradient(graph, node, id, g),
      );
      return;
    case 'rows':
      accumulate(node.x, () => graph.pad('rows', g, node.first, graph.shape(node.x).rows));
      return;
    case 'member':
      accumulate(node.x, () => graph.pad('members', g, node.first, graph.shape(node.x).members));
      return;
    case 'pad':
      accumulate(node.x, () =>
        node.axis === 'rows'
          ? graph.rows(g, node.first, graph.shape(node.x).rows)
          : graph.member(g, node.first, graph.shape(node.x).members),
      );
      return;
    case 'concat': {
      let first = 0;
      for (const part of node.parts) {
        const [from, count] = [first, graph.shape(part).rows];
        accumulate(part, () => graph.rows(g, from, count));
        first += count;
      }
      return;
    }
    case 'broadcast':
      accumulate(node.x, () => g);
      return;
    default:
      node satisfies never;
  }
}

type Operation<Op extends Node['op']> = Extract<Node, { op: Op }>;

function unaryGradient(graph: Graph, { kind, x }: Operation<'unary'>, out: NodeId, g: NodeId): NodeId {
  const times = (factor: NodeId) => graph.binary('multiply', g, factor);
  switch (kind) {
    case 'negate':
      return graph.unary('negate', g);
    case 'square':
      return times(graph.binary('multiply', x, graph.constant(2)));
    case 'sqrt':
      return times(graph.binary('divide', graph.constant(0.5), out));
    case 'reciprocal':
      return graph.unary('negate', times(graph.unary('square', out)));
    case 'exp':
      return times(out);
    case 'log':
      return graph.binary('divide', g, x);
    case 'relu':
      // The output is positive exactly where the input is, and else 0.
      return graph.select(out, g, graph.constant(0));
    case 'tanh':
      return times(graph.binary('subtract', graph.constant(1), graph.unary('square', out)));
    case 'sigmoid':
      return times(graph.binary('multiply', out, graph.binary('subtract', graph.constant(1), out)));
    case 'softplus':
      return times(graph.unary('sigmoid', x));
    case 'absolute':
      return times(graph.unary('sign', x));
    case 'sign':
      return graph.constant(0);
    case 'sine':
      return times(graph.unary('cosine', x));
    case 'cosine':
      return graph.unary('negate', times(graph.unary('sine', x)));
    default:
      return kind satisfies never;
  }
}

function binaryGradient(
  graph: Graph,
  { kind, x, y }: Operation<'binary'>,
  out: NodeId,
  g: NodeId,
  accumulate: Accumulate,
): void {
  switch (kind) {
    case 'add':
      accumulate(x, () => g);
      accumulate(y, () => g);
      return;
    case 'subtract':
      accumulate(x, () => g);
      accumulate(y, () => graph.unary('negate', g));
      return;
    case 'multiply':
      accumulate(x, () => graph.binary('multiply', g, y));
      accumulate(y, () => graph.binary('multiply', g, x));
      return;
    case 'divide':
      accumulate(x, () => graph.binary('divide', g, y));
      accumulate(y, () => graph.unary('negate', graph.binary('divide', graph.binary('multiply', g, out), y)));
      return;
    case 'minimum':
    case 'maximum': {
      // Only where y is strictly better does it win: a tie goes to x.
      const takesSecond = kind === 'minimum' ? graph.binary('less', y, x) : graph.binary('less', x, y);
      accumulate(x, () => graph.select(takesSecond, graph.constant(0), g));
      accumulate(y, () => graph.select(takesSecond, g, graph.constant(0)));
      return;
    }
    case 'less':
    case 'equal':
      return;
    default:
      kind satisfies never;
  }
}

/** The whole adjoint goes to the first element that equals the extremum. */
function extremumGradient(graph: Graph, { axis, x }: Operation<'reduce'>, out: NodeId, g: NodeId): NodeId {
  if (axis === 'columns') {
    throw new RangeError('gradient: minimum and maximum over columns have no gradient.');
  }
  const size = graph.shape(x)[axis];
  let remaining = g;
  let sum: NodeId | null = null;
  for (let index = 0; index < size; index++) {
    const element = axis === 'rows' ? graph.rows(x, index, 1) : graph.member(x, index);
    const isHit = graph.binary('equal', element, out);
    const share = graph.pad(axis, graph.select(isHit, remaining, graph.constant(0)), index, size);
    sum = sum === null ? share : graph.binary('add', sum, share);
    if (index + 1 < size) remaining = graph.select(isHit, graph.constant(0), remaining);
  }
  return sum as NodeId;
}
