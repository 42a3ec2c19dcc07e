/**
 * From a program to steps: gradients added, dead values dropped, bias, activation and mask fused into matrix products.
 * No addresses yet (planner.ts).
 */
import { differentiate } from './autodiff';
import { differentiableAncestors, Graph, operandsOf } from './graph';
import type { Activation } from './plan';
import type { BlockCondition, Node, NodeId, Program, Statement } from './program';
import { sameShape } from './shapes';

/** A matrix product with what follows it; it stands for the last node of the pattern. */
export interface Fusion {
  readonly matmul: NodeId;
  readonly bias?: NodeId;
  readonly activation: Activation;
  readonly mask?: NodeId;
}
export type Step =
  | { readonly kind: 'node'; readonly id: NodeId }
  | {
      readonly kind: 'adam';
      readonly module: string;
      /** By parameter name; absent where the loss does not depend on it. */
      readonly gradients: ReadonlyMap<string, NodeId>;
      readonly learningRate: NodeId;
      readonly gradientClip?: number;
    }
  | { readonly kind: 'polyak'; readonly target: string; readonly source: string; readonly rate: NodeId }
  | { readonly kind: 'metric'; readonly name: string; readonly value: NodeId }
  | { readonly kind: 'output'; readonly name: string; readonly value: NodeId }
  | { readonly kind: 'block'; readonly when: BlockCondition; readonly body: readonly Step[] };

export interface Lowered {
  readonly nodes: readonly Node[];
  readonly steps: readonly Step[];
  /** By the node they stand for. */
  readonly fusions: ReadonlyMap<NodeId, Fusion>;
}

export function lower(program: Program): Lowered {
  const { nodes, steps } = addGradients(program);
  const live = findLive(nodes, steps);
  const bodies = new Map<NodeId, readonly Step[]>();
  visit(steps, (step, body) => {
    if (step.kind === 'node') bodies.set(step.id, body);
  });
  const { fusions, absorbed } = fuse(nodes, live, bodies, countUses(nodes, steps, live));
  const keep = (body: readonly Step[]): Step[] =>
    body.flatMap((step): Step[] => {
      if (step.kind === 'node') return live.has(step.id) && !absorbed.has(step.id) ? [step] : [];
      if (step.kind !== 'block') return [step];
      const inner = keep(step.body);
      return inner.length > 0 ? [{ ...step, body: inner }] : [];
    });
  return { nodes, steps: keep(steps), fusions };
}

/** Every step and the body that holds it, in order; a block before its body. */
export function visit(steps: readonly Step[], see: (step: Step, body: readonly Step[]) => void): void {
  for (const step of steps) {
    see(step, steps);
    if (step.kind === 'block') visit(step.body, see);
  }
}
/** Nodes that a step reads, a fused product's own operands among them. */
export function readsOf(step: Step, nodes: readonly Node[], fusions: ReadonlyMap<NodeId, Fusion>): readonly NodeId[] {
  switch (step.kind) {
    case 'node': {
      const fusion = fusions.get(step.id);
      if (fusion === undefined) return operandsOf(nodes[step.id]);
      const optional = [fusion.bias, fusion.mask].filter((id) => id !== undefined);
      return [...operandsOf(nodes[fusion.matmul]), ...optional];
    }
    case 'adam':
      return [...step.gradients.values(), step.learningRate];
    case 'polyak':
      return [step.rate];
    case 'metric':
    case 'output':
      return [step.value];
    case 'block':
      return [];
    default:
      return step satisfies never;
  }
}

function addGradients(program: Program): { nodes: readonly Node[]; steps: readonly Step[] } {
  const graph = new Graph(program.nodes);
  const lowerBody = (statements: readonly Statement[]): Step[] => {
    const body: Step[] = [];
    for (const statement of statements) {
      graph.onNode = (id) => body.push({ kind: 'node', id });
      switch (statement.kind) {
        case 'compute':
          for (const id of statement.nodes) {
            graph.adopt(id);
            body.push({ kind: 'node', id });
          }
          break;
        case 'minimize': {
          const { loss, module, learningRate, gradientClip } = statement;
          const parameters = new Map<string, NodeId>();
          for (const id of differentiableAncestors(graph.nodes, loss)) {
            const node = graph.nodes[id];
            if (node.op === 'parameter' && node.module === module) parameters.set(node.name, id);
          }
          const found = differentiate(graph, loss, [...parameters.values()]);
          const gradients = new Map<string, NodeId>();
          [...parameters.keys()].forEach((name, index) => {
            const gradient = found[index];
            if (gradient !== null) gradients.set(name, gradient);
          });
          body.push({ kind: 'adam', module, gradients, learningRate, gradientClip });
          break;
        }
        case 'moveTowards':
          body.push({ kind: 'polyak', target: statement.target, source: statement.source, rate: statement.rate });
          break;
        case 'metric':
        case 'output':
          body.push(statement);
          break;
        case 'block':
          graph.enterBlock();
          body.push({ kind: 'block', when: statement.when, body: lowerBody(statement.body) });
          graph.leaveBlock();
          break;
        default:
          statement satisfies never;
      }
    }
    return body;
  };
  const steps = lowerBody(program.statements);
  return { nodes: graph.nodes, steps };
}

function findLive(nodes: readonly Node[], steps: readonly Step[]): Set<NodeId> {
  const live = new Set<NodeId>();
  const waiting: NodeId[] = [];
  visit(steps, (step) => {
    if (step.kind !== 'node') waiting.push(...readsOf(step, nodes, new Map()));
  });
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (live.has(id)) continue;
    live.add(id);
    waiting.push(...operandsOf(nodes[id]));
  }
  return live;
}
function countUses(nodes: readonly Node[], steps: readonly Step[], live: ReadonlySet<NodeId>): Map<NodeId, number> {
  const uses = new Map<NodeId, number>();
  visit(steps, (step) => {
    if (step.kind === 'node' && !live.has(step.id)) return;
    for (const id of readsOf(step, nodes, new Map())) uses.set(id, (uses.get(id) ?? 0) + 1);
  });
  return uses;
}

/**
 * nn: (W·x) + b, then relu or tanh, where nothing else needs the values in between.
 * tn: the gradient through a ReLU, select(y ≠ 0, Wᵀ·g, 0), where y is the ReLU's output: never negative, so y ≠ 0 is y > 0.
 */
function fuse(
  nodes: readonly Node[],
  live: ReadonlySet<NodeId>,
  bodies: ReadonlyMap<NodeId, readonly Step[]>,
  uses: ReadonlyMap<NodeId, number>,
): { fusions: Map<NodeId, Fusion>; absorbed: Set<NodeId> } {
  const fusions = new Map<NodeId, Fusion>();
  const absorbed = new Set<NodeId>();
  const isMatmul = (id: NodeId, form: 'nn' | 'tn'): boolean => {
    const node = nodes[id];
    return node.op === 'matmul' && node.form === form;
  };
  /** Only `user` reads `id`, in the same block. */
  const belongsTo = (id: NodeId, user: NodeId): boolean => uses.get(id) === 1 && bodies.get(id) === bodies.get(user);
  const absorb = (id: NodeId, into: NodeId, fusion: Fusion): void => {
    absorbed.add(id);
    fusions.delete(id);
    fusions.set(into, fusion);
  };
  for (const id of [...live].sort((a, b) => a - b)) {
    const node = nodes[id];
    if (node.op === 'binary' && node.kind === 'add') {
      for (const [product, bias] of [
        [node.x, node.y],
        [node.y, node.x],
      ]) {
        const [shape, added] = [nodes[product].shape, nodes[bias].shape];
        const isBias = added.columns === 1 && added.rows === shape.rows && sameShape(shape, node.shape);
        if (!isMatmul(product, 'nn') || !isBias || !belongsTo(product, id)) continue;
        absorb(product, id, { matmul: product, bias, activation: 'none' });
        break;
      }
    } else if (node.op === 'unary' && (node.kind === 'relu' || node.kind === 'tanh') && belongsTo(node.x, id)) {
      const fusion =
        fusions.get(node.x) ?? (isMatmul(node.x, 'nn') ? { matmul: node.x, activation: 'none' as const } : undefined);
      if (fusion?.activation === 'none' && fusion.mask === undefined)
        absorb(node.x, id, { ...fusion, activation: node.kind });
    } else if (node.op === 'select' && isMatmul(node.x, 'tn') && belongsTo(node.x, id)) {
      const [mask, otherwise] = [nodes[node.condition], nodes[node.y]];
      const isZero = otherwise.op === 'constant' && otherwise.values.length === 1 && otherwise.values[0] === 0;
      const isMask = mask.op === 'unary' && mask.kind === 'relu' && sameShape(mask.shape, node.shape);
      if (isZero && isMask && sameShape(nodes[node.x].shape, node.shape)) {
        absorb(node.x, id, { matmul: node.x, activation: 'none', mask: node.condition });
      }
    }
  }
  return { fusions, absorbed };
}
