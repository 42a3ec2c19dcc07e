import { describe, expect, test } from 'vitest';
import type { Position } from '../src/metrics/events';
import { Pace } from './pace';

const at = (step: number): Position => ({ phase: 'offline', step });

/** A trainer whose updates take `cost` milliseconds on a clock of its own. */
function trainer({ held = false, updatesPerSecond = 0, cost = 1 }) {
  let time = 0;
  const heldAt: (readonly [number, number])[] = [];
  const sleepers: { due: number; wake: () => void }[] = [];
  const pace = new Pace({
    now: () => time,
    letMessagesIn: () => Promise.resolve(),
    sleep: (milliseconds) => new Promise((wake) => sleepers.push({ due: time + milliseconds, wake })),
    changes: [],
    held,
    updatesPerSecond,
    onHeld: (request, position) => heldAt.push([request, position.step]),
  });
  let step = 0;
  /** Asks once and runs what is granted; null where it is made to wait. */
  const call = async (): Promise<number | null> => {
    const granted = await Promise.race([pace.next(at(step)), settled().then(() => null)]);
    if (typeof granted !== 'number') return null;
    step += granted;
    time += granted * cost;
    return granted;
  };
  return { pace, call, heldAt, sleepers, advance: (milliseconds: number) => (time += milliseconds), step: () => step };
}
/** After every promise that can go on has gone on. */
const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

describe('full speed', () => {
  test('grows a call to 25 ms and no longer', async () => {
    const { call } = trainer({ cost: 0.5 });
    const sizes: (number | null)[] = [];
    for (let i = 0; i < 9; i++) sizes.push(await call());
    expect(sizes).toEqual([1, 2, 4, 8, 16, 32, 50, 50, 50]);
  });
  test('never asks for less than one update, however slow', async () => {
    const { call } = trainer({ cost: 400 });
    expect([await call(), await call()]).toEqual([1, 1]);
  });
});

describe('holding', () => {
  test('answers with the exact position after the running call, and grants nothing more', async () => {
    const { pace, call, heldAt } = trainer({});
    await call();
    pace.hold(7);
    expect(heldAt).toEqual([]);
    expect(await call()).toBeNull();
    expect(heldAt).toEqual([[7, 1]]);
  });
  test('answers at once before the first update, and again while it stands', async () => {
    const { pace, call, heldAt } = trainer({ held: true });
    pace.hold(1);
    expect(heldAt).toEqual([[1, 0]]);
    expect(await call()).toBeNull();
    pace.hold(2);
    expect(heldAt.at(-1)).toEqual([2, 0]);
  });
  test('goes on after resume', async () => {
    const { pace } = trainer({ held: true });
    const waiting = pace.next(at(5));
    await settled();
    pace.resume();
    expect(await waiting).toBe(1);
  });
});

describe('single steps', () => {
  test('one step is one update, then it stands and says where', async () => {
    const { pace, call, heldAt, step } = trainer({ held: true });
    pace.step(false);
    expect(await call()).toBe(1);
    expect(await call()).toBeNull();
    expect(step()).toBe(1);
    expect(heldAt).toEqual([[0, 1]]);
  });
  test('to the next evaluation: runs until one was reported', async () => {
    const { pace, call } = trainer({ held: true });
    pace.step(true);
    expect(await call()).toBe(1);
    expect(await call()).toBe(2);
    pace.evaluated();
    expect(await call()).toBeNull();
  });
});

describe('slow speeds', () => {
  test.each([200, 20, 2])('%d a second are that many in four seconds', async (updatesPerSecond) => {
    const { pace, sleepers, advance } = trainer({ updatesPerSecond });
    let done = 0;
    const learn = async () => {
      for (;;) done += Number(await pace.next(at(done)));
    };
    void learn();
    for (let tick = 0; tick < 160; tick++) {
      await settled();
      advance(25);
      for (const { wake } of sleepers.splice(0)) wake();
    }
    // One call may be ahead.
    expect(Math.abs(done - 4 * updatesPerSecond)).toBeLessThanOrEqual(Math.max(1, updatesPerSecond / 20));
  });
  test('a hold is answered while it waits for its turn', async () => {
    const { pace, call, heldAt } = trainer({ updatesPerSecond: 2 });
    await call();
    await call();
    pace.hold(3);
    expect(heldAt).toEqual([[3, 1]]);
  });
});
