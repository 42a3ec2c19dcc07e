import { describe, expect, test } from 'vitest';
import { wasmExecutor } from '../compute/wasm/session';
import type { RunEvent } from '../metrics/events';
import type { RunSpec } from '../spec/runSpec';
import { uncontrolled } from './control';
import { FakeDevice, prepareNow, runToEnd, small, specWith } from './testing';

const staleness = 8;
const recipe = { ...small, 'dataset.params.transitions': 500 };
const spec = specWith('stitching', recipe);
const prepared = prepareNow(spec);
const run = (of: RunSpec = spec, options: Parameters<typeof runToEnd>[3] = {}, device = new FakeDevice(staleness)) =>
  runToEnd(of, 0, device, { prepared, ...options });
const started = (events: readonly RunEvent[]) => events.find((event) => event.kind === 'started');
const device = new FakeDevice(staleness);
const whole = await run(spec, {}, device);

describe('acting with weights of some steps ago', () => {
  test('is the executor’s own number of steps, unless the recipe says otherwise, and is recorded', async () => {
    expect(started(whole.events)).toMatchObject({ staleness });
    expect(whole.result.staleness).toBe(staleness);
    const own = await run(specWith('stitching', { ...recipe, 'switch.staleness': 3, 'online.steps': 3 }));
    expect(started(own.events)).toMatchObject({ staleness: 3 });
    const wasm = await runToEnd(specWith('stitching', { ...recipe, 'online.steps': 1 }), 0, wasmExecutor, { prepared });
    expect(started(wasm.events)).toMatchObject({ staleness: 1 });
  });
  test('decides the bits, together with the recipe; the executor’s arithmetic is the rest', async () => {
    const stated = specWith('stitching', { ...recipe, 'switch.staleness': staleness });
    const onWasm = await runToEnd(stated, 0, wasmExecutor, { prepared });
    expect(onWasm.result.digest).toBe(whole.result.digest);
    expect((await runToEnd(spec, 0, wasmExecutor, { prepared })).result.digest).not.toBe(whole.result.digest);
  });
  test.each([1, 7, 1000])('is the same however much is granted at once: %i', async (chunk) => {
    const { result } = await run(spec, { control: uncontrolled([], chunk) });
    expect(result.digest).toBe(whole.result.digest);
    expect(result.episodes).toEqual(whole.result.episodes);
  });
  test('a change ends a block, whether it was in the spec or came while running', async () => {
    const change = { phase: 'online', step: 100, field: 'switch.oldData', value: 0 } as const;
    const recorded = await run({ ...spec, changes: [change] });
    const late: (typeof change)[] = [];
    const live = await run(spec, {
      control: {
        next: async ({ phase, step }) => {
          if (phase === 'online' && step >= 90) late[0] = change;
          return 10;
        },
        changes: () => late,
      },
    });
    expect(live.result.digest).toBe(recorded.result.digest);
    expect(recorded.result.digest).not.toBe(whole.result.digest);
  });
  test('a checkpoint goes on bit for bit', async () => {
    const { events } = await run(spec, { checkpointEvery: 5 });
    const checkpoint = events.findLast((event) => event.kind === 'checkpoint')?.checkpoint;
    expect((await run(spec, { checkpoint })).result.digest).toBe(whole.result.digest);
  });
});

describe('a block', () => {
  // Blocks end at multiples of 8, at the evaluations of steps 150 and 300: 19 before, 20 after step 150.
  const blocks = 39;
  test('is written at once and learnt from at once, with the weights brought back for what follows', () => {
    expect(device.replayWrites).toBe(blocks);
    expect(device.lateQueries).toBe(0);
    // Three grants and an evaluation's rest a half, offline; online, the warm-up of 50 steps ends within a block.
    expect(device.runs).toBe(4 + blocks - Math.floor(50 / staleness));
  });
  test('makes every step’s updates but those of the warm-up', async () => {
    const updatesOf = (events: readonly RunEvent[]) => events.findLast((event) => event.kind === 'progress')?.updates;
    expect(updatesOf(whole.events)).toBe(300 + 250);
    const twice = await run(specWith('stitching', { ...recipe, 'switch.updatesPerStep': 2 }));
    expect(updatesOf(twice.events)).toBe(300 + 2 * 250);
  });
  test('reports the metrics of its single steps', () => {
    const steps = whole.events.flatMap((event) =>
      event.kind === 'metrics' && event.phase === 'online' ? [...event.steps] : [],
    );
    expect(steps).toEqual([60, 90, 120, 150, 180, 210, 240, 270, 300]);
  });
});

test('a number beyond all measure counts as not finite: graphics devices need not know infinity', async () => {
  const huge = {
    ...wasmExecutor,
    open: async (...of: Parameters<typeof wasmExecutor.open>) => {
      const session = await wasmExecutor.open(...of);
      const runIt = session.run.bind(session);
      session.run = async (updates) => (await runIt(updates)).fill(2e30);
      return session;
    },
  };
  const { result } = await runToEnd(spec, 0, huge, { prepared });
  expect(result).toMatchObject({ outcome: 'failed', problem: { kind: 'notFinite' } });
});
