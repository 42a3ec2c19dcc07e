/** The main chart: greedy return over both phases, all shown runs, with its references, crosshair box, table and menu. */
import { ActionIcon, Menu } from '@mantine/core';
import { memo, type ReactNode, useEffect, useMemo, useRef, useState } from 'react';
import { mostColouredRuns, type Palette, rampColour } from '../charts/palette';
import { grown, type Range, rangeOf, shortNumber, type Zones } from '../charts/scale';
import { type ReferenceLevel, type RunLines, valueAt, ZoneChart } from '../charts/ZoneChart';
import type { References } from '../datasets/transitions';
import { measureCatalogue } from '../metrics/catalogue';
import type { Measure, SummaryPoint } from '../metrics/curves';
import { valueText } from '../schema/fields';
import { setField, specFields } from '../spec/fields';
import { presetById } from '../spec/presets';
import type { SwitchValues } from '../spec/runFields';
import type { RunSpec } from '../spec/runSpec';
import { currentRun, settingsOf } from '../store/laboratory';
import type { RunView } from '../store/runsSlice';
import { saveChartPicture, saveCsv, saveJson } from './exports';
import { useLab, useLaboratory } from './LabContext';
import { linesOf } from './runFacts';
import { runColour, runDash, sweptLabel, sweptText } from './sweepFacts';
import { usePalette } from './usePalette';
import { placeText, words } from './words';

/**
 * Runs that are drawn, oldest first, of a sweep the picked one last: those of the recipe's own world, for returns of two worlds share no
 * axis. The same list as long as nothing of them that is drawn has changed.
 */
export function useShownRuns(): readonly RunView[] {
  const kept = useRef<readonly RunView[]>([]);
  return useLab(({ runs, recipe, pickedId }) => {
    const candidates = Object.values(runs)
      .filter((run) => run.shown && isSameWorld(run.spec, recipe))
      .sort((a, b) => a.order - b.order);
    // A sweep counts as one run: its curves share one ramp.
    const alone = candidates.filter(({ sweep }) => !sweep).slice(-mostColouredRuns);
    const swept = candidates.filter(({ sweep }) => sweep);
    const shown = [...alone, ...swept].sort(
      (a, b) => Number(a.id === pickedId) - Number(b.id === pickedId) || a.order - b.order,
    );
    const before = kept.current;
    if (shown.length !== before.length || !shown.every((run, i) => looksSame(run, before[i]))) kept.current = shown;
    return kept.current;
  });
}
/** Whether returns of the two can be compared. */
export function isSameWorld({ environment: a }: RunSpec, { environment: b }: RunSpec): boolean {
  return a === b || (a.id === b.id && differencesOf(a.params, b.params) === 0);
}
function differencesOf(a: RunSpec['environment']['params'], b: RunSpec['environment']['params']): number {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((name) => a[name] !== b[name]).length;
}
function looksSame(a: RunView, b: RunView): boolean {
  return (
    a.id === b.id &&
    a.revision === b.revision &&
    a.spec === b.spec &&
    a.card === b.card &&
    a.references === b.references
  );
}
/** Lines of one measure for all shown runs; asks for another drawing while intervals are still missing. */
export function useLines(runs: readonly RunView[], measure: Measure, palette: Palette): readonly RunLines[] {
  const [round, setRound] = useState(0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: every round computes a few more of the missing intervals
  const result = useMemo(() => {
    let pending = false;
    const lines = runs.map((run) => {
      const drawn = linesOf(run, measure, runColour(run, palette), runDash(run), !pending);
      pending ||= drawn.pending;
      return drawn.lines;
    });
    return { lines, pending };
  }, [runs, measure, palette, round]);
  useEffect(() => {
    if (!result.pending) return;
    const timer = setTimeout(() => setRound((before) => before + 1), 30);
    return () => clearTimeout(timer);
  }, [result]);
  return result.lines;
}

/** Budgets of the zones: those of the recipe and of every shown run, the larger of each. */
export function useZones(runs: readonly RunView[], recipe: RunSpec): Zones {
  let offline = recipe.offline.updates;
  let online = recipe.online.steps;
  for (const { spec } of runs) {
    offline = Math.max(offline, spec.offline.updates);
    online = Math.max(online, spec.online.steps);
  }
  return useMemo(() => ({ offline, online }), [offline, online]);
}

/** The lowest and the highest number of each line, for the range. */
export function* numbersOf(lines: readonly RunLines[]): Generator<number> {
  for (const { seeds } of lines) yield* extremesOf(seeds);
}
const extremes = new WeakMap<RunLines['seeds'], readonly number[]>();
/** Looked for once: lines that have not changed keep their arrays. Empty without a finite number. */
function extremesOf(seeds: RunLines['seeds']): readonly number[] {
  const known = extremes.get(seeds);
  if (known) return known;
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { offline, online } of seeds) {
    for (const points of [offline, online]) {
      for (const { value } of points) {
        if (!Number.isFinite(value)) continue;
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
  }
  const found = low > high ? [] : [low, high];
  extremes.set(seeds, found);
  return found;
}
/** A range that only grows as long as `key` stays. */
export function useGrowingRange(key: string, values: Iterable<number>): Range {
  const kept = useRef<{ key: string; range: Range } | null>(null);
  const before = kept.current?.key === key ? kept.current.range : null;
  const all = [...values];
  const range = grown(before, rangeOf(all));
  // Nothing measured yet is no range to grow from.
  kept.current = all.length > 0 ? { key, range } : null;
  return range;
}

export function ReturnPanel() {
  const laboratory = useLaboratory();
  const palette = usePalette();
  const recipe = useLab((state) => state.recipe);
  const stage = useLab((state) => state.stage);
  const currentId = useLab((state) => currentRun(state)?.id ?? null);
  const runs = useShownRuns();
  const current = runs.find(({ id }) => id === currentId) ?? null;
  const cursor = useLab((state) => state.cursor);
  const zones = useZones(runs, recipe);
  const lines = useLines(runs, 'return', palette);
  const [showsDots, setShowsDots] = useState(recipe.preset === 'two-returns');
  const frame = useRef<HTMLDivElement>(null);
  const references = stage?.references ?? current?.references ?? null;
  const card = stage ? stage.card : (current?.card ?? null);
  const levels = useMemo(() => levelsOf(references, card?.meanReturn ?? null), [references, card]);
  const pickedId = useLab((state) => state.pickedId);
  const drawn = useMemo(() => {
    const labelled = withLabels(withQuietSweep(lines, runs, pickedId), runs, pickedId);
    return showsDots ? withDots(labelled, runs) : labelled;
  }, [lines, runs, showsDots, pickedId]);
  const key = `${JSON.stringify(recipe.environment)} ${runs
    .map(({ id }) => id)
    .sort()
    .join()}`;
  const range = useGrowingRange(
    key,
    concat(
      numbersOf(lines),
      levels.map(({ value }) => value),
      stage?.returnUnit.of === undefined ? [] : [0],
    ),
  );
  const warmup = recipe.online.steps > 0 ? Number((recipe.switch as SwitchValues).warmup) : 0;
  const subject = current ?? runs.at(-1) ?? null;
  const isHidden =
    recipe.evaluation.honestOffline === true && current !== null && current.curves[0].result.online.length === 0;
  const hasPoints = lines.some(({ seeds }) => seeds.some(({ offline, online }) => offline.length + online.length > 0));
  // In words the run that is looked at, or the newest.
  const told = lines.find(({ id }) => id === (pickedId ?? currentId)) ?? lines.at(-1);
  const marks = useMemo(() => marksOf(subject?.spec ?? recipe), [subject?.spec, recipe]);
  return (
    <section className="panel curve" id="curve" tabIndex={-1} aria-label={words.landmarks.curve}>
      <div className="panel-head">
        <h2>{words.chart.title}</h2>
        {stage && <span className="unit">{words.chart.unit(stage.returnUnit)}</span>}
        <span className="panel-tools">
          <RampLegend runs={runs} palette={palette} />
          {zones.online > 0 && (
            <button
              type="button"
              className="toggle"
              aria-pressed={showsDots}
              title={measureCatalogue.exploring.help}
              onClick={() => setShowsDots(!showsDots)}
            >
              {words.chart.exploring}
            </button>
          )}
          <Menu position="bottom-end" shadow="none">
            <Menu.Target>
              <ActionIcon
                variant="subtle"
                color="gray"
                size={28}
                aria-label={words.chart.menu}
                disabled={!subject || !hasPoints}
              >
                …
              </ActionIcon>
            </Menu.Target>
            <Menu.Dropdown>
              <Menu.Item onClick={() => subject && saveCsv(subject)}>{words.chart.csv}</Menu.Item>
              <Menu.Item onClick={() => subject && saveJson(subject)}>{words.chart.json}</Menu.Item>
              <Menu.Item
                onClick={() =>
                  frame.current && subject && void saveChartPicture(frame.current, subject.name, palette.surface)
                }
              >
                {words.chart.png}
              </Menu.Item>
            </Menu.Dropdown>
          </Menu>
        </span>
      </div>
      <div className="curve-frame" ref={frame}>
        <ZoneChart
          label={words.chart.title}
          zones={zones}
          range={range}
          runs={drawn}
          palette={palette}
          references={levels}
          scale={references ? { from: references.random, to: references.reference } : undefined}
          warmup={warmup}
          marks={marks}
          cursor={cursor}
          onCursor={(at, isPinned) => {
            const { cursorMoved, cursorPinnedAt } = laboratory.store.getState();
            if (isPinned) cursorPinnedAt(samePlace(at, cursor) && laboratory.store.getState().cursorPinned ? null : at);
            else cursorMoved(at);
          }}
          empty={
            isHidden
              ? words.chart.hidden
              : hasPoints
                ? undefined
                : currentId !== null
                  ? words.chart.waiting
                  : words.chart.empty
          }
          words={{
            offline: words.chart.offline,
            offlineShort: words.chart.offlineShort,
            onlineShort: words.chart.onlineShort,
            online: words.chart.online,
            switch: words.chart.switch,
            frozen: words.chart.frozen(warmup),
            ceiling: words.chart.ceiling,
            fewer: words.chart.fewer,
          }}
        >
          {cursor && <CrosshairBox lines={lines} cursor={cursor} />}
        </ZoneChart>
      </div>
      <p className="caption">
        {subject?.sweep
          ? words.sweep.caption(subject.curves.length)
          : words.chart.caption(subject?.curves.length ?? recipe.seeds.length)}
      </p>
      <LiveSummary run={told} data={card?.meanReturn ?? null} />
      <NumbersTable run={told} />
    </section>
  );
}

function samePlace(a: { phase: string; step: number } | null, b: { phase: string; step: number } | null): boolean {
  return a?.phase === b?.phase && a?.step === b?.step;
}
function* concat(...parts: Iterable<number>[]): Generator<number> {
  for (const part of parts) yield* part;
}

function levelsOf(references: References | null, data: number | null): readonly ReferenceLevel[] {
  if (!references) return [];
  const levels: ReferenceLevel[] = [{ label: references.referenceName, value: references.reference }];
  if (data !== null) levels.push({ label: words.chart.data, value: data });
  levels.push({ label: words.chart.random, value: references.random });
  return levels;
}

/** Live changes, in words: "τ 0.9 → 0.7". */
function marksOf(spec: RunSpec): readonly { phase: 'offline' | 'online'; step: number; label: string }[] {
  let now: RunSpec = { ...spec, changes: [] };
  return spec.changes.map(({ phase, step, field: path, value }) => {
    if (path === 'finish') return { phase, step, label: words.transport.finish };
    const slot = specFields(now).find((candidate) => candidate.path === path);
    now = setField(now, path, value).spec;
    if (!slot) return { phase, step, label: path };
    const { field } = slot;
    return {
      phase,
      step,
      label: `${field.symbol ?? field.label} ${valueText(field, slot.value)} → ${valueText(field, value)}`,
    };
  });
}

/** Ends of the ramp that colours a sweep. */
function RampLegend({ runs, palette }: { runs: readonly RunView[]; palette: Palette }) {
  const { sweep } = runs.find((run) => run.sweep) ?? {};
  if (!sweep) return null;
  const swept = runs.flatMap((run) => run.sweep ?? []).sort((a, b) => a.index - b.index);
  const stops = palette.ramp.map((_, i) => rampColour(palette, i / (palette.ramp.length - 1)));
  return (
    <span className="ramp">
      {sweptLabel(swept[0])}
      <span className="gradient" style={{ background: `linear-gradient(90deg, ${stops.join()})` }} />
      {sweptText(swept[swept.length - 1])}
    </span>
  );
}

/** Sixteen bands over each other show nothing: of a sweep only the picked curve has its band and seeds, and a wider line. */
function withQuietSweep(
  lines: readonly RunLines[],
  runs: readonly RunView[],
  pickedId: string | null,
): readonly RunLines[] {
  if (lines.length !== runs.length) return lines;
  return lines.map((line, i) => {
    if (!runs[i].sweep) return line;
    return line.id === pickedId ? { ...line, isPicked: true } : quietLine(line);
  });
}
const quietLines = new WeakMap<RunLines, RunLines>();
/** Made once of each line, so that what has not changed is not drawn again. */
function quietLine(line: RunLines): RunLines {
  const known = quietLines.get(line);
  if (known) return known;
  const quiet = ({ points, leading }: RunLines['summary']['offline']) => ({
    points: points.map((point) => ({ ...point, interval: null })),
    leading,
  });
  const { offline, online } = line.summary;
  const seeds = line.seeds.map(() => ({ offline: [], online: [] }));
  const made = { ...line, seeds, summary: { offline: quiet(offline), online: quiet(online) } };
  quietLines.set(line, made);
  return made;
}

const settingsOfSpecs = new WeakMap<RunSpec, readonly string[]>();
function knownSettings(spec: RunSpec): readonly string[] {
  const known = settingsOfSpecs.get(spec) ?? settingsOf(spec);
  settingsOfSpecs.set(spec, known);
  return known;
}

/** Runs of one preset are told apart by the settings they do not share, runs of several by their presets too; of a sweep the ends and
 * what is picked are named. */
function withLabels(
  lines: readonly RunLines[],
  runs: readonly RunView[],
  pickedId: string | null,
): readonly RunLines[] {
  if (lines.length < 2 || lines.length !== runs.length) return lines;
  const isOnePreset = runs.every(({ spec }) => spec.preset === runs[0].spec.preset);
  const settings = runs.map(({ spec }) => knownSettings(spec));
  return lines.map((line, i) => {
    const { sweep } = runs[i];
    if (sweep) {
      const isNamed = pickedId === null ? sweep.index === 0 || sweep.index === sweep.of - 1 : line.id === pickedId;
      return { ...line, label: isNamed ? sweptLabel(sweep) : '' };
    }
    const own = settings[i].filter((setting) => !settings.every((others) => others.includes(setting)));
    const preset = presetById(runs[i].spec.preset)?.name ?? runs[i].spec.preset;
    return { ...line, label: (isOnePreset && own.length > 0 ? own : [preset, ...own]).join(' · ') };
  });
}

function withDots(lines: readonly RunLines[], runs: readonly RunView[]): readonly RunLines[] {
  return lines.map((line, i) => ({ ...line, dots: runs[i] && dotsOf(runs[i]) }));
}
const dots = new WeakMap<RunView['curves'][number], NonNullable<RunLines['dots']>>();
/** The same dots as long as no episode has been added. */
function dotsOf({ curves: [lead] }: RunView): NonNullable<RunLines['dots']> {
  const { episodes } = lead.result;
  const known = dots.get(lead);
  if (known?.length === episodes.length && known.at(-1)?.step === episodes.at(-1)?.step) return known;
  const made = episodes.map(({ step, return: value }) => ({ step, value }));
  dots.set(lead, made);
  return made;
}

const mostBoxRows = 8;
function CrosshairBox({
  lines,
  cursor,
}: {
  lines: readonly RunLines[];
  cursor: { phase: 'offline' | 'online'; step: number };
}) {
  const rows: ReactNode[] = [];
  // More rows would hide the chart they speak of.
  const named = lines.length <= mostBoxRows ? lines : lines.slice(-mostBoxRows);
  for (const run of named) {
    const value = valueAt(run, cursor);
    if (value === null) continue;
    const point = run.summary[cursor.phase].points.find(({ step }) => step === cursor.step);
    const pretrained = run.offlineBudget > 0 ? valueAt(run, { phase: 'offline', step: run.offlineBudget }) : null;
    rows.push(
      <div key={run.id} className="box-run">
        <span className="box-name">
          <span className="swatch" style={{ background: run.colour }} />
          {lines.length > 1 ? run.name : point ? words.chart.box.mean : words.chart.lead}
        </span>
        <strong>{shortNumber(value)}</strong>
        {point?.interval && (
          <span className="box-detail">
            {words.chart.box.interval}{' '}
            {words.chart.interval(shortNumber(point.interval[0]), shortNumber(point.interval[1]))}, n {point.seeds}
          </span>
        )}
        {point && point.seeds > 1 && (
          <span className="box-detail">
            {words.chart.box.range} {words.chart.interval(shortNumber(point.lowest), shortNumber(point.highest))}
          </span>
        )}
        {pretrained !== null && cursor.phase === 'online' && (
          <span className="box-detail">
            {words.chart.box.difference} {value >= pretrained ? '+' : ''}
            {shortNumber(value - pretrained)}
          </span>
        )}
      </div>,
    );
  }
  return (
    <>
      <div className="box-head">{placeText(cursor)}</div>
      {rows}
    </>
  );
}

const summaryMilliseconds = 10_000;
/** What a screen reader hears of a live curve, at most every ten seconds. */
function LiveSummary({ run, data }: { run: RunLines | undefined; data: number | null }) {
  const [text, setText] = useState('');
  const newest = useRef('');
  newest.current = summaryText(run, data);
  useEffect(() => {
    const timer = setInterval(() => setText(newest.current), summaryMilliseconds);
    return () => clearInterval(timer);
  }, []);
  return (
    <p className="visually-hidden" role="status" data-testid="curve-summary">
      {text}
    </p>
  );
}
function summaryText(run: RunLines | undefined, data: number | null): string {
  if (!run) return '';
  const lead = run.seeds[0];
  const [phase, point] =
    lead.online.length > 0 ? (['online', lead.online.at(-1)] as const) : (['offline', lead.offline.at(-1)] as const);
  if (!point) return '';
  return words.chart.summary(
    placeText({ phase, step: point.step }),
    shortNumber(point.value),
    data === null ? null : shortNumber(data),
  );
}

/** The numbers behind one run's line, for those who do not see it; as drawn, the lead seed goes ahead alone. */
function NumbersTable({ run }: { run: RunLines | undefined }) {
  if (!run) return null;
  const rows = (['offline', 'online'] as const).flatMap((phase) => {
    const { points, leading } = run.summary[phase];
    const common = points.at(-1)?.step ?? -1;
    const alone = leading.flatMap(({ step, value }): readonly SummaryPoint[] =>
      step > common ? [{ step, iqm: value, interval: null, lowest: value, highest: value, seeds: 1 }] : [],
    );
    return [...points, ...alone].map((point) => ({ phase, point }));
  });
  return (
    <div className="visually-hidden">
      <table data-testid="curve-table">
        <caption>{words.chart.table}</caption>
        <thead>
          <tr>
            {words.chart.tableHead.map((head) => (
              <th key={head} scope="col">
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ phase, point: { interval, ...point } }) => (
            <NumbersRow
              key={`${phase} ${point.step}`}
              phase={phase}
              {...point}
              from={interval?.[0] ?? null}
              to={interval?.[1] ?? null}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface NumbersRowProps extends Omit<SummaryPoint, 'interval'> {
  readonly phase: 'offline' | 'online';
  readonly from: number | null;
  readonly to: number | null;
}
/** Of hundreds of rows the newest alone is drawn. */
const NumbersRow = memo(function NumbersRow({ phase, step, iqm, from, to, seeds, lowest, highest }: NumbersRowProps) {
  return (
    <tr>
      <th scope="row">{placeText({ phase, step })}</th>
      <td>{shortNumber(iqm)}</td>
      <td>
        {from !== null && to !== null ? words.chart.interval(shortNumber(from), shortNumber(to)) : words.runs.dash}
      </td>
      <td>{seeds}</td>
      <td>{shortNumber(lowest)}</td>
      <td>{shortNumber(highest)}</td>
    </tr>
  );
});
