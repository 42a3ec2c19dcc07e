/** Title, preset, theme, keys, share. */
import { ActionIcon, useComputedColorScheme, useMantineColorScheme } from '@mantine/core';
import type { ComponentProps } from 'react';
import { presetById, presets } from '../spec/presets';
import { sameSpec } from '../store/laboratory';
import { Keys } from './Keys';
import { useKnobs, useLab, useLaboratory } from './LabContext';
import { Share } from './Share';
import { words } from './words';

interface Props {
  readonly shareOpen: boolean;
  readonly onShare: (open: boolean) => void;
  readonly onSettings: () => void;
  readonly onSpeed: () => void;
  readonly keys: ComponentProps<typeof Keys>;
}

export function Header({ shareOpen, onShare, onSettings, onSpeed, keys }: Props) {
  const laboratory = useLaboratory();
  const presetId = useLab(({ recipe }) => recipe.preset);
  const knobs = useKnobs();
  const preset = presetById(presetId);
  const isChanged = preset !== undefined && !sameSpec(preset.spec, knobs);
  const scheme = useComputedColorScheme('light');
  const { setColorScheme } = useMantineColorScheme();
  const next = scheme === 'dark' ? 'light' : 'dark';
  return (
    <header className="header">
      <button type="button" className="skip" onClick={() => document.getElementById('curve')?.focus()}>
        {words.skip}
      </button>
      <span className="brand">
        <Mark />
        {words.title}
      </span>
      <span className="preset">
        <h1 className="visually-hidden">{preset?.name ?? presetId}</h1>
        <select
          id="preset"
          className="select"
          aria-label={words.header.preset}
          value={presetId}
          onChange={(event) => laboratory.pickPreset(event.currentTarget.value)}
        >
          {presets.map(({ id, name }) => (
            <option key={id} value={id}>
              {name}
            </option>
          ))}
        </select>
        {isChanged && (
          <button
            type="button"
            className="chip"
            title={words.header.backToPreset}
            onClick={() => laboratory.pickPreset(presetId)}
          >
            {words.header.changed}
          </button>
        )}
      </span>
      <p className="see" title={preset?.see}>
        {preset?.see}
      </p>
      <span className="header-tools">
        <ActionIcon
          className="phone-only"
          variant="default"
          size={44}
          aria-label={words.recipe.allSettings}
          onClick={onSettings}
        >
          ≡
        </ActionIcon>
        <button type="button" id="speed-link" className="screen-link" title={words.header.speedHelp} onClick={onSpeed}>
          {words.header.speed}
        </button>
        <Keys {...keys} />
        <ActionIcon
          variant="subtle"
          color="gray"
          size={32}
          aria-label={words.header.themeTo(next)}
          title={words.header.themeTo(next)}
          onClick={() => setColorScheme(next)}
        >
          <ThemeMark />
        </ActionIcon>
        <Share opened={shareOpen} onChange={onShare} />
      </span>
    </header>
  );
}

/** A curve that rises, meets the switch and rises again. */
function Mark() {
  return (
    <svg width="18" height="18" viewBox="0 0 18 18" aria-hidden="true">
      <path d="M1 15 C5 15 5 9 9 9" fill="none" stroke="var(--accent)" strokeWidth="2" strokeLinecap="round" />
      <path d="M9 9 C13 9 13 3 17 3" fill="none" stroke="#E4591F" strokeWidth="2" strokeLinecap="round" />
      <path d="M9 1 V17" stroke="var(--ink)" strokeWidth="1.5" />
    </svg>
  );
}
function ThemeMark() {
  return (
    <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
      <circle cx="8" cy="8" r="6.25" fill="none" stroke="currentColor" strokeWidth="1.5" />
      <path d="M8 1.75 A6.25 6.25 0 0 1 8 14.25 Z" fill="currentColor" />
    </svg>
  );
}
