/** Small programs, and what one update of them leaves behind on any executor. Used by tests only. */

import { stream } from '../../numeric/random';
import type { Executor, Session } from '../executor';
import { Graph } from '../program/graph';
import type { Plan } from '../program/plan';
import { adam, type NodeId, type ProgramSet, type RecordLayout, type Shape, type Statement } from '../program/program';
import { axes, scalarShape, sizeOf } from '../program/shapes';

export const batch = 16;
export const record: RecordLayout = {
  fields: [
    { name: 'observation', first: 0, size: 3 },
    { name: 'action', first: 3, size: 2 },
    { name: 'reward', first: 5, size: 1 },
    { name: 'terminated', first: 6, size: 1 },
    { name: 'nextObservation', first: 7, size: 3 },
  ],
  stride: 12,
};

/** The arrays a probe reads. `same` holds the same numbers as `probe`, and is not what the loss is differentiated by. */
export interface Arrays {
  parameter(module: 'probe' | 'same', name: 'x' | 'y'): NodeId;
}

/**
 * A program set whose update minimises Σ w·f(x, y), w fixed random weights, by x and y: forward values and gradients of `f`
 * in one number and two arrays.
 */
export function probe(shapes: { x: Shape; y: Shape }, f: (graph: Graph, arrays: Arrays) => NodeId): ProgramSet {
  const graph = new Graph();
  const read = (module: string, name: string, shape: Shape) =>
    graph.intern({ op: 'parameter', module, name, version: 0, shape });
  const result = f(graph, { parameter: (module, name) => read(module, name, shapes[name]) });
  const shape = graph.shape(result);
  let loss = graph.binary('multiply', result, read('weights', 'w', shape));
  for (const axis of axes) loss = graph.reduce('sum', axis, loss);
  const learningRate = graph.intern({ op: 'scalar', name: 'learningRate', shape: scalarShape });
  const statements: Statement[] = [
    { kind: 'compute', nodes: [...graph.nodes.keys()] },
    { kind: 'minimize', loss, module: 'probe', learningRate },
    { kind: 'metric', name: 'loss', value: loss },
  ];
  const arrays = (['x', 'y'] as const).map((name) => ({ name, shape: shapes[name] }));
  return {
    modules: [
      {
        name: 'probe',
        learns: true,
        parameters: arrays.map((array) => ({ ...array, initial: { kind: 'uniform', bound: 1.5 } })),
      },
      {
        name: 'same',
        learns: false,
        parameters: arrays.map((array) => ({ ...array, initial: { kind: 'copy', module: 'probe' } })),
      },
      { name: 'weights', learns: false, parameters: [{ name: 'w', shape, initial: { kind: 'uniform', bound: 1 } }] },
    ],
    scalars: [{ name: 'learningRate', value: 1e-3 }],
    record,
    update: {
      name: 'update',
      nodes: graph.nodes,
      statements,
      columns: batch,
      inputs: [],
      metrics: ['loss'],
      outputs: [],
      draws: 0,
      streams: 0,
    },
    queries: {},
  };
}

/** A program set whose metrics are numbers out of its batches and noise. Extremes round nothing, so they show bits. */
export function drawing(): ProgramSet {
  const graph = new Graph();
  const first = (id: NodeId) => graph.reduce('minimum', 'columns', graph.rows(id, 0, 1));
  const last = (id: NodeId) => graph.reduce('maximum', 'columns', graph.rows(id, graph.shape(id).rows - 2, 1));
  const values: Record<string, NodeId> = {};
  for (const draw of [0, 1]) {
    const rows = graph.intern({ op: 'batch', draw, shape: { members: 1, rows: record.stride, columns: batch } });
    values[`batch ${draw}, first row`] = first(rows);
    values[`batch ${draw}, last row but one`] = last(graph.rows(rows, 0, 10));
  }
  for (const [stream, distribution] of (['normal', 'uniform'] as const).entries()) {
    const shape = { members: 1, rows: 3, columns: batch };
    const noise = graph.intern({ op: 'random', distribution, stream, shape });
    values[`${distribution}, first row`] = first(noise);
    values[`${distribution}, last row but one`] = last(noise);
  }
  const metrics = Object.entries(values).map(([name, value]): Statement => ({ kind: 'metric', name, value }));
  return {
    modules: [],
    scalars: [],
    record,
    update: {
      name: 'update',
      nodes: graph.nodes,
      statements: [{ kind: 'compute', nodes: [...graph.nodes.keys()] }, ...metrics],
      columns: batch,
      inputs: [],
      metrics: Object.keys(values),
      outputs: [],
      draws: 2,
      streams: 2,
    },
    queries: {},
  };
}

/** [count, stride] records in [-1, 1); `terminated` 0 or 1, the action as `actions` says: an index below it, or a box. */
export function randomRecords(layout: RecordLayout, count: number, actions = 0): Float32Array {
  const random = stream(1, 'test');
  const records = Float32Array.from({ length: count * layout.stride }, () => random.uniform(-1, 1));
  for (let first = 0; first < records.length; first += layout.stride) {
    for (const { name, first: row } of layout.fields) {
      if (name === 'terminated') records[first + row] = random.index(2);
      if (name === 'action' && actions > 0) records[first + row] = random.index(actions);
    }
  }
  return records;
}

export interface Outcome {
  /** The metrics row of each update. */
  readonly metrics: Float32Array;
  readonly state: Uint8Array;
  readonly layout: string;
  /** Of the last Adam step, by `module.array`, read from Adam's first moments: they start at 0, so the first step makes them (1 − β1)·g. */
  readonly gradients: Readonly<Record<string, Float32Array>>;
}

/** Runs `updates` updates from the start; with one, `gradients` are those of every module stepped once. */
export async function outcomeOf(
  executor: Pick<Executor, 'open'>,
  programs: ProgramSet,
  options: { updates?: number; records?: Float32Array; prepare?: (session: Session) => void | Promise<void> } = {},
): Promise<Outcome> {
  const { updates = 1, records = randomRecords(programs.record, 50) } = options;
  const count = records.length / programs.record.stride;
  const session = await executor.open(programs, { seed: 7, dataCapacity: count, replayCapacity: count });
  try {
    await session.writeRecords('data', 0, records, count);
    session.setBatchSplit({ offlineColumns: programs.update.columns });
    await options.prepare?.(session);
    const metrics = await session.run(updates);
    const state = await session.readState();
    return { metrics, state, layout: session.plan.layout, gradients: gradientsOf(session.plan, state) };
  } finally {
    session.dispose();
  }
}

/** Gradients of the first Adam step, by `module.array`, out of the state that it left. */
export function gradientsOf(plan: Plan, state: Uint8Array): Record<string, Float32Array> {
  const gradients: Record<string, Float32Array> = {};
  for (const { module, name, shape, offset } of plan.parameters) {
    const arena = plan.arenas.find((candidate) => candidate.name === module)!;
    if (arena.first === undefined) continue;
    const at = offset - arena.parameters + arena.first - plan.state.offset;
    const moments = new Float32Array(state.slice(at, at + 4 * sizeOf(shape)).buffer);
    gradients[`${module}.${name}`] = moments.map((moment) => moment / (1 - adam.beta1));
  }
  return gradients;
}

/** Largest difference as a share of the largest expected size; 0 where both are all 0. */
export function relativeDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let size = 0;
  for (let i = 0; i < expected.length; i++) {
    // Written so that NaN anywhere makes the result NaN, which is below no bound.
    difference = Math.max(difference, Math.abs(actual[i] - expected[i]));
    size = Math.max(size, Math.abs(expected[i]));
  }
  return difference === 0 ? 0 : difference / size;
}
