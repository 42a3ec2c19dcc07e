/** Two instruments under the chart, on the same zones and crosshair: Predicted Q and realised, Actions outside the data. */
import { type ReactNode, useMemo } from 'react';
import { runDashes } from '../charts/palette';
import { shortNumber } from '../charts/scale';
import { type RunLines, ZoneChart } from '../charts/ZoneChart';
import { type Health, measureCatalogue, outsideHealth, predictionHealth } from '../metrics/catalogue';
import { currentRun } from '../store/laboratory';
import { useLab, useLaboratory } from './LabContext';
import { numbersOf, useGrowingRange, useLines, useShownRuns, useZones } from './ReturnPanel';
import { useLater } from './useLater';
import { usePalette } from './usePalette';
import { words } from './words';

export function Instruments() {
  return (
    <section className="instruments" aria-label={words.landmarks.instruments}>
      <PredictedQ />
      <OutsideData />
    </section>
  );
}

const chartWords = {
  offline: '',
  offlineShort: '',
  online: '',
  onlineShort: '',
  switch: '',
  frozen: '',
  ceiling: '',
  fewer: () => '',
};

/** `turn`: charts draw in turns after the main one, this many steps of 45 ms later. */
function useInstrument(turn: number) {
  const laboratory = useLaboratory();
  const palette = usePalette();
  const recipe = useLab((state) => state.recipe);
  const cursor = useLab((state) => state.cursor);
  const runs = useLater(useShownRuns(), 45 * turn);
  const zones = useZones(runs, recipe);
  const onCursor = (at: typeof cursor) => laboratory.store.getState().cursorMoved(at);
  return { palette, runs, zones, cursor, onCursor, key: `${runs.map(({ id }) => id).join()} ${recipe.preset}` };
}

function PredictedQ() {
  const { palette, runs, zones, cursor, onCursor, key } = useInstrument(1);
  const stage = useLab((state) => state.stage);
  const currentId = useLab((state) => currentRun(state)?.id ?? null);
  // Solid promises, dashed what came of them, of one run: two runs at once would be four lines in a thumbnail.
  const newest = useMemo(
    () => [runs.find(({ id }) => id === currentId) ?? runs.at(-1)].flatMap((run) => run ?? []),
    [runs, currentId],
  );
  const predicted = useLines(newest, 'predicted', palette);
  const outcomes = useLines(newest, 'realised', palette);
  const lines = useMemo(
    () => [...predicted, ...outcomes.map((line) => asOutcome(line, palette.third))],
    [predicted, outcomes, palette],
  );
  const ceiling = stage?.ceiling;
  const range = useGrowingRange(key, numbersOf([...predicted, ...outcomes]));
  const promise = lastValue(predicted[0]);
  const outcome = lastValue(outcomes[0]);
  const state = stage && promise !== null && outcome !== null ? predictionHealth(promise, outcome, stage) : null;
  return (
    <Instrument
      title={words.instruments.q}
      help={words.instruments.qLegend}
      value={
        promise === null || outcome === null ? null : words.instruments.pair(shortNumber(promise), shortNumber(outcome))
      }
      health={state?.health ?? null}
      rule={state ? words.instruments.qRule(`${shortNumber(100 * state.gap)} %`) : ''}
    >
      <ZoneChart
        small
        label={words.instruments.q}
        zones={zones}
        range={range}
        runs={lines}
        palette={palette}
        ceiling={ceiling}
        cursor={cursor}
        onCursor={onCursor}
        words={chartWords}
        empty={
          promise === null
            ? stage && stage.ground === null
              ? words.instruments.noCritic
              : words.instruments.none
            : undefined
        }
      />
    </Instrument>
  );
}

/** What followed, beside what was promised: dashed and grey, without its seeds. */
function asOutcome(line: RunLines, colour: string): RunLines {
  return { ...line, id: `${line.id} realised`, colour, dash: runDashes[1], seeds: [], failures: [] };
}

function OutsideData() {
  const { palette, runs, zones, cursor, onCursor } = useInstrument(2);
  const hasData = useLab((state) => state.recipe.dataset.recipe !== 'none');
  const shares = useLines(runs, 'outsideData', palette);
  const value = lastValue(shares.at(-1));
  const inPercent = useMemo(() => shares.map(toPercent), [shares]);
  return (
    <Instrument
      title={words.instruments.outside}
      help={measureCatalogue.outsideData.help}
      value={value === null ? null : `${shortNumber(100 * value)} %`}
      health={value === null ? null : outsideHealth(value)}
      rule={words.instruments.outsideRule}
    >
      <ZoneChart
        small
        label={words.instruments.outside}
        zones={zones}
        range={wholePercent}
        runs={inPercent}
        palette={palette}
        cursor={cursor}
        onCursor={onCursor}
        words={chartWords}
        empty={value === null ? (hasData ? words.instruments.none : words.instruments.noData) : undefined}
      />
    </Instrument>
  );
}

const wholePercent = [0, 100] as const;
function toPercent(line: RunLines): RunLines {
  const phase = (summary: RunLines['summary']['offline']) => ({
    points: summary.points.map((point) => ({
      ...point,
      iqm: 100 * point.iqm,
      interval: point.interval && ([100 * point.interval[0], 100 * point.interval[1]] as const),
      lowest: 100 * point.lowest,
      highest: 100 * point.highest,
    })),
    leading: summary.leading.map(({ step, value }) => ({ step, value: 100 * value })),
  });
  const scaled = (points: RunLines['seeds'][number]['offline']) =>
    points.map(({ step, value }) => ({ step, value: 100 * value }));
  return {
    ...line,
    summary: { offline: phase(line.summary.offline), online: phase(line.summary.online) },
    seeds: line.seeds.map(({ offline, online }) => ({ offline: scaled(offline), online: scaled(online) })),
    failures: line.failures.map((failure) => ({ ...failure, value: 100 * failure.value })),
  };
}

/** The newest number of a line: of all seeds where they have arrived, of the lead where it is ahead. */
function lastValue(line: RunLines | undefined): number | null {
  if (!line) return null;
  for (const phase of ['online', 'offline'] as const) {
    const { points, leading } = line.summary[phase];
    const value = leading.at(-1)?.value ?? points.at(-1)?.iqm;
    if (value !== undefined) return value;
  }
  return null;
}

interface InstrumentProps {
  readonly title: string;
  readonly help: string;
  readonly value: string | null;
  readonly health: Health | null;
  readonly rule: string;
  readonly children: ReactNode;
}
function Instrument({ title, help, value, health, rule, children }: InstrumentProps) {
  return (
    <div className="panel instrument">
      <div className="panel-head">
        <h2 title={help}>{title}</h2>
        <span className="instrument-value">{value}</span>
        {health && (
          <span className={`health ${health}`} title={rule}>
            {words.instruments.health[health]}
          </span>
        )}
      </div>
      {children}
    </div>
  );
}
