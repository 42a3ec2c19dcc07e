/** The recipe as an editable sentence. Every word that means a setting is a control; the panel edits the same spec. */
import { Popover } from '@mantine/core';
import { useState } from 'react';
import type { FieldValue } from '../schema/field';
import { numberText, valueText } from '../schema/fields';
import { type SpecField, specFields } from '../spec/fields';
import { sentenceOf } from '../spec/sentence';
import { FieldControl } from './FieldControl';
import { useKnobs, useLab, useLaboratory } from './LabContext';
import { words } from './words';

export function Sentence({ onOpenSettings }: { onOpenSettings: () => void }) {
  const spec = useKnobs();
  const laboratory = useLaboratory();
  const isShared = useLab(({ shared }) => shared !== null);
  const fields = specFields(spec);
  const edit = (path: string, value: FieldValue) => void laboratory.edit(path, value);
  const parts = sentenceOf(spec);
  return (
    <p className="sentence">
      {parts.map((part, i) => {
        // The grammar has a fixed order, so a part's place is its identity.
        const key = `${i} ${part.path ?? ''}`;
        if (part.path === undefined) {
          const { rest } = punctuationOf(part.text);
          return <span key={key}>{i === 0 || parts[i - 1].path === undefined ? part.text : rest}</span>;
        }
        const following = parts[i + 1];
        const mark = following && following.path === undefined ? punctuationOf(following.text).mark : '';
        const slot = fields.find(({ path }) => path === part.path);
        // A word keeps the comma after it on its line.
        return (
          <span key={key} className="nowrap">
            {slot ? (
              <Word text={part.text} slot={slot} fields={fields} isShared={isShared} onEdit={edit} />
            ) : (
              <button type="button" className="word" onClick={onOpenSettings} title={words.recipe.others}>
                {part.text}
              </button>
            )}
            {mark}
          </span>
        );
      })}
    </p>
  );
}

function punctuationOf(text: string): { mark: string; rest: string } {
  const mark = /^[,.;]*/.exec(text)?.[0] ?? '';
  return { mark, rest: text.slice(mark.length) };
}

function Word({
  text,
  slot,
  fields,
  isShared,
  onEdit,
}: {
  text: string;
  slot: SpecField;
  fields: readonly SpecField[];
  isShared: boolean;
  onEdit: (path: string, value: FieldValue) => void;
}) {
  const isChanged = slot.value !== slot.initial;
  const hint = isChanged ? words.recipe.presetValue(valueText(slot.field, slot.initial)) : undefined;
  const className = isChanged && isShared ? 'word changed' : 'word';
  const common = { text, slot, className, hint, onEdit };
  return slot.field.kind === 'choice' ? <ChoiceWord {...common} fields={fields} /> : <NumberWord {...common} />;
}

interface WordProps {
  readonly text: string;
  readonly slot: SpecField;
  readonly className: string;
  readonly hint: string | undefined;
  readonly onEdit: (path: string, value: FieldValue) => void;
}

/** A native combobox under the word: its text is the sentence's, its options the field's and those of its closest companions. */
function ChoiceWord({ text, slot, fields, className, hint, onEdit }: WordProps & { fields: readonly SpecField[] }) {
  const companions = companionsOf(slot, fields);
  const own = slot.field.kind === 'choice' ? slot.field.options : [];
  const ownOptions = own.map(({ value, label }) => (
    <option key={value} value={`${slot.path}=${value}`}>
      {label}
    </option>
  ));
  return (
    <span className={className} title={hint}>
      <span aria-hidden="true">{text}</span>
      <select
        aria-label={`${slot.field.label}: ${text}`}
        value={`${slot.path}=${slot.value}`}
        onChange={(event) => {
          const [path, value] = splitOnce(event.currentTarget.value);
          onEdit(path, value);
        }}
      >
        {companions.length === 0 ? ownOptions : <optgroup label={slot.field.label}>{ownOptions}</optgroup>}
        {companions.map(({ path, label, options }) => (
          <optgroup key={path} label={label}>
            {options.map((option) => (
              <option key={option.value} value={`${path}=${option.value}`}>
                {option.label}
              </option>
            ))}
          </optgroup>
        ))}
      </select>
    </span>
  );
}

interface Companion {
  readonly path: string;
  readonly label: string;
  readonly options: readonly { value: string; label: string }[];
}
/** Settings that the same word stands for: a maze's map, a dataset's size. Numbers are offered at round sizes. */
function companionsOf(slot: SpecField, fields: readonly SpecField[]): readonly Companion[] {
  const prefix = { 'environment.id': 'environment.params.', 'dataset.recipe': 'dataset.params.' }[slot.path];
  if (prefix === undefined) return [];
  return fields.flatMap(({ path, field, value, applies }): Companion[] => {
    if (!applies || !path.startsWith(prefix) || !field.main) return [];
    if (field.kind === 'choice') return [{ path, label: field.label, options: [...field.options] }];
    if (field.kind !== 'integer' || field.scale !== 'log') return [];
    const sizes = [1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, Number(value)];
    const offered = [...new Set(sizes)].filter((size) => size >= field.min && size <= field.max).sort((a, b) => a - b);
    return [
      { path, label: field.label, options: offered.map((size) => ({ value: String(size), label: numberText(size) })) },
    ];
  });
}

function NumberWord({ text, slot, className, hint, onEdit }: WordProps) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <Popover
      opened={isOpen}
      onChange={setIsOpen}
      position="bottom"
      withArrow
      shadow="none"
      trapFocus
      returnFocus
      width={260}
    >
      <Popover.Target>
        <button
          type="button"
          className={className}
          title={hint}
          aria-label={`${slot.field.label}: ${text}`}
          onClick={() => setIsOpen(!isOpen)}
        >
          {text}
        </button>
      </Popover.Target>
      <Popover.Dropdown>
        <FieldControl slot={slot} onChange={onEdit} compact />
      </Popover.Dropdown>
    </Popover>
  );
}

function splitOnce(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  return [text.slice(0, at), text.slice(at + 1)];
}
