/** An executor of the lab as a contender. */
import type { Executor } from '../executor';
import type { ProgramSet } from '../program/program';
import type { Contender } from './contender';
import { makeRecords, seed, transitions } from './problem';

export async function labContender(
  executor: Executor,
  programs: ProgramSet,
  version: string,
  clock: () => number,
): Promise<Contender> {
  const session = await executor.open(programs, { seed, dataCapacity: transitions, replayCapacity: 0 });
  await session.writeRecords('data', 0, makeRecords(), transitions);
  session.setBatchSplit({ offlineColumns: programs.update.columns });
  return {
    executor: executor.id,
    version,
    async time(updates) {
      const start = clock();
      await session.run(updates);
      return clock() - start;
    },
    async close() {
      session.dispose();
    },
  };
}
