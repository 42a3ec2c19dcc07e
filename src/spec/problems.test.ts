import { describe, expect, test } from 'vitest';
import { explain, explainAll, explainEach, type Problem, remedies } from './problems';

const wrong = (label: string, given: string, used: string): Problem => ({
  kind: 'value',
  path: label,
  label,
  given,
  expected: '0 to 1',
  used,
});

describe('explain', () => {
  test.each<[Problem, string]>([
    [
      { kind: 'cutOff', characters: 212, kept: ['preset', 'seeds'] },
      'This link is cut off after 212 characters, often by a chat program. Loaded what was readable: preset and seeds. Ask for it as a file.',
    ],
    [
      {
        kind: 'diverged',
        at: { phase: 'offline', step: 3412 },
        seed: 0,
        quantity: 'Q',
        value: 10_000,
        ceiling: 50,
        kept: 3400,
      },
      'Q passed 10,000 at update 3,412 (ceiling 50), so the run stopped. Weights of update 3,400 are kept.',
    ],
    [
      { kind: 'notFinite', at: { phase: 'online', step: 88 }, seed: 2, quantity: 'Policy loss', others: [0, 1, 3, 4] },
      'Policy loss became not-a-number at online step 88 (seed 2). Seeds 0, 1, 3, 4 go on; seed 2 counts as diverged.',
    ],
    [
      { kind: 'workerCrashed', at: { phase: 'offline', step: 6000 }, seed: 3, detail: '' },
      'The training process of seed 3 ended unexpectedly. Its curve up to update 6,000 is kept.',
    ],
    [
      { kind: 'outOfMemory', transitions: 20_000_000, bytes: 900_000_000, suggested: 2_000_000 },
      'Not enough memory for 20,000,000 transitions (about 900 MB needed). Nothing was changed.',
    ],
    [
      { kind: 'fileMismatch', what: 'observation columns', found: 6, expected: 3, environment: 'Pendulum' },
      'This file has 6 observation columns; Pendulum has 3. Not loaded.',
    ],
    [
      {
        kind: 'executorUnavailable',
        executor: 'wasm',
        reason: 'This browser lacks WebAssembly SIMD',
        used: 'the portable executor',
        slower: 20,
      },
      'This browser lacks WebAssembly SIMD, so the portable executor is used: about 20 times slower, and digests do not compare.',
    ],
    [
      {
        kind: 'deviceLost',
        at: { phase: 'offline', step: 4230 },
        from: { phase: 'offline', step: 4000 },
        seed: 0,
        executor: 'WebGPU',
        reason: 'the device was taken away.',
        used: 'WebAssembly',
      },
      'WebGPU stopped at update 4,230: the device was taken away. WebAssembly goes on from update 4,000; this run will not repeat bit for bit.',
    ],
    [{ kind: 'storageRefused' }, 'Storage is refused (private window?). Runs live until this tab closes.'],
    [
      { kind: 'hiddenTabPaused', at: { phase: 'online', step: 2140 }, of: 5000, minutes: 6 },
      'Online step 2,140 of 5,000: this browser paused the hidden tab for 6 min. Going on; results are unchanged.',
    ],
  ])('%#: says it as product.md §8 does', (problem, sentence) => {
    expect(explain(problem)).toBe(sentence);
  });

  test('says several wrong values in one sentence, and the rest after it', () => {
    const problems: Problem[] = [
      wrong('Discount', '1.7', '1'),
      { kind: 'unknownField', path: 'colour' },
      wrong('Expectile', '0.2', '0.5'),
    ];
    expect(explainEach(problems)).toEqual([
      'Two values in this link were out of range: discount 1.7 → 1, expectile 0.2 → 0.5. The rest is as sent.',
      '“colour” is not a setting of this run and was left out.',
    ]);
    expect(explainAll([])).toBe('');
    expect(explainAll([wrong('IQL', '2', '1')])).toBe(
      'One value in this link was out of range: IQL 2 → 1. The rest is as sent.',
    );
  });

  test('offers what can be done', () => {
    const problem: Problem = { kind: 'outOfMemory', transitions: 20_000_000, bytes: 9e8, suggested: 2_000_000 };
    expect(remedies(problem)).toEqual([
      { act: 'set', label: 'Use 2,000,000', path: 'dataset.params.transitions', value: 2_000_000 },
    ]);
    expect(remedies({ kind: 'doubtful' })).toEqual([]);
  });
});
