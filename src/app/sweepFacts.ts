/** Facts of a sweep as the page shows them: its knob in words, and what each of its runs came to. */
import type { Palette } from '../charts/palette';
import { mostColouredRuns, rampColour, runDashes } from '../charts/palette';
import type { SweptValue } from '../charts/SweepChart';
import { shortNumber } from '../charts/scale';
import { estimate, type SeedResult } from '../metrics/results';
import type { FieldValue } from '../schema/field';
import { valueText } from '../schema/fields';
import { type SpecField, specFields } from '../spec/fields';
import type { RunView } from '../store/runsSlice';
import type { SweepPlace } from '../store/sweep';
import { words } from './words';

/** "Expectile τ" */
export function fieldName({ field }: Pick<SpecField, 'field'>): string {
  return field.symbol ? `${field.label} ${field.symbol}` : field.label;
}
/** What a sweep calls it: both phases may have a knob of the name, and the offline one moves both while they are equal. */
export function knobName(slot: Pick<SpecField, 'field' | 'path'>): string {
  return slot.path.startsWith('online.') ? words.sweep.online(fieldName(slot)) : fieldName(slot);
}
/** Its name inside a sentence: "expectile τ"; "IQL weight" stays as it is. */
export function knobNameInside(slot: Pick<SpecField, 'field' | 'path'>): string {
  const name = knobName(slot);
  return /^[A-Z][a-z]/.test(name) ? name.charAt(0).toLowerCase() + name.slice(1) : name;
}

const knobs = new WeakMap<SweepPlace, SpecField | null>();
/** The knob that was swept; null where the recipe no longer reads as one that has it. Looked for once: every drawing asks. */
export function knobOf(sweep: SweepPlace): SpecField | null {
  const known = knobs.get(sweep);
  if (known !== undefined) return known;
  const knob = specFields(sweep.recipe).find(({ path }) => path === sweep.path) ?? null;
  knobs.set(sweep, knob);
  return knob;
}
/** "0.7", as the field writes it. */
export function sweptText(sweep: SweepPlace, value: FieldValue = sweep.value): string {
  const knob = knobOf(sweep);
  return knob ? valueText(knob.field, value) : shortNumber(Number(value));
}
/** "τ 0.7": what tells a run of a sweep from its siblings. */
export function sweptLabel(sweep: SweepPlace): string {
  const knob = knobOf(sweep);
  const name = knob ? (knob.field.symbol ?? knob.field.label) : sweep.path;
  return `${name} ${sweptText(sweep)}`;
}

/** A run keeps its colour while it is shown: its order decides, in a sweep its value. */
export function runColour({ order, sweep }: Pick<RunView, 'order' | 'sweep'>, palette: Palette): string {
  if (sweep) return rampColour(palette, sweep.of > 1 ? sweep.index / (sweep.of - 1) : 0);
  return palette.runs[(order - 1) % mostColouredRuns];
}
/** Curves of a sweep are told apart by picking one, not by sixteen dashes. */
export function runDash({ order, sweep }: Pick<RunView, 'order' | 'sweep'>): readonly number[] {
  return sweep ? runDashes[0] : runDashes[(order - 1) % mostColouredRuns];
}

export interface SweptRun extends SweptValue {
  readonly run: RunView;
  readonly isOver: boolean;
}
/** One run of a sweep as a place on its plot. */
export function sweptRun(run: RunView, palette: Palette): SweptRun {
  const { id, sweep, curves, status } = run;
  const isHonest = run.spec.evaluation['honestOffline'] === true;
  const measured = curves.flatMap(({ result }) => {
    const value = lastReturn(result, isHonest);
    const isFinal = result.outcome === 'complete' || result.outcome === 'stopped';
    return value === null ? [] : [{ value, isFinal, failed: result.outcome === 'failed' }];
  });
  const failures = curves.filter(({ result }) => result.outcome === 'failed');
  const isOver = status === 'finished';
  const finals = measured.filter(({ isFinal }) => isFinal).map(({ value }) => value);
  const over = isOver ? estimate(finals) : null;
  const how = failures.every(({ result }) => isDivergence(result)) ? words.sweep.diverged : words.sweep.failed;
  const failure =
    failures.length === 0
      ? null
      : failures.length === curves.length
        ? how
        : words.sweep.someFailed(failures.length, curves.length, how);
  return {
    run,
    isOver,
    id,
    value: sweep?.value ?? 0,
    text: sweep ? sweptText(sweep) : '',
    colour: runColour(run, palette),
    seeds: measured,
    mean: over?.mean ?? null,
    interval: over?.interval ?? null,
    failure,
  };
}

/** The newest greedy return, after the switch where it has been reached. Hidden offline, where the recipe hides it. */
function lastReturn({ offline, online }: SeedResult, isHonest: boolean): number | null {
  return online.at(-1)?.mean ?? (isHonest ? null : (offline.at(-1)?.mean ?? null));
}
function isDivergence({ problem }: SeedResult): boolean {
  return problem?.kind === 'diverged' || problem?.kind === 'notFinite';
}
