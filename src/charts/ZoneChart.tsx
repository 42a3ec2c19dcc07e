/**
 * Curves over the two zones of a run: updates offline, environment steps online, meeting at the switch. Numbers in, picture out.
 * A canvas holds the ground and the faint seeds, recharts draws the axes, paths above them means and bands, an overlay words and
 * crosshair. A run that has not changed is not drawn again: its seeds are a picture of their own, its paths are remembered.
 */
import { memo, type ReactNode, useEffect, useId, useMemo, useRef } from 'react';
import { ComposedChart, XAxis, YAxis } from 'recharts';
import type { PhaseSummary, SeedPoint, SummaryPoint } from '../metrics/curves';
import type { Phase } from '../spec/runSpec';
import { hatch, Pictures, prepareCanvas } from './canvas';
import type { Palette } from './palette';
import {
  mergedLabels,
  niceTicks,
  placeOf,
  type Range,
  shortNumber,
  spread,
  stepAt,
  switchAt,
  type Zones,
} from './scale';
import { useSize } from './useSize';

/** One run's lines. Points are in the axis' own unit. */
export interface RunLines {
  readonly id: string;
  readonly name: string;
  /** What tells it from the other runs shown, where that is shorter; none where it is empty. */
  readonly label?: string;
  /** Picked out among others of its kind: a wider line. */
  readonly isPicked?: boolean;
  readonly colour: string;
  readonly dash: readonly number[];
  readonly offlineBudget: number;
  readonly summary: Readonly<Record<Phase, PhaseSummary>>;
  /** Every seed's own points, drawn faint behind. */
  readonly seeds: readonly Readonly<Record<Phase, readonly SeedPoint[]>>[];
  /** Where a seed ended too early; `diverged` where its numbers ran away. */
  readonly failures: readonly {
    readonly phase: Phase;
    readonly step: number;
    readonly value: number;
    readonly diverged: boolean;
  }[];
  /** Exploring returns of training episodes, hollow dots. */
  readonly dots?: readonly SeedPoint[];
}
export interface ReferenceLevel {
  readonly label: string;
  readonly value: number;
}
export interface ZoneChartProps {
  /** What the figure shows, for those who do not see it. */
  readonly label: string;
  readonly zones: Zones;
  readonly range: Range;
  readonly runs: readonly RunLines[];
  readonly palette: Palette;
  readonly references?: readonly ReferenceLevel[];
  /** A second axis at the right, 0 at `from` and 100 at `to`. */
  readonly scale?: { readonly from: number; readonly to: number };
  /** Nothing can be above it: hatched. */
  readonly ceiling?: number;
  /** Online steps with the policy frozen. */
  readonly warmup?: number;
  /** Ticks in a row of their own under the plot. */
  readonly marks?: readonly { readonly phase: Phase; readonly step: number; readonly label: string }[];
  readonly cursor: { readonly phase: Phase; readonly step: number } | null;
  readonly onCursor?: (at: { phase: Phase; step: number } | null, pinned: boolean) => void;
  /** Words instead of curves: what to do, or why there is nothing. */
  readonly empty?: string;
  /** Axis words and fewer ticks are left out of small instruments. */
  readonly small?: boolean;
  readonly words: {
    readonly offline: string;
    readonly offlineShort: string;
    readonly online: string;
    readonly onlineShort: string;
    readonly switch: string;
    readonly frozen: string;
    readonly ceiling: string;
    /** "4 of 5, one diverged". */
    readonly fewer: (alive: number, all: number, diverged: boolean) => string;
  };
  /** The box beside the crosshair. */
  readonly children?: ReactNode;
}

const tickHeight = 20;
/** Below this width words get shorter, in pixels. */
const narrow = 420;
/** One label in this many pixels reads without crowding. */
const tickSpacing = 92;

interface Plot {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export function ZoneChart(props: ZoneChartProps) {
  const { label, zones, range, runs, palette, small = false, cursor, onCursor, empty, children } = props;
  const [frame, { width, height }] = useSize<HTMLElement>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const pictures = useRef(new Pictures());
  const { ceiling, warmup = 0 } = props;
  const hasScale = props.scale !== undefined;
  const markCount = props.marks?.length ?? 0;
  const plot = useMemo<Plot>(() => {
    const left = small ? 42 : 56;
    // The last step of the axis is written half beyond the plot.
    const right = hasScale ? 34 : 22;
    const top = small ? 6 : 12;
    const bottom = tickHeight + (small ? 0 : 18) + (markCount > 0 && !small ? 14 : 0);
    return { left, top, width: Math.max(0, width - left - right), height: Math.max(0, height - top - bottom) };
  }, [small, hasScale, width, height, markCount]);
  const yOf = (value: number) => plot.top + (1 - (value - range[0]) / (range[1] - range[0])) * plot.height;
  const xOf = (phase: Phase, step: number) => plot.left + placeOf(zones, phase, step) * plot.width;

  useEffect(() => {
    const context = prepareCanvas(canvas.current, width, height);
    if (context) paintUnder(context, pictures.current, { zones, range, runs, palette, ceiling, warmup }, plot);
  }, [zones, range, runs, palette, ceiling, warmup, plot, width, height]);

  const pointed = (clientX: number): { phase: Phase; step: number } | null => {
    const box = frame.current?.getBoundingClientRect();
    if (!box || plot.width === 0) return null;
    const wanted = stepAt(zones, (clientX - box.left - plot.left) / plot.width);
    return nearestEvaluation(cursorSteps(runs), wanted.phase, wanted.step);
  };
  const hasSteps = runs.some(({ summary: { offline, online } }) =>
    [offline, online].some(({ points, leading }) => points.length + leading.length > 0),
  );
  const move = (by: number) => {
    if (!onCursor || !hasSteps) return;
    const steps = cursorSteps(runs);
    const here = cursor ? steps.findIndex(({ phase, step }) => phase === cursor.phase && step === cursor.step) : -1;
    const next = here < 0 ? (by > 0 ? 0 : steps.length - 1) : Math.min(steps.length - 1, Math.max(0, here + by));
    onCursor(steps[next], true);
  };

  return (
    <figure
      className={small ? 'zone-chart small' : 'zone-chart'}
      ref={frame}
      aria-label={label}
      tabIndex={onCursor && hasSteps ? 0 : undefined}
      onPointerMove={onCursor && ((event) => onCursor(pointed(event.clientX), false))}
      onPointerLeave={onCursor && (() => onCursor(null, false))}
      onClick={onCursor && ((event) => onCursor(pointed(event.clientX), true))}
      onKeyDown={
        onCursor &&
        ((event) => {
          if (event.key === 'ArrowRight') move(1);
          else if (event.key === 'ArrowLeft') move(-1);
          else if (event.key === 'Escape') onCursor(null, true);
          else return;
          event.preventDefault();
        })
      }
    >
      <div className="chart-layers" aria-hidden="true">
        <canvas ref={canvas} />
        {width > 0 && (
          <>
            <Axes
              width={width}
              height={height}
              plot={plot}
              zones={zones}
              range={range}
              palette={palette}
              small={small}
            />
            <Curves width={width} height={height} plot={plot} zones={zones} range={range} runs={runs} small={small} />
            <svg className="zone-overlay" width={width} height={height}>
              <title>{label}</title>
              <Overlay {...props} plot={plot} xOf={xOf} yOf={yOf} />
            </svg>
          </>
        )}
      </div>
      {empty !== undefined && (
        <p className="chart-empty" role="status">
          <span>{empty}</span>
        </p>
      )}
      {cursor && children && width > 0 && (
        <div className="chart-box" style={boxPlace(xOf(cursor.phase, cursor.step), plot)}>
          {children}
        </div>
      )}
    </figure>
  );
}

const boxWidth = 220;
/** The box stands on the roomier side of the crosshair. */
function boxPlace(x: number, plot: Plot): { left: number; top: number } {
  const isRight = x > plot.left + plot.width / 2;
  return { left: isRight ? Math.max(0, x - 12 - boxWidth) : x + 12, top: plot.top + 4 };
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly plot: Plot;
  readonly zones: Zones;
  readonly range: Range;
  readonly small: boolean;
}
/** The axis is drawn before there is anything on it. */
const bothEnds = [{ x: 0 }, { x: 1 }];
const Axes = memo(function Axes({ width, height, plot, zones, range, palette, small }: Frame & { palette: Palette }) {
  const ticks = useMemo(() => xTicks(zones, plot.width), [zones, plot.width]);
  const tick = { fill: palette.third, fontSize: 12 };
  const yTicks = niceTicks(range[0], range[1], small ? 3 : Math.max(2, Math.floor(plot.height / 56)));
  return (
    <ComposedChart
      width={width}
      height={height}
      data={bothEnds}
      margin={{
        left: 0,
        right: width - plot.left - plot.width,
        top: plot.top,
        bottom: height - plot.top - plot.height - tickHeight,
      }}
      accessibilityLayer={false}
    >
      <XAxis
        dataKey="x"
        type="number"
        domain={[0, 1]}
        ticks={ticks.map(({ place }) => place)}
        tickFormatter={(place: number) => ticks.find((one) => one.place === place)?.text ?? ''}
        interval={0}
        height={tickHeight}
        tick={tick}
        tickSize={4}
        tickMargin={3}
        stroke={palette.edge}
      />
      <YAxis
        type="number"
        domain={[range[0], range[1]]}
        ticks={[...yTicks]}
        allowDataOverflow
        tickFormatter={shortNumber}
        width={plot.left}
        tick={tick}
        tickSize={4}
        tickMargin={3}
        stroke={palette.edge}
        interval={0}
      />
    </ComposedChart>
  );
});

/** Bands under all lines, the lead alone, then the means. */
function Curves({ width, height, plot, zones, range, runs, small }: Frame & { runs: readonly RunLines[] }) {
  const clip = useId();
  const place = { plot, zones, range };
  return (
    <svg className="zone-curves" width={width} height={height} aria-hidden="true">
      <clipPath id={clip}>
        <rect x={plot.left} y={plot.top} width={plot.width} height={plot.height} />
      </clipPath>
      <g clipPath={`url(#${clip})`} fill="none">
        {runs.map(({ id, summary, colour }) => (
          <Band key={id} summary={summary} colour={colour} {...place} />
        ))}
        {runs.map(({ id, summary, colour, dash }) => (
          <LeadLine key={id} summary={summary} colour={colour} dash={dash} {...place} />
        ))}
        {runs.map(({ id, summary, colour, dash, isPicked }) => (
          <MeanLine
            key={id}
            summary={summary}
            colour={colour}
            dash={dash}
            width={(small ? 1.5 : 2) + (isPicked ? 1 : 0)}
            {...place}
          />
        ))}
      </g>
    </svg>
  );
}

interface CurveProps {
  readonly summary: RunLines['summary'];
  readonly colour: string;
  readonly plot: Plot;
  readonly zones: Zones;
  readonly range: Range;
}
const Band = memo(function Band({ summary, colour, plot, zones, range }: CurveProps) {
  const upper: string[] = [];
  const lower: string[] = [];
  for (const phase of ['offline', 'online'] as const) {
    for (const { step, interval } of summary[phase].points) {
      if (!interval) continue;
      const x = plot.left + placeOf(zones, phase, step) * plot.width;
      lower.push(pixels(x, yAt(interval[0], range, plot)));
      upper.push(pixels(x, yAt(interval[1], range, plot)));
    }
  }
  return upper.length > 1 ? (
    <path d={`M${[...upper, ...lower.reverse()].join('L')}Z`} fill={colour} fillOpacity={0.18} />
  ) : null;
});
const LeadLine = memo(function LeadLine({ summary, dash, colour, ...place }: CurveProps & { dash: readonly number[] }) {
  const d = pathOf((phase) => summary[phase].leading, place);
  return d === null ? null : <path d={d} stroke={colour} strokeWidth={1.5} strokeDasharray={dash.join(' ')} />;
});
const MeanLine = memo(function MeanLine({
  summary,
  dash,
  width,
  colour,
  ...place
}: CurveProps & { dash: readonly number[]; width: number }) {
  const means = (phase: Phase) => summary[phase].points.map(({ step, iqm }) => ({ step, value: iqm }));
  const d = pathOf(means, place);
  return d === null ? null : (
    <path className="mean-line" d={d} stroke={colour} strokeWidth={width} strokeDasharray={dash.join(' ')} />
  );
});

function yAt(value: number, range: Range, { top, height }: Plot): number {
  return top + (1 - (value - range[0]) / (range[1] - range[0])) * height;
}
const pixels = (x: number, y: number) => `${x.toFixed(2)},${y.toFixed(2)}`;
/** One line through both zones; null where a line needs more points. */
function pathOf(
  pointsOf: (phase: Phase) => readonly SeedPoint[],
  { plot, zones, range }: Pick<CurveProps, 'plot' | 'zones' | 'range'>,
): string | null {
  const places = (['offline', 'online'] as const).flatMap((phase) =>
    pointsOf(phase).map(({ step, value }) =>
      pixels(plot.left + placeOf(zones, phase, step) * plot.width, yAt(value, range, plot)),
    ),
  );
  return places.length > 1 ? `M${places.join('L')}` : null;
}

interface Tick {
  readonly place: number;
  readonly text: string;
}
/** The zones share the switch: the offline budget is written there, the online zone starts its labels after it. */
function xTicks(zones: Zones, width: number): readonly Tick[] {
  const ticks: Tick[] = [];
  const split = switchAt(zones);
  for (const phase of ['offline', 'online'] as const) {
    const budget = zones[phase];
    if (budget === 0) continue;
    const room = width * (phase === 'offline' ? split : 1 - split);
    for (const step of niceTicks(0, budget, Math.max(1, Math.floor(room / tickSpacing)))) {
      if (phase === 'online' && step === 0 && zones.offline > 0) continue;
      ticks.push({ place: placeOf(zones, phase, step), text: shortNumber(step) });
    }
  }
  return ticks;
}

function Overlay({
  zones,
  palette,
  references = [],
  scale,
  ceiling,
  range,
  warmup = 0,
  marks = [],
  runs,
  cursor,
  small = false,
  words,
  plot,
  xOf,
  yOf,
}: ZoneChartProps & { plot: Plot; xOf: (phase: Phase, step: number) => number; yOf: (value: number) => number }) {
  const right = plot.left + plot.width;
  const bottom = plot.top + plot.height;
  const switchX = plot.left + switchAt(zones) * plot.width;
  const hasSwitch = zones.offline > 0 && zones.online > 0;
  const visible = references.filter(({ value }) => value >= range[0] && value <= range[1]);
  const labels = referenceLabels(visible, plot, yOf);
  const isNarrow = plot.width < narrow;
  const small12 = { fontSize: 12, fill: palette.third };
  return (
    <>
      {visible.map(({ label, value }) => (
        <line
          key={label}
          x1={plot.left}
          x2={right}
          y1={yOf(value)}
          y2={yOf(value)}
          stroke={palette.third}
          strokeDasharray="4 3"
        />
      ))}
      {!small &&
        labels.map(({ text, y }) => (
          <text key={text} x={right - 4} y={y} textAnchor="end" {...small12} className="haloed">
            {text}
          </text>
        ))}
      {scale &&
        [0, 50, 100].map((part) => {
          const y = yOf(scale.from + ((scale.to - scale.from) * part) / 100);
          return y < plot.top - 1 || y > bottom + 1 ? null : (
            <text key={part} x={right + 6} y={y + 4} {...small12}>
              {part}
            </text>
          );
        })}
      {!small && <RunLabels runs={runs} taken={labels} plot={plot} xOf={xOf} yOf={yOf} fewer={words.fewer} />}
      {ceiling !== undefined && ceiling < range[1] && !small && (
        <text x={plot.left + 6} y={plot.top + 12} {...small12} className="haloed">
          {words.ceiling}
        </text>
      )}
      {hasSwitch && (
        <>
          <line x1={switchX} x2={switchX} y1={plot.top} y2={bottom} stroke={palette.ink} strokeWidth={small ? 1 : 2} />
          {!small && (
            <text
              x={switchX - 5}
              y={plot.top + 11}
              textAnchor="end"
              fontSize={12}
              fill={palette.ink}
              className="haloed"
            >
              {words.switch}
            </text>
          )}
        </>
      )}
      {!small && !isNarrow && warmup > 0 && zones.online > 0 && (
        <text x={xOf('online', 0) + 5} y={bottom - 7} {...small12} className="haloed">
          {words.frozen}
        </text>
      )}
      {!small && zones.offline > 0 && (
        <text
          x={(plot.left + (hasSwitch ? switchX : right)) / 2}
          y={bottom + tickHeight + 13}
          textAnchor="middle"
          {...small12}
        >
          {isNarrow ? words.offlineShort : words.offline}
        </text>
      )}
      {!small && zones.online > 0 && (
        <text
          x={((hasSwitch ? switchX : plot.left) + right) / 2}
          y={bottom + tickHeight + 13}
          textAnchor="middle"
          {...small12}
        >
          {isNarrow ? words.onlineShort : words.online}
        </text>
      )}
      {!small &&
        marks.map(({ phase, step, label }) => (
          <g key={`${phase} ${step} ${label}`}>
            <line
              x1={xOf(phase, step)}
              x2={xOf(phase, step)}
              y1={bottom - 6}
              y2={bottom + 4}
              stroke={palette.ink}
              strokeWidth={2}
            />
            <text
              x={Math.min(right, Math.max(plot.left, xOf(phase, step)))}
              y={bottom + tickHeight + 27}
              textAnchor={
                placeOf(zones, phase, step) > 0.8 ? 'end' : placeOf(zones, phase, step) < 0.2 ? 'start' : 'middle'
              }
              fontSize={12}
              fill={palette.second}
            >
              {label}
            </text>
          </g>
        ))}
      {cursor && (
        <>
          <line
            x1={xOf(cursor.phase, cursor.step)}
            x2={xOf(cursor.phase, cursor.step)}
            y1={plot.top}
            y2={bottom}
            stroke={palette.second}
            strokeDasharray="2 2"
          />
          {runs.map((run) => {
            const value = valueAt(run, cursor);
            return value === null ? null : (
              <circle
                key={run.id}
                cx={xOf(cursor.phase, cursor.step)}
                cy={yOf(value)}
                r={3.5}
                fill={palette.surface}
                stroke={run.colour}
                strokeWidth={2}
              />
            );
          })}
        </>
      )}
    </>
  );
}

interface Placing {
  readonly plot: Plot;
  readonly xOf: (phase: Phase, step: number) => number;
  readonly yOf: (value: number) => number;
}

const labelGap = 15;
/** Words of reference lines stand above them, under them at the top; those of near lines are one. */
function referenceLabels(
  references: readonly ReferenceLevel[],
  plot: Plot,
  yOf: Placing['yOf'],
): readonly { readonly text: string; readonly y: number }[] {
  const merged = mergedLabels(
    references.map(({ label, value }) => ({ text: label, y: yOf(value) })),
    labelGap,
  );
  const wanted = merged.map(({ y }) => (y - 4 < plot.top + 8 ? y + 13 : y - 4));
  const places = spread(wanted, [], labelGap, plot.top + 8, plot.top + plot.height - 2);
  return merged.map(({ text }, i) => ({ text, y: places[i] }));
}

const mostLabelCharacters = 34;
/**
 * Where a run lost seeds, how many are left; where several are drawn, each line's name at its end. Moved apart from each other and from
 * the words of the reference lines.
 */
function RunLabels({
  runs,
  taken,
  plot,
  xOf,
  yOf,
  fewer,
}: Placing & {
  runs: readonly RunLines[];
  taken: readonly { readonly y: number }[];
  fewer: ZoneChartProps['words']['fewer'];
}) {
  const wanted = runs.flatMap((run) => {
    const labels: { key: string; text: string; x: number; y: number; colour: string; isBold: boolean }[] = [];
    const { id, colour, seeds, failures } = run;
    const lost = failures.reduce<number | null>((far, { phase, step }) => Math.max(far ?? 0, xOf(phase, step)), null);
    if (lost !== null) {
      const isDiverged = failures.every(({ diverged }) => diverged);
      const text = fewer(seeds.length - failures.length, seeds.length, isDiverged);
      labels.push({ key: `lost ${id}`, text, x: lost, y: bandTop(run, yOf) - 6, colour, isBold: false });
    }
    const end = runs.length > 1 && run.label !== '' ? endOf(run) : null;
    if (end) {
      const text = shortened(run.label ?? run.name, mostLabelCharacters);
      const [x, y] = [xOf(end.phase, end.step), yOf(end.value) - 6];
      labels.push({ key: `end ${id}`, text, x, y, colour, isBold: true });
    }
    return labels;
  });
  const places = spread(
    wanted.map(({ y }) => y),
    taken.map(({ y }) => y),
    labelGap,
    plot.top + 24,
    plot.top + plot.height - 6,
  );
  return wanted.map(({ key, text, x, colour, isBold }, i) => {
    const isRight = x > plot.left + plot.width * 0.5;
    return (
      <text
        key={key}
        x={isRight ? x - 4 : x + 4}
        y={places[i]}
        textAnchor={isRight ? 'end' : 'start'}
        fontSize={12}
        fontWeight={isBold ? 600 : 400}
        fill={colour}
        className="haloed"
      >
        {text}
      </text>
    );
  });
}
/** The highest point of the part of a run's band that is made of fewer seeds, in pixels. */
function bandTop(run: RunLines, yOf: Placing['yOf']): number {
  const ends = [...thinnedPart(run, 'offline'), ...thinnedPart(run, 'online')].map(({ iqm, interval }) =>
    yOf(interval ? interval[1] : iqm),
  );
  return ends.length > 0 ? Math.min(...ends) : yOf(run.failures[0].value);
}
function endOf({ summary }: RunLines): { phase: Phase; step: number; value: number } | null {
  for (const phase of ['online', 'offline'] as const) {
    const lead = summary[phase].leading.at(-1);
    if (lead) return { phase, ...lead };
    const point = summary[phase].points.at(-1);
    if (point) return { phase, step: point.step, value: point.iqm };
  }
  return null;
}
function shortened(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).trimEnd()}…`;
}

/** Ground, hatching and faint seeds, in CSS pixels. */
type Ground = Pick<ZoneChartProps, 'zones' | 'range' | 'runs' | 'palette' | 'ceiling'> & { readonly warmup: number };
function paintUnder(context: CanvasRenderingContext2D, pictures: Pictures, ground: Ground, plot: Plot): void {
  const { zones, range, runs, palette, ceiling, warmup } = ground;
  const { left, top, width, height } = plot;
  const xOf = (phase: Phase, step: number) => left + placeOf(zones, phase, step) * width;
  const yOf = (value: number) => top + (1 - (value - range[0]) / (range[1] - range[0])) * height;
  const split = left + switchAt(zones) * width;
  context.fillStyle = palette.offline;
  context.fillRect(left, top, split - left, height);
  context.fillStyle = palette.online;
  context.fillRect(split, top, left + width - split, height);
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  if (warmup > 0 && zones.online > 0) {
    hatch(context, [split, top, xOf('online', warmup) - split, height], palette.edge);
  }
  if (ceiling !== undefined && ceiling < range[1]) {
    hatch(context, [left, top, width, Math.max(0, yOf(ceiling) - top)], palette.edge);
  }
  for (const run of runs) {
    const { id, colour, seeds, summary, failures, dots, offlineBudget } = run;
    if (!hasMoreThanMean(run, zones)) continue;
    const madeOf = [colour, seeds, summary, failures, dots, offlineBudget, zones, range, plot];
    pictures.draw(context, id, madeOf, (picture) => paintRun(picture, run, zones, split, xOf, yOf));
  }
  pictures.forgetOthers(runs.map(({ id }) => id));
  context.restore();
}
/** A single seed is its own mean: no faint copy under it. */
function hasMoreThanMean({ seeds, dots = [], failures, offlineBudget }: RunLines, zones: Zones): boolean {
  return seeds.length > 1 || dots.length > 0 || failures.length > 0 || offlineBudget < zones.offline;
}
function paintRun(
  context: CanvasRenderingContext2D,
  run: RunLines,
  zones: Zones,
  split: number,
  xOf: (phase: Phase, step: number) => number,
  yOf: (value: number) => number,
): void {
  context.strokeStyle = run.colour;
  context.lineWidth = 1;
  context.globalAlpha = 0.3;
  for (const seed of run.seeds.length > 1 ? run.seeds : []) {
    for (const phase of ['offline', 'online'] as const)
      strokeLine(context, seed[phase], (point) => [xOf(phase, point.step), yOf(point.value)]);
  }
  context.globalAlpha = 0.55;
  for (const { step, value } of run.dots ?? []) {
    context.beginPath();
    context.arc(xOf('online', step), yOf(value), 2, 0, 2 * Math.PI);
    context.stroke();
  }
  context.globalAlpha = 1;
  hatchThinned(context, run, xOf, yOf);
  const lastOffline = run.summary.offline.points[run.summary.offline.points.length - 1];
  if (run.offlineBudget < zones.offline && lastOffline?.step === run.offlineBudget) {
    context.setLineDash([1, 4]);
    context.beginPath();
    context.moveTo(xOf('offline', run.offlineBudget), yOf(lastOffline.iqm));
    context.lineTo(split, yOf(lastOffline.iqm));
    context.stroke();
    context.setLineDash([]);
  }
  context.lineWidth = 1.5;
  for (const { phase, step, value } of run.failures) {
    const [x, y] = [xOf(phase, step), yOf(value)];
    context.beginPath();
    context.moveTo(x - 4, y - 4);
    context.lineTo(x + 4, y + 4);
    context.moveTo(x - 4, y + 4);
    context.lineTo(x + 4, y - 4);
    context.stroke();
  }
}

/** From where a seed is missing the band is hatched: it is made of fewer. */
function hatchThinned(
  context: CanvasRenderingContext2D,
  run: RunLines,
  xOf: (phase: Phase, step: number) => number,
  yOf: (value: number) => number,
): void {
  for (const phase of ['offline', 'online'] as const) {
    const points = thinnedPart(run, phase).flatMap(({ step, interval }) =>
      interval ? [{ x: xOf(phase, step), low: yOf(interval[0]), high: yOf(interval[1]) }] : [],
    );
    if (points.length < 2) continue;
    context.save();
    context.beginPath();
    for (const { x, high } of points) context.lineTo(x, high);
    for (const { x, low } of points.toReversed()) context.lineTo(x, low);
    context.closePath();
    context.clip();
    const top = Math.min(...points.map(({ high }) => high));
    const bottom = Math.max(...points.map(({ low }) => low));
    const left = points[0].x;
    hatch(context, [left, top, points[points.length - 1].x - left, bottom - top], run.colour, 5, 0.9);
    context.restore();
  }
}
/** The points of a phase that lack a seed, with the last whole one before them. */
function thinnedPart({ summary, seeds }: RunLines, phase: Phase): readonly SummaryPoint[] {
  const { points } = summary[phase];
  const first = points.findIndex((point) => point.seeds < seeds.length);
  return first < 0 ? [] : points.slice(Math.max(0, first - 1));
}

function strokeLine(
  context: CanvasRenderingContext2D,
  points: readonly SeedPoint[],
  place: (point: SeedPoint) => readonly [number, number],
): void {
  if (points.length < 2) return;
  context.beginPath();
  points.forEach((point, i) => {
    const [x, y] = place(point);
    if (i === 0) context.moveTo(x, y);
    else context.lineTo(x, y);
  });
  context.stroke();
}

const stepsOfRuns = new WeakMap<readonly RunLines[], readonly { phase: Phase; step: number }[]>();
/** Steps the crosshair can stand on, along the axis. Worked out when it is first wanted. */
function cursorSteps(runs: readonly RunLines[]): readonly { phase: Phase; step: number }[] {
  const known = stepsOfRuns.get(runs);
  if (known) return known;
  const found = { offline: new Set<number>(), online: new Set<number>() };
  for (const run of runs) {
    for (const phase of ['offline', 'online'] as const) {
      const { points, leading } = run.summary[phase];
      for (const { step } of [...points, ...leading]) found[phase].add(step);
    }
  }
  const sorted = (phase: Phase) => [...found[phase]].sort((a, b) => a - b).map((step) => ({ phase, step }));
  const steps = [...sorted('offline'), ...sorted('online')];
  stepsOfRuns.set(runs, steps);
  return steps;
}
function nearestEvaluation(
  steps: readonly { phase: Phase; step: number }[],
  phase: Phase,
  step: number,
): { phase: Phase; step: number } | null {
  let best: { phase: Phase; step: number } | null = null;
  for (const candidate of steps) {
    if (candidate.phase !== phase) continue;
    if (!best || Math.abs(candidate.step - step) < Math.abs(best.step - step)) best = candidate;
  }
  return best;
}
/** What a run's drawn line says at a step; null where it has no point there. */
export function valueAt(run: RunLines, { phase, step }: { phase: Phase; step: number }): number | null {
  const { points, leading } = run.summary[phase];
  return (
    points.find((point) => point.step === step)?.iqm ?? leading.find((point) => point.step === step)?.value ?? null
  );
}
