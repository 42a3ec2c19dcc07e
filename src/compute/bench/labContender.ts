/** An executor of the lab as a contender. */
import type { Executor } from '../executor';
import type { ProgramSet } from '../program/program';
import type { Contender } from './contender';
import { makeRecords, seed, transitions } from './problem';

export interface LabOptions {
  readonly version: string;
  /** Learners that advance together, each with its own seed. */
  readonly replicas: number;
  /** Milliseconds, of which fractions count. */
  readonly clock: () => number;
}

export async function labContender(
  executor: Executor,
  programs: ProgramSet,
  { version, replicas, clock }: LabOptions,
): Promise<Contender> {
  const capacities = { dataCapacity: transitions, replayCapacity: 0 };
  const seeds = Array.from({ length: replicas }, (_, i) => seed + i);
  const sessions =
    replicas === 1
      ? [await executor.open(programs, { seed, ...capacities })]
      : await executor.openReplicas(programs, { seeds, ...capacities });
  const records = makeRecords();
  for (const session of sessions) {
    await session.writeRecords('data', 0, records, transitions);
    session.setBatchSplit({ offlineColumns: programs.update.columns });
  }
  return {
    executor: executor.id,
    version,
    replicas,
    async time(updates) {
      const start = clock();
      await Promise.all(sessions.map((session) => session.run(updates)));
      return clock() - start;
    },
    async close() {
      for (const session of sessions) session.dispose();
    },
  };
}
