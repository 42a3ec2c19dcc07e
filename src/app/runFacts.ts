/** Facts of a run as the page shows them: summaries per phase, regime, references. Computed from what the run said, kept where costly. */

import type { RunLines } from '../charts/ZoneChart';
import { type Measure, type PhaseSummary, Summariser, seedPoints } from '../metrics/curves';
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
const summarisers = new Map<string, Summariser>();

/** One measure of a run, summarised over seeds. `pending`: some intervals are still missing, ask again. */
export function summaryOf(
  run: RunView,
  measure: Measure,
): { readonly lines: Record<Phase, PhaseSummary>; readonly pending: boolean } {
  let pending = false;
  const of = (phase: Phase): PhaseSummary => {
    const key = `${run.id} ${measure} ${phase}`;
    const summariser = summarisers.get(key) ?? new Summariser(measure, phase);
    summarisers.set(key, summariser);
    const summary = summariser.summarise(run.curves, run.spec.offline.updates, intervalsPerCall);
    pending ||= summariser.pending;
    return summary;
  };
  return { lines: { offline: of('offline'), online: of('online') }, pending };
}

/** What a chart draws of a run. */
export function linesOf(
  run: RunView,
  measure: Measure,
  colour: string,
  dash: readonly number[],
): { lines: RunLines; pending: boolean } {
  const { lines: summary, pending } = summaryOf(run, measure);
  const { updates } = run.spec.offline;
  const seeds = run.curves.map(({ result }) => ({
    offline: seedPoints(result, measure, 'offline', updates),
    online: seedPoints(result, measure, 'online', updates),
  }));
  const failures = run.curves.flatMap(({ result }, i) => {
    if (result.outcome !== 'failed') return [];
    for (const phase of ['online', 'offline'] as const) {
      const last = seeds[i][phase].at(-1);
      const diverged = result.problem?.kind === 'diverged' || result.problem?.kind === 'notFinite';
      if (last) return [{ phase, ...last, diverged }];
    }
    return [];
  });
  return {
    lines: { id: run.id, name: run.name, colour, dash, offlineBudget: updates, summary, seeds, failures },
    pending,
  };
}
