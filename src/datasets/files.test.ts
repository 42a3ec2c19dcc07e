import { zipSync } from 'fflate';
import { beforeAll, describe, expect, test } from 'vitest';
import { environmentById } from '../environments/registry';
import { defaultsOf } from '../schema/fields';
import type { DatasetRequest } from './dataset';
import { type FileFormat, type FileResult, readDatasetFile, writeDatasetFile } from './files';
import type { Column } from './formats/columns';
import { writeHdf5 } from './formats/hdf5';
import { writeNpz } from './formats/npz';
import { make, request } from './testing';

const environmentOf = (id: string) => {
  const definition = environmentById(id)!;
  return definition.make(defaultsOf(definition.params));
};
const pendulum = environmentOf('pendulum');
const read = (bytes: Uint8Array) => readDatasetFile(bytes, pendulum, 'Pendulum');
function loaded(result: FileResult): Extract<FileResult, { kind: 'loaded' }> {
  if (result.kind === 'refused') throw new Error(JSON.stringify(result.problem));
  return result;
}

const formats: readonly FileFormat[] = ['hdf5', 'npz'];

describe.each(formats)('%s', (format) => {
  test.each(['pointMaze', 'pendulum', 'cartPole', 'fourRooms'])(
    'a file of %s loads back to the same digest and recipe',
    async (id) => {
      const of: DatasetRequest = {
        environment: { id, params: {} },
        dataset: { recipe: 'expert', params: { transitions: 1200, noise: 0.2 }, seed: 7 },
      };
      const { transitions, card } = make(of);
      const result = loaded(
        await readDatasetFile(await writeDatasetFile(format, transitions, of), environmentOf(id), id),
      );
      expect(result.digest).toBe(card.digest);
      expect(result.transitions.count).toBe(1200);
      expect(result.request).toEqual(of);
      expect(result.notes).toEqual([]);
    },
  );

  test('the same data give the same bytes', async () => {
    const { transitions } = make(request('pendulum', 'random', 500));
    const write = () => writeDatasetFile(format, transitions, request('pendulum', 'random', 500));
    expect(await write()).toEqual(await write());
  });

  test('a file of another environment is refused in the words of the page', async () => {
    const of = request('pointMaze', 'stitch', 500);
    const bytes = await writeDatasetFile(format, make(of).transitions, of);
    expect(await read(bytes)).toEqual({
      kind: 'refused',
      problem: { kind: 'fileMismatch', what: 'observation columns', found: 4, expected: 3, environment: 'Pendulum' },
    });
  });

  test('a broken file is a problem, not an exception', async () => {
    const of = request('pendulum', 'random', 500);
    const bytes = await writeDatasetFile(format, make(of).transitions, of);
    for (const part of [
      bytes.slice(0, 20),
      bytes.slice(0, bytes.length / 2),
      new Uint8Array(),
      Uint8Array.of(1, 2, 3, 4, 5),
    ]) {
      const result = await read(part);
      expect(result.kind === 'refused' && result.problem.kind).toBe('fileUnreadable');
    }
  });
});

/** Eight steps of a pendulum as other programs store them. */
describe('files of others', () => {
  const column = (data: Column['data'], ...shape: number[]): Column => ({ data, shape });
  const count = 8;
  const observations = Float64Array.from({ length: count * 3 }, (_, i) => i / 100);
  const base = {
    observations: column(observations, count, 3),
    actions: column(
      Float64Array.from({ length: count }, (_, i) => i / 4),
      count,
      1,
    ),
    rewards: column(
      Float64Array.from({ length: count }, (_, i) => -i),
      count,
      1,
    ),
    terminals: column(Int8Array.of(0, 0, 1, 0, 0, 0, 0, 0), count, 1),
    timeouts: column(Int8Array.of(0, 0, 0, 0, 0, 1, 0, 0), count),
  };
  const rowsOf = ({ transitions }: Extract<FileResult, { kind: 'loaded' }>) => ({
    rewards: [...transitions.rewards],
    terminated: [...transitions.terminated],
    truncated: [...transitions.truncated],
    episodeStart: [...transitions.episodeStart],
  });
  const load = async (arrays: Record<string, Column>) =>
    loaded(await read(await writeHdf5({ arrays, attributes: {} })));
  const refuse = async (arrays: Record<string, Column>) => {
    const result = await read(await writeHdf5({ arrays, attributes: {} }));
    return result.kind === 'refused' ? result.problem : undefined;
  };

  test('without next observations, rows at a time limit are left out and none looks into another episode', async () => {
    const result = await load(base);
    // Row 5 was cut by the limit and row 7 by the file's end: neither has a next observation.
    expect(rowsOf(result)).toEqual({
      rewards: [-0, -1, -2, -3, -4, -6],
      terminated: [0, 0, 1, 0, 0, 0],
      truncated: [0, 0, 0, 0, 1, 1],
      episodeStart: [0, 3, 5],
    });
    const nextFirst = Array.from({ length: 6 }, (_, row) => result.transitions.nextObservations[row * 3]);
    const rowAfter = [1, 2, 2, 4, 5, 7]; // row 2 terminated: its own observation stands in, unused
    expect(nextFirst).toEqual(rowAfter.map((row) => Math.fround((row * 3) / 100)));
    expect(result.notes).toEqual(['2 rows at the ends of episodes had no next observation and were left out.']);
    expect(result.request).toBeNull();
  });

  test('with next observations every row counts', async () => {
    const next = Float64Array.from(observations, (value) => value + 1);
    const result = await load({ ...base, next_observations: column(next, count, 3) });
    expect(rowsOf(result)).toEqual({
      rewards: [-0, -1, -2, -3, -4, -5, -6, -7],
      terminated: [0, 0, 1, 0, 0, 0, 0, 0],
      truncated: [0, 0, 0, 0, 0, 1, 0, 1],
      episodeStart: [0, 3, 6],
    });
    expect(result.notes).toEqual([]);
  });

  test('without timeouts, episodes are cut at the limit and never terminated by it', async () => {
    const long = 450;
    const result = await load({
      observations: column(new Float32Array(long * 3), long, 3),
      next_observations: column(new Float32Array(long * 3), long, 3),
      actions: column(new Float32Array(long), long),
      rewards: column(new Float32Array(long), long),
      terminals: column(new Uint8Array(long), long),
    });
    expect([...result.transitions.episodeStart]).toEqual([0, 200, 400]);
    expect(result.transitions.terminated.some((flag) => flag !== 0)).toBe(false);
    expect(result.notes).toEqual(['It does not say where episodes were cut, so each ends after 200 steps.']);
  });

  test('actions beyond the bounds are put on them, and said', async () => {
    const result = await load({ ...base, actions: column(Float32Array.of(3, -3, 0, 0, 0, 0, 0, 0), count, 1) });
    expect([...result.transitions.actions.subarray(0, 3)]).toEqual([2, -2, 0]);
    expect(result.notes[0]).toBe('2 action components lay outside their bounds and were put on them.');
  });

  test('a changed file no longer claims its recipe', async () => {
    const of = request('pendulum', 'random', 500);
    const { transitions } = make(of);
    const bytes = await writeDatasetFile('npz', transitions, of);
    const intact = loaded(await read(bytes));
    expect(intact.request).toEqual(of);
    const rewards = transitions.rewards.slice();
    rewards[3] += 1;
    const attributes = {
      environment: 'pendulum',
      environment_params: '{}',
      recipe: 'random',
      recipe_params: '{}',
      seed: '1',
      digest: intact.digest,
    };
    const { columnsOf } = await import('./formats/columns');
    const arrays = columnsOf({ ...transitions, rewards }, pendulum.action);
    expect(loaded(await read(writeNpz({ arrays, attributes }))).request).toBeNull();
  });

  test.each([
    ['no actions', { actions: undefined }, 'it has no “actions”'],
    [
      'rewards of another length',
      { rewards: column(new Float32Array(5), 5) },
      '“rewards” has 5 numbers where 8 belong',
    ],
    [
      'not a number',
      { rewards: column(new Float32Array(8).fill(Number.NaN), 8) },
      '“rewards” holds NaN (number 1 of it)',
    ],
  ])('%s is said plainly', async (_, change, detail) => {
    const arrays = Object.fromEntries(
      Object.entries({ ...base, ...change }).filter(([, value]) => value !== undefined),
    );
    expect(await refuse(arrays as Record<string, Column>)).toEqual({ kind: 'fileUnreadable', detail });
  });

  test('too many action columns are a mismatch', async () => {
    expect(await refuse({ ...base, actions: column(new Float32Array(16), 8, 2) })).toEqual({
      kind: 'fileMismatch',
      what: 'action columns',
      found: 2,
      expected: 1,
      environment: 'Pendulum',
    });
  });

  test('an index that is no action is refused', async () => {
    const arrays = {
      observations: column(new Float32Array(8), 2, 4),
      actions: column(BigInt64Array.of(1n, 2n), 2),
      rewards: column(new Float32Array(2), 2),
      terminals: column(new Uint8Array(2), 2),
      timeouts: column(new Uint8Array(2), 2),
    };
    const result = await readDatasetFile(
      await writeHdf5({ arrays, attributes: {} }),
      environmentOf('cartPole'),
      'Cart-pole',
    );
    expect(result).toEqual({
      kind: 'refused',
      problem: { kind: 'fileUnreadable', detail: 'row 1 has action 2, not one of 2' },
    });
  });
});

describe('an NPZ as NumPy writes it', () => {
  let bytes: Uint8Array;
  beforeAll(() => {
    // Headers as numpy 1.26 `np.savez` prints them.
    const header = (descr: string, shape: string) => {
      const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117);
      return Uint8Array.of(
        0x93,
        ...new TextEncoder().encode('NUMPY'),
        1,
        0,
        118,
        0,
        ...new TextEncoder().encode(`${text}\n`),
      );
    };
    const entry = (descr: string, shape: string, data: ArrayBufferView) => {
      const body = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
      return Uint8Array.of(...header(descr, shape), ...body);
    };
    bytes = zipSync({
      'observations.npy': entry('<f8', '(2, 3)', new Float64Array([1, 0, 0, 0, 1, 0])),
      'actions.npy': entry('<f4', '(2, 1)', new Float32Array([0.5, -0.5])),
      'rewards.npy': entry('<i8', '(2,)', new BigInt64Array([-1n, -2n])),
      'terminals.npy': entry('|b1', '(2,)', new Uint8Array([0, 1])),
      'other.npy': new Uint8Array(3),
    });
  });

  test('is read', async () => {
    const { transitions } = loaded(await read(bytes));
    expect([...transitions.rewards]).toEqual([-1, -2]);
    expect([...transitions.terminated]).toEqual([0, 1]);
    expect([...transitions.nextObservations]).toEqual([0, 1, 0, 0, 1, 0]);
  });
});
