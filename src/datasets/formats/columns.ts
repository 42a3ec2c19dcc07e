/**
 * Named arrays as files hold them, D4RL's keys: observations, actions, rewards, terminals, timeouts, next_observations. To and from
 * `Transitions`; nothing here knows a file format.
 *
 * Reading is tolerant of what real files are: flags as int8, rewards of shape [N, 1], float64, no `timeouts` (early mazes), no
 * `next_observations` (most of D4RL). Source: D4RL's `qlearning_dataset`, https://github.com/Farama-Foundation/D4RL
 */
import type { Environment } from '../../environments/environment';
import { actionSize, observationSize } from '../../environments/spaces';
import { clamp } from '../../numeric/math';
import { numberText } from '../../schema/fields';
import type { RunProblem } from '../../spec/problems';
import type { Transitions } from '../transitions';

export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;
export interface Column {
  readonly data: NumberArray;
  readonly shape: readonly number[];
}
export interface Columns {
  readonly arrays: Readonly<Record<string, Column>>;
  /** Text beside the arrays: where the data came from. */
  readonly attributes: Readonly<Record<string, string>>;
}

export const columnNames = [
  'observations',
  'actions',
  'rewards',
  'terminals',
  'timeouts',
  'next_observations',
] as const;
type ColumnName = (typeof columnNames)[number];

export type FileProblem = Extract<RunProblem, { kind: 'fileMismatch' | 'fileUnreadable' }>;
/** Thrown while reading, caught where reading began: a stranger's file never throws at the caller. */
export class FileError extends Error {
  constructor(readonly problem: FileProblem) {
    super(problem.kind === 'fileUnreadable' ? problem.detail : `${problem.found} ${problem.what}`);
  }
}
export function unreadable(detail: string): FileError {
  return new FileError({ kind: 'fileUnreadable', detail });
}

/** The arrays of a dataset, not copied. Discrete actions are int32 of shape [N], as other tools expect them. */
export function columnsOf(
  transitions: Transitions,
  space: Environment['action'],
): Readonly<Record<ColumnName, Column>> {
  const { count, observationSize, actionSize } = transitions;
  return {
    observations: { data: transitions.observations, shape: [count, observationSize] },
    actions:
      space.kind === 'discrete'
        ? { data: Int32Array.from(transitions.actions), shape: [count] }
        : { data: transitions.actions, shape: [count, actionSize] },
    rewards: { data: transitions.rewards, shape: [count] },
    terminals: { data: transitions.terminated, shape: [count] },
    timeouts: { data: transitions.truncated, shape: [count] },
    next_observations: { data: transitions.nextObservations, shape: [count, observationSize] },
  };
}

export interface ReadTransitions {
  readonly transitions: Transitions;
  /** What had to be assumed or left out, one sentence each. */
  readonly notes: readonly string[];
}

/** @throws FileError naming the problem, if the arrays are not a dataset of this environment */
export function transitionsOf({ arrays }: Columns, environment: Environment, environmentName: string): ReadTransitions {
  const notes: string[] = [];
  const present = (name: ColumnName) => (Object.hasOwn(arrays, name) ? arrays[name] : undefined);
  const required = (name: ColumnName): Column => {
    const column = present(name);
    if (!column) throw unreadable(`it has no “${name}”`);
    return column;
  };
  const observationColumn = required('observations');
  const count = observationColumn.shape[0] ?? 0;
  if (count === 0) throw unreadable('it has no rows');
  const floats = (name: ColumnName, column: Column, what: string, columns: number): Float32Array => {
    const found = column.shape.slice(1).reduce((product, size) => product * size, 1);
    if (found !== columns) {
      throw new FileError({ kind: 'fileMismatch', what, found, expected: columns, environment: environmentName });
    }
    return finite(name, numbers(name, column, count * columns));
  };
  const flags = (name: ColumnName, column: Column): Uint8Array =>
    Uint8Array.from(numbers(name, column, count), (value) => (value === 0 ? 0 : 1));

  const observations = floats('observations', observationColumn, 'observation columns', observationSize(environment));
  const actions = floats('actions', required('actions'), 'action columns', actionSize(environment.action));
  notes.push(...repairActions(actions, environment.action));
  const rewards = finite('rewards', numbers('rewards', required('rewards'), count));
  const terminated = flags('terminals', required('terminals'));
  const timeouts = present('timeouts');
  const truncated = timeouts ? flags('timeouts', timeouts) : limitsOf(terminated, environment.maxSteps);
  if (!timeouts) {
    notes.push(`It does not say where episodes were cut, so each ends after ${environment.maxSteps} steps.`);
  }
  for (let row = 0; row < count; row++) if (terminated[row]) truncated[row] = 0;

  const nextColumn = present('next_observations');
  const rows = {
    observationSize: observationSize(environment),
    actionSize: actionSize(environment.action),
    observations,
    actions,
    rewards,
    terminated,
    truncated,
  };
  if (nextColumn) {
    const nextObservations = floats('next_observations', nextColumn, 'next observation columns', rows.observationSize);
    return { transitions: withEpisodes({ ...rows, count, nextObservations }), notes };
  }
  const transitions = withoutNext({ ...rows, count });
  const skipped = count - transitions.count;
  if (transitions.count === 0) throw unreadable('no row has a next observation');
  if (skipped > 0) {
    notes.push(`${numberText(skipped)} rows at the ends of episodes had no next observation and were left out.`);
  }
  return { transitions, notes };
}

type Rows = Omit<Transitions, 'nextObservations' | 'episodeStart'>;

/**
 * The next observation of a row is the observation of the row after it. A row at a time limit has none: the row after it belongs to
 * another episode. A terminated row keeps its own observation in that place, since nothing is bootstrapped from it.
 */
function withoutNext(rows: Rows): Transitions {
  const { count, observationSize: size, observations, terminated, truncated } = rows;
  const hasNext = (row: number) => !truncated[row] && row + 1 < count;
  const isKept = (row: number) => terminated[row] === 1 || hasNext(row);
  const kept = Array.from({ length: count }, (_, row) => row).filter(isKept);
  const take = (source: Float32Array, width: number, shift: (row: number) => number = (row) => row) => {
    const taken = new Float32Array(kept.length * width);
    kept.forEach((row, index) => {
      const from = shift(row) * width;
      taken.set(source.subarray(from, from + width), index * width);
    });
    return taken;
  };
  return withEpisodes({
    ...rows,
    count: kept.length,
    observations: take(observations, size),
    actions: take(rows.actions, rows.actionSize),
    rewards: take(rows.rewards, 1),
    nextObservations: take(observations, size, (row) => (terminated[row] ? row : row + 1)),
    terminated: Uint8Array.from(kept, (row) => terminated[row]),
    // The row before one that is left out is now the last of its episode.
    truncated: Uint8Array.from(kept, (row) => (!terminated[row] && !isKept(row + 1) ? 1 : 0)),
  });
}

/** Adds where episodes start; the last row ends its episode, if only because the file ends. */
function withEpisodes(rows: Omit<Transitions, 'episodeStart'>): Transitions {
  const { count, terminated, truncated } = rows;
  if (!terminated[count - 1]) truncated[count - 1] = 1;
  const starts = [0];
  for (let row = 0; row + 1 < count; row++) if (terminated[row] || truncated[row]) starts.push(row + 1);
  return { ...rows, episodeStart: Uint32Array.from(starts) };
}

/** Flags on every row that completes `maxSteps` since the episode began. */
function limitsOf(terminated: Uint8Array, maxSteps: number): Uint8Array {
  const truncated = new Uint8Array(terminated.length);
  let steps = 0;
  for (let row = 0; row < terminated.length; row++) {
    steps++;
    if (terminated[row]) steps = 0;
    else if (steps === maxSteps) {
      truncated[row] = 1;
      steps = 0;
    }
  }
  return truncated;
}

/** Puts box actions inside the bounds, as the environments do. @throws FileError for an index that is no action */
function repairActions(actions: Float32Array, space: Environment['action']): string[] {
  if (space.kind === 'discrete') {
    const wrong = actions.findIndex(
      (action) => !(Number.isInteger(action) && action >= 0 && action < space.names.length),
    );
    if (wrong < 0) return [];
    throw unreadable(`row ${numberText(wrong)} has action ${actions[wrong]}, not one of ${space.names.length}`);
  }
  const width = space.low.length;
  let changed = 0;
  for (let i = 0; i < actions.length; i++) {
    const inside = Math.fround(clamp(actions[i], space.low[i % width], space.high[i % width]));
    if (inside !== actions[i]) changed++;
    actions[i] = inside;
  }
  return changed > 0 ? [`${numberText(changed)} action components lay outside their bounds and were put on them.`] : [];
}

/** As float32, whatever the file's type; never the file's own memory. */
function numbers(name: string, { data }: Column, length: number): Float32Array {
  if (data.length !== length) {
    throw unreadable(`“${name}” has ${numberText(data.length)} numbers where ${numberText(length)} belong`);
  }
  return data instanceof BigInt64Array || data instanceof BigUint64Array
    ? Float32Array.from(data as Iterable<bigint>, Number)
    : Float32Array.from(data as ArrayLike<number>);
}

function finite(name: string, values: Float32Array): Float32Array {
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw unreadable(`“${name}” holds ${values[wrong]} (number ${numberText(wrong + 1)} of it)`);
  return values;
}
