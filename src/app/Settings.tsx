/** All settings: a panel drawn from the spec's own fields, in six groups. A setting the recipe cannot honour is absent, not grey. */
import { ActionIcon } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';
import type { FieldValue } from '../schema/field';
import { type Group, groups, type SpecField, specFields } from '../spec/fields';
import { FieldControl } from './FieldControl';
import { useKnobs, useLaboratory } from './LabContext';
import { words } from './words';

interface Props {
  readonly onClose: () => void;
  /** Raised by the `/` key: puts the cursor into the search field. */
  readonly findRequest: number;
}

export default function Settings({ onClose, findRequest }: Props) {
  const laboratory = useLaboratory();
  const fields = specFields(useKnobs()).filter(({ applies }) => applies);
  const [wanted, setWanted] = useState('');
  const search = useRef<HTMLInputElement>(null);
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    if (findRequest > 0) search.current?.focus();
    else panel.current?.focus();
  }, [findRequest]);
  const edit = (path: string, value: FieldValue) => void laboratory.edit(path, value);
  const found = fields.filter((slot) => matches(slot, wanted));
  return (
    <aside
      className="settings"
      ref={panel}
      tabIndex={-1}
      aria-label={words.landmarks.settings}
      onKeyDown={(event) => {
        if (event.key === 'Escape') onClose();
      }}
    >
      <div className="settings-head">
        <h2>{words.recipe.allSettings}</h2>
        <ActionIcon variant="subtle" color="gray" size={32} aria-label={words.settings.close} onClick={onClose}>
          ×
        </ActionIcon>
      </div>
      <input
        ref={search}
        type="search"
        className="find"
        placeholder={words.settings.find}
        aria-label={words.settings.find}
        value={wanted}
        onChange={(event) => setWanted(event.currentTarget.value)}
      />
      {groups.map(({ id, label }) => (
        <FieldGroup
          key={id}
          group={id}
          label={label}
          fields={found.filter(({ group }) => group === id)}
          showsAll={wanted !== ''}
          onEdit={edit}
        />
      ))}
      {found.length === 0 && <p className="field-help">{words.settings.nothing}</p>}
    </aside>
  );
}

function matches({ path, field }: SpecField, wanted: string): boolean {
  const text = `${field.label} ${field.symbol ?? ''} ${field.help} ${path}`.toLowerCase();
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

interface GroupProps {
  readonly group: Group;
  readonly label: string;
  readonly fields: readonly SpecField[];
  readonly showsAll: boolean;
  readonly onEdit: (path: string, value: FieldValue) => void;
}
function FieldGroup({ group, label, fields, showsAll, onEdit }: GroupProps) {
  const [isOpen, setIsOpen] = useState(false);
  if (fields.length === 0) return null;
  const isMain = ({ field, value, initial }: SpecField) => field.main || value !== initial;
  const hasMain = fields.some(isMain);
  const shown = showsAll || isOpen ? fields : hasMain ? fields.filter(isMain) : fields.slice(0, 2);
  const hidden = fields.length - shown.length;
  return (
    <section className="field-group" aria-labelledby={`group-${group}`}>
      <h3 id={`group-${group}`}>{label}</h3>
      {shown.map((slot) => (
        <FieldControl key={slot.path} slot={slot} onChange={onEdit} />
      ))}
      {!showsAll && (hidden > 0 || isOpen) && (
        <button type="button" className="toggle" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
          {isOpen ? words.settings.less : words.settings.more(hidden)}
        </button>
      )}
    </section>
  );
}
