import { describe, expect, test } from 'vitest';
import type { Executor } from '../compute/executor';
import { wasmExecutor } from '../compute/wasm/session';
import type { RunEvent } from '../metrics/events';
import { emptyResult, note, type SeedResult } from '../metrics/results';
import { setField } from '../spec/fields';
import type { RunSpec } from '../spec/runSpec';
import { type RunControl, uncontrolled } from './control';
import { type Lane, trainLanes } from './lanes';
import { FakeDevice, prepareNow, runToEnd, small, specWith } from './testing';

const spec = specWith('stitching', { ...small, 'dataset.params.transitions': 500 });
const prepared = prepareNow(spec);
const lanesOf = (seeds: readonly number[], of: RunSpec = spec): Lane[] => seeds.map((seed) => ({ spec: of, seed }));

async function together(lanes: readonly Lane[], executor: Executor, control: RunControl = uncontrolled([])) {
  const events: RunEvent[][] = lanes.map(() => []);
  const results: SeedResult[] = lanes.map(({ seed }) => emptyResult(seed));
  for await (const { lane, event } of trainLanes(lanes, { prepared, executor, why: '', control })) {
    events[lane].push(event);
    note(results[lane], event);
  }
  return { events, results, digests: results.map(({ digest }) => digest) };
}
async function alone(lanes: readonly Lane[]) {
  const runs = [];
  for (const lane of lanes) runs.push(await runToEnd(lane.spec, lane.seed, wasmExecutor, { prepared }));
  return runs;
}
const asLoneRuns = lanesOf([4, 0, 9]);
const lone = await alone(asLoneRuns);
const loneDigests = lone.map(({ result }) => result.digest);

describe('lanes are lone runs', () => {
  test('of several seeds, through the switch, event by event', async () => {
    const { events, digests } = await together(asLoneRuns, wasmExecutor);
    expect(digests).toEqual(loneDigests);
    expect(new Set(digests).size).toBe(3);
    for (const [lane, { events: expected }] of lone.entries()) expect(events[lane]).toEqual(expected);
  });
  test('of several values of a scalar', async () => {
    const sweep = [1, 3, 6].map(
      (value): Lane => ({
        spec: setField(
          setField(spec, 'offline.params.inverseTemperature', value).spec,
          'online.params.learningRate',
          value / 1e4,
        ).spec,
        seed: 2,
      }),
    );
    const device = new FakeDevice(1);
    const { digests } = await together(sweep, device);
    expect(digests).toEqual((await alone(sweep)).map(({ result }) => result.digest));
    expect(new Set(digests).size).toBe(3);
    expect(device.openings).toEqual([
      [2, 2, 2],
      [2, 2, 2],
    ]);
  });
  test('of different networks, which cannot be replicas and are opened apart', async () => {
    const wide = setField(spec, 'network.hiddenSize', 32).spec;
    const lanes = [...lanesOf([4]), ...lanesOf([0], wide)];
    const device = new FakeDevice(1);
    const { digests } = await together(lanes, device);
    expect(digests).toEqual([loneDigests[0], (await alone(lanesOf([0], wide)))[0].result.digest]);
    expect(device.openings).toEqual([[4], [0], [4], [0]]);
  });
});

test('one opening a phase, one copy of the data, and one question to the host for all', async () => {
  const device = new FakeDevice(1);
  const asked: string[] = [];
  const control: RunControl = {
    next: async ({ phase, step }) => {
      asked.push(`${phase} ${step}`);
      return 40;
    },
    changes: () => [],
  };
  const { digests } = await together(asLoneRuns, device, control);
  expect(digests).toEqual(loneDigests);
  expect(device.openings).toEqual([
    [4, 0, 9],
    [4, 0, 9],
  ]);
  expect(device.dataWrites).toBe(2);
  expect(asked).toEqual(
    ['offline', 'online'].flatMap((phase) => [0, 40, 80, 120, 150, 190, 230, 270].map((step) => `${phase} ${step}`)),
  );
});

describe('a lane that leaves', () => {
  test('by an error ends with its words; the others go on to the same bits', async () => {
    let runs = 0;
    const broken: Executor = {
      ...wasmExecutor,
      openReplicas: async (programs, options) => {
        const sessions = await wasmExecutor.openReplicas(programs, options);
        const [, second] = sessions;
        const run = second?.run.bind(second);
        if (run) second.run = (updates) => (++runs === 2 ? Promise.reject(new Error('the wire broke')) : run(updates));
        return sessions;
      },
    };
    const { results, digests, events } = await together(asLoneRuns, broken);
    expect(digests).toEqual([loneDigests[0], null, loneDigests[2]]);
    expect(results[1]).toMatchObject({
      outcome: 'failed',
      problem: { kind: 'failed', seed: 0, detail: 'the wire broke', at: { phase: 'offline', step: 100 } },
    });
    expect(events[1].at(-1)).toMatchObject({ kind: 'finished', outcome: 'failed' });
  });
  test('by diverging, on a device whose replicas advance together: the others do not wait for it', async () => {
    const device = new FakeDevice(1);
    const { openReplicas } = device;
    device.openReplicas = async (programs, options) => {
      const sessions = await openReplicas(programs, options);
      const [, second] = sessions;
      const run = second.run.bind(second);
      if (device.openings.length === 1)
        second.run = async (updates, thenQuery) => (await run(updates, thenQuery)).fill(Number.NaN);
      return sessions;
    };
    const { results, digests } = await together(asLoneRuns, device);
    expect(results[1]).toMatchObject({ outcome: 'failed', problem: { kind: 'notFinite', seed: 0 } });
    // The one that failed is not opened again after the switch.
    expect(device.openings).toEqual([
      [4, 0, 9],
      [4, 9],
    ]);
    expect(digests).toEqual([loneDigests[0], null, loneDigests[2]]);
  });
  test('before the others: they do not wait for it', async () => {
    const short = setField(spec, 'online.steps', 0).spec;
    const { results, digests } = await together([...lanesOf([4, 0]), ...lanesOf([9], short)], wasmExecutor);
    expect(digests.slice(0, 2)).toEqual(loneDigests.slice(0, 2));
    expect(results[2].online).toEqual([]);
    expect(results[2].outcome).toBe('complete');
  });
  test('with all others, when nobody listens any more', async () => {
    const device = new FakeDevice();
    for await (const { event } of trainLanes(asLoneRuns, {
      prepared,
      executor: device,
      why: '',
      control: uncontrolled([]),
    }))
      if (event.kind === 'progress') break;
    expect(device.replicas).toBe(0);
  });
});
