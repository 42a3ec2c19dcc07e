import { describe, expect, test } from 'vitest';
import { differences, getField, setField } from './fields';
import history from './presetHistory.json';
import { defaultPreset, presetById, presets } from './presets';

describe.each(presets)('the preset $name', (preset) => {
  test('runs at least one phase and sets everything it names', () => {
    expect(preset.spec.offline.updates + preset.spec.online.steps).toBeGreaterThan(0);
    // Later settings may bring earlier ones along, so the last word on each path counts.
    for (const [path, value] of new Map(preset.settings)) expect(getField(preset.spec, path), path).toBe(value);
  });

  test('offers three next changes that change something', () => {
    expect(preset.next).toHaveLength(3);
    for (const { label, set } of preset.next) {
      const { spec, problems } = setField(preset.spec, ...set);
      expect(problems, label).toEqual([]);
      expect(differences(preset.spec, spec).length, label).toBeGreaterThan(0);
    }
  });

  test('differs from its partner in one setting, and the partner points back', () => {
    if (preset.partner === undefined) return;
    const partner = presetById(preset.partner);
    expect(partner?.partner).toBe(preset.id);
    const paths = differences(preset.spec, partner!.spec).map(({ path }) => path);
    // “The copier” stops at the switch as well: without a critic it has nothing to go on with.
    const allowed = preset.id === 'the-copier' || preset.partner === 'the-copier';
    if (allowed)
      expect(paths.filter((path) => !path.startsWith('switch.'))).toEqual(
        expect.arrayContaining(['offline.algorithm']),
      );
    else expect(paths).toHaveLength(1);
  });

  test('says what to see in whole sentences of at most 30 words, without shouting', () => {
    expect(preset.see).toMatch(/\.$/);
    expect(preset.see).not.toContain('!');
    expect(preset.see.split(/\s+/).length).toBeLessThanOrEqual(30);
    expect(preset.cures).not.toMatch(/[.!]$/);
  });

  test('is remembered as it is (else run `npm run freeze`)', () => {
    const known = (history as unknown as Record<string, unknown[]>)[preset.id] ?? [];
    expect(known[known.length - 1]).toEqual(preset.spec);
  });
});

test('ids are unique and fit a command line', () => {
  const ids = presets.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
  expect(ids[0]).toBe(defaultPreset);
});
