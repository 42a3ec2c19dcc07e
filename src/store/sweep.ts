/**
 * A sweep: one knob of the recipe at several values, a run each, everything else equal. The runs are programs of one structure with
 * other scalars, so they can train as replicas.
 */
import type { IntegerField, RealField } from '../schema/field';
import { type SpecField, setField } from '../spec/fields';
import type { RunSpec } from '../spec/runSpec';

/** More curves than this are no picture, and no more replicas fit one program. */
export const mostSweepValues = 16;
export const fewestSweepValues = 2;

export type SweepScale = 'linear' | 'log';
export interface SweepRange {
  readonly from: number;
  readonly to: number;
  /** Values asked for, ends included; a coarse grid gives fewer. */
  readonly count: number;
  readonly scale: SweepScale;
}
/** What a run of a sweep knows of it. */
export interface SweepPlace {
  /** The same for all runs of one sweep. */
  readonly id: string;
  readonly path: string;
  readonly value: number;
  /** Place among the values, from 0, in ascending order. */
  readonly index: number;
  readonly of: number;
  readonly scale: SweepScale;
  /** What was swept from: the recipe as it stood, with its own value at `path`. */
  readonly recipe: RunSpec;
}

type NumberField = RealField | IntegerField;
/** A number that every update reads as an input of the program: a sweep needs no second trace. */
export function isSweepable({ path, field, applies }: Pick<SpecField, 'path' | 'field' | 'applies'>): boolean {
  const isNumber = field.kind === 'real' || field.kind === 'integer';
  return applies && isNumber && field.live === true && /^(offline|online)\.params\./.test(path);
}

/**
 * The values of a range, ascending, each once: ends exact, what lies between rounded to three digits (to more where values would
 * meet), whole numbers put on the field's grid. Empty where the range is none.
 */
export function sweepValues(field: NumberField, range: SweepRange): readonly number[] {
  const { from, to, count, scale } = range;
  if (rangeProblem(field, range) !== null) return [];
  const exact = Array.from({ length: count }, (_, i) => {
    if (i === 0) return from;
    if (i === count - 1) return to;
    const part = i / (count - 1);
    return scale === 'log' ? from * (to / from) ** part : from + (to - from) * part;
  });
  if (field.kind === 'integer') {
    const onGrid = exact.map((value) => field.min + Math.round((value - field.min) / field.step) * field.step);
    return [...new Set(onGrid)];
  }
  for (let digits = 3; digits < 15; digits++) {
    const rounded = exact.map((value, i) => (i === 0 || i === count - 1 ? value : Number(value.toPrecision(digits))));
    if (rounded.every((value, i) => i === 0 || value > rounded[i - 1])) return rounded;
  }
  return exact;
}

export type RangeProblem = 'notANumber' | 'outOfRange' | 'notAscending' | 'count' | 'logOfZero';
/** What is wrong with a range for a field, or null. */
export function rangeProblem(field: NumberField, { from, to, count, scale }: SweepRange): RangeProblem | null {
  if (!Number.isFinite(from) || !Number.isFinite(to)) return 'notANumber';
  if (from < field.min || to > field.max || from > field.max || to < field.min) return 'outOfRange';
  if (from >= to) return 'notAscending';
  if (!Number.isInteger(count) || count < fewestSweepValues || count > mostSweepValues) return 'count';
  if (scale === 'log' && from <= 0) return 'logOfZero';
  return null;
}

/** Whether equal ratios may be what is wanted: a field that says so, or a positive range over at least one power of ten. */
export function offersLog(field: NumberField, from: number, to: number): boolean {
  return from > 0 && (field.scale === 'log' || to / from >= 10);
}

const usualCount = 5;
/** Where a sweep of a field starts from: a power of ten to both sides of a value on a log scale, else all the field allows. */
export function usualRange(field: NumberField, value: number): SweepRange {
  if (field.scale === 'log' && value > 0) {
    const floor = field.min > 0 ? field.min : field.step;
    const from = Math.max(floor, Number((value / 10).toPrecision(2)));
    const to = Math.min(field.max, Number((value * 10).toPrecision(2)));
    if (from < to) return { from, to, count: usualCount, scale: 'log' };
  }
  return { from: field.min, to: field.max, count: usualCount, scale: 'linear' };
}

/** One spec a value; `seeds` of the recipe's own seeds each. A recipe's recorded changes are left out: the knobs stand still. */
export function sweepSpecs(
  recipe: RunSpec,
  path: string,
  values: readonly number[],
  seeds: number,
): readonly RunSpec[] {
  const base = setField({ ...recipe, changes: [] }, 'seeds.count', seeds).spec;
  return values.map((value) => setField(base, path, value).spec);
}
