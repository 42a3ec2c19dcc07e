/** Finished and stopped runs in IndexedDB, so that they survive a reload. Where storage is refused the lab goes on without. */
import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import { validateSpec } from '../spec/fields';
import type { RunView } from './runsSlice';

interface LabDatabase extends DBSchema {
  runs: { key: string; value: RunView; indexes: { order: number } };
}
/** Older runs are dropped beyond this many: a run with its weights takes about a megabyte. */
const keptRuns = 50;

export interface RunStorage {
  /** Oldest first; a record that no longer reads as a run is left out. */
  load(): Promise<readonly RunView[]>;
  save(run: RunView): Promise<void>;
  remove(id: string): Promise<void>;
}

/** @throws where the browser refuses storage (private windows, full disks) */
export async function openStorage(): Promise<RunStorage> {
  const database = await openDB<LabDatabase>('regime-lab', 1, {
    upgrade(fresh) {
      fresh.createObjectStore('runs', { keyPath: 'id' }).createIndex('order', 'order');
    },
  });
  return {
    load: async () => (await database.getAllFromIndex('runs', 'order')).flatMap(readable),
    save: async (run) => {
      await database.put('runs', run);
      await dropOldest(database);
    },
    remove: (id) => database.delete('runs', id),
  };
}

async function dropOldest(database: IDBPDatabase<LabDatabase>): Promise<void> {
  const keys = await database.getAllKeysFromIndex('runs', 'order');
  for (const key of keys.slice(0, Math.max(0, keys.length - keptRuns))) await database.delete('runs', key);
}

/** What runs kept by an earlier version do not say of their executor. */
const earlier = { staleness: 1, resumedAt: null };
/** An earlier visit may have stored what this version no longer knows: a spec is repaired, anything else that is odd is skipped. */
function readable(run: RunView): RunView[] {
  if (!Array.isArray(run.curves) || !Array.isArray(run.seeds) || run.curves.length !== run.seeds.length) return [];
  if (!run.curves.every((curve) => curve?.result && curve.metrics)) return [];
  const { spec } = validateSpec(run.spec);
  // A run kept while it was still going cannot go on in another visit.
  const status = run.status === 'finished' ? 'finished' : 'stopped';
  const { updatesPerSecond = null } = run;
  const sweep = run.sweep ? { ...run.sweep, recipe: validateSpec(run.sweep.recipe).spec } : null;
  const executor = run.executor && { ...earlier, ...run.executor };
  return [{ ...run, spec, status, sweep, executor, updatesPerSecond, shown: false }];
}
