/**
 * A parameter, declared once. Type, control, link field, validation message and documentation come from it.
 * Declare with `real`, `integer`, `choice`, `flag`; read a whole record's type with `ValuesOf`.
 */
import type { ZodType } from 'zod';

export interface FieldText {
  /** What the control and the sentence call it: "Expectile". */
  readonly label: string;
  /** Its letter in the paper, always shown beside the word: "τ". */
  readonly symbol?: string;
  /** At most 25 words, present tense. A test counts. */
  readonly help: string;
  readonly unit?: string;
  /** May be moved while a run goes on (product.md §4); others need a new run. */
  readonly live?: boolean;
  /** Means something in this phase only (exploration: 'online'); the page leaves it out of the other. */
  readonly phase?: 'offline' | 'online';
  /** Shown before "n more" in its group. */
  readonly main?: boolean;
}
export interface RealField extends FieldText {
  readonly kind: 'real';
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly scale: 'linear' | 'log';
  /** The slider's step; values between steps are still valid. */
  readonly step: number;
  readonly zod: ZodType<number>;
}
export interface IntegerField extends FieldText {
  readonly kind: 'integer';
  readonly default: number;
  readonly min: number;
  readonly max: number;
  /** Values are multiples of it (from `min`): batch sizes are multiples of 16. */
  readonly step: number;
  readonly scale: 'linear' | 'log';
  readonly zod: ZodType<number>;
}
export interface ChoiceField<Value extends string = string> extends FieldText {
  readonly kind: 'choice';
  readonly default: Value;
  readonly options: readonly { readonly value: Value; readonly label: string; readonly help?: string }[];
  readonly zod: ZodType<Value>;
}
export interface FlagField extends FieldText {
  readonly kind: 'flag';
  readonly default: boolean;
  readonly zod: ZodType<boolean>;
}
export type Field = RealField | IntegerField | ChoiceField | FlagField;
export type FieldValue = number | string | boolean;
export type Schema = Readonly<Record<string, Field>>;
export type Values = Readonly<Record<string, FieldValue>>;
export type ValueOf<F extends Field> = F extends RealField | IntegerField
  ? number
  : F extends FlagField
    ? boolean
    : F extends ChoiceField<infer V>
      ? V
      : never;
export type ValuesOf<S extends Schema> = { readonly [K in keyof S]: ValueOf<S[K]> };
