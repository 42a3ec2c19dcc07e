import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { commandOf } from './command';
import { setField, specFields } from './fields';
import { decodeLink } from './link';
import { presetById, presets } from './presets';
import type { RunSpec } from './runSpec';
import { sentenceOf } from './sentence';
import { randomSpec } from './testing';

const textOf = (spec: RunSpec) =>
  sentenceOf(spec)
    .map(({ text }) => text)
    .join('');
const edited = (preset: string, ...settings: readonly (readonly [string, number | string | boolean])[]) =>
  settings.reduce((spec, [path, value]) => setField(spec, path, value).spec, presetById(preset)!.spec);

describe('the sentence', () => {
  test.each<[string, RunSpec]>([
    [
      'Learn U-maze from 20,000 short hops with IQL for 10,000 updates, then act for 5,000 steps, keeping half the data.',
      edited(
        'stitching',
        ['offline.updates', 10_000],
        ['online.steps', 5000],
        ['switch.warmup', 0],
        ['switch.oldData', 0.5],
        ['switch.updatesPerStep', 1],
      ),
    ],
    [
      'Learn U-maze from 20,000 short hops with BC for 10,000 updates, then stop.',
      edited('the-copier', ['offline.updates', 10_000]),
    ],
    ['Learn Pendulum from nothing with SAC by acting for 700 steps.', edited('seed-lottery', ['online.steps', 700])],
    [
      'Learn Pendulum from 10,000 medium-replay steps with TD3+BC for 1 update, then act for 300 steps with SAC, letting go at once.',
      edited('the-dip', ['offline.updates', 1], ['online.steps', 300], ['online.algorithm', 'sac']),
    ],
    [
      'Learn Pendulum from 10,000 medium-replay steps with TD3+BC without caution for 900 updates, then act for 300 steps, keeping 12.5 % old data, frozen for the first 2,000, and 2 more.',
      edited(
        'warm-start',
        ['offline.params.cloning', 0],
        ['offline.updates', 900],
        ['online.steps', 300],
        ['switch.oldData', 0.125],
        ['switch.reset', 'all'],
        ['switch.updatesPerStep', 4],
      ),
    ],
  ])('reads “%s”', (sentence, spec) => {
    expect(textOf(spec)).toBe(sentence);
  });

  test('drops caution in words', () => {
    expect(textOf(edited('the-dip'))).toMatch(/, dropping caution, letting go at once\.$/);
  });

  test('has no word that edits a setting which is not there', () => {
    fc.assert(
      fc.property(fc.nat({ max: 0xffff_ffff }), (seed) => {
        const spec = randomSpec(seed);
        const editable = new Set(specFields(spec).flatMap(({ path, applies }) => (applies ? [path] : [])));
        for (const { path, text } of sentenceOf(spec)) {
          if (path !== undefined && path !== 'switch') expect(editable, text).toContain(path);
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('the command line', () => {
  /** What the command line's own arguments mean: a preset or a link, then settings. */
  function specOf(command: string): RunSpec {
    const [, subject, rest] = /^npm run --silent lab -- run (\S+)(.*)$/.exec(command) ?? [];
    let spec = presetById(subject)?.spec ?? decodeLink(subject.replaceAll('"', '')).spec;
    for (const [, option, value] of rest.matchAll(/--(set|seeds) (\S+)/g)) {
      const [path, text] = option === 'seeds' ? ['seeds', value] : value.split('=');
      const next = setField(spec, path, text);
      expect(next.problems).toEqual([]);
      spec = next.spec;
    }
    return spec;
  }

  test('repeats any spec exactly', () => {
    fc.assert(
      fc.property(fc.nat({ max: 0xffff_ffff }), (seed) => {
        const spec = randomSpec(seed);
        expect(specOf(commandOf(spec))).toEqual(spec);
      }),
      { numRuns: 300 },
    );
  });

  test('names a preset and a few settings rather than a link', () => {
    expect(commandOf(edited('the-dip', ['switch.warmup', 2000], ['seeds.count', 3]))).toBe(
      'npm run --silent lab -- run the-dip --set switch.warmup=2000 --seeds 0..2',
    );
    for (const { id, spec } of presets) expect(commandOf(spec)).toBe(`npm run --silent lab -- run ${id}`);
  });

  test('needs a link for knobs moved during the run', () => {
    const change = { phase: 'online', step: 400, field: 'switch.oldData', value: 0 } as const;
    expect(commandOf({ ...presets[0].spec, changes: [change] })).toMatch(/ run "#1[\w-]+"$/);
  });
});
