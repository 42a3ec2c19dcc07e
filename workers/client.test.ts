import { afterEach, describe, expect, test } from 'vitest';
import type { RunSpec } from '../src/spec/runSpec';
import { changeAt, type PoolMessage, poolSize, TrainerPool, type WorkerLike } from './client';
import type { FromTrainer, ToTrainer } from './protocol';

const spec = {
  seeds: [0, 1, 2],
  offline: { updates: 1000 },
  online: { steps: 500 },
  changes: [],
} as unknown as RunSpec;

class FakeWorker implements WorkerLike<ToTrainer> {
  readonly heard: ToTrainer[] = [];
  isEnded = false;
  onmessage: ((event: MessageEvent) => void) | null = null;
  onmessageerror: ((event: MessageEvent) => void) | null = null;
  onerror: ((event: ErrorEvent) => void) | null = null;
  postMessage(message: ToTrainer): void {
    this.heard.push(message);
  }
  terminate(): void {
    this.isEnded = true;
  }
  say(message: FromTrainer): void {
    this.onmessage?.({ data: message } as MessageEvent);
  }
  /** The seed it is training now. */
  get seed(): number {
    return this.start.lanes[0].seed;
  }
  get start() {
    const start = this.heard.findLast((message) => message.kind === 'start');
    if (start?.kind !== 'start') throw new Error('not started');
    return start;
  }
  progress(phase: 'offline' | 'online', step: number): void {
    this.say({
      kind: 'event',
      runId: 'run',
      seed: this.seed,
      event: { kind: 'progress', at: { phase, step }, updates: step, latest: {} },
    });
  }
  finish(seed = this.seed, runId = this.start.lanes[0].runId): void {
    this.say({
      kind: 'event',
      runId,
      seed,
      event: { kind: 'finished', at: { phase: 'online', step: 500 }, digest: 'd', outcome: 'complete' },
    });
  }
  /** Stands still where asked to. */
  answerHolds(phase: 'offline' | 'online', step: number): void {
    for (const message of this.heard) {
      if (message.kind === 'hold') {
        this.say({ kind: 'held', runId: 'run', seed: this.seed, request: message.request, at: { phase, step } });
      }
    }
  }
}

let pool: TrainerPool | null = null;
afterEach(() => pool?.dispose());
function poolOf(size: number) {
  const workers: FakeWorker[] = [];
  const told: PoolMessage[] = [];
  let check = () => {};
  const made = new TrainerPool({
    createWorker: () => {
      const worker = new FakeWorker();
      workers.push(worker);
      return worker;
    },
    size,
    tell: (message) => told.push(message),
    repeat: (own) => {
      check = own;
      return () => {};
    },
  });
  pool = made;
  return { pool: made, workers, told, check: () => check(), kinds: () => told.map(({ kind }) => kind) };
}

test.each([
  [1, false, 1],
  [2, false, 1],
  [8, false, 7],
  [8, true, 2],
  [2, true, 1],
])('%d cores (phone: %s) train %d seeds at once', (cores, phone, size) => {
  expect(poolSize(cores, phone)).toBe(size);
});

describe('seeds', () => {
  test('start in order, as many as there are places, the lead first', () => {
    const { pool, workers } = poolOf(2);
    pool.start([{ runId: 'run', spec }], true);
    expect(workers.map(({ seed }) => seed)).toEqual([0, 1]);
    expect(workers.map(({ start }) => start.lanes[0].lead)).toEqual([true, false]);
  });
  test('the next takes over the worker of the one that is done, with the data it already has', () => {
    const { pool, workers } = poolOf(1);
    pool.start([{ runId: 'run', spec }], true);
    workers[0].finish();
    expect(workers).toHaveLength(1);
    expect(workers[0].seed).toBe(1);
  });
  test('the run ends, and its workers with it, when the last is done', () => {
    const { pool, workers, kinds } = poolOf(3);
    pool.start([{ runId: 'run', spec }], true);
    for (const worker of workers) worker.finish();
    expect(kinds().at(-1)).toBe('runEnded');
    expect(workers.every(({ isEnded }) => isEnded)).toBe(true);
  });
  test('a paused start prepares the lead only, and holds it', () => {
    const { pool, workers } = poolOf(3);
    pool.start([{ runId: 'run', spec }], false);
    expect(workers).toHaveLength(1);
    expect(workers[0].heard[0]).toMatchObject({ kind: 'start', lanes: [{ seed: 0 }], held: true });
  });
  test('below full speed only the lead goes on', () => {
    const { pool, workers } = poolOf(2);
    pool.start([{ runId: 'run', spec }], true);
    pool.setSpeed(20);
    expect(workers.map(({ heard }) => heard.at(-1)?.kind)).toEqual(['resume', 'hold']);
    pool.setSpeed(0);
    expect(workers.map(({ heard }) => heard.at(-1)?.kind)).toEqual(['resume', 'resume']);
  });
  test('a step pauses all and steps the lead', () => {
    const { pool, workers } = poolOf(2);
    pool.start([{ runId: 'run', spec }], true);
    pool.step(false);
    expect(workers[0].heard.slice(-2).map(({ kind }) => kind)).toEqual(['hold', 'step']);
    expect(workers[1].heard.at(-1)?.kind).toBe('hold');
  });
});

describe('a worker that dies', () => {
  test('ends its seed with its last position, and the others go on', () => {
    const { pool, workers, told } = poolOf(1);
    pool.start([{ runId: 'run', spec }], true);
    workers[0].progress('offline', 300);
    workers[0].onerror?.({ message: 'boom' } as ErrorEvent);
    expect(told).toContainEqual({
      kind: 'seedFailed',
      runId: 'run',
      seed: 0,
      problem: { kind: 'workerCrashed', seed: 0, at: { phase: 'offline', step: 300 }, detail: 'boom' },
    });
    expect(workers[0].isEnded).toBe(true);
    expect(workers[1].seed).toBe(1);
  });
  test('is noticed when it just falls silent', () => {
    const { pool, workers, check, kinds } = poolOf(1);
    pool.start([{ runId: 'run', spec }], true);
    for (let i = 0; i < 5; i++) check();
    expect(workers[0].heard.some(({ kind }) => kind === 'ping')).toBe(true);
    expect(kinds()).not.toContain('seedFailed');
    check();
    expect(kinds()).toContain('seedFailed');
  });
  test('is not taken for dead while it answers', () => {
    const { pool, workers, check, kinds } = poolOf(1);
    pool.start([{ runId: 'run', spec }], true);
    for (let i = 0; i < 20; i++) {
      check();
      workers[0].say({ kind: 'alive', runId: 'run', seed: 0 });
    }
    expect(kinds()).not.toContain('seedFailed');
  });
  test('can be run again', () => {
    const { pool, workers } = poolOf(3);
    pool.start([{ runId: 'run', spec }], true);
    workers[1].onerror?.({ message: 'boom' } as ErrorEvent);
    pool.restart('run', 1);
    expect(workers[3].seed).toBe(1);
  });
  test('says nothing more to a run that has replaced its own', () => {
    const { pool, workers, told } = poolOf(1);
    pool.start([{ runId: 'run', spec }], true);
    const [old] = workers;
    pool.start([{ runId: 'next', spec }], true);
    const before = told.length;
    old.say({ kind: 'alive', runId: 'run', seed: 0 });
    old.onerror?.({ message: 'late' } as ErrorEvent);
    expect(told).toHaveLength(before);
    expect(old.isEnded).toBe(true);
  });
});

describe('a sweep', () => {
  const jobs = [
    { runId: 'low', spec: { ...spec, seeds: [0, 1] } as RunSpec },
    { runId: 'high', spec: { ...spec, seeds: [0, 1] } as RunSpec },
  ];
  const startOf = ({ start }: FakeWorker) => start.lanes.map(({ runId, seed, lead }) => [runId, seed, lead]);

  test('starts the first seed of every run before the second of any; each run ends by itself', () => {
    const { pool, workers, told } = poolOf(2);
    pool.start(jobs, true);
    expect(workers.map(startOf)).toEqual([[['low', 0, true]], [['high', 0, true]]]);
    workers[0].finish();
    workers[1].finish();
    expect(workers.map(startOf)).toEqual([[['low', 1, false]], [['high', 1, false]]]);
    workers[1].finish();
    expect(told.at(-1)).toEqual({ kind: 'runEnded', runId: 'high' });
    workers[0].finish();
    expect(told.at(-1)).toEqual({ kind: 'runEnded', runId: 'low' });
  });
  test('pauses and goes on as one', () => {
    const { pool, workers } = poolOf(2);
    pool.start(jobs, true);
    pool.pause();
    expect(workers.map(({ heard }) => heard.at(-1)?.kind)).toEqual(['hold', 'hold']);
    pool.resume();
    expect(workers.map(({ heard }) => heard.at(-1)?.kind)).toEqual(['resume', 'resume']);
  });
  test('takes no live change: which of its values should it be?', async () => {
    const { pool, workers } = poolOf(2);
    pool.start(jobs, true);
    expect(await pool.change('offline', 'field', 1)).toBeNull();
    expect(workers[0].heard.some(({ kind }) => kind === 'hold')).toBe(false);
  });
  test('runs a seed of one run again, not that of the other', () => {
    const { pool, workers } = poolOf(4);
    pool.start(jobs, true);
    workers[1].onerror?.({ message: 'boom' } as ErrorEvent);
    pool.restart('high', 0);
    expect(workers).toHaveLength(5);
    expect(startOf(workers[4])).toEqual([['high', 0, true]]);
  });
});

describe('on a graphics device', () => {
  const onDevice = { ...spec, executor: 'webgpu' } as RunSpec;
  const choice = { executor: 'webgpu', why: 'Chosen in the settings.', timings: [] } as const;
  const begun = (executor: RunSpec['executor'] = 'webgpu', size = 2) => {
    const all = poolOf(size);
    all.pool.start([{ runId: 'run', spec: { ...onDevice, executor } }], true);
    return all;
  };
  const startedSeeds = (told: readonly PoolMessage[]) =>
    told.flatMap((message) => (message.kind === 'seedStarted' ? [message.seed] : []));

  test('all seeds train in one worker', () => {
    const { workers, told } = begun();
    expect(workers).toHaveLength(1);
    expect(workers[0].start.lanes.map(({ seed, lead }) => [seed, lead])).toEqual([
      [0, true],
      [1, false],
      [2, false],
    ]);
    expect(workers[0].start).toMatchObject({ places: 2, isCompared: false, choice: null });
    expect(startedSeeds(told)).toEqual([0]);
    workers[0].say({ kind: 'chosen', runId: 'run', seed: 0, choice, together: true });
    expect(startedSeeds(told)).toEqual([0, 1, 2]);
  });
  test('the run ends when all its lanes have, whatever their order', () => {
    const { workers, kinds } = begun();
    workers[0].say({ kind: 'chosen', runId: 'run', seed: 0, choice, together: true });
    for (const seed of [2, 0]) workers[0].finish(seed);
    expect(kinds()).not.toContain('runEnded');
    expect(workers[0].isEnded).toBe(false);
    workers[0].finish(1);
    expect(kinds().at(-1)).toBe('runEnded');
    expect(workers[0].isEnded).toBe(true);
  });
  test('where seeds train faster apart, the others get workers of their own, and the reason', () => {
    const { workers, told } = begun('auto');
    const apart = { executor: 'wasm', why: 'WebAssembly: 1,900 updates/s here.', timings: [] } as const;
    workers[0].say({ kind: 'chosen', runId: 'run', seed: 0, choice: apart, together: false });
    expect(workers.map(({ seed }) => seed)).toEqual([0, 1]);
    expect(workers[1].start).toMatchObject({ choice: apart, lanes: [{ seed: 1 }] });
    expect(startedSeeds(told)).toEqual([0, 1]);
    workers[0].finish();
    expect(workers[0].seed).toBe(2);
    expect(workers[0].start.choice).toEqual(apart);
  });
  test('a worker that dies ends all its seeds with the same words', () => {
    const { workers, told, kinds } = begun();
    workers[0].say({ kind: 'chosen', runId: 'run', seed: 0, choice, together: true });
    workers[0].finish(1);
    workers[0].onerror?.({ message: 'boom' } as ErrorEvent);
    const problems = told.flatMap((message) => (message.kind === 'seedFailed' ? [message.problem] : []));
    expect(problems).toMatchObject([
      { kind: 'workerCrashed', seed: 0, detail: 'boom' },
      { kind: 'workerCrashed', seed: 2, detail: 'boom' },
    ]);
    expect(kinds().filter((kind) => kind === 'runEnded')).toHaveLength(1);
  });
  test('is noticed once when it falls silent', () => {
    const { workers, check, kinds } = begun();
    for (let i = 0; i < 6; i++) check();
    expect(kinds().filter((kind) => kind === 'seedFailed')).toHaveLength(3);
    expect(workers).toHaveLength(1);
  });
  test('a live change waits for every lane', async () => {
    const { pool, workers } = begun();
    workers[0].say({ kind: 'chosen', runId: 'run', seed: 0, choice, together: true });
    const pending = pool.change('offline', 'field', 1);
    const hold = workers[0].heard.findLast((message) => message.kind === 'hold');
    for (const [seed, step] of [
      [0, 130],
      [2, 120],
      [1, 210],
    ]) {
      expect(workers[0].heard.some(({ kind }) => kind === 'change')).toBe(false);
      workers[0].say({ kind: 'held', runId: 'run', seed, request: hold?.request ?? 0, at: { phase: 'offline', step } });
    }
    expect(await pending).toMatchObject({ step: 300 });
    expect(workers[0].heard.filter(({ kind }) => kind === 'change')).toHaveLength(1);
  });
  test('a result that will be compared says so', () => {
    const { pool, workers } = poolOf(1);
    pool.start([{ runId: 'run', spec: { ...onDevice, executor: 'auto' }, isCompared: true }], true);
    expect(workers[0].start.isCompared).toBe(true);
  });
});

describe('a live change', () => {
  test('waits until all stand still, then applies to all at the furthest one’s next multiple of 100', async () => {
    const { pool, workers } = poolOf(2);
    pool.start([{ runId: 'run', spec }], true);
    const pending = pool.change('offline', 'offline.params.expectile', 0.7);
    workers[0].answerHolds('offline', 342);
    expect(workers[0].heard.some(({ kind }) => kind === 'change')).toBe(false);
    workers[1].answerHolds('offline', 120);
    const change = { phase: 'offline', step: 400, field: 'offline.params.expectile', value: 0.7 };
    expect(await pending).toEqual(change);
    for (const { heard } of workers) {
      expect(heard.slice(-2)).toEqual([{ kind: 'change', change }, { kind: 'resume' }]);
    }
  });
  test('reaches the seeds still queued with their spec', async () => {
    const { pool, workers } = poolOf(2);
    pool.start([{ runId: 'run', spec }], true);
    const pending = pool.change('offline', 'field', 1);
    workers[0].answerHolds('offline', 0);
    workers[1].answerHolds('offline', 0);
    const change = await pending;
    workers[1].finish();
    expect(workers[1].start.lanes[0].spec.changes).toEqual([change]);
  });
  test('is refused once a seed has finished', async () => {
    const { pool, workers } = poolOf(2);
    pool.start([{ runId: 'run', spec }], true);
    workers[0].finish();
    const pending = pool.change('online', 'field', 1);
    workers[0].answerHolds('offline', 10);
    workers[1].answerHolds('offline', 10);
    expect(await pending).toBeNull();
  });
  test('does not hang when the seed it waits for ends', async () => {
    const { pool, workers } = poolOf(1);
    pool.start([{ runId: 'run', spec }], true);
    const pending = pool.change('offline', 'field', 1);
    workers[0].finish();
    expect(await pending).toBeNull();
  });

  test.each([
    ['offline', { phase: 'offline', step: 0 }, { phase: 'offline', step: 100 }],
    ['offline', { phase: 'offline', step: 400 }, { phase: 'offline', step: 500 }],
    ['offline', { phase: 'offline', step: 950 }, null],
    ['offline', { phase: 'online', step: 10 }, null],
    ['online', { phase: 'offline', step: 950 }, { phase: 'online', step: 0 }],
    ['online', { phase: 'online', step: 199 }, { phase: 'online', step: 200 }],
    ['online', { phase: 'online', step: 460 }, null],
    [null, { phase: 'online', step: 5 }, { phase: 'online', step: 100 }],
  ] as const)('of the %s phase, with the furthest at %o, takes effect at %o', (phase, far, expected) => {
    const change = changeAt(spec, far, phase, 'field', 1);
    expect(change && { phase: change.phase, step: change.step }).toEqual(expected);
  });
});
