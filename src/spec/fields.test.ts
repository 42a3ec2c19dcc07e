import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { algorithms } from '../algorithms/registry';
import { recipes } from '../datasets/registry';
import { environments } from '../environments/registry';
import type { FieldValue, Schema } from '../schema/field';
import { differences, getField, groups, setField, specFields, validateSpec } from './fields';
import { plainSpec, presetById, presets } from './presets';
import { repairSpec } from './repair';
import { evaluationSchema, networkSchema, runSchema, switchSchema } from './runFields';
import type { RunSpec } from './runSpec';
import { slotsOf } from './structure';
import { randomSpec } from './testing';

const stitching = presetById('stitching')!.spec;
const anySeed = fc.nat({ max: 0xffff_ffff });
const anyJson = fc.jsonValue({ maxDepth: 4 }) as fc.Arbitrary<unknown>;

/** Fails unless every value lies in its field's range and nothing else is there. */
function expectValid(spec: RunSpec): void {
  for (const { path, field } of slotsOf(spec)) {
    const value = getField(spec, path);
    if (!field.zod.safeParse(value).success) expect.fail(`${path} = ${value}`);
  }
  expect(repairSpec(spec, spec)).toEqual({ spec, problems: [] });
}

describe('help texts', () => {
  const schemas: readonly (readonly [string, Schema])[] = [
    ...Object.values(environments).map(({ id, params }) => [`environment ${id}`, params] as const),
    ...Object.values(recipes).map(({ id, params }) => [`recipe ${id}`, params] as const),
    ...Object.values(algorithms).map(({ id, params }) => [`algorithm ${id}`, params] as const),
    ['network', networkSchema],
    ['switch', switchSchema],
    ['evaluation', evaluationSchema],
    ['run', runSchema],
  ];
  test.each(schemas)('of %s are one to 25 words, end with a full stop and do not shout', (_, schema) => {
    for (const [name, { help, label }] of Object.entries(schema)) {
      const words = help.split(/\s+/).length;
      expect(words, `${name}: “${help}”`).toBeLessThanOrEqual(25);
      expect(help, name).toMatch(/^[A-Z0-9].*\.$/);
      expect(help, name).not.toContain('!');
      expect(label, name).not.toBe('');
    }
  });

  test.each(Object.values(algorithms))('of the metrics of $id are at most 25 words', ({ metrics }) => {
    for (const { help } of Object.values(metrics)) expect(help.split(/\s+/).length, help).toBeLessThanOrEqual(25);
  });
});

describe('specFields', () => {
  test('lists every value of a spec exactly once, each in a known group', () => {
    fc.assert(
      fc.property(anySeed, (seed) => {
        const spec = randomSpec(seed);
        const fields = specFields(spec);
        const paths = fields.map(({ path }) => path);
        expect(new Set(paths).size).toBe(paths.length);
        for (const { path, value, group } of fields) {
          expect(getField(spec, path)).toBe(value);
          expect(groups.some(({ id }) => id === group)).toBe(true);
        }
        const { version: _, preset: __, seeds: ___, changes: ____, ...stored } = spec;
        const leaves = JSON.stringify(stored).match(/":(?![{[])/g) ?? [];
        expect(paths.filter((path) => path !== 'seeds.count')).toHaveLength(leaves.length);
      }),
      { numRuns: 200 },
    );
  });

  const applying = (spec: RunSpec) => specFields(spec).flatMap(({ path, applies }) => (applies ? [path] : []));

  test('leaves out what the recipe cannot honour', () => {
    const copier = applying(presetById('the-copier')!.spec);
    expect(copier).not.toContain('network.critics');
    expect(copier.filter((path) => path.startsWith('switch.') || path.startsWith('online.params'))).toEqual([]);
    const lottery = applying(presetById('seed-lottery')!.spec);
    expect(lottery.filter((path) => path.startsWith('offline.') || path === 'switch.oldData')).toEqual([]);
    expect(lottery).toContain('switch.warmup');
    expect(applying(presetById('two-returns')!.spec)).not.toContain('switch.anchor');
    expect(applying(stitching)).toContain('switch.anchor');
    expect(applying(stitching)).not.toContain('switch.penaltyDecay');
    expect(applying(presetById('the-dip')!.spec)).toContain('switch.penaltyDecay');
  });

  test('remembers what the preset had', () => {
    const { spec } = setField(stitching, 'switch.warmup', 7);
    const warmup = specFields(spec).find(({ path }) => path === 'switch.warmup');
    expect([warmup?.value, warmup?.initial]).toEqual([7, 1000]);
  });
});

describe('setField', () => {
  test('gives a valid spec with exactly that value, whatever the path and value', () => {
    fc.assert(
      fc.property(anySeed, fc.nat(), fc.oneof(fc.double(), fc.string(), fc.boolean()), (seed, index, value) => {
        const before = randomSpec(seed);
        const fields = specFields(before);
        const { path } = fields[index % fields.length];
        const { spec, from } = setField(before, path, value);
        expect(from).toBe(getField(before, path));
        expectValid(spec);
      }),
      { numRuns: 1000 },
    );
  });

  test('takes every option of every choice', () => {
    for (const { path, field } of specFields(stitching)) {
      if (field.kind !== 'choice') continue;
      for (const { value } of field.options) {
        const edited = setField(stitching, path, value);
        expect(edited.problems).toEqual([]);
        expect(getField(edited.spec, path)).toBe(value);
        expectValid(edited.spec);
      }
    }
  });

  test('clamps, and says so', () => {
    const { spec, problems } = setField(stitching, 'offline.params.discount', 1.7);
    expect(spec.offline.params.discount).toBe(1);
    expect(problems).toEqual([
      {
        kind: 'value',
        path: 'offline.params.discount',
        label: 'Discount',
        given: '1.7',
        expected: '0 to 1',
        used: '1',
      },
    ]);
  });

  test.each(['', 'nothing', 'offline', 'offline.params', '__proto__', 'offline.params.constructor', 'switch.warmup.x'])(
    'names the unknown path “%s” and changes nothing',
    (path) => {
      expect(setField(stitching, path, 1)).toEqual({
        spec: stitching,
        from: undefined,
        problems: [{ kind: 'unknownField', path }],
      });
    },
  );

  test('keeps parameters of equal name when the algorithm changes, in both phases', () => {
    const slow = setField(stitching, 'offline.params.learningRate', 0.0002).spec;
    const { spec } = setField(slow, 'offline.algorithm', 'td3bc');
    expect([spec.offline.algorithm, spec.online.algorithm]).toEqual(['td3bc', 'td3bc']);
    expect([spec.offline.params.learningRate, spec.online.params.learningRate]).toEqual([0.0002, 0.0002]);
    expect(spec.offline.params).not.toHaveProperty('expectile');
  });

  test('moves the online parameter along while the two are equal, and not once they differ', () => {
    const together = setField(stitching, 'offline.params.expectile', 0.7).spec;
    expect(together.online.params.expectile).toBe(0.7);
    const apart = setField(together, 'online.params.expectile', 0.6).spec;
    expect(setField(apart, 'offline.params.expectile', 0.8).spec.online.params.expectile).toBe(0.6);
  });

  test('finds algorithms and data that exist in another environment', () => {
    const { spec } = setField(stitching, 'environment.id', 'cartPole');
    expect(spec.offline.algorithm).toBe('cql');
    expect(spec.dataset.recipe).not.toBe('stitch');
    expect(spec.dataset.params.transitions).toBe(20_000);
    expectValid(spec);
  });

  test('has no pretraining without data, and pretraining again with data', () => {
    const none = setField(stitching, 'dataset.recipe', 'none').spec;
    expect(none.offline.updates).toBe(0);
    expect(none.online.steps).toBe(5000);
    expect(setField(none, 'dataset.recipe', 'stitch').spec.offline.updates).toBe(10_000);
    expect(setField(none, 'offline.updates', 500).spec.offline.updates).toBe(0);
  });

  test('never leaves a run with nothing to do', () => {
    const idle = setField(setField(stitching, 'offline.updates', 0).spec, 'online.steps', 0).spec;
    expect(idle.online.steps).toBe(5000);
  });

  test.each<[FieldValue, readonly number[]]>([
    ['0..2', [0, 1, 2]],
    ['7', [7]],
    ['none', stitching.seeds],
  ])('reads seeds from %o', (text, seeds) => {
    expect(setField(stitching, 'seeds', text).spec.seeds).toEqual(seeds);
  });

  test('changes the number of seeds and keeps the first', () => {
    expect(setField(stitching, 'seeds.count', 2).spec.seeds).toEqual([0, 1]);
    expect(setField(stitching, 'seeds.count', 7).spec.seeds).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});

describe('validateSpec', () => {
  test('gives a valid spec out of anything, and never throws', () => {
    fc.assert(
      fc.property(anyJson, (given) => expectValid(validateSpec(given).spec)),
      { numRuns: 500 },
    );
  });

  test('gives a valid spec out of a spec with any part replaced by anything', () => {
    const parts = fc.constantFrom(...Object.keys(stitching), 'offline.params', 'environment.params', 'dataset.params');
    fc.assert(
      fc.property(anySeed, parts, anyJson, (seed, part, junk) => {
        const spec = structuredClone(randomSpec(seed)) as unknown as Record<string, Record<string, unknown>>;
        const [outer, inner] = part.split('.');
        if (inner) spec[outer][inner] = junk;
        else Object.assign(spec, { [outer]: junk });
        expectValid(validateSpec(spec).spec);
      }),
      { numRuns: 1000 },
    );
  });

  test('changes nothing in what is valid', () => {
    fc.assert(
      fc.property(anySeed, (seed) => {
        const spec = randomSpec(seed);
        expect(validateSpec(JSON.parse(JSON.stringify(spec)))).toEqual({ spec, problems: [] });
      }),
      { numRuns: 300 },
    );
  });

  test('names what it could not use', () => {
    const { spec, problems } = validateSpec({
      preset: 'the-dipp',
      environment: { id: 'moon' },
      offline: { params: { expectile: 7, colour: 'red' } },
      seeds: [1, 1, -3],
      changes: [{ phase: 'offline', step: 3, field: 'network.batch', value: 64 }],
      extra: 1,
    });
    expect(spec.preset).toBe('stitching');
    expect(spec.seeds).toEqual([1]);
    expect(problems.map((problem) => ('path' in problem ? `${problem.kind} ${problem.path}` : problem.kind))).toEqual([
      'unknownPreset',
      'unknownField extra',
      'value environment.id',
      'unknownField offline.params.colour',
      'value offline.params.expectile',
      'value seeds',
      'unknownField changes.0',
    ]);
  });

  test('keeps changes in the order in which they take effect', () => {
    const { spec, problems } = validateSpec({
      ...stitching,
      changes: [
        { phase: 'online', step: 5, field: 'switch.oldData', value: 0 },
        { phase: 'offline', step: 900, field: 'offline.params.discount', value: 2 },
        { phase: 'offline', step: 100, field: 'finish', value: true },
      ],
    });
    expect(spec.changes).toEqual([
      { phase: 'offline', step: 100, field: 'finish', value: true },
      { phase: 'offline', step: 900, field: 'offline.params.discount', value: 1 },
      { phase: 'online', step: 5, field: 'switch.oldData', value: 0 },
    ]);
    expect(problems).toHaveLength(1);
  });
});

describe('differences', () => {
  test('are none between a spec and itself', () => {
    for (const { spec } of presets) expect(differences(spec, spec)).toEqual([]);
  });

  test('say what one edit did, once', () => {
    const { spec } = setField(stitching, 'offline.params.expectile', 0.7);
    expect(differences(stitching, spec)).toEqual([
      { path: 'offline.params.expectile', label: 'Expectile', from: '0.8', to: '0.7' },
    ]);
    const other = setField(stitching, 'offline.algorithm', 'bc').spec;
    expect(differences(stitching, other).map(({ path }) => path)).toEqual(['offline.algorithm']);
  });
});

describe('the plain spec', () => {
  test('is valid', () => expectValid(plainSpec()));
});
