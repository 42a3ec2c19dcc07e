import { afterEach, describe, expect, test } from 'vitest';
import type { WorkerLike } from '../../workers/client';
import type { FromTrainer, ToTrainer, ToViewer } from '../../workers/protocol';
import type { RunEvent } from '../metrics/events';
import { getField } from '../spec/fields';
import { presetById } from '../spec/presets';
import type { RunSpec } from '../spec/runSpec';
import { currentRuns, isTraining, knobsOf, Laboratory, nameOf, sameSpec, statusOf } from './laboratory';
import type { RunView } from './runsSlice';
import type { RunStorage } from './storage';
import { createLabStore } from './store';

class FakeWorker<To> implements WorkerLike<To> {
  readonly heard: To[] = [];
  isEnded = false;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onmessageerror: ((event: MessageEvent) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  postMessage(message: To): void {
    this.heard.push(message);
  }
  terminate(): void {
    this.isEnded = true;
  }
  say(message: unknown): void {
    this.onmessage?.({ data: message } as MessageEvent);
  }
}

const stitching = presetById('stitching')?.spec as RunSpec;
let open: Laboratory | null = null;
afterEach(() => open?.dispose());

/** A laboratory of one place, whose storage is a list. */
function laboratory({ refuses = false, recipe = stitching } = {}) {
  const trainers: FakeWorker<ToTrainer>[] = [];
  const viewers: FakeWorker<ToViewer>[] = [];
  const kept = new Map<string, RunView>();
  const storage: RunStorage = {
    load: async () => [...kept.values()],
    save: async (run) => void kept.set(run.id, run),
    remove: async (id) => void kept.delete(id),
  };
  const make = <To>(list: FakeWorker<To>[]) => {
    const worker = new FakeWorker<To>();
    list.push(worker);
    return worker;
  };
  let next = 0;
  let time = 0;
  let hidden = false;
  const store = createLabStore(recipe);
  const lab = new Laboratory(store, {
    createTrainer: () => make(trainers),
    createViewer: () => make(viewers),
    cores: 2,
    phone: false,
    storage: refuses ? Promise.reject(new Error('private window')) : Promise.resolve(storage),
    newId: () => `run ${++next}`,
    visibility: { now: () => time, isHidden: () => hidden, onChange: () => () => {} },
  });
  open = lab;
  const state = () => store.getState();
  /** What the trainer of the newest run says of a seed; the page hears it at once. */
  const say = (seed: number, event: RunEvent) => {
    const message: FromTrainer = { kind: 'event', runId: `run ${next}`, seed, event };
    trainers.at(-1)?.say(message);
  };
  const evaluate = (seed: number, step: number, mean: number) =>
    say(seed, {
      kind: 'evaluation',
      at: { phase: 'offline', step },
      returns: [mean],
      mean,
      predicted: null,
      realised: null,
      outsideData: null,
      distanceToPretrained: null,
    });
  const finish = (seed: number) =>
    say(seed, { kind: 'finished', at: { phase: 'online', step: 5000 }, digest: `${seed}`, outcome: 'complete' });
  /** The tab goes out of sight, and nothing of it runs for so long. */
  const freeze = (milliseconds: number) => {
    hidden = true;
    say(stitching.seeds[0], { kind: 'progress', at: { phase: 'online', step: 2140 }, updates: 0, latest: {} });
    time += milliseconds;
  };
  return { lab, state, trainers, viewers, kept, say, evaluate, finish, freeze };
}
/** Longer than the store waits before it takes what the workers said. */
const flushed = () => new Promise((resolve) => setTimeout(resolve, 150));

describe('run', () => {
  test('starts, pauses and resumes one and the same run', () => {
    const { lab, state, trainers } = laboratory();
    lab.run();
    expect(lab.current).toMatchObject({ status: 'running', name: 'Stitching' });
    lab.runOrPause();
    expect(lab.current?.status).toBe('paused');
    lab.runOrPause();
    expect(lab.current?.status).toBe('running');
    expect(Object.keys(state().runs)).toHaveLength(1);
    expect(trainers).toHaveLength(1);
  });
  test('of an edited recipe leaves the old run in the table, as stopped', async () => {
    const { lab, state, evaluate } = laboratory();
    lab.run();
    evaluate(0, 0, 3);
    await flushed();
    await lab.edit('network.hiddenSize', 128);
    expect(lab.current).toBeNull();
    lab.run();
    const runs = Object.values(state().runs);
    expect(runs.map(({ status }) => status)).toEqual(['stopped', 'running']);
    expect(runs[1].name).toContain('128');
  });
  test('that an edit has left behind can still be paused, and goes on once the edit is undone', async () => {
    const { lab, state } = laboratory();
    lab.run();
    await lab.edit('network.hiddenSize', 128);
    expect(isTraining(state())).toBe(true);
    lab.pause();
    expect(isTraining(state())).toBe(false);
    lab.undoEdit();
    expect(lab.current?.status).toBe('paused');
    lab.run();
    expect(lab.current).toMatchObject({ id: 'run 1', status: 'running' });
  });
  test('that is ended stays in the table, and Run starts another', async () => {
    const { lab, state, trainers, evaluate } = laboratory();
    lab.run();
    evaluate(0, 0, 3);
    lab.end();
    expect(trainers[0].isEnded).toBe(true);
    expect(lab.current).toBeNull();
    lab.run();
    expect(Object.values(state().runs).map(({ status }) => status)).toEqual(['stopped', 'running']);
  });
  test('that never showed a point leaves no trace', () => {
    const { lab, state } = laboratory();
    lab.run();
    lab.reset();
    expect(state().runs).toEqual({});
  });
  test('finishes when all seeds have, with the hash of their digests, and is kept', async () => {
    const { lab, state, kept, evaluate, finish } = laboratory();
    lab.run();
    for (const seed of stitching.seeds) {
      evaluate(seed, 0, 1);
      finish(seed);
    }
    await flushed();
    const run = Object.values(state().runs)[0];
    expect(run.status).toBe('finished');
    expect(run.digest).toMatch(/^[0-9a-f]{64}$/);
    expect([...kept.keys()]).toEqual([run.id]);
  });
});

describe('edits', () => {
  test('a structural one does not touch the run, and can be undone', async () => {
    const { lab, state, trainers } = laboratory();
    lab.run();
    const before = trainers[0].heard.length;
    await lab.edit('offline.updates', 5000);
    expect(trainers[0].heard).toHaveLength(before);
    expect(trainers[0].isEnded).toBe(false);
    lab.undoEdit();
    expect(lab.current?.status).toBe('running');
    expect(sameSpec(state().recipe, stitching)).toBe(true);
  });
  test('a live one is recorded in run and recipe, at one exact step', async () => {
    const { lab, state, trainers } = laboratory();
    lab.run();
    const edit = lab.edit('offline.params.expectile', 0.6);
    const hold = trainers[0].heard.findLast(({ kind }) => kind === 'hold');
    const request = hold?.kind === 'hold' ? hold.request : 0;
    trainers[0].say({ kind: 'held', runId: 'run 1', seed: 0, request, at: { phase: 'offline', step: 230 } });
    await edit;
    const change = { phase: 'offline', step: 300, field: 'offline.params.expectile', value: 0.6 };
    expect(lab.current?.spec.changes).toEqual([change]);
    expect(state().recipe.changes).toEqual([change]);
    // The knob shows where it is now, although the start value is unchanged.
    expect(getField(state().recipe, 'offline.params.expectile')).toBe(getField(stitching, 'offline.params.expectile'));
    expect(getField(knobsOf(state().recipe, lab.current), 'offline.params.expectile')).toBe(0.6);
    lab.reset();
    expect(state().recipe.changes).toEqual([]);
    expect(getField(state().recipe, 'offline.params.expectile')).toBe(0.6);
  });
  test('a wrong value is clamped and said', async () => {
    const { lab, state } = laboratory();
    await lab.edit('offline.params.expectile', 7);
    expect(Number(getField(state().recipe, 'offline.params.expectile'))).toBeLessThanOrEqual(1);
    expect(state().messages[0].problems[0]).toMatchObject({ kind: 'value', path: 'offline.params.expectile' });
  });
  test('a change that a link brought shows only once the run has passed it', () => {
    const brought: RunSpec = {
      ...stitching,
      changes: [{ phase: 'offline', step: 5000, field: 'offline.params.expectile', value: 0.6 }],
    };
    const { lab, state, say } = laboratory({ recipe: brought });
    const shown = () => getField(knobsOf(state().recipe, lab.current), 'offline.params.expectile');
    expect(shown()).toBe(getField(stitching, 'offline.params.expectile'));
    lab.run();
    say(0, {
      kind: 'started',
      executor: 'wasm',
      reproducible: true,
      why: '',
      timings: [],
      staleness: 1,
      parameters: 0,
      flopsPerUpdate: 0,
    });
    expect(shown()).toBe(getField(stitching, 'offline.params.expectile'));
    state().workersSaid([{ kind: 'seedHeld', runId: 'run 1', seed: 0, at: { phase: 'offline', step: 5000 } }]);
    expect(shown()).toBe(0.6);
  });
});

describe('seeds', () => {
  test('new seeds are as many, none of them used before', () => {
    const { lab, state } = laboratory();
    lab.newSeeds();
    expect(state().recipe.seeds).toEqual([5, 6, 7, 8, 9]);
    expect(state().recipe.dataset.seed).toBe(stitching.dataset.seed);
  });
  test('one whose worker dies is said, and its curve is kept', async () => {
    const { lab, state, trainers, evaluate } = laboratory();
    lab.run();
    evaluate(0, 0, 3);
    trainers[0].onerror?.({ message: 'boom' } as ErrorEvent);
    await flushed();
    expect(state().messages[0].problems[0]).toMatchObject({ kind: 'workerCrashed', seed: 0 });
    expect(lab.current?.curves[0].result).toMatchObject({ outcome: 'failed', offline: [{ step: 0, mean: 3 }] });
    expect(trainers[1].heard[0]).toMatchObject({ kind: 'start', lanes: [{ seed: 1 }] });
  });
});

describe('the machine', () => {
  test('that lost its device says so once, whatever the number of seeds, and the run says what went on', async () => {
    const { lab, state, say } = laboratory();
    lab.run();
    const [at, from] = [{ phase: 'offline', step: 900 } as const, { phase: 'offline', step: 500 } as const];
    for (const seed of [0, 1, 2]) {
      say(seed, { kind: 'resumed', at: from, executor: 'wasm', reason: 'it was unplugged' });
      const [executor, used, reason] = ['WebGPU', 'WebAssembly', 'it was unplugged'];
      say(seed, { kind: 'problem', problem: { kind: 'deviceLost', at, from, seed, executor, used, reason } });
    }
    await flushed();
    expect(state().messages.map(({ problems }) => problems[0].kind)).toEqual(['deviceLost']);
    expect(lab.current?.executor).toMatchObject({ id: 'wasm', reproducible: false, resumedAt: from });
  });
});

describe('many seeds', () => {
  test('are set and run in one action, whatever runs', () => {
    const { lab, state, trainers } = laboratory();
    lab.run();
    lab.runSeeds(16);
    expect(trainers[0].isEnded).toBe(true);
    expect(state().recipe.seeds).toHaveLength(16);
    expect(lab.current).toMatchObject({ status: 'running', sweep: null });
    expect(lab.current?.seeds).toHaveLength(16);
  });
});

describe('a sweep', () => {
  const order = {
    path: 'offline.params.expectile',
    values: [0.6, 0.7, 0.9],
    scale: 'linear',
    seeds: 2,
    nameOf: (value: number) => `Expectile ${value}`,
  } as const;
  /** Ids as the laboratory gives them: the sweep's own, then one a value. */
  const ids = ['run 2', 'run 3', 'run 4'];
  const seen = (runId: string, seed: number) => ({
    kind: 'event' as const,
    runId,
    seed,
    event: {
      kind: 'evaluation' as const,
      at: { phase: 'offline' as const, step: 0 },
      returns: [1],
      mean: 1,
      predicted: null,
      realised: null,
      outsideData: null,
      distanceToPretrained: null,
    },
  });
  const statuses = (state: () => { runs: Readonly<Record<string, RunView>> }) =>
    ids.map((id) => state().runs[id]?.status);

  test('is a run a value, all of them current, the recipe as it was', () => {
    const { lab, state } = laboratory();
    lab.sweep(order);
    expect(Object.keys(state().runs)).toEqual(ids);
    expect(Object.values(state().runs).map(({ name, sweep }) => [name, sweep?.index, sweep?.value])).toEqual([
      ['Expectile 0.6', 0, 0.6],
      ['Expectile 0.7', 1, 0.7],
      ['Expectile 0.9', 2, 0.9],
    ]);
    expect(sameSpec(state().recipe, stitching)).toBe(true);
    expect(currentRuns(state()).map(({ id }) => id)).toEqual(ids);
    expect(lab.current?.id).toBe('run 2');
  });
  test('pauses, goes on and ends as one', async () => {
    const { lab, state, trainers } = laboratory();
    lab.sweep(order);
    await flushed();
    state().workersSaid(ids.map((id) => seen(id, 0)));
    lab.runOrPause();
    expect(statuses(state)).toEqual(['paused', 'paused', 'paused']);
    lab.runOrPause();
    expect(statuses(state)).toEqual(['running', 'running', 'running']);
    lab.end();
    expect(statuses(state)).toEqual(['stopped', 'stopped', 'stopped']);
    expect(trainers[0].isEnded).toBe(true);
    expect(lab.current).toBeNull();
  });
  test('goes on while one of its runs has finished', async () => {
    const { lab, state } = laboratory();
    lab.sweep(order);
    await flushed();
    state().workersSaid([seen('run 2', 0), { kind: 'runEnded', runId: 'run 2' }]);
    expect(statusOf(currentRuns(state()))).toBe('running');
    lab.pause();
    expect(statuses(state)).toEqual(['finished', 'paused', 'paused']);
    lab.run();
    expect(statuses(state)).toEqual(['finished', 'running', 'running']);
  });
  test('is looked at run by run, and still steered as one', () => {
    const { lab, state } = laboratory();
    lab.sweep(order);
    lab.pickRun('run 4');
    expect(lab.current?.id).toBe('run 4');
    expect(state().pickedId).toBe('run 4');
    expect(currentRuns(state())).toHaveLength(3);
  });
  test('takes no live change: an edit makes another recipe, and can be undone', async () => {
    const { lab, state, trainers } = laboratory();
    lab.sweep(order);
    const heard = trainers[0].heard.length;
    await lab.edit('offline.params.expectile', 0.7);
    expect(trainers[0].heard).toHaveLength(heard);
    expect(getField(state().recipe, 'offline.params.expectile')).toBe(0.7);
    expect(lab.current).toBeNull();
    lab.undoEdit();
    expect(currentRuns(state())).toHaveLength(3);
  });
  test('starts from the knobs as they stand', async () => {
    const { lab, state, trainers } = laboratory();
    lab.run();
    const edit = lab.edit('offline.params.discount', 0.9);
    const hold = trainers[0].heard.findLast(({ kind }) => kind === 'hold');
    const request = hold?.kind === 'hold' ? hold.request : 0;
    trainers[0].say({ kind: 'held', runId: 'run 1', seed: 0, request, at: { phase: 'offline', step: 230 } });
    await edit;
    lab.sweep(order);
    const [first] = currentRuns(state());
    expect(first.spec.changes).toEqual([]);
    expect(getField(first.spec, 'offline.params.discount')).toBe(0.9);
  });
  test('is deleted and brought back as a whole, and ends when it is', async () => {
    const { lab, state, trainers, kept } = laboratory();
    lab.sweep(order);
    await flushed();
    state().workersSaid(ids.map((id) => seen(id, 0)));
    const runs = currentRuns(state());
    lab.deleteRuns(ids);
    expect(trainers[0].isEnded).toBe(true);
    expect(state().runs).toEqual({});
    lab.undeleteRuns(runs);
    expect(statuses(state)).toEqual(['stopped', 'stopped', 'stopped']);
    await flushed();
    expect([...kept.keys()].sort()).toEqual(ids);
  });
  test('is drawn alone: another one takes its place', async () => {
    const { lab, state } = laboratory();
    lab.sweep(order);
    await flushed();
    const first = state().runs['run 2'].sweep?.id ?? '';
    state().workersSaid(ids.map((id) => seen(id, 0)));
    lab.sweep(order);
    const shown = () =>
      Object.values(state().runs).flatMap(({ sweep, shown: isShown }) => (isShown ? [sweep?.id] : []));
    expect(shown()).not.toContain(first);
    state().sweepShown(first, true);
    expect(new Set(shown())).toEqual(new Set([first]));
    state().sweepShown(first, false);
    expect(shown()).toEqual([]);
  });
});

describe('a hidden tab', () => {
  test('that the browser stopped says where it goes on', async () => {
    const { lab, state, evaluate, freeze } = laboratory();
    lab.run();
    freeze(6 * 60_000);
    await flushed();
    evaluate(0, 0, 3);
    expect(state().messages.flatMap(({ problems }) => problems)).toEqual([
      { kind: 'hiddenTabPaused', at: { phase: 'online', step: 2140 }, of: stitching.online.steps, minutes: 6 },
    ]);
  });
  test('of a paused run says nothing', async () => {
    const { lab, state, freeze, evaluate } = laboratory();
    lab.run();
    lab.pause();
    freeze(6 * 60_000);
    lab.run();
    evaluate(0, 0, 3);
    expect(state().messages).toEqual([]);
  });
});

test('a refused storage is said once, and everything else goes on', async () => {
  const { lab, state, evaluate } = laboratory({ refuses: true });
  await flushed();
  lab.run();
  evaluate(0, 0, 1);
  await flushed();
  lab.reset();
  await flushed();
  expect(state().messages.map(({ problems }) => problems[0].kind)).toEqual(['storageRefused']);
  expect(Object.values(state().runs)[0].status).toBe('stopped');
});

test('a run is named after what differs from its preset', () => {
  expect(nameOf(stitching)).toBe('Stitching');
  const { lab, state } = laboratory();
  void lab.edit('switch.oldData', 0);
  expect(nameOf(state().recipe)).toBe('Stitching · share of old data 0');
});
