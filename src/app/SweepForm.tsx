/** What to sweep: from, to, how many, spacing, seeds. Opens from the knob it belongs to and starts one run a value. */
import { ActionIcon, Button, NumberInput, Popover, SegmentedControl } from '@mantine/core';
import { type ReactNode, useId, useState } from 'react';
import type { IntegerField, RealField } from '../schema/field';
import { expectation, valueText } from '../schema/fields';
import type { SpecField } from '../spec/fields';
import { maxSeeds } from '../spec/seeds';
import {
  mostSweepValues,
  offersLog,
  rangeProblem,
  type SweepRange,
  type SweepScale,
  sweepValues,
  usualRange,
} from '../store/sweep';
import { useKnobs, useLaboratory } from './LabContext';
import { knobName } from './sweepFacts';
import { words } from './words';

type NumberSlot = SpecField & { readonly field: RealField | IntegerField };

/** The way in, beside the knob's name. */
export function SweepButton({ slot }: { slot: NumberSlot }) {
  const [isOpen, setIsOpen] = useState(false);
  const name = knobName(slot);
  return (
    <Popover
      opened={isOpen}
      onChange={setIsOpen}
      // Beside the panel it slides up where it would leave the window; a phone has no room beside.
      position={matchMedia('(min-width: 600px)').matches ? 'right-start' : 'bottom-start'}
      width={300}
      shadow="none"
      trapFocus
      returnFocus
    >
      <Popover.Target>
        <ActionIcon
          className="sweep-button"
          variant="subtle"
          color="gray"
          size={24}
          aria-label={words.sweep.open(name)}
          title={words.sweep.open(name)}
          onClick={() => setIsOpen(!isOpen)}
        >
          <SweepMark />
        </ActionIcon>
      </Popover.Target>
      <Popover.Dropdown
        aria-label={words.sweep.title(name)}
        // The panel behind closes on Escape too; this one is for the popover alone.
        onKeyDown={(event) => event.stopPropagation()}
      >
        {isOpen && <SweepForm slot={slot} onClose={() => setIsOpen(false)} />}
      </Popover.Dropdown>
    </Popover>
  );
}

const usualSeeds = 3;

function SweepForm({ slot, onClose }: { slot: NumberSlot; onClose: () => void }) {
  const laboratory = useLaboratory();
  const ownSeeds = useKnobs().seeds.length;
  const { field, path } = slot;
  const [start] = useState(() => usualRange(field, Number(slot.value)));
  const [from, setFrom] = useState<number | string>(start.from);
  const [to, setTo] = useState<number | string>(start.to);
  const [count, setCount] = useState<number | string>(start.count);
  const [scale, setScale] = useState<SweepScale>(start.scale);
  const [seeds, setSeeds] = useState<number | string>(Math.min(usualSeeds, ownSeeds));
  const ends = { from: numberOf(from), to: numberOf(to) };
  const canLog = offersLog(field, ends.from, ends.to);
  const range: SweepRange = { ...ends, count: numberOf(count), scale: canLog ? scale : 'linear' };
  const values = sweepValues(field, range);
  const problem = problemText(field, range, numberOf(seeds));
  const name = knobName(slot);
  const begin = () => {
    if (problem !== null) return;
    const nameOf = (value: number) => `${name} ${valueText(field, value)}`;
    laboratory.sweep({ path, values, scale: range.scale, seeds: numberOf(seeds), nameOf });
    onClose();
  };
  return (
    <form
      className="sweep-form"
      onSubmit={(event) => {
        event.preventDefault();
        begin();
      }}
    >
      <h3>{words.sweep.title(name)}</h3>
      <p className="field-help">{words.sweep.help}</p>
      <div className="sweep-fields">
        <Labelled label={words.sweep.from}>
          {(id) => <Field id={id} value={from} onChange={setFrom} isReal={field.kind === 'real'} />}
        </Labelled>
        <Labelled label={words.sweep.to}>
          {(id) => <Field id={id} value={to} onChange={setTo} isReal={field.kind === 'real'} />}
        </Labelled>
        <Labelled label={words.sweep.count}>
          {(id) => <Field id={id} value={count} onChange={setCount} max={mostSweepValues} />}
        </Labelled>
        <Labelled label={words.sweep.seeds}>
          {(id) => <Field id={id} value={seeds} onChange={setSeeds} max={maxSeeds} />}
        </Labelled>
      </div>
      {canLog && (
        <SegmentedControl
          fullWidth
          size="xs"
          aria-label={words.sweep.spacing}
          value={scale}
          onChange={(value) => setScale(value === 'log' ? 'log' : 'linear')}
          data={[
            { value: 'linear', label: words.sweep.linear },
            { value: 'log', label: words.sweep.log },
          ]}
        />
      )}
      <p className={problem === null ? 'sweep-plan' : 'sweep-plan watch'} role="status">
        {problem ?? words.sweep.plan(values.length, numberOf(seeds))}
        {problem === null && values.length < range.count && ` ${words.sweep.fewer(values.length)}`}
      </p>
      {problem === null && (
        <p className="field-help">{words.sweep.values(values.map((value) => valueText(field, value)))}</p>
      )}
      <div className="sweep-buttons">
        <Button type="submit" disabled={problem !== null}>
          {words.sweep.start}
        </Button>
        <Button variant="default" onClick={onClose}>
          {words.sweep.cancel}
        </Button>
      </div>
    </form>
  );
}

function Labelled({ label, children }: { label: string; children: (id: string) => ReactNode }) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id}>{label}</label>
      {children(id)}
    </div>
  );
}

interface FieldProps {
  readonly id: string;
  readonly value: number | string;
  readonly onChange: (value: number | string) => void;
  readonly isReal?: boolean;
  readonly max?: number;
}
function Field({ id, value, onChange, isReal = false, max }: FieldProps) {
  return (
    <NumberInput
      id={id}
      value={value}
      onChange={onChange}
      max={max}
      clampBehavior="none"
      allowDecimal={isReal}
      hideControls
      thousandSeparator=","
    />
  );
}

/** Not-a-number for an empty or unfinished field. */
function numberOf(draft: number | string): number {
  return typeof draft === 'number' ? draft : Number.parseFloat(draft.replaceAll(',', ''));
}

function problemText(field: RealField | IntegerField, range: SweepRange, seeds: number): string | null {
  const { problems } = words.sweep;
  const problem = rangeProblem(field, range);
  if (problem === 'outOfRange') return problems.outOfRange(expectation(field));
  if (problem !== null) return problems[problem];
  if (sweepValues(field, range).length < 2) return problems.count;
  if (!Number.isInteger(seeds) || seeds < 1 || seeds > maxSeeds) return words.sweep.seedsProblem(maxSeeds);
  return null;
}

/** A fan of curves. */
function SweepMark() {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      <path
        d="M2 14 C6 14 9 12 14 12 M2 14 C6 13 9 8 14 7 M2 14 C5 11 8 4 14 2"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinecap="round"
      />
    </svg>
  );
}
