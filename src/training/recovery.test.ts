import { describe, expect, test } from 'vitest';
import type { Executor } from '../compute/executor';
import { wasmExecutor } from '../compute/wasm/session';
import { appendEvent, emptySeedCurve } from '../metrics/curves';
import type { RunEvent } from '../metrics/events';
import { uncontrolled } from './control';
import { trainLanes } from './lanes';
import { FakeDevice, prepareNow, runToEnd, small, specWith } from './testing';

const spec = specWith('stitching', { ...small, 'dataset.params.transitions': 500 });
const prepared = prepareNow(spec);
const run = (executor: Executor) => runToEnd(spec, 0, executor, { prepared, lead: true });
const whole = await run(new FakeDevice());

function curveOf(events: readonly RunEvent[]) {
  const curve = emptySeedCurve(0);
  for (const event of events) appendEvent(curve, event);
  return curve;
}

describe('a device that goes away', () => {
  test.each([
    ['in the first update', 1, { phase: 'offline', step: 0 }],
    ['offline', 3, { phase: 'offline', step: 150 }],
    ['in the first update after the switch', 5, { phase: 'online', step: 0 }],
    ['online', 30, { phase: 'online', step: 150 }],
  ])('%s: the run goes on from the evaluation before, to the end it would have had', async (_, losesAt, at) => {
    const { events, result } = await run(new FakeDevice(8, losesAt));
    // The stand-in computes as `wasm` does, so that nothing but a flaw in the recovery could change a bit.
    expect(result.digest).toBe(whole.result.digest);
    expect(result.outcome).toBe('complete');
    expect(events.find((event) => event.kind === 'resumed')).toEqual({
      kind: 'resumed',
      at,
      executor: 'wasm',
      reason: 'the device was unplugged',
    });
    expect(result.problem).toMatchObject({ kind: 'deviceLost', executor: 'WebGPU', used: 'WebAssembly', from: at });
    const { result: told, metrics } = curveOf(events);
    const expected = curveOf(whole.events);
    expect(metrics).toEqual(expected.metrics);
    expect({ ...told, resumed: undefined, problem: null }).toEqual(expected.result);
  });
  test('with several lanes: every one goes on', async () => {
    const seeds = [0, 5, 8];
    const digests: (string | null)[] = [];
    const resumed: number[] = [];
    const executor = new FakeDevice(8, 20);
    const lanes = seeds.map((seed) => ({ spec, seed }));
    for await (const { lane, event } of trainLanes(lanes, { prepared, executor, why: '', control: uncontrolled([]) })) {
      if (event.kind === 'resumed') resumed.push(lane);
      if (event.kind === 'finished') digests[lane] = event.digest;
    }
    expect(resumed).toHaveLength(seeds.length);
    const expected = [];
    for (const seed of seeds) expected.push((await runToEnd(spec, seed, new FakeDevice(), { prepared })).result.digest);
    expect(digests).toEqual(expected);
  });
});

describe('a device that refuses', () => {
  const refusing = (opening: number, error: Error): Executor => {
    const device = new FakeDevice();
    let count = 0;
    const open: Executor['open'] = (...of) => (++count === opening ? Promise.reject(error) : device.open(...of));
    return Object.assign(Object.create(device) as FakeDevice, { open });
  };
  test('at the start is another choice of executor: the run is as reproducible as any', async () => {
    const { events, result } = await run(refusing(1, new RangeError('binding size 268,435,456 exceeds 134,217,728')));
    expect(events.some(({ kind }) => kind === 'resumed')).toBe(false);
    expect(events.find((event) => event.kind === 'started')).toMatchObject({
      executor: 'wasm',
      reproducible: true,
      staleness: 1,
    });
    expect(result.problem).toEqual({
      kind: 'executorUnavailable',
      executor: 'webgpu',
      reason: 'binding size 268,435,456 exceeds 134,217,728',
      used: 'WebAssembly',
    });
    expect(result.digest).toBe((await run(wasmExecutor)).result.digest);
  });
  test('at the switch costs nothing but the executor', async () => {
    const { events, result } = await run(refusing(2, new RangeError('not enough memory on the device')));
    expect(events.find((event) => event.kind === 'resumed')).toMatchObject({ at: { phase: 'offline', step: 300 } });
    expect(result.digest).toBe(whole.result.digest);
  });
});
