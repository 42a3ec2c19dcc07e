/** Recipes small enough for a story, as links: the same experiments in all respects but their budgets. */
import type { FieldValue } from '../src/schema/field';
import { setField } from '../src/spec/fields';
import { encodeLink } from '../src/spec/link';
import { presetSpec } from '../src/spec/presets';
import type { RunSpec } from '../src/spec/runSpec';

type Settings = Readonly<Record<string, FieldValue>>;

/** A preset with settings changed; throws on a setting that is wrong, so that a story cannot test another recipe than it names. */
export function recipe(preset: string, settings: Settings): RunSpec {
  let spec = presetSpec(preset);
  if (!spec) throw new Error(`expected a preset, got “${preset}”`);
  for (const [path, value] of Object.entries(settings)) {
    const edited = setField(spec, path, value);
    if (edited.problems.length > 0) throw new Error(`${path} = ${value}: ${JSON.stringify(edited.problems)}`);
    spec = edited.spec;
  }
  return spec;
}

/** The default experiment in about a second a seed: two seeds, four evaluations a phase. */
export function shortRecipe(settings: Settings = {}): RunSpec {
  return recipe('stitching', {
    'offline.updates': 600,
    'online.steps': 600,
    'switch.warmup': 100,
    'evaluation.offlineEvery': 150,
    'evaluation.onlineEvery': 150,
    'evaluation.regimeEpisodes': 10,
    seeds: '0..1',
    ...settings,
  });
}

/** One seed whose offline phase lasts a few seconds: time for a story to act while it runs. */
export function longerRecipe(settings: Settings = {}): RunSpec {
  return shortRecipe({ 'offline.updates': 6000, 'evaluation.offlineEvery': 1000, seeds: '0', ...settings });
}

export { encodeLink };
