import { expect, test } from 'vitest';
import type { RunEvent } from '../src/metrics/events';
import { Reporter } from './reporter';

const progress = (step: number): RunEvent => ({
  kind: 'progress',
  at: { phase: 'offline', step },
  updates: step,
  latest: {},
});
const metrics = (step: number, columns: Record<string, number>): RunEvent => ({
  kind: 'metrics',
  phase: 'offline',
  steps: Float64Array.of(step),
  columns: Object.fromEntries(Object.entries(columns).map(([name, value]) => [name, Float32Array.of(value)])),
});
function reporter() {
  let time = 0;
  const sent: RunEvent[] = [];
  return {
    sent,
    report: new Reporter(
      (event) => sent.push(event),
      () => time,
    ),
    advance: (ms: number) => (time += ms),
  };
}

test('progress goes out at most every 100 ms, and the newest one does', () => {
  const { sent, report, advance } = reporter();
  for (let step = 0; step < 100; step++) {
    report.report(progress(step));
    advance(5);
  }
  expect(sent.length).toBeLessThanOrEqual(6);
  report.flush();
  expect(sent.at(-1)).toEqual(progress(99));
});
test('metrics are joined, none is lost, and a missing column is not-a-number', () => {
  const { sent, report } = reporter();
  report.report(metrics(10, { loss: 1 }));
  report.report(metrics(20, { loss: 2 }));
  report.report(metrics(30, { other: 3 }));
  report.flush();
  const rows = sent.flatMap((event) => (event.kind === 'metrics' ? [...event.steps] : []));
  expect(rows).toEqual([10, 20, 30]);
  const last = sent.at(-1);
  expect(last?.kind === 'metrics' && [...last.columns.loss]).toEqual([2, Number.NaN]);
});
test('what matters goes out at once, after what waited', () => {
  const { sent, report } = reporter();
  report.report(progress(1));
  report.report(progress(2));
  report.report({ kind: 'finished', at: { phase: 'online', step: 5 }, digest: 'ab', outcome: 'complete' });
  expect(sent.map(({ kind }) => kind)).toEqual(['progress', 'progress', 'finished']);
});
