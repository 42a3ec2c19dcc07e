/** The author's result in a link: one thinned curve a phase, four significant digits, packed. */
import { pack, unpack } from './packing';

/** Interquartile mean and 95 % interval over the author's seeds, at one evaluation. */
export interface LinkPoint {
  readonly step: number;
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}
export interface LinkCurve {
  readonly offline: readonly LinkPoint[];
  readonly online: readonly LinkPoint[];
}

/** More points than a thinned curve has; the rest of a longer one is dropped. */
const maxPoints = 100;

export function encodeCurve({ offline, online }: LinkCurve): string {
  const columns = (points: readonly LinkPoint[]) => {
    const shown = points.slice(0, maxPoints);
    // Steps as differences: evenly spaced evaluations pack to almost nothing.
    const steps = shown.map(({ step }, index) => step - (shown[index - 1]?.step ?? 0));
    return [
      steps,
      ...(['mean', 'low', 'high'] as const).map((name) => shown.map((point) => Number(point[name].toPrecision(4)))),
    ];
  };
  return pack(JSON.stringify([columns(offline), columns(online)]));
}

/** Null unless the whole curve is there and makes sense. Never throws. */
export function decodeCurve(packed: string): LinkCurve | null {
  const { text, state } = unpack(packed);
  if (state !== 'whole') return null;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(value)) return null;
  const [offline, online] = value.map(pointsOf);
  return offline && online ? { offline, online } : null;
}

function pointsOf(value: unknown): readonly LinkPoint[] | null {
  if (!Array.isArray(value) || value.length !== 4) return null;
  const columns: unknown[] = value;
  if (!columns.every(isColumn) || columns.some((column) => column.length !== (columns[0] as number[]).length))
    return null;
  const [steps, mean, low, high] = columns as readonly (readonly number[])[];
  if (steps.some((step) => !Number.isSafeInteger(step) || step < 0)) return null;
  let at = 0;
  return steps.map((step, index) => {
    at += step;
    return { step: at, mean: mean[index], low: low[index], high: high[index] };
  });
}

function isColumn(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.length <= maxPoints && value.every((item) => Number.isFinite(item));
}
