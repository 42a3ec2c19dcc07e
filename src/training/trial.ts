/** Times a recipe's own program on an executor for a moment. The clock is the host's. */
import { DeviceLost } from '../compute/deviceLost';
import type { Executor, Session } from '../compute/executor';
import type { NetworkValues } from '../spec/runFields';
import type { RunSpec } from '../spec/runSpec';
import { assemble } from './assemble';
import type { Prepared } from './prepare';

export interface Trial {
  readonly spec: RunSpec;
  readonly prepared: Prepared;
  /** One number a lane that will train at the same time. */
  readonly seeds: readonly number[];
  /** Workers that can train at the same time where every lane has its own. */
  readonly places: number;
  /** A result will be compared with a digest: only the executor that repeats it will do. */
  readonly isCompared: boolean;
  /** Milliseconds from any fixed moment. */
  now(): number;
  /** Resolves after so many milliseconds. */
  sleep(milliseconds: number): Promise<void>;
}

/** Long enough for a clock that ticks in tenths of milliseconds and for a device to wake up. */
const trialMilliseconds = 200;
const mostUpdates = 4096;
/** A device that compiles longer is one in software: it would lose. */
const readyMilliseconds = 8000;

/**
 * Updates a second over all lanes together. On a graphics device the lanes train side by side, so all of them are timed; elsewhere
 * one is, and as many run at once as there are places.
 *
 * @throws DeviceLost, RangeError where the device refuses, fails, or takes longer to get ready than it could save
 */
export async function timeUpdates(executor: Executor, trial: Trial): Promise<number> {
  const { seeds, places, now } = trial;
  const isTogether = executor.id === 'webgpu';
  const sessions = await (isTogether ? openInTime(executor, trial, seeds) : openSessions(executor, trial, [seeds[0]]));
  try {
    // The first call compiles and wakes up.
    await runAll(sessions, 1);
    for (let updates = 1; ; updates *= 2) {
      const start = now();
      await runAll(sessions, updates);
      const seconds = (now() - start) / 1000;
      if (seconds * 1000 < trialMilliseconds && updates < mostUpdates) continue;
      const each = updates / Math.max(seconds, 1e-6);
      return each * (isTogether ? seeds.length : Math.min(places, seeds.length));
    }
  } finally {
    for (const session of sessions) session.dispose();
  }
}

const runAll = (sessions: readonly Session[], updates: number) =>
  Promise.all(sessions.map((session) => session.run(updates)));

async function openInTime(executor: Executor, trial: Trial, seeds: readonly number[]): Promise<readonly Session[]> {
  const opening = openSessions(executor, trial, seeds);
  const opened = await Promise.race([opening, trial.sleep(readyMilliseconds)]);
  if (opened) return opened;
  opening.then(
    (late) => {
      for (const session of late) session.dispose();
    },
    () => {}, // it would have failed besides
  );
  throw new DeviceLost(`it was not ready after ${readyMilliseconds / 1000} seconds`);
}
async function openSessions(
  executor: Executor,
  { spec, prepared: { environment, dataset, packer } }: Trial,
  seeds: readonly number[],
): Promise<readonly Session[]> {
  const programs = assemble(spec, spec.offline.updates > 0 ? 'offline' : 'online', environment);
  const count = dataset?.transitions.count ?? 0;
  const sessions = await executor.openReplicas(programs, { seeds, dataCapacity: count, replayCapacity: 1 });
  if (dataset) await sessions[0].writeRecords('data', 0, packer.packAll(dataset.transitions), count);
  const { batch } = spec.network as NetworkValues;
  for (const session of sessions) session.setBatchSplit({ offlineColumns: dataset ? batch : 0 });
  return sessions;
}
