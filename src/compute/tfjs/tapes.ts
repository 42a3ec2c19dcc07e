/**
 * What each `minimize` of a program must record for TensorFlow.js to differentiate.
 *
 * TensorFlow.js differentiates a function by running it, so everything between a network's parameters and the loss is
 * computed inside that run, and everything else (targets, weights, other networks) before it, once.
 */
import { operandsOf } from '../program/graph';
import type { NodeId, Program, Statement } from '../program/program';

export type Minimize = Extract<Statement, { kind: 'minimize' }>;

export interface Tape {
  /** Reads of the module's arrays, one an array, which the loss is differentiated by. */
  readonly parameters: readonly NodeId[];
  /** Nodes which depend on them, in an order in which operands come first. */
  readonly inside: readonly NodeId[];
  /** Values the tape starts from: computed before it. */
  readonly outside: readonly NodeId[];
  /** Of `inside`, those which something else reads too: computed once, kept. */
  readonly shared: readonly NodeId[];
}

/**
 * A tape for every `minimize` of `program`.
 *
 * @throws Error if a loss does not depend on the module it is to improve
 */
export function planTapes(program: Program): Map<Minimize, Tape> {
  const minimizes: Minimize[] = [];
  /** Nodes which a statement itself reads. */
  const read = new Set<NodeId>();
  const visit = (statements: readonly Statement[]): void => {
    for (const statement of statements) {
      switch (statement.kind) {
        case 'minimize':
          minimizes.push(statement);
          read.add(statement.learningRate);
          break;
        case 'metric':
        case 'output':
          read.add(statement.value);
          break;
        case 'moveTowards':
          read.add(statement.rate);
          break;
        case 'block':
          visit(statement.body);
          break;
        case 'compute':
          break;
        default:
          statement satisfies never;
      }
    }
  };
  visit(program.statements);
  for (const { loss } of minimizes) read.add(loss);

  const readers: NodeId[][] = program.nodes.map(() => []);
  for (const [id, node] of program.nodes.entries()) for (const operand of operandsOf(node)) readers[operand].push(id);

  const tapes = new Map<Minimize, Tape>();
  for (const statement of minimizes) {
    const cone = ancestors(program, statement.loss);
    const parameters = newestReads(program, cone, statement.module);
    const inside = new Set<NodeId>();
    const outside = new Set<NodeId>();
    for (const id of cone) {
      if (operandsOf(program.nodes[id]).some((operand) => inside.has(operand) || parameters.includes(operand))) {
        inside.add(id);
      }
    }
    if (!inside.has(statement.loss)) {
      throw new Error(`minimize: the loss does not depend on the parameters of ${statement.module}.`);
    }
    for (const id of inside) {
      for (const operand of operandsOf(program.nodes[id])) {
        if (!inside.has(operand) && !parameters.includes(operand)) outside.add(operand);
      }
    }
    const shared = [...inside].filter((id) => read.has(id) || readers[id].some((reader) => !inside.has(reader)));
    tapes.set(statement, { parameters, inside: [...inside], outside: [...outside], shared });
  }
  return tapes;
}

/**
 * The read of each array of `module` that stands for its value now. Older ones can be in a loss too, behind a
 * `stopGradient`, and count as given.
 */
function newestReads(program: Program, cone: readonly NodeId[], module: string): NodeId[] {
  const newest = new Map<string, { id: NodeId; version: number }>();
  for (const id of cone) {
    const node = program.nodes[id];
    if (node.op !== 'parameter' || node.module !== module) continue;
    const known = newest.get(node.name);
    if (known === undefined || known.version < node.version) newest.set(node.name, { id, version: node.version });
  }
  return [...newest.values()].map(({ id }) => id);
}

/** `last` and all it is computed from, operands first: a node is always recorded after its operands. */
function ancestors(program: Program, last: NodeId): NodeId[] {
  const found = new Set<NodeId>([last]);
  // A set's iteration also visits what is added on the way.
  for (const id of found) for (const operand of operandsOf(program.nodes[id])) found.add(operand);
  return [...found].sort((first, second) => first - second);
}
