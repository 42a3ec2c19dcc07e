/**
 * The main chart alone, with the page's own store, fed as workers would feed it: `npm run bench -- page` calls `chartBench`.
 * Ten runs, as many as are drawn with their bands and seeds and a sweep, of five seeds with 20,000 evaluations each: 100,000 points a
 * run. Each seed has as many rows of metrics as a long run leaves.
 */
import { MantineProvider } from '@mantine/core';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import '../../src/app/app.css';
import { LabProvider } from '../../src/app/LabContext';
import { ReturnPanel } from '../../src/app/ReturnPanel';
import { cssVariables, theme } from '../../src/app/theme';
import { mostColouredRuns } from '../../src/charts/palette';
import type { RunEvent } from '../../src/metrics/events';
import { presetSpec } from '../../src/spec/presets';
import type { RunSpec } from '../../src/spec/runSpec';
import { Laboratory } from '../../src/store/laboratory';
import { createLabStore } from '../../src/store/store';

const runs = 10;
const seeds = 5;
const evaluations = 10_000; // in each phase
const every = 10;
const metricRows = 20_000;

export interface ChartBench {
  readonly runs: number;
  readonly pointsEach: number;
  /** Mounts the chart and waits until it is complete: ms from the first drawing's begin to its painted frame, and to completion. */
  open(): Promise<{ first: number; complete: number; isComplete: boolean }>;
  /** Every seed but the lead of one run says its next point; none of the run's lines can go on before the lead. */
  prepare(n: number): Promise<void>;
  /** The lead says its own: ms until the chart has been drawn, and painted. */
  refresh(n: number): Promise<{ script: number; whole: number }>;
}
declare global {
  var chartBench: ChartBench;
}

const preset = presetSpec('stitching');
if (!preset) throw new Error('expected the default preset');
const budget = every * evaluations;
const recipe: RunSpec = {
  ...preset,
  offline: { ...preset.offline, updates: budget },
  online: { ...preset.online, steps: 2 * budget },
  seeds: Array.from({ length: seeds }, (_, seed) => seed),
};
const store = createLabStore(recipe);
const idle = () => ({ postMessage() {}, terminate() {}, onmessage: null, onmessageerror: null, onerror: null });
const laboratory = new Laboratory(store, {
  createTrainer: idle,
  createViewer: idle,
  cores: 2,
  phone: false,
  storage: Promise.reject(new Error('no storage here')),
  newId: () => '',
  visibility: { isHidden: () => false, onChange: () => () => {}, now: () => 0 },
});

/** A noisy learning curve, the same in every visit. */
function noise(n: number): number {
  const mixed = Math.imul(n ^ (n >>> 15), 0x2c1b3c6d);
  return ((mixed ^ (mixed >>> 12)) >>> 0) / 2 ** 32;
}
function evaluation(run: number, seed: number, phase: 'offline' | 'online', step: number): RunEvent {
  const place = step / budget;
  const mean = 20 + 2 * run + 15 * (place / (0.2 + place)) + 8 * noise(step * 64 + seed * 8 + run);
  return {
    kind: 'evaluation',
    at: { phase, step },
    returns: [mean],
    mean,
    predicted: null,
    realised: null,
    outsideData: null,
    distanceToPretrained: null,
  };
}
const idOf = (run: number) => `run-${run}`;
function tell(run: number, seed: number, event: RunEvent) {
  store.getState().workersSaid([{ kind: 'event', runId: idOf(run), seed, event }]);
}

function fill(): void {
  const of = runs - mostColouredRuns;
  const sweep = { id: 'sweep', path: 'offline.params.expectile', of, scale: 'linear', recipe } as const;
  const started = Array.from({ length: runs }, (_, run) => {
    const index = run - mostColouredRuns;
    const place = index < 0 ? null : { ...sweep, value: 0.5 + index / 10, index };
    return { id: idOf(run), name: `Run ${run}`, spec: recipe, sweep: place };
  });
  for (const one of started) store.getState().runsStarted([one], false);
  for (const { id } of started) store.getState().runShown(id, true);
  for (let run = 0; run < runs; run++)
    for (let seed = 0; seed < seeds; seed++) {
      const { result, metrics } = store.getState().runs[idOf(run)].curves[seed];
      for (const phase of ['offline', 'online'] as const) {
        for (let n = 0; n < evaluations; n++) {
          const event = evaluation(run, seed, phase, every * n);
          if (event.kind === 'evaluation') result[phase].push({ step: every * n, ...event });
        }
        for (let row = 0; row < metricRows / 2; row++) metrics[phase].steps.push(row);
        metrics[phase].columns['criticLoss'] = metrics[phase].steps.map((row) => noise(row));
      }
    }
}

/** Runs `act` and gives ms of its own and until the frame that shows it has been painted. */
function untilPainted(act: () => void): Promise<{ script: number; whole: number }> {
  return new Promise((resolve) => {
    requestAnimationFrame(() => {
      const start = performance.now();
      flushSync(act);
      const script = performance.now() - start;
      // A message queued now is let in when the frame has been laid out and painted.
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => resolve({ script, whole: performance.now() - start });
      port2.postMessage(null);
    });
  });
}

const rest = () => new Promise((resolve) => setTimeout(resolve, 120));
const placeOf = (n: number) => ({ run: n % runs, step: every * (evaluations + Math.floor(n / runs)) });

globalThis.chartBench = {
  runs,
  pointsEach: 2 * evaluations * seeds,
  async open() {
    fill();
    const root = createRoot(document.getElementById('root') as HTMLElement);
    const start = performance.now();
    const first = await untilPainted(() =>
      root.render(
        <MantineProvider theme={theme} cssVariablesResolver={cssVariables}>
          <LabProvider laboratory={laboratory}>
            <div className="stage">
              <ReturnPanel />
            </div>
          </LabProvider>
        </MantineProvider>,
      ),
    );
    const isComplete = await settled();
    return { first: first.whole, complete: performance.now() - start, isComplete };
  },
  async prepare(n) {
    const { run, step } = placeOf(n);
    for (let seed = 1; seed < seeds; seed++) tell(run, seed, evaluation(run, seed, 'online', step));
    await rest();
  },
  refresh(n) {
    const { run, step } = placeOf(n);
    return untilPainted(() => tell(run, 0, evaluation(run, 0, 'online', step)));
  },
};

/** Waits until the chart draws nothing new by itself; false where it still does after a while. */
async function settled(): Promise<boolean> {
  const limit = performance.now() + 90_000;
  let drawn = '';
  let same = 0;
  while (same < 4 && performance.now() < limit) {
    await rest();
    const now = document.querySelector('.chart-layers')?.innerHTML ?? '';
    same = now === drawn ? same + 1 : 0;
    drawn = now;
  }
  return same === 4;
}
