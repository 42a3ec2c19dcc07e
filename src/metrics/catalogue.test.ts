import { describe, expect, test } from 'vitest';
import { measureCatalogue, outsideHealth, predictionHealth } from './catalogue';

test.each(Object.entries(measureCatalogue))('the help of %s has at most 25 words', (_, { help }) => {
  expect(help.split(/\s+/).length).toBeLessThanOrEqual(25);
});
describe('the state of predicted Q', () => {
  const scale = { ceiling: 50, discountedSpan: 40 };
  test.each([
    [20, 20, 'ok'],
    [20, 35, 'ok'],
    [29.9, 20, 'ok'],
    [30, 20, 'watch'],
    [45, 5.1, 'watch'],
    [45, 5, 'broken'],
    [50.1, 50, 'broken'],
    [Number.NaN, 20, 'broken'],
  ] as const)('promise %d, outcome %d is %s', (predicted, realised, health) => {
    expect(predictionHealth(predicted, realised, scale).health).toBe(health);
  });
  test('costs below zero are judged by the same distance', () => {
    expect(predictionHealth(-10, -20, { ceiling: 0, discountedSpan: 40 }).health).toBe('watch');
  });
});
test.each([
  [0.1, 'ok'],
  [0.2, 'watch'],
  [0.5, 'broken'],
] as const)('%d of the actions outside the data is %s', (share, health) => {
  expect(outsideHealth(share)).toBe(health);
});
