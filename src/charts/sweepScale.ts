/** Places of a sweep's values along its x axis, and the few of them that are written there. */

export interface ValueAxis {
  readonly low: number;
  readonly high: number;
  readonly scale: 'linear' | 'log';
}
/** Room at both ends, as a part of the axis: the outer points are as easy to hit as the others. */
const margin = 0.05;

/** Where a value stands, 0 to 1; null where a log axis has no place for it. */
export function placeOfValue({ low, high, scale }: ValueAxis, value: number): number | null {
  if (scale === 'log' && value <= 0) return null;
  const part =
    scale === 'log' ? Math.log(value / low) / Math.log(high / low) : (value - low) / Math.max(high - low, 1e-300);
  return margin + part * (1 - 2 * margin);
}

/** Indices of the places that can be written at least `gap` apart on `width`; the first always, the last instead of one too near. */
export function ticksThatFit(places: readonly number[], width: number, gap: number): readonly number[] {
  const kept: number[] = [];
  for (const [i, place] of places.entries()) {
    const before = kept.at(-1);
    if (before === undefined || (place - places[before]) * width >= gap) kept.push(i);
  }
  const last = places.length - 1;
  if (kept.at(-1) !== last && last >= 0) {
    if (kept.length > 1) kept.pop();
    if ((places[last] - places[kept[kept.length - 1]]) * width >= gap) kept.push(last);
  }
  return kept;
}

/** Index of the place nearest to a pointer; −1 where there is none. */
export function nearestPlace(places: readonly number[], wanted: number): number {
  let best = -1;
  for (const [i, place] of places.entries())
    if (best < 0 || Math.abs(place - wanted) < Math.abs(places[best] - wanted)) best = i;
  return best;
}
