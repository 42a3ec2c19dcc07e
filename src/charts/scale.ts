/** Geometry of the charts: two x zones that meet at the switch, a y axis that only grows, labels that do not collide. */
import type { Phase } from '../spec/runSpec';

/** Budgets of the two zones: the largest of all runs shown. 0 where a phase is absent. */
export interface Zones {
  readonly offline: number;
  readonly online: number;
}
/** Where the switch lies, as a part of the width: 45 : 55 whatever the budgets; with one phase only, at the other's edge. */
export function switchAt({ offline, online }: Zones): number {
  if (online === 0) return 1;
  return offline === 0 ? 0 : 0.45;
}
/** A step's place on the whole axis, 0 to 1. */
export function placeOf(zones: Zones, phase: Phase, step: number): number {
  const split = switchAt(zones);
  if (phase === 'offline') return zones.offline === 0 ? 0 : (step / zones.offline) * split;
  return zones.online === 0 ? 1 : split + (step / zones.online) * (1 - split);
}
/** The step under a place, for the pointer. */
export function stepAt(zones: Zones, place: number): { readonly phase: Phase; readonly step: number } {
  const split = switchAt(zones);
  if (place <= split && zones.offline > 0)
    return { phase: 'offline', step: (Math.max(0, place) / split) * zones.offline };
  if (zones.online === 0) return { phase: 'offline', step: zones.offline };
  return { phase: 'online', step: ((Math.min(1, place) - split) / (1 - split)) * zones.online };
}

/** 1, 2 or 5 times a power of ten, the smallest that is at least `rough`; `rough` > 0. */
export function niceStep(rough: number): number {
  let power = 1;
  while (power < rough) power *= 10;
  while (power >= 10 * rough) power /= 10;
  if (power / 5 >= rough) return power / 5;
  return power / 2 >= rough ? power / 2 : power;
}
/** Round numbers inside [low, high], about `count` of them, ends included where they are round. */
export function niceTicks(low: number, high: number, count: number): readonly number[] {
  if (!(high > low)) return [low];
  const step = niceStep((high - low) / Math.max(1, count));
  const ticks: number[] = [];
  const first = Math.floor(low / step) - 1;
  for (let k = first; k * step <= high + step * 1e-9; k++) {
    // k·step, not a running sum: 0.1 + 0.2 would show as 0.30000000000000004.
    const tick = Number((k * step).toPrecision(12));
    if (tick >= low - step * 1e-9) ticks.push(tick + 0);
  }
  return ticks;
}

export type Range = readonly [low: number, high: number];
/** The range of all finite `values`, with a twentieth of air at both ends, but none beyond 0; never empty. */
export function rangeOf(values: Iterable<number>): Range {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return [0, 1];
  if (low === 0 && high === 0) return [0, 1];
  const air = high > low ? (high - low) / 20 : Math.max(0.5, Math.abs(high) / 20);
  return [low >= 0 ? Math.max(0, low - air) : low - air, high <= 0 ? Math.min(0, high + air) : high + air];
}
/** `before` grown to hold `now`: in steps of a tenth, so that a live chart is not rescaled at every point. */
export function grown(before: Range | null, now: Range): Range {
  if (!before) return now;
  const [low, high] = before;
  if (now[0] >= low && now[1] <= high) return before;
  const step = (Math.max(high, now[1]) - Math.min(low, now[0])) / 10;
  return [now[0] < low ? now[0] - step : low, now[1] > high ? now[1] + step : high];
}

export interface LineLabel {
  readonly text: string;
  /** Pixels from the top. */
  readonly y: number;
}
/** Words of lines nearer than `gap` pixels become one: "data, random". Top to bottom; each group stands at its topmost line. */
export function mergedLabels(labels: readonly LineLabel[], gap: number): readonly LineLabel[] {
  const sorted = [...labels].sort((a, b) => a.y - b.y);
  const merged: { texts: string[]; y: number; last: number }[] = [];
  for (const { text, y } of sorted) {
    const above = merged[merged.length - 1];
    if (above && y - above.last < gap) {
      above.texts.push(text);
      above.last = y;
    } else merged.push({ texts: [text], y, last: y });
  }
  return merged.map(({ texts, y }) => ({ text: texts.join(', '), y }));
}

/**
 * Places for words that want to stand at `wanted` but at least `gap` apart from each other and from `taken`, inside [low, high]:
 * each takes the nearest free place, the topmost first. In the order given.
 */
export function spread(
  wanted: readonly number[],
  taken: readonly number[],
  gap: number,
  low: number,
  high: number,
): readonly number[] {
  const used = [...taken];
  const places = new Array<number>(wanted.length);
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b] || a - b);
  for (const i of order) {
    const own = Math.min(high, Math.max(low, wanted[i]));
    // Free places begin where another word's room ends.
    const candidates = [own, ...used.flatMap((place) => [place - gap, place + gap])].filter(
      (place) => place >= low && place <= high && used.every((other) => Math.abs(other - place) >= gap - 1e-9),
    );
    places[i] = candidates.reduce(
      (best, place) => (Math.abs(place - own) < Math.abs(best - own) ? place : best),
      candidates[0] ?? own,
    );
    used.push(places[i]);
  }
  return places;
}

/** Three significant digits, thousands with commas, a real minus sign: how every number on a chart reads. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const rounded = Number(value.toPrecision(3));
  const size = Math.abs(rounded);
  const text = size >= 1e6 || (size !== 0 && size < 1e-3) ? size.toExponential().replace('e+', 'e') : grouped(size);
  return rounded < 0 ? `−${text}` : text;
}
function grouped(size: number): string {
  const [whole, fraction] = String(size).split('.');
  const thousands = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? thousands : `${thousands}.${fraction}`;
}
