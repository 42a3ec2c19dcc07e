import { describe, expect, test } from 'vitest';
import { wasmExecutor } from '../compute/wasm/session';
import type { RunEvent } from '../metrics/events';
import type { RunSpec } from '../spec/runSpec';
import { runToEnd, small, specWith } from './testing';
import { openView } from './view';

const spec = specWith('stitching', small);
const open = (of: RunSpec) => openView(of, wasmExecutor, () => {});
async function snapshotsOf(of: RunSpec) {
  const { events } = await runToEnd(of, 0, wasmExecutor, { lead: true });
  return events.filter((event): event is Extract<RunEvent, { kind: 'snapshot' }> => event.kind === 'snapshot');
}

describe('a view of a recipe', () => {
  test('maps every snapshot of its run, also after a knob was moved', async () => {
    const changes: RunSpec['changes'] = [
      { phase: 'offline', step: 100, field: 'offline.params.expectile', value: 0.6 },
      { phase: 'online', step: 100, field: 'switch.anchor', value: 1 },
    ];
    const snapshots = await snapshotsOf({ ...spec, changes });
    expect(snapshots.map(({ at }) => `${at.phase} ${at.step}`)).toContain('online 300');
    const view = await open(spec);
    for (const { snapshot, at } of snapshots) {
      const { values, arrows, grid } = await view.map(snapshot, at);
      expect(values).toHaveLength(grid[0] * grid[1]);
      const inside = [...values].filter((value) => !Number.isNaN(value));
      expect(inside.length, 'cells inside the walls').toBeGreaterThan(100);
      expect(inside.every(Number.isFinite)).toBe(true);
      expect([...arrows].filter((part) => !Number.isNaN(part))).toHaveLength(2 * inside.length);
    }
    view.dispose();
  });
  test('maps the run of a recipe that differs in live values only', async () => {
    const [{ snapshot, at }] = await snapshotsOf(
      specWith('stitching', { ...small, 'offline.params.learningRate': 1e-4 }),
    );
    const view = await open(spec);
    await expect(view.map(snapshot, at)).resolves.toMatchObject({ at });
    view.dispose();
  });
  test('refuses weights of other networks in words', async () => {
    const [{ snapshot, at }] = await snapshotsOf(specWith('stitching', { ...small, 'network.hiddenSize': 32 }));
    const view = await open(spec);
    await expect(view.map(snapshot, at)).rejects.toThrow(/belongs to other networks/);
    view.dispose();
  });
});
