import fc from 'fast-check';
import { describe, expect, expectTypeOf, test } from 'vitest';
import type { Field, ValuesOf } from './field';
import {
  choice,
  defaultsOf,
  docsTable,
  expectation,
  flag,
  integer,
  numberText,
  real,
  repairValue,
  repairValues,
  valueText,
} from './fields';

const schema = {
  expectile: real({
    default: 0.7,
    min: 0.5,
    max: 1,
    label: 'Expectile',
    symbol: 'τ',
    help: 'Which actions V believes in.',
  }),
  batch: integer({
    default: 128,
    min: 16,
    max: 1024,
    step: 16,
    scale: 'log',
    label: 'Batch size',
    help: 'Rows averaged.',
  }),
  map: choice({
    default: 'umaze',
    options: [
      { value: 'umaze', label: 'U-maze' },
      { value: 'large', label: 'Large maze' },
    ],
    label: 'Map',
    help: 'Which walls.',
  }),
  layerNorm: flag({ default: false, live: true, label: 'LayerNorm', help: 'Normalises hidden layers.' }),
};
const anyField = fc.constantFrom<Field>(...Object.values(schema));

describe('a declared field', () => {
  test('gives its values their exact types', () => {
    expectTypeOf<ValuesOf<typeof schema>>().toEqualTypeOf<{
      readonly expectile: number;
      readonly batch: number;
      readonly map: 'umaze' | 'large';
      readonly layerNorm: boolean;
    }>();
    expect(defaultsOf(schema)).toEqual({ expectile: 0.7, batch: 128, map: 'umaze', layerNorm: false });
  });

  test('carries its words into the zod type', () => {
    expect(schema.expectile.zod.meta()).toEqual({
      title: 'Expectile',
      description: 'Which actions V believes in.',
      symbol: 'τ',
    });
  });

  test.each([
    ['a default outside the range', () => real({ default: 2, min: 0, max: 1, label: 'x', help: '' })],
    ['a default off the grid', () => integer({ default: 20, min: 16, max: 64, step: 16, label: 'x', help: '' })],
    ['a maximum off the grid', () => integer({ default: 16, min: 16, max: 60, step: 16, label: 'x', help: '' })],
    ['a broken step', () => integer({ default: 1, min: 0, max: 4, step: 0.5, label: 'x', help: '' })],
    ['a log scale below zero', () => real({ default: 1, min: -1, max: 1, scale: 'log', label: 'x', help: '' })],
    [
      'an unknown default option',
      () => choice({ default: 'b' as 'a', options: [{ value: 'a', label: 'A' }], label: 'x', help: '' }),
    ],
    [
      'an option given twice',
      () =>
        choice({
          default: 'a',
          options: [
            { value: 'a', label: 'A' },
            { value: 'a', label: 'B' },
          ],
          label: 'x',
          help: '',
        }),
    ],
  ])('is refused with %s', (_, declare) => {
    expect(declare).toThrow(RangeError);
  });
});

describe('repairValue', () => {
  test('always gives a value its own zod type accepts, and never throws', () => {
    fc.assert(
      fc.property(
        anyField,
        fc.anything({ withBigInt: true, withNullPrototype: true, withSparseArray: true }),
        (field, given) => {
          const { value, problem } = repairValue(field, given);
          expect(field.zod.safeParse(value).success).toBe(true);
          if (problem) expect(problem.given.length).toBeLessThanOrEqual(40);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('leaves right values alone and changes nothing the second time', () => {
    fc.assert(
      fc.property(anyField, fc.oneof(fc.double(), fc.integer(), fc.string(), fc.boolean()), (field, given) => {
        const { value } = repairValue(field, given);
        expect(repairValue(field, value)).toEqual({ value });
        if (field.zod.safeParse(given).success) expect(repairValue(field, given)).toEqual({ value: given });
      }),
      { numRuns: 2000 },
    );
  });

  test('takes the nearest value: no valid number lies closer', () => {
    fc.assert(
      fc.property(fc.double({ min: -3000, max: 3000, noNaN: true }), fc.integer({ min: 1, max: 64 }), (given, k) => {
        const { value } = repairValue(schema.batch, given);
        expect(Math.abs(Number(value) - given)).toBeLessThanOrEqual(Math.abs(16 * k - given));
      }),
    );
  });

  test.each([
    [schema.expectile, 0.2, 0.5, { given: '0.2', expected: '0.5 to 1', used: '0.5' }],
    [schema.expectile, Number.POSITIVE_INFINITY, 1, { given: 'Infinity', expected: '0.5 to 1', used: '1' }],
    [schema.expectile, Number.NaN, 0.7, { given: 'NaN', expected: '0.5 to 1', used: '0.7' }],
    [schema.expectile, '', 0.7, { given: '', expected: '0.5 to 1', used: '0.7' }],
    [schema.batch, 100, 96, { given: '100', expected: '16 to 1,024 in steps of 16', used: '96' }],
    [schema.map, 'huge', 'umaze', { given: 'huge', expected: 'one of umaze, large', used: 'U-maze' }],
    [schema.layerNorm, 3, false, { given: '3', expected: 'yes or no', used: 'no' }],
    [schema.layerNorm, { deep: [] }, false, { given: 'an object', expected: 'yes or no', used: 'no' }],
  ] as const)('of %# %o says what came, what is taken and what is used', (field, given, value, problem) => {
    expect(repairValue(field, given)).toEqual({ value, problem });
  });

  test.each([
    [schema.expectile, '0.9', 0.9],
    [schema.batch, '256', 256],
    [schema.map, 'large', 'large'],
    [schema.layerNorm, 'true', true],
  ] as const)('reads text that says a right value', (field, given, value) => {
    expect(repairValue(field, given)).toEqual({ value });
  });

  test('keeps line breaks and direction marks of a stranger out of messages', () => {
    expect(repairValue(schema.map, 'a\n\u202Eb').problem?.given).toBe('a b');
  });
});

describe('repairValues', () => {
  test('fills what is absent in silence, names what is wrong and what is unknown', () => {
    const { values, problems } = repairValues(schema, JSON.parse('{"expectile": 2, "colour": "red", "__proto__": 1}'));
    expect(values).toEqual({ ...defaultsOf(schema), expectile: 1 });
    expect(problems.map(({ name, used }) => [name, used])).toEqual([
      ['expectile', '1'],
      ['colour', 'nothing'],
      ['__proto__', 'nothing'],
    ]);
  });

  test.each([null, undefined, 7, 'text', [1, 2]])('of %o is the defaults', (given) => {
    expect(repairValues(schema, given)).toEqual({ values: defaultsOf(schema), problems: [] });
  });
});

describe('words', () => {
  test.each([
    [0, '0'],
    [20_000, '20,000'],
    [1234567.5, '1,234,567.5'],
    [0.005, '0.005'],
    [0.0003, '3e-4'],
    [-14, '−14'],
    [-1234.25, '−1,234.25'],
  ])('write %d as %s', (value, text) => {
    expect(numberText(value)).toBe(text);
  });

  test('document every field in one row', () => {
    expect(docsTable(schema)[0]).toEqual({
      name: 'expectile',
      label: 'Expectile',
      symbol: 'τ',
      help: 'Which actions V believes in.',
      unit: '',
      takes: '0.5 to 1',
      default: '0.7',
      live: false,
    });
    expect(docsTable(schema).map(({ takes }) => takes)).toEqual(Object.values(schema).map(expectation));
    expect(valueText(schema.map, 'large')).toBe('Large maze');
  });
});
