import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { BenchWorker } from '../../workers/bench/client';
import { SpeedBench } from './speed';

/** A worker that answers every question with `answer`, or never. */
function worker(answer: { kind: 'failed'; reason: string } | null) {
  const state = { isEnded: false };
  const made: BenchWorker = {
    onmessage: null,
    onerror: null,
    postMessage() {
      if (answer) queueMicrotask(() => made.onmessage?.({ data: answer } as MessageEvent));
    },
    terminate() {
      state.isEnded = true;
    },
  };
  return { made, state };
}

describe('the speed test', () => {
  beforeAll(() => {
    vi.stubGlobal('navigator', { userAgent: 'Chrome/150 Linux', hardwareConcurrency: 2 });
  });
  afterAll(() => {
    vi.unstubAllGlobals();
  });
  test('says why it failed, and ends its worker', async () => {
    const { made, state } = worker({ kind: 'failed', reason: 'no memory' });
    const bench = new SpeedBench(() => made);
    expect(bench.store.getState().status).toBe('idle');
    await bench.start();
    expect(bench.store.getState()).toMatchObject({ status: 'failed', reason: 'no memory', rows: [] });
    expect(state.isEnded).toBe(true);
  });
  test('is cancelled in the middle of whatever it does', async () => {
    const { made, state } = worker(null);
    const bench = new SpeedBench(() => made);
    const over = bench.start();
    expect(bench.store.getState()).toMatchObject({ status: 'running', stage: { kind: 'peak' } });
    bench.cancel();
    await over;
    expect(bench.store.getState()).toMatchObject({ status: 'cancelled', report: null });
    expect(state.isEnded).toBe(true);
  });
  test('starts over: a second start is the one that counts', async () => {
    const workers = [worker(null), worker({ kind: 'failed', reason: 'the second' })];
    let made = 0;
    const bench = new SpeedBench(() => workers[made++].made);
    const first = bench.start();
    const second = bench.start();
    await first;
    expect(bench.store.getState().status).not.toBe('cancelled');
    await second;
    expect(workers[0].state.isEnded).toBe(true);
    expect(bench.store.getState()).toMatchObject({ status: 'failed', reason: 'the second' });
  });
});
