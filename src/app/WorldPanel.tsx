/** The world with the acting policy over its value map (product.md §5). Everything here only looks: no bit of a run depends on it. */
import { type PointerEvent, useEffect, useMemo, useRef, useState } from 'react';
import { prepareCanvas } from '../charts/canvas';
import { type Palette, viridis } from '../charts/palette';
import { type Range, shortNumber } from '../charts/scale';
import { useSize } from '../charts/useSize';
import {
  type Frame,
  frameOf,
  type Marks,
  paintDots,
  paintMarks,
  paintShapes,
  paintState,
  paintTrail,
  paintTrajectories,
  paintValues,
  planeBounds,
  valuesRange,
} from '../charts/world';
import type { EpisodeFrame, Stage, ViewEpisode, ViewMap } from '../metrics/view';
import { useCurrentRun, useLab, useLaboratory } from './LabContext';
import { usePalette } from './usePalette';
import { placeText, words } from './words';

type Mode = 'both' | 'world' | 'map';
interface Props {
  /** Which of value, arrows, rings and dots are drawn; the `L` key steps through them. */
  readonly marks: Marks;
  readonly onMarks: (marks: Marks) => void;
}

export function WorldPanel({ marks, onMarks }: Props) {
  const stage = useLab((state) => state.stage);
  const progress = useLab((state) => state.stageProgress);
  const failure = useLab((state) => state.stageFailure);
  const map = useLab((state) => state.map);
  const episode = useLab((state) => state.episode);
  const [mode, setMode] = useState<Mode>('both');
  const range = useMapRange(map);
  const hasTwoViews = stage?.planeKind === 'phase';
  const toggle = (name: keyof Marks, label: string) => (
    <button
      key={name}
      type="button"
      className="toggle"
      aria-pressed={marks[name]}
      onClick={() => onMarks({ ...marks, [name]: !marks[name] })}
    >
      {label}
    </button>
  );
  return (
    <section className="panel world" aria-label={words.landmarks.world}>
      <div className="panel-head">
        <h2>{stage?.environmentName ?? words.world.title}</h2>
        <span className="panel-tools">
          {hasTwoViews && (
            <select
              className="select"
              aria-label={words.world.title}
              value={mode}
              onChange={(event) => setMode(event.currentTarget.value as Mode)}
            >
              {(['both', 'world', 'map'] as const).map((value) => (
                <option key={value} value={value}>
                  {words.world.view[value]}
                </option>
              ))}
            </select>
          )}
          {toggle('ground', words.world.ground)}
          {toggle('arrows', words.world.arrows)}
          {toggle('rings', words.world.rings)}
          {toggle('dots', words.world.dots)}
        </span>
      </div>
      {stage ? (
        <Views
          stage={stage}
          map={map}
          episode={episode}
          marks={marks}
          range={range}
          mode={hasTwoViews ? mode : 'both'}
        />
      ) : (
        <p className="world-empty" role="status">
          {failure
            ? words.world.failed(failure)
            : progress
              ? words.transport.preparing(progress.what, Math.round((100 * progress.done) / Math.max(1, progress.of)))
              : words.world.preparing}
        </p>
      )}
      {stage && <Legend stage={stage} map={map} range={range} marks={marks} failure={failure} />}
    </section>
  );
}

/** Grows as long as the map belongs to one run, so that a colour keeps its meaning; a new run starts afresh. */
function useMapRange(map: ViewMap | null): Range | null {
  const runId = useLab((state) => state.currentId);
  const kept = useRef<{ runId: string | null; range: Range | null }>({ runId: null, range: null });
  return useMemo(() => {
    if (kept.current.runId !== runId) kept.current = { runId, range: null };
    const now = map && valuesRange(map.values);
    const before = kept.current.range;
    if (now) kept.current.range = before ? [Math.min(before[0], now[0]), Math.max(before[1], now[1])] : now;
    return kept.current.range;
  }, [map, runId]);
}

interface ViewsProps {
  readonly stage: Stage;
  readonly map: ViewMap | null;
  readonly episode: ViewEpisode | null;
  readonly marks: Marks;
  readonly range: Range | null;
  readonly mode: Mode;
}

function Views({ stage, map, episode, marks, range, mode }: ViewsProps) {
  const laboratory = useLaboratory();
  const palette = usePalette();
  const isRunning = useCurrentRun()?.status === 'running';
  const [box, { width, height }] = useSize<HTMLDivElement>();
  const under = useRef<HTMLCanvasElement>(null);
  const over = useRef<HTMLCanvasElement>(null);
  const frames = useMemo(() => framesOf(stage, width, height, mode), [stage, width, height, mode]);

  // Ground, data and marks: only when they change.
  useEffect(() => {
    const context = prepareCanvas(under.current, width, height);
    if (context) paintGround(context, stage, map, marks, range, frames, palette);
  }, [stage, map, marks, range, frames, palette, width, height]);

  const [frame, still] = usePlayback(episode, isRunning, () => void laboratory.playEpisode());
  // What moves: every frame of the episode.
  useEffect(() => {
    const context = prepareCanvas(over.current, width, height);
    if (context) paintMoving(context, stage, episode, frame, map !== null, frames, palette);
  }, [stage, episode, frame, map, frames, palette, width, height]);

  const start = (event: PointerEvent) => {
    const plane = frames.plane;
    const bounds = box.current?.getBoundingClientRect();
    if (!plane || !bounds) return;
    const [left, top, planeWidth, planeHeight] = plane.box;
    const [x, y] = [
      (event.clientX - bounds.left - left) / planeWidth,
      (event.clientY - bounds.top - top) / planeHeight,
    ];
    if (x < 0 || x > 1 || y < 0 || y > 1) return;
    void laboratory.playEpisode([
      stage.x.min + x * (stage.x.max - stage.x.min),
      stage.y.max - y * (stage.y.max - stage.y.min),
    ]);
  };
  const here: EpisodeFrame | undefined = episode?.frames[frame];
  return (
    <>
      <div
        className="world-box"
        ref={box}
        onPointerDown={map ? start : undefined}
        title={map ? words.world.startHint : undefined}
      >
        <canvas ref={under} role="img" aria-label={words.world.label(stage.environmentName)} />
        <canvas ref={over} />
      </div>
      <p className="world-line">
        <span>
          {episode
            ? words.world.caption(episode.exploring ? words.world.exploring : words.world.greedy, placeText(episode.at))
            : words.world.legend.before}
        </span>
        {here && <span>{words.world.returnSoFar(shortNumber(here.returnSoFar))}</span>}
        {here?.value !== undefined && here.value !== null && (
          <span>{words.world.valueHere(shortNumber(here.value))}</span>
        )}
        {still && (
          <button type="button" className="toggle" onClick={still}>
            {words.world.next}
          </button>
        )}
      </p>
    </>
  );
}

interface Frames {
  /** Null where only the other is shown. */
  readonly world: Frame | null;
  readonly plane: Frame | null;
  readonly areSame: boolean;
}
const gap = 12;
/** Mazes and cells share one frame. A phase plane stands beside its world, or below it where that leaves more room. */
function framesOf(stage: Stage, width: number, height: number, mode: Mode): Frames {
  if (stage.planeKind !== 'phase') {
    const frame = frameOf(stage.bounds, [0, 0, width, height], true);
    return { world: frame, plane: frame, areSame: true };
  }
  const axes = 34;
  const plane = (left: number, top: number, w: number, h: number) =>
    frameOf(planeBounds(stage), [left + axes, top + 4, Math.max(1, w - axes - 4), Math.max(1, h - axes)], false);
  if (mode === 'world')
    return { world: frameOf(stage.bounds, [0, 0, width, height], true), plane: null, areSame: false };
  if (mode === 'map') return { world: null, plane: plane(0, 0, width, height), areSame: false };
  if (width > 1.2 * height) {
    const half = (width - gap) * 0.42;
    return {
      world: frameOf(stage.bounds, [0, 0, half, height], true),
      plane: plane(half + gap, 0, width - half - gap, height),
      areSame: false,
    };
  }
  const upper = (height - gap) * 0.4;
  return {
    world: frameOf(stage.bounds, [0, 0, width, upper], true),
    plane: plane(0, upper + gap, width, height - upper - gap),
    areSame: false,
  };
}

function paintGround(
  context: CanvasRenderingContext2D,
  stage: Stage,
  map: ViewMap | null,
  marks: Marks,
  range: Range | null,
  { world, plane }: Frames,
  palette: Palette,
): void {
  const hasGround = marks.ground && map !== null && range !== null && stage.ground !== null;
  if (plane) {
    if (hasGround) paintValues(context, plane, stage, map, range);
    if (map === null) paintTrajectories(context, plane, stage.trajectories, palette.accent);
    if (marks.dots) paintDots(context, plane, stage.dots, hasGround ? 'rgba(255, 255, 255, 0.65)' : palette.third);
    if (stage.planeKind === 'phase') paintAxes(context, plane, stage, palette);
  }
  if (world) paintShapes(context, world, stage.still, palette);
  if (plane && map) paintMarks(context, plane, stage, map, marks);
}

function paintAxes(
  context: CanvasRenderingContext2D,
  { box: [left, top, width, height] }: Frame,
  { x, y }: Stage,
  palette: Palette,
): void {
  context.strokeStyle = palette.edge;
  context.lineWidth = 1;
  context.strokeRect(left - 0.5, top - 0.5, width + 1, height + 1);
  context.fillStyle = palette.third;
  context.font = '12px system-ui, sans-serif';
  const unit = (axis: Stage['x']) => (axis.unit ? `${axis.name}, ${axis.unit}` : axis.name);
  context.textAlign = 'left';
  context.fillText(shortNumber(x.min), left, top + height + 14);
  context.textAlign = 'right';
  context.fillText(shortNumber(x.max), left + width, top + height + 14);
  context.fillText(shortNumber(y.max), left - 4, top + 11);
  context.fillText(shortNumber(y.min), left - 4, top + height);
  context.textAlign = 'center';
  context.fillText(unit(x), left + width / 2, top + height + 14);
  context.save();
  context.translate(left - 12, top + height / 2);
  context.rotate(-Math.PI / 2);
  context.fillText(unit(y), 0, 0);
  context.restore();
}

const trailFrames = 24;
function paintMoving(
  context: CanvasRenderingContext2D,
  stage: Stage,
  episode: ViewEpisode | null,
  index: number,
  hasMap: boolean,
  { world, plane, areSame }: Frames,
  palette: Palette,
): void {
  const frame = episode?.frames[index];
  if (!episode || !frame) return;
  if (plane && hasMap) paintTrail(context, plane, episode.frames, index - trailFrames, index);
  if (world) paintShapes(context, world, frame.shapes, palette);
  if (plane && !areSame && stage.planeKind === 'phase') paintState(context, plane, frame.at);
}

/** Frames a second: the eye's when nothing else runs, half while training. */
const idleRate = 60;
const busyRate = 30;
const pauseBetweenEpisodes = 700;
/** One decision lasts this long, so that a maze of 60 decisions takes four seconds. */
const decisionMilliseconds = 66;

/** Walks through an episode and asks for the next at its end. With reduced motion it stands still; the second value steps on. */
function usePlayback(
  episode: ViewEpisode | null,
  isBusy: boolean,
  onEnd: () => void,
): readonly [number, (() => void) | null] {
  const [index, setIndex] = useState(0);
  const end = useRef(onEnd);
  end.current = onEnd;
  const prefersStills = usePrefersStills();
  useEffect(() => {
    setIndex(0);
    if (!episode) return;
    const last = episode.frames.length - 1;
    if (prefersStills) {
      setIndex(last);
      return;
    }
    let request = 0;
    let shown = 0;
    let drawnAt = 0;
    let restTimer: ReturnType<typeof setTimeout> | undefined;
    const started = performance.now();
    // Long episodes play faster, at most about eight seconds.
    const each = Math.min(decisionMilliseconds, 8000 / Math.max(1, last));
    const tick = (now: number) => {
      const next = Math.min(last, Math.floor((now - started) / each));
      if (next !== shown && now - drawnAt >= 1000 / (isBusy ? busyRate : idleRate) - 2) {
        shown = next;
        drawnAt = now;
        setIndex(next);
      }
      if (shown < last) request = requestAnimationFrame(tick);
      else restTimer = setTimeout(() => end.current(), pauseBetweenEpisodes);
    };
    request = requestAnimationFrame(tick);
    return () => {
      cancelAnimationFrame(request);
      clearTimeout(restTimer);
    };
  }, [episode, isBusy, prefersStills]);
  const step = () => {
    if (!episode) return;
    if (index < episode.frames.length - 1) setIndex(index + 1);
    else end.current();
  };
  return [Math.min(index, Math.max(0, (episode?.frames.length ?? 1) - 1)), prefersStills && episode ? step : null];
}

function usePrefersStills(): boolean {
  const query = useMemo(() => matchMedia('(prefers-reduced-motion: reduce)'), []);
  const [matches, setMatches] = useState(query.matches);
  useEffect(() => {
    const listen = () => setMatches(query.matches);
    query.addEventListener('change', listen);
    return () => query.removeEventListener('change', listen);
  }, [query]);
  return matches;
}

function Legend({
  stage,
  map,
  range,
  marks,
  failure,
}: {
  stage: Stage;
  map: ViewMap | null;
  range: Range | null;
  marks: Marks;
  failure: string | null;
}) {
  if (failure) return <p className="legend broken">{words.world.failed(failure)}</p>;
  if (!map) return null;
  const hasGround = marks.ground && range !== null && stage.ground !== null;
  return (
    <div className="legend">
      {hasGround && (
        <span className="legend-scale">
          {endText(range, 0)}
          <span className="gradient" style={{ background: gradient }} />
          {endText(range, 1)}
        </span>
      )}
      <span>
        {stage.ground === null ? words.world.legend.none : words.world.legend[stage.ground]}
        {marks.rings && stage.card && `; ${words.world.legend.rings}`}
      </span>
      <MapTable stage={stage} map={map} />
    </div>
  );
}
const gradient = `linear-gradient(to right, ${Array.from({ length: 9 }, (_, i) => `rgb(${viridis(i / 8).join(' ')})`).join(', ')})`;

/** An end of the range; what is nothing beside the whole of it reads 0. */
function endText(range: Range, end: 0 | 1): string {
  return shortNumber(Math.abs(range[end]) < (range[1] - range[0]) / 1000 ? 0 : range[end]);
}

const tableSize = 9;
/** The map as text for those who do not see it. */
function MapTable({ stage, map }: { stage: Stage; map: ViewMap }) {
  const [columns, rows] = map.grid;
  const places = Array.from({ length: tableSize }, (_, i) => (i + 0.5) / tableSize);
  const at = (axis: Stage['x'], place: number) => shortNumber(axis.min + place * (axis.max - axis.min));
  return (
    <div className="visually-hidden">
      <table>
        <caption>{words.world.tableCaption}</caption>
        <thead>
          <tr>
            <th scope="col">{stage.y.name}</th>
            {places.map((place) => (
              <th key={place} scope="col">
                {stage.x.name} {at(stage.x, place)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {[...places].reverse().map((up) => (
            <tr key={up}>
              <th scope="row">{at(stage.y, up)}</th>
              {places.map((along) => (
                <td key={along}>
                  {shortNumber(map.values[Math.floor(up * rows) * columns + Math.floor(along * columns)])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
