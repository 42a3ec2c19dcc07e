import { expect, test } from 'vitest';
import { discountedReturns } from './returns';

test('each return is its reward plus the discounted next one', () => {
  expect([...discountedReturns([1, 2, 4], 0.5, 0)]).toEqual([3, 4, 4]);
});

test('a truncated episode ends in the value of its last state, a terminated one in 0', () => {
  expect([...discountedReturns([1, 2, 4], 0.5, 8)]).toEqual([4, 6, 8]);
  expect([...discountedReturns([0, 0], 0, 8)]).toEqual([0, 0]);
  expect([...discountedReturns([0, 0], 1, 8)]).toEqual([8, 8]);
});

test('the geometric series comes out without piled-up rounding', () => {
  const returns = discountedReturns(new Float32Array(5000).fill(1), 0.999, 0);
  expect(returns[0]).toBe(Math.fround((1 - 0.999 ** 5000) / (1 - 0.999)));
});

test('no steps have no returns, and a discount outside [0, 1] is refused', () => {
  expect(discountedReturns([], 0.9, 3)).toHaveLength(0);
  for (const discount of [-0.1, 1.1, NaN]) expect(() => discountedReturns([1], discount, 0)).toThrow(RangeError);
});
