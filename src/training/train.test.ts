import { describe, expect, test } from 'vitest';
import { wasmExecutor } from '../compute/wasm/session';
import type { Transitions } from '../datasets/transitions';
import type { RunEvent } from '../metrics/events';
import type { RunSpec } from '../spec/runSpec';
import { uncontrolled } from './control';
import { prepareNow, runToEnd, small, specWith } from './testing';

const spec = specWith('stitching', small);
const prepared = prepareNow(spec);
const run = (options: Parameters<typeof runToEnd>[3] = {}, of: RunSpec = spec, seed = 0) =>
  runToEnd(of, seed, wasmExecutor, { prepared, ...options });
const whole = await run();

describe('a run’s bits depend on its spec and seed alone', () => {
  test('the same digest twice, another one for another seed', async () => {
    expect(whole.result.digest).toMatch(/^[0-9a-f]{64}$/);
    expect((await run()).result.digest).toBe(whole.result.digest);
    expect((await run({}, spec, 1)).result.digest).not.toBe(whole.result.digest);
  });
  test.each([1, 7, 1000])('however many updates go into one call: %i', async (chunk) => {
    expect((await run({ control: uncontrolled([], chunk) })).result.digest).toBe(whole.result.digest);
  });
  test('snapshots and checkpoints change nothing', async () => {
    const { result, events } = await run({ lead: true, checkpointEvery: 1 });
    expect(events.some(({ kind }) => kind === 'snapshot')).toBe(true);
    expect(result.digest).toBe(whole.result.digest);
  });
});

describe('checkpoints', () => {
  test('a restored run goes on bit for bit, from every checkpoint', async () => {
    const { events } = await run({ checkpointEvery: 1 });
    const checkpoints = events.filter(
      (event): event is Extract<RunEvent, { kind: 'checkpoint' }> => event.kind === 'checkpoint',
    );
    expect(checkpoints.map(({ at }) => `${at.phase} ${at.step}`)).toEqual([
      'offline 0',
      'offline 150',
      'offline 300',
      'online 0',
      'online 150',
      'online 300',
    ]);
    for (const { checkpoint } of checkpoints)
      expect((await run({ checkpoint })).result.digest).toBe(whole.result.digest);
  });
  test('a checkpoint of another seed or recipe is refused in words', async () => {
    const { events } = await run({ checkpointEvery: 2 });
    const checkpoint = events.find((event) => event.kind === 'checkpoint')?.checkpoint;
    await expect(run({ checkpoint }, spec, 3)).rejects.toThrow(/expected seed 3, got seed 0/);
    await expect(run({ checkpoint }, specWith('stitching', { ...small, 'network.hiddenSize': 32 }))).rejects.toThrow(
      /another recipe/,
    );
    await expect(run({ checkpoint: new Uint8Array(100) })).rejects.toThrow(/expected a header/);
  });
});

describe('changes', () => {
  const change = { phase: 'offline', step: 100, field: 'offline.params.inverseTemperature', value: 1 } as const;
  test('a recorded change repeats, whether it was in the spec or came while running', async () => {
    const recorded = await run({}, { ...spec, changes: [change] });
    const late: (typeof change)[] = [];
    const live = await run({
      control: {
        next: async ({ phase, step }) => {
          if (phase === 'offline' && step === 60 && late.length === 0) late.push(change);
          return 60;
        },
        changes: () => late,
      },
    });
    expect(live.result.digest).toBe(recorded.result.digest);
    expect(recorded.result.digest).not.toBe(whole.result.digest);
    const changed = recorded.events.find((event) => event.kind === 'changed');
    expect(changed).toMatchObject({ at: { phase: 'offline', step: 100 }, from: '3', to: '1' });
  });
  test('finishing early measures, ends and repeats', async () => {
    const finish = { phase: 'online', step: 77, field: 'finish', value: true } as const;
    const [first, second] = [
      await run({}, { ...spec, changes: [finish] }),
      await run({}, { ...spec, changes: [finish] }),
    ];
    expect(first.result.outcome).toBe('stopped');
    expect(first.result.online.at(-1)?.step).toBe(77);
    expect(second.result.digest).toBe(first.result.digest);
  });
});

describe('the switch', () => {
  test('one evaluation ends the offline phase and starts the online one', () => {
    expect(whole.result.online[0].returns).toEqual(whole.result.offline.at(-1)?.returns);
    expect(whole.result.pretrained).toHaveLength(small['evaluation.regimeEpisodes']);
  });
  test('during warm-up the policy is frozen', async () => {
    const { result } = await run({}, specWith('stitching', { ...small, 'switch.warmup': 150 }));
    const distances = result.online.map(({ distanceToPretrained }) => distanceToPretrained);
    expect(distances[0]).toBe(0);
    expect(distances[1]).toBe(0);
    expect(distances[2]).toBeGreaterThan(0);
  });
  test('an anchor holds the policy near π₀', async () => {
    const far = whole.result.online.at(-1)?.distanceToPretrained as number;
    const { result } = await run({}, specWith('stitching', { ...small, 'switch.anchor': 100 }));
    expect(result.online.at(-1)?.distanceToPretrained).toBeLessThan(far / 2);
  });
  test.each(['optimiser', 'lastLayers', 'critic', 'all'])(
    'reset %s starts a different, repeatable run',
    async (reset) => {
      const changed = specWith('stitching', { ...small, 'switch.reset': reset });
      const [first, second] = [await run({}, changed), await run({}, changed)];
      expect(first.result.digest).toBe(second.result.digest);
      expect(first.result.digest).not.toBe(whole.result.digest);
    },
  );
});

describe('failures end a run with a problem, never with an exception', () => {
  test('values that run away', async () => {
    const dataset = prepared.dataset as NonNullable<typeof prepared.dataset>;
    const rewards = dataset.transitions.rewards.map((_, row) => (row % 2 === 0 ? 1e6 : -1e6) + 2e6);
    const wild: Transitions = { ...dataset.transitions, rewards };
    const steep = specWith('stitching', { ...small, 'offline.updates': 2000, 'offline.params.learningRate': 0.1 });
    const { result, events } = await run(
      { prepared: { ...prepared, dataset: { ...dataset, transitions: wild } } },
      steep,
    );
    expect(result.problem).toMatchObject({ kind: 'diverged', quantity: 'Q', ceiling: expect.closeTo(50) });
    expect(result.digest).toBeNull();
    expect(events.at(-1)).toMatchObject({ kind: 'finished', outcome: 'failed' });
  });
  test('memory that the engine will not give', async () => {
    const executor = {
      ...wasmExecutor,
      open: () => Promise.reject(new RangeError('WebAssembly.Memory(): could not allocate memory')),
    };
    const { result, events } = await runToEnd(spec, 0, executor, { prepared });
    expect(result.problem).toMatchObject({ kind: 'outOfMemory', transitions: small['dataset.params.transitions'] });
    expect(events.at(-1)).toMatchObject({ kind: 'finished', outcome: 'failed', digest: null });
  });
  test('data that are not finite', async () => {
    const dataset = prepared.dataset as NonNullable<typeof prepared.dataset>;
    const rewards = dataset.transitions.rewards.slice().fill(Number.NaN);
    const broken: Transitions = { ...dataset.transitions, rewards };
    const { result, events } = await run({ prepared: { ...prepared, dataset: { ...dataset, transitions: broken } } });
    expect(result.outcome).toBe('failed');
    expect(result.problem).toMatchObject({ kind: 'notFinite', seed: 0, at: { phase: 'offline' } });
    expect(result.digest).toBeNull();
    expect(events.at(-1)).toMatchObject({ kind: 'finished', outcome: 'failed' });
  });
});

test('a time limit does not cut the bootstrap: only `terminated` enters a record', async () => {
  const dataset = prepared.dataset as NonNullable<typeof prepared.dataset>;
  const { terminated, truncated, count } = dataset.transitions;
  expect(truncated.some((flag) => flag === 1)).toBe(true);
  const without = { ...dataset, transitions: { ...dataset.transitions, truncated: new Uint8Array(count) } };
  expect((await run({ prepared: { ...prepared, dataset: without } })).result.digest).toBe(whole.result.digest);
  const cut = {
    ...dataset,
    transitions: { ...dataset.transitions, terminated: terminated.map((flag, row) => flag | truncated[row]) },
  };
  expect((await run({ prepared: { ...prepared, dataset: cut } })).result.digest).not.toBe(whole.result.digest);
});
