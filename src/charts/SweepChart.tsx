/**
 * Final return against the value of one knob: a point a seed, the mean over seeds with its interval, the recipe's own value marked.
 * Numbers in, picture out. recharts draws axes, line and band; an overlay above them the points, which can be picked.
 */
import { memo, useMemo } from 'react';
import { Area, ComposedChart, Line, XAxis, YAxis } from 'recharts';
import type { Palette } from './palette';
import { niceTicks, type Range, shortNumber } from './scale';
import { nearestPlace, placeOfValue, ticksThatFit, type ValueAxis } from './sweepScale';
import { useSize } from './useSize';

export interface SweptValue {
  readonly id: string;
  readonly value: number;
  /** The value as it is written: "0.7". */
  readonly text: string;
  readonly colour: string;
  /** One a seed that has been measured. `isFinal` false: how far it has come. `failed`: where it ended too early. */
  readonly seeds: readonly { readonly value: number; readonly isFinal: boolean; readonly failed: boolean }[];
  /** Over seeds, once all of them are final. */
  readonly mean: number | null;
  readonly interval: readonly [low: number, high: number] | null;
  /** Says why there is nothing, or less than there should be: "diverged". */
  readonly failure: string | null;
}
export interface SweepChartProps {
  /** What the figure shows, for those who do not see it. */
  readonly label: string;
  readonly axis: ValueAxis;
  readonly range: Range;
  readonly values: readonly SweptValue[];
  /** The recipe's own value, and the word for it. */
  readonly current: { readonly value: number; readonly label: string };
  readonly selectedId: string | null;
  readonly onSelect: (id: string) => void;
  readonly palette: Palette;
  readonly xTitle: string;
  readonly yTitle: string;
  /** Words instead of points. */
  readonly empty?: string;
}

interface Plot {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}
const tickHeight = 20;
/** One value in this many pixels reads without crowding. */
const tickSpacing = 52;

export function SweepChart(props: SweepChartProps) {
  const { label, axis, range, values, selectedId, onSelect, palette, empty } = props;
  const [frame, { width, height }] = useSize<HTMLElement>();
  const plot = useMemo<Plot>(() => {
    const [left, right, top, bottom] = [56, 22, 38, tickHeight + 18];
    return { left, top, width: Math.max(0, width - left - right), height: Math.max(0, height - top - bottom) };
  }, [width, height]);
  const places = useMemo(() => values.map(({ value }) => placeOfValue(axis, value) ?? 0), [values, axis]);
  const select = (index: number) => {
    const found = values[Math.min(values.length - 1, Math.max(0, index))];
    if (found) onSelect(found.id);
  };
  const selected = values.findIndex(({ id }) => id === selectedId);
  return (
    <figure
      className="sweep-chart"
      ref={frame}
      aria-label={label}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: the arrow keys go from value to value, as a pointer does
      tabIndex={0}
      onClick={(event) => {
        const box = frame.current?.getBoundingClientRect();
        if (box && plot.width > 0) select(nearestPlace(places, (event.clientX - box.left - plot.left) / plot.width));
      }}
      onKeyDown={(event) => {
        if (event.key === 'ArrowRight') select(selected < 0 ? 0 : selected + 1);
        else if (event.key === 'ArrowLeft') select(selected < 0 ? values.length - 1 : selected - 1);
        else if (event.key === 'Home') select(0);
        else if (event.key === 'End') select(values.length - 1);
        else return;
        event.preventDefault();
      }}
    >
      <div className="chart-layers" aria-hidden="true">
        {width > 0 && (
          <>
            <Means width={width} height={height} plot={plot} places={places} {...{ range, values, palette }} />
            <svg className="zone-overlay" width={width} height={height}>
              <title>{label}</title>
              <Points {...props} plot={plot} places={places} />
            </svg>
          </>
        )}
      </div>
      {empty !== undefined && (
        <p className="chart-empty" role="status">
          <span>{empty}</span>
        </p>
      )}
    </figure>
  );
}

type MeansProps = Pick<SweepChartProps, 'range' | 'values' | 'palette'> & {
  readonly width: number;
  readonly height: number;
  readonly plot: Plot;
  readonly places: readonly number[];
};
const Means = memo(function Means({ width, height, plot, places, range, values, palette }: MeansProps) {
  const rows = values.flatMap(({ mean, interval }, i) =>
    mean === null ? [] : [{ x: places[i], mean, ...(interval ? { band: interval } : {}) }],
  );
  const tick = { fill: palette.third, fontSize: 12 };
  const written = ticksThatFit(places, plot.width, tickSpacing);
  const yTicks = niceTicks(range[0], range[1], Math.max(2, Math.floor(plot.height / 36)));
  return (
    <ComposedChart
      width={width}
      height={height}
      // The axis is drawn before there is anything on it.
      data={[{ x: 0 }, ...rows, { x: 1 }]}
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
        ticks={written.map((i) => places[i])}
        tickFormatter={(place: number) => values[places.indexOf(place)]?.text ?? ''}
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
      <Area
        dataKey="band"
        stroke="none"
        fill={palette.third}
        fillOpacity={0.18}
        isAnimationActive={false}
        activeDot={false}
        connectNulls
        type="linear"
      />
      <Line
        dataKey="mean"
        stroke={palette.second}
        strokeWidth={2}
        dot={false}
        activeDot={false}
        isAnimationActive={false}
        connectNulls
        type="linear"
      />
    </ComposedChart>
  );
});

function Points({
  axis,
  range,
  values,
  current,
  selectedId,
  palette,
  xTitle,
  yTitle,
  plot,
  places,
}: SweepChartProps & { plot: Plot; places: readonly number[] }) {
  const bottom = plot.top + plot.height;
  const yOf = (value: number) => plot.top + (1 - (value - range[0]) / (range[1] - range[0])) * plot.height;
  const xAt = (place: number) => plot.left + place * plot.width;
  const own = placeOfValue(axis, current.value);
  const ownX = own !== null && own >= 0 && own <= 1 ? xAt(own) : null;
  const words = { fontSize: 12, fill: palette.third };
  return (
    <>
      <text x={plot.left - 44} y={12} {...words}>
        {yTitle}
      </text>
      <text x={plot.left + plot.width / 2} y={bottom + tickHeight + 14} textAnchor="middle" {...words}>
        {xTitle}
      </text>
      {ownX !== null && (
        <>
          <line x1={ownX} x2={ownX} y1={plot.top} y2={bottom} stroke={palette.ink} strokeDasharray="4 3" />
          <text x={ownX} y={plot.top - 6} textAnchor="middle" fontSize={12} fill={palette.second} className="haloed">
            {current.label}
          </text>
        </>
      )}
      {values.map(({ id, colour, seeds, mean, failure }, i) => {
        const x = xAt(places[i]);
        const isSelected = id === selectedId;
        return (
          <g key={id}>
            {isSelected && (
              <rect x={x - 9} y={plot.top} width={18} height={plot.height} fill={colour} opacity={0.14} rx={4} />
            )}
            {seeds.map(({ value, isFinal, failed }, seed) =>
              failed ? (
                <Cross key={seedKey(id, seed)} x={x} y={yOf(value)} colour={colour} />
              ) : (
                <circle
                  key={seedKey(id, seed)}
                  cx={x}
                  cy={yOf(value)}
                  r={isSelected ? 5 : 4}
                  fill={isFinal ? colour : palette.surface}
                  fillOpacity={isFinal && seeds.length > 1 ? 0.6 : 1}
                  stroke={colour}
                  strokeWidth={1.5}
                />
              ),
            )}
            {seeds.length === 0 && failure !== null && <Cross x={x} y={bottom - 8} colour={colour} />}
            {mean !== null && seeds.length > 1 && (
              <line x1={x - 8} x2={x + 8} y1={yOf(mean)} y2={yOf(mean)} stroke={palette.ink} strokeWidth={2} />
            )}
            {failure !== null && (
              <text
                x={x}
                y={(seeds.length === 0 ? bottom - 8 : Math.min(...seeds.map(({ value }) => yOf(value)))) - 10}
                textAnchor={places[i] > 0.85 ? 'end' : places[i] < 0.15 ? 'start' : 'middle'}
                fontSize={12}
                fill={palette.broken}
                className="haloed"
              >
                {failure}
              </text>
            )}
          </g>
        );
      })}
    </>
  );
}

/** Seeds keep their place in a run. */
function seedKey(id: string, seed: number): string {
  return `${id} ${seed}`;
}

function Cross({ x, y, colour }: { x: number; y: number; colour: string }) {
  return (
    <path
      d={`M${x - 4.5} ${y - 4.5} l9 9 m0 -9 l-9 9`}
      stroke={colour}
      strokeWidth={2}
      strokeLinecap="round"
      fill="none"
    />
  );
}
