/**
 * Makes, repairs and documents the fields of `field.ts`.
 *
 * Input from outside (a link, a file, a text box) is never thrown at: `repairValue` gives a usable value and says what it changed.
 * A field that is declared wrongly is a broken invariant and throws at once, when its module loads.
 */
import { z } from 'zod';
import type {
  ChoiceField,
  Field,
  FieldText,
  FieldValue,
  FlagField,
  IntegerField,
  RealField,
  Schema,
  ValuesOf,
} from './field';

/** Everything a field says about itself besides its values. */
type Text<F extends FieldText> = Omit<F, 'kind' | 'zod'>;
type RealOptions = Omit<Text<RealField>, 'scale' | 'step'> & Partial<Pick<RealField, 'scale' | 'step'>>;
type IntegerOptions = Omit<Text<IntegerField>, 'scale' | 'step'> & Partial<Pick<IntegerField, 'scale' | 'step'>>;

/**
 * A number in [min, max]. `scale` is linear unless said; `step` is the slider's, a hundredth of the range unless said.
 *
 * @throws RangeError if the default is outside the range, or a log scale does not start above zero
 */
export function real(options: RealOptions): RealField {
  const { min, max, scale = 'linear', step = (max - min) / 100 } = options;
  checkRange(options.label, options.default, min, max, scale);
  return {
    ...options,
    kind: 'real',
    scale,
    step,
    zod: z.number().min(min).max(max).meta(metaOf(options)),
  };
}

/**
 * A whole number `min + k·step` in [min, max]. `step` is 1 unless said.
 *
 * @throws RangeError if the default or the maximum is not such a number, or a log scale does not start above zero
 */
export function integer(options: IntegerOptions): IntegerField {
  const { min, max, scale = 'linear', step = 1 } = options;
  checkRange(options.label, options.default, min, max, scale);
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max) || !Number.isSafeInteger(step) || step < 1) {
    throw new RangeError(`${options.label}: expected whole min, max and step, got ${min}, ${max}, ${step}`);
  }
  for (const [name, value] of [['default', options.default] as const, ['max', max] as const]) {
    if ((value - min) % step !== 0) {
      throw new RangeError(`${options.label}: expected ${name} on the grid ${min} + k·${step}, got ${value}`);
    }
  }
  return {
    ...options,
    kind: 'integer',
    scale,
    step,
    zod: z
      .int()
      .min(min)
      .max(max)
      .refine((value) => (value - min) % step === 0)
      .meta(metaOf(options)),
  };
}

/**
 * One of a few named options.
 *
 * @throws RangeError if the default is not an option or two options share a value
 */
export function choice<const Value extends string>(
  options: Omit<Text<ChoiceField<Value>>, 'default'> & { readonly default: NoInfer<Value> },
): ChoiceField<Value> {
  const values: readonly string[] = options.options.map((option) => option.value);
  if (!values.includes(options.default)) {
    throw new RangeError(`${options.label}: default “${options.default}” is not one of ${values.join(', ')}`);
  }
  if (new Set(values).size !== values.length) throw new RangeError(`${options.label}: two options share a value`);
  const zod = z.enum(values as [Value, ...Value[]]).meta(metaOf(options)) as unknown as ChoiceField<Value>['zod'];
  return { ...options, kind: 'choice', zod };
}

/** Yes or no. */
export function flag(options: Text<FlagField>): FlagField {
  return { ...options, kind: 'flag', zod: z.boolean().meta(metaOf(options)) };
}

/** Every field's default. */
export function defaultsOf<S extends Schema>(schema: S): ValuesOf<S> {
  return Object.fromEntries(Object.entries(schema).map(([name, field]) => [name, field.default])) as ValuesOf<S>;
}

/** What was wrong with a given value, in words a bar on the page can show. */
export interface ValueProblem {
  /** What came, as short text. */
  readonly given: string;
  /** What the field takes: "0 to 1", "a multiple of 16 from 16 to 1,024", "yes or no". */
  readonly expected: string;
  /** What is used instead, as the page writes it. */
  readonly used: string;
}
export interface Repaired<Value extends FieldValue = FieldValue> {
  readonly value: Value;
  /** Absent when the given value was right. */
  readonly problem?: ValueProblem;
}

/**
 * The nearest valid value: numbers are clamped and put on the field's grid, anything unreadable becomes the default.
 * Text that reads as a right value ("0.5", "true", as a command line gives it) is right. Total for plain data: never throws.
 */
export function repairValue(field: Field, given: unknown): Repaired {
  const value = nearest(field, given);
  if (value === given || value === parsed(field, given)) return { value };
  return {
    value,
    problem: { given: shortText(given), expected: expectation(field), used: valueText(field, value) },
  };
}

export interface RepairedValues<S extends Schema> {
  readonly values: ValuesOf<S>;
  /** In the schema's order, then unknown names in the given order. */
  readonly problems: readonly (ValueProblem & { readonly name: string })[];
}

/**
 * A whole record: absent fields take their default in silence, wrong ones are repaired and named, unknown ones named and dropped.
 * Total: never throws.
 */
export function repairValues<S extends Schema>(schema: S, given: unknown): RepairedValues<S> {
  const source: Readonly<Record<string, unknown>> =
    typeof given === 'object' && given !== null && !Array.isArray(given) ? { ...given } : {};
  const problems: (ValueProblem & { name: string })[] = [];
  const values: Record<string, FieldValue> = {};
  for (const [name, field] of Object.entries(schema)) {
    if (!Object.hasOwn(source, name) || source[name] === undefined) {
      values[name] = field.default;
      continue;
    }
    const { value, problem } = repairValue(field, source[name]);
    values[name] = value;
    if (problem) problems.push({ name, ...problem });
  }
  for (const name of Object.keys(source)) {
    if (Object.hasOwn(schema, name)) continue;
    problems.push({ name, given: shortText(source[name]), expected: 'a known field', used: 'nothing' });
  }
  return { values: values as ValuesOf<S>, problems };
}

/** A value as the page writes it: thousands separated, options by their label. */
export function valueText(field: Field, value: FieldValue): string {
  switch (field.kind) {
    case 'real':
    case 'integer':
      return numberText(Number(value));
    case 'choice':
      return field.options.find((option) => option.value === value)?.label ?? shortText(value);
    case 'flag':
      return value === true ? 'yes' : 'no';
    default:
      return field satisfies never;
  }
}

/** A number for people: "20,000", "0.005", "3e-4". Never depends on the machine's language. */
export function numberText(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const sign = value < 0 ? '−' : '';
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e15)) return sign + size.toExponential().replace('e+', 'e');
  const [whole, fraction] = String(size).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return sign + grouped + (fraction === undefined ? '' : `.${fraction}`);
}

/** What a field takes, in words: "0.5 to 1", "whole, 1 to 20", "one of a, b", "yes or no". */
export function expectation(field: Field): string {
  switch (field.kind) {
    case 'real':
      return `${numberText(field.min)} to ${numberText(field.max)}`;
    case 'integer': {
      const range = `${numberText(field.min)} to ${numberText(field.max)}`;
      if (field.step === 1) return `a whole number, ${range}`;
      return `${range} in steps of ${numberText(field.step)}`;
    }
    case 'choice':
      return `one of ${field.options.map((option) => option.value).join(', ')}`;
    case 'flag':
      return 'yes or no';
    default:
      return field satisfies never;
  }
}

/** One row of the documentation: what Methods and the command line print for a field. */
export interface DocsRow {
  readonly name: string;
  readonly label: string;
  readonly symbol: string;
  readonly help: string;
  readonly unit: string;
  readonly takes: string;
  readonly default: string;
  readonly live: boolean;
}

/** One row a field, in the schema's order. */
export function docsTable(schema: Schema): readonly DocsRow[] {
  return Object.entries(schema).map(([name, field]) => ({
    name,
    label: field.label,
    symbol: field.symbol ?? '',
    help: field.help,
    unit: field.unit ?? '',
    takes: expectation(field),
    default: valueText(field, field.default),
    live: field.live ?? false,
  }));
}

function nearest(field: Field, given: unknown): FieldValue {
  switch (field.kind) {
    case 'real': {
      const number = readNumber(given);
      return number === null ? field.default : clamp(number, field.min, field.max);
    }
    case 'integer': {
      const number = readNumber(given);
      if (number === null) return field.default;
      const steps = Math.round((clamp(number, field.min, field.max) - field.min) / field.step);
      return field.min + steps * field.step;
    }
    case 'choice':
      return field.options.find((option) => option.value === given)?.value ?? field.default;
    case 'flag':
      return parsed(field, given) ?? field.default;
    default:
      return field satisfies never;
  }
}

/** What `given` says before any repair; null where it says nothing this field can read. */
function parsed(field: Field, given: unknown): FieldValue | null {
  switch (field.kind) {
    case 'real':
    case 'integer':
      return readNumber(given);
    case 'choice':
      return typeof given === 'string' ? given : null;
    case 'flag':
      if (typeof given === 'boolean') return given;
      return given === 'true' ? true : given === 'false' ? false : null;
    default:
      return field satisfies never;
  }
}

/** A number or the text of one; infinities are numbers (they clamp), not-a-number is not. Null where there is none. */
function readNumber(given: unknown): number | null {
  if (typeof given === 'number') return Number.isNaN(given) ? null : given;
  if (typeof given !== 'string' || given.length > 40 || given.trim() === '') return null;
  const number = Number(given);
  return Number.isNaN(number) ? null : number;
}

/** Also turns −0 into 0, which JSON cannot carry. */
function clamp(value: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, value)) + 0;
}

/** At most 40 characters, on one line, of anything at all: what a message may quote of a stranger's input. */
export function shortText(given: unknown): string {
  let text: string;
  switch (typeof given) {
    case 'number':
      text = numberText(given);
      break;
    case 'string':
      text = given;
      break;
    case 'boolean':
    case 'bigint':
    case 'undefined':
      text = String(given);
      break;
    default:
      text =
        given === null
          ? 'nothing'
          : Array.isArray(given)
            ? 'a list'
            : typeof given === 'object'
              ? 'an object'
              : `a ${typeof given}`;
  }
  // Control characters and line breaks from a stranger's link have no place in a message.
  const line = text.slice(0, 80).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ');
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
}

function metaOf({ label, help, symbol, unit }: FieldText): Record<string, string> {
  return {
    title: label,
    description: help,
    ...(symbol === undefined ? {} : { symbol }),
    ...(unit === undefined ? {} : { unit }),
  };
}

function checkRange(label: string, value: number, min: number, max: number, scale: 'linear' | 'log'): void {
  if (!(min < max && value >= min && value <= max)) {
    throw new RangeError(`${label}: expected min < max and the default between, got ${min}, ${value}, ${max}`);
  }
  // A log slider may rest at zero ("off") and starts at its step from there; a negative end has no logarithm.
  if (scale === 'log' && min < 0) throw new RangeError(`${label}: a log scale cannot start at ${min}`);
}
