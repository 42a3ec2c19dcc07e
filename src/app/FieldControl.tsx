/** One parameter as a control, drawn from its declaration: name, field, slider, unit, help, and a dot once it is changed. */
import { ActionIcon, NativeSelect, NumberInput, Slider, Switch } from '@mantine/core';
import { useEffect, useId, useState } from 'react';
import type { FieldValue, IntegerField, RealField } from '../schema/field';
import { valueText } from '../schema/fields';
import type { SpecField } from '../spec/fields';
import { isSweepable } from '../store/sweep';
import { SweepButton } from './SweepForm';
import { fieldName } from './sweepFacts';
import { words } from './words';

interface Props {
  readonly slot: SpecField;
  readonly onChange: (path: string, value: FieldValue) => void;
  /** In a sentence's popover the name stands alone, without the reset dot. */
  readonly compact?: boolean;
}

export function FieldControl({ slot, onChange, compact = false }: Props) {
  const { path, field, value, initial } = slot;
  const id = useId();
  const helpId = `${id}-help`;
  const isChanged = value !== initial;
  const name = fieldName(slot);
  const change = (next: FieldValue) => onChange(path, next);
  return (
    <div className="field">
      <div className="field-name">
        <label htmlFor={id}>{name}</label>
        {field.unit && <span className="field-unit">{field.unit}</span>}
        {!compact && (field.kind === 'real' || field.kind === 'integer') && isSweepable(slot) && (
          <SweepButton slot={{ ...slot, field }} />
        )}
        {isChanged && !compact && (
          <ActionIcon
            className="field-dot"
            variant="transparent"
            size={24}
            aria-label={words.settings.reset(name)}
            title={words.recipe.presetValue(valueText(field, initial))}
            onClick={() => change(initial)}
          >
            <span aria-hidden="true" />
          </ActionIcon>
        )}
      </div>
      {field.kind === 'choice' && (
        <NativeSelect
          id={id}
          aria-describedby={helpId}
          value={String(value)}
          data={field.options.map((option) => ({ value: option.value, label: option.label }))}
          onChange={(event) => change(event.currentTarget.value)}
        />
      )}
      {field.kind === 'flag' && (
        <Switch
          id={id}
          aria-describedby={helpId}
          checked={value === true}
          onChange={(event) => change(event.currentTarget.checked)}
        />
      )}
      {(field.kind === 'real' || field.kind === 'integer') && (
        <NumberControl id={id} helpId={helpId} name={name} field={field} value={Number(value)} onChange={change} />
      )}
      <p className="field-help" id={helpId}>
        {field.help}
      </p>
    </div>
  );
}

interface NumberProps {
  readonly id: string;
  readonly helpId: string;
  readonly name: string;
  readonly field: RealField | IntegerField;
  readonly value: number;
  readonly onChange: (value: number) => void;
}
/** Number field and slider of one value. Committed on Enter, on leaving the field, and when the slider is let go: not while dragging. */
function NumberControl({ id, helpId, name, field, value, onChange }: NumberProps) {
  const [draft, setDraft] = useState<number | string>(value);
  useEffect(() => setDraft(value), [value]);
  const commit = () => {
    const number = typeof draft === 'number' ? draft : Number.parseFloat(draft);
    if (Number.isFinite(number) && number !== value) onChange(number);
    else setDraft(value);
  };
  const shown = typeof draft === 'number' ? draft : value;
  return (
    <div className="number">
      <NumberInput
        id={id}
        aria-describedby={helpId}
        value={draft}
        onChange={setDraft}
        onBlur={commit}
        onKeyDown={(event) => {
          if (event.key === 'Enter') commit();
        }}
        step={field.step}
        clampBehavior="none"
        hideControls
        thousandSeparator=","
        allowDecimal={field.kind === 'real'}
        allowNegative={field.min < 0}
      />
      <Slider
        className="number-slider"
        thumbLabel={`${name}, slider`}
        label={null}
        size="xs"
        min={0}
        max={sliderSteps}
        step={1}
        value={toSlider(field, shown)}
        onChange={(place) => setDraft(fromSlider(field, place))}
        onChangeEnd={(place) => {
          const next = fromSlider(field, place);
          if (next !== value) onChange(next);
        }}
      />
    </div>
  );
}

const sliderSteps = 100;
/** A log slider that may rest at 0 ("off") has its first notch there. */
function toSlider(field: RealField | IntegerField, value: number): number {
  const { min, max, scale } = field;
  const clamped = Math.min(max, Math.max(min, value));
  if (scale === 'linear') return Math.round(((clamped - min) / (max - min)) * sliderSteps);
  const floor = min > 0 ? min : field.step;
  if (clamped < floor) return 0;
  return Math.round(1 + (Math.log(clamped / floor) / Math.log(max / floor)) * (sliderSteps - 1));
}
function fromSlider(field: RealField | IntegerField, place: number): number {
  const { min, max, scale, step } = field;
  const floor = min > 0 ? min : step;
  const raw =
    scale === 'linear'
      ? min + ((max - min) * place) / sliderSteps
      : place === 0
        ? min
        : floor * (max / floor) ** ((place - 1) / (sliderSteps - 1));
  if (field.kind === 'integer') return Math.min(max, min + Math.round((raw - min) / step) * step);
  // A log slider lands on round numbers of two digits, a linear one on its grid.
  const rounded = scale === 'log' ? Number(raw.toPrecision(2)) : min + Math.round((raw - min) / step) * step;
  return Math.min(max, Math.max(min, Number(rounded.toPrecision(6))));
}
