import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { setField } from './fields';
import { type DecodedLink, decodeLink, encodeLink } from './link';
import golden from './link.golden.json';
import { pack } from './packing';
import { presetById, presets } from './presets';
import { explainAll } from './problems';
import type { RunSpec } from './runSpec';
import { slotsOf, valueAt } from './structure';
import { randomSpec } from './testing';

const stitching = presetById('stitching')!.spec;
const anySeed = fc.nat({ max: 0xffff_ffff });
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.#% é';

function edited(spec: RunSpec, ...settings: readonly (readonly [string, number | string | boolean])[]): RunSpec {
  return settings.reduce((current, [path, value]) => setField(current, path, value).spec, spec);
}

/** Fails if any value is out of its range: nothing a link says may reach training unchecked. */
function expectInRange({ spec }: DecodedLink): void {
  for (const { path, field } of slotsOf(spec)) {
    const value = valueAt(spec, path);
    if (!field.zod.safeParse(value).success) expect.fail(`${path} = ${value}`);
  }
}

describe('a link', () => {
  test('gives back 10,000 random specs to the last bit, without a problem', () => {
    fc.assert(
      fc.property(anySeed, (seed) => {
        const spec = randomSpec(seed);
        const decoded = decodeLink(encodeLink(spec));
        // Text first: it is much quicker to compare, and the slow comparison words a failure better.
        if (JSON.stringify(decoded) !== JSON.stringify({ spec, problems: [] })) {
          expect(decoded).toEqual({ spec, problems: [] });
        }
      }),
      { numRuns: 10_000 },
    );
  });

  test('holds only what an address bar leaves alone', () => {
    fc.assert(
      fc.property(anySeed, (seed) => {
        expect(encodeLink(randomSpec(seed))).toMatch(/^#1[A-Za-z0-9_-]+$/);
      }),
      { numRuns: 200 },
    );
  });

  test.each(presets)('is under 100 characters for $name as it is', ({ spec }) => {
    expect(encodeLink(spec).length).toBeLessThan(100);
  });

  test('is under 500 characters for a few changes with a digest', () => {
    const spec = edited(
      stitching,
      ['offline.params.expectile', 0.7],
      ['switch.oldData', 0.25],
      ['network.hiddenSize', 128],
      ['seeds', '3,5..9'],
      ['offline.algorithm', 'td3bc'],
      ['online.params.cloning', 0],
    );
    expect(encodeLink(spec, { digest: 'ab'.repeat(32) }).length).toBeLessThan(500);
  });

  test('carries a result: the digest’s first 24 digits and the curve to four digits', () => {
    const point = (step: number) => ({ step, mean: step / 3, low: -step / 7, high: step * 1.000049 });
    const curve = { offline: [0, 500, 1500].map(point), online: [] };
    const digest = '0123456789abcdef'.repeat(4);
    const decoded = decodeLink(encodeLink(stitching, { digest, curve }));
    expect(decoded.problems).toEqual([]);
    expect(decoded.digest).toBe(digest.slice(0, 24));
    const round = (value: number) => Number(value.toPrecision(4));
    expect(decoded.curve).toEqual({
      offline: curve.offline.map(({ step, mean, low, high }) => ({
        step,
        mean: round(mean),
        low: round(low),
        high: round(high),
      })),
      online: [],
    });
    expect(decodeLink(encodeLink(stitching, { curve })).digest).toBeUndefined();
  });

  test.each([
    ['a whole address', (link: string) => `https://example.org/lab/index.html${link}`],
    ['no mark', (link: string) => link.slice(1)],
    ['line breaks of a mail', (link: string) => `${link.slice(0, 20)}\r\n ${link.slice(20)}\n`],
    ['brackets and a full stop', (link: string) => `${link}>).`],
    ['an escaped mark', (link: string) => `https://example.org/${link.replace('#', '%23')}`],
  ])('is read with %s', (_, wrap) => {
    const spec = edited(stitching, ['switch.warmup', 300]);
    expect(decodeLink(wrap(encodeLink(spec)))).toEqual({ spec, problems: [] });
  });
});

describe('decodeLink', () => {
  test('never throws and never lets a value out of range through, over 10,000 mutated links', () => {
    const links = Array.from({ length: 200 }, (_, seed) =>
      encodeLink(randomSpec(seed), seed % 3 === 0 ? { digest: 'ab'.repeat(32) } : {}),
    );
    const mutation = fc.record({
      kind: fc.constantFrom('replace', 'insert', 'remove', 'cut', 'swap'),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      character: fc.constantFrom(...alphabet),
    });
    const mutated = fc
      .tuple(fc.constantFrom(...links), fc.array(mutation, { minLength: 1, maxLength: 4 }))
      .map(([link, mutations]) =>
        mutations.reduce((text, { kind, at, character }) => {
          const index = Math.floor(at * text.length);
          const [before, after] = [text.slice(0, index), text.slice(index)];
          switch (kind) {
            case 'replace':
              return before + character + after.slice(1);
            case 'insert':
              return before + character + after;
            case 'remove':
              return before + after.slice(1);
            case 'cut':
              return before;
            default:
              return after + before;
          }
        }, link),
      );
    fc.assert(
      fc.property(mutated, (link) => expectInRange(decodeLink(link))),
      { numRuns: 10_000 },
    );
  }, 60_000);

  test('survives any text, and any JSON inside a well-formed link', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expectInRange(decodeLink(text));
        expectInRange(decodeLink(`#1${text}`));
        expectInRange(decodeLink(`#1${pack(text.replaceAll('\0', ' '))}`));
      }),
      { numRuns: 300 },
    );
    const path = fc.constantFrom(
      'preset',
      'check',
      'seeds',
      'changes',
      'offline',
      '__proto__',
      ...slotsOf(stitching).map((slot) => slot.path),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(path, fc.jsonValue())), (entries) => {
        const text = `{${entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
        expectInRange(decodeLink(`#1${pack(text)}`));
      }),
      { numRuns: 1000 },
    );
    expect(Object.prototype).not.toHaveProperty('id');
  });

  test('names values out of range in the words of the page', () => {
    const { params } = stitching.offline;
    const link = encodeLink({
      ...stitching,
      offline: { ...stitching.offline, params: { ...params, discount: 1.7, expectile: 0.2 } },
    });
    const { spec, problems } = decodeLink(link);
    expect(spec.offline.params).toMatchObject({ discount: 1, expectile: 0.5 });
    expect(explainAll(problems)).toBe(
      'Two values in this link were out of range: expectile 0.2 → 0.5, discount 1.7 → 1. The rest is as sent.',
    );
  });

  test('keeps the readable beginning of a cut link, whichever character it ends at', () => {
    const spec = edited(stitching, ['seeds', '3..5'], ['offline.params.expectile', 0.7], ['switch.warmup', 123]);
    const link = encodeLink(spec);
    let kept = 0;
    for (let length = 2; length < link.length - 1; length++) {
      const decoded = decodeLink(link.slice(0, length));
      expectInRange(decoded);
      expect(decoded.problems[0]).toMatchObject({ kind: 'cutOff', characters: length - 1 });
      if (decoded.spec.seeds.length === 3) kept++;
    }
    expect(kept).toBeGreaterThan(20);
    expect(explainAll(decodeLink(link.slice(0, 90)).problems)).toMatch(
      /^This link is cut off after 89 characters, often by a chat program\. Loaded what was readable: preset/,
    );
  });

  test('notices a digest or a curve that lost its end', () => {
    const whole = encodeLink(stitching, {
      digest: 'ab'.repeat(32),
      curve: { offline: [{ step: 0, mean: 1, low: 0, high: 2 }], online: [] },
    });
    for (const lost of [1, 5, 20, 40]) {
      const decoded = decodeLink(whole.slice(0, whole.length - lost));
      expect(decoded.spec).toEqual(stitching);
      expect(decoded.problems.map(({ kind }) => kind)).toEqual(['cutOff']);
    }
  });

  test('notices a recipe that was altered and still reads well', () => {
    const sent = { preset: 'stitching', 'offline.params.expectile': 0.7, check: '00000' };
    const { spec, problems } = decodeLink(`#1${pack(JSON.stringify(sent))}`);
    expect(spec.offline.params.expectile).toBe(0.7);
    expect(problems).toEqual([{ kind: 'doubtful' }]);
  });

  test.each<[string, string]>([
    ['#methods', 'notALink'],
    ['https://example.org/', 'notALink'],
    ['#7abc', 'newerVersion'],
    [`#1${'A'.repeat(30_000)}`, 'tooLong'],
    [`#1${pack(JSON.stringify({ preset: 'gone', check: '00000' }))}`, 'unknownPreset'],
    ['#1****', 'cutOff'],
    ['#1////', 'cutOff'],
    ['#1_____', 'damaged'],
  ])('of %.20s… shows the default experiment and says why: %s', (link, kind) => {
    const { spec, problems } = decodeLink(link);
    expect(spec).toEqual(stitching);
    expect(problems.map((problem) => problem.kind)).toEqual([kind]);
  });

  test.each(['', '#', ' '])('of nothing (“%s”) is the default experiment and no problem', (link) => {
    expect(decodeLink(link)).toEqual({ spec: stitching, problems: [] });
  });

  test('does not unpack what would fill the memory', () => {
    const bomb = `#1${pack(`{"preset":"stitching","x":"${'a'.repeat(8_000_000)}"}`)}`;
    expect(bomb.length).toBeLessThan(20_000);
    const { spec, problems } = decodeLink(bomb);
    expect(spec).toEqual(stitching);
    expect(problems.map(({ kind }) => kind)).toEqual(['damaged']);
  });
});

describe('golden links decode for ever', () => {
  test.each(golden)('$what', ({ link, spec, problems, ...extras }) => {
    expect(decodeLink(link)).toEqual({ ...('digest' in extras ? pickExtras(extras) : {}), spec, problems });
  });

  function pickExtras({ digest, curve }: { digest?: string; curve?: unknown }) {
    return { ...(digest ? { digest } : {}), ...(curve ? { curve } : {}) };
  }
});
