/** The command line as a person meets it: exit codes, one sentence for a wrong call, one JSON object, the same digest from the link. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const root = new URL('..', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'regime-lab-'));
afterAll(() => rmSync(folder, { recursive: true }));
const command = [join(root, '.tools', 'run.mjs'), 'workers/cli.ts'];
const lab = (...words: string[]) =>
  spawnSync(process.execPath, [...command, ...words], { cwd: root, encoding: 'utf8' });
const tiny = ['offline.updates=100', 'online.steps=100', 'evaluation.offlineEvery=100', 'evaluation.onlineEvery=100'];
const settings = [...tiny, 'evaluation.episodes=2', 'dataset.params.transitions=1000'].flatMap((set) => ['--set', set]);

describe('a wrong call ends with exit code 2 and one sentence', () => {
  test.each<[string[], RegExp]>([
    [['dance'], /^There is no command “dance”\./],
    [['run'], /^Expected a preset, a link or a file\./],
    [['run', 'no-such-thing'], /neither a preset .* nor a link, nor a file/],
    [['run', 'stitching', '--set', 'offline.params.expectile=7'], /^Expectile: expected .* got “7”/],
    [['run', 'stitching', '--set', 'colour=red'], /“colour” is not a setting/],
    [['run', 'stitching', '--seeds', 'many'], /^Expected --seeds such as/],
    [['run', 'stitching', '--loud'], /--loud/],
    [['dataset', 'stitch', '--out', join(folder, 'data.csv')], /ending in \.hdf5 or \.npz/],
    [['dataset', 'stitch'], /^Expected --out FILE/],
  ])('%j', (words, sentence) => {
    const { status, stderr, stdout } = lab(...words);
    expect(status).toBe(2);
    expect(stderr.trim()).toMatch(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stdout).toBe('');
  });
});

test('a run, its repetition and its link give one digest; --json is one object', () => {
  const json = (...words: string[]) =>
    JSON.parse(
      execFileSync(process.execPath, [...command, ...words], {
        cwd: root,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    );
  const first = json('run', 'stitching', '--seeds', '0..1', ...settings, '--json');
  expect(first.digest).toMatch(/^[0-9a-f]{64}$/);
  expect(first.seeds.map(({ seed }: { seed: number }) => seed)).toEqual([0, 1]);
  expect(first).toMatchObject({ executor: 'wasm', staleness: 1 });
  expect(first.seeds[0].offline.map(({ step }: { step: number }) => step)).toEqual([0, 100]);
  expect(first.seeds[0].online.map(({ step }: { step: number }) => step)).toEqual([0, 100]);
  expect(first.dataset).toMatchObject({ n: 1000, episodes: 17 });
  expect(['superior', 'comparable', 'undecided', 'inferior']).toContain(first.regime.label);
  expect(json('run', first.link, '--json').digest).toBe(first.digest);
}, 120_000);

test('a dataset is written with the digest that a run of the same recipe reports', () => {
  const { status, stdout } = lab(
    'dataset',
    'stitch',
    '--set',
    'transitions=1000',
    '--out',
    join(folder, 'hops.npz'),
    '--json',
  );
  expect(status).toBe(0);
  const written = JSON.parse(stdout);
  expect(written).toMatchObject({ count: 1000, seed: 0 });
  expect(written.digest).toMatch(/^[0-9a-f]{64}$/);
});
