/** Facts of a run as the page shows them: summaries per phase, regime, references. Computed from what the run said, kept where costly. */

import type { RunLines } from '../charts/ZoneChart';
import { type Measure, type PhaseSummary, Summariser } from '../metrics/curves';
import type { Regime } from '../metrics/regime';
import { regimeOfRun } from '../metrics/results';
import type { EvaluationValues } from '../spec/runFields';
import type { Phase } from '../spec/runSpec';
import type { RunView } from '../store/runsSlice';

/** Null before the switch, and where nothing was pretrained on data. */
export function regimeOfView({ curves, card, references, spec }: RunView): Regime | null {
  if (!references) return null;
  const { margin, level } = spec.evaluation as EvaluationValues;
  return regimeOfRun(
    curves.map(({ result }) => result),
    card,
    references,
    margin,
    level,
  );
}

/** New intervals a frame: about 2 ms each, so that a reload with many runs stays smooth. */
const intervalsPerCall = 6;
/** New evaluations of a seed a frame: a reload with long runs draws them piece by piece. */
const evaluationsPerCall = 500;
const summarisers = new Map<string, Summariser>();

/** What a chart draws of a run, and what it was drawn from. `pending`: some intervals are still missing, ask again. */
interface Drawn {
  readonly run: RunView;
  readonly dash: readonly number[];
  readonly lines: RunLines;
  readonly pending: boolean;
}
const drawn = new Map<string, Drawn>();

/**
 * The same lines as long as nothing of the run that is drawn has changed, so that only what is new is drawn again. One that was not
 * complete is taken further only where there is `time`: of several, one a frame.
 */
export function linesOf(run: RunView, measure: Measure, colour: string, dash: readonly number[], time: boolean): Drawn {
  const key = `${run.id} ${measure} ${colour}`;
  const before = drawn.get(key);
  const isSame =
    before !== undefined &&
    (!before.pending || !time) &&
    before.run.revision === run.revision &&
    before.run.spec === run.spec &&
    before.run.curves === run.curves &&
    before.run.name === run.name &&
    before.dash === dash;
  if (isSame) return before;
  const now = { run, dash, ...draw(run, measure, colour, dash) };
  drawn.set(key, now);
  return now;
}

function draw(
  run: RunView,
  measure: Measure,
  colour: string,
  dash: readonly number[],
): Pick<Drawn, 'lines' | 'pending'> {
  const { updates } = run.spec.offline;
  let pending = false;
  const of = (phase: Phase): readonly [PhaseSummary, ReturnType<Summariser['seedLines']>] => {
    const key = `${run.id} ${measure} ${phase}`;
    const summariser = summarisers.get(key) ?? new Summariser(measure, phase);
    summarisers.set(key, summariser);
    const summary = summariser.summarise(run.curves, updates, intervalsPerCall, evaluationsPerCall);
    pending ||= summariser.pending;
    return [summary, summariser.seedLines()];
  };
  const [offline, offlineSeeds] = of('offline');
  const [online, onlineSeeds] = of('online');
  const seeds = run.curves.map((_, i) => ({ offline: offlineSeeds[i], online: onlineSeeds[i] }));
  const failures = run.curves.flatMap(({ result }, i) => {
    if (result.outcome !== 'failed') return [];
    for (const phase of ['online', 'offline'] as const) {
      const last = seeds[i][phase].at(-1);
      const diverged = result.problem?.kind === 'diverged' || result.problem?.kind === 'notFinite';
      if (last) return [{ phase, ...last, diverged }];
    }
    return [];
  });
  const { id, name } = run;
  const summary = { offline, online };
  return { lines: { id, name, colour, dash, offlineBudget: updates, summary, seeds, failures }, pending };
}
