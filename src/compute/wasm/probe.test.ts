import { expect, test } from 'vitest';
import { matmulPeak } from './probe';

test('the peak is the most arithmetic that any trial fits into its time', async () => {
  // A clock by which every trial takes 1 ms: the largest trial wins, 2·1.5e8 operations or slightly more.
  let now = 0;
  const peak = await matmulPeak(() => now++, 3);
  const { rows, columns, depth } = peak;
  const calls = Math.ceil(1.5e8 / (rows * columns * depth));
  expect(peak.gigaflops).toBeCloseTo((2 * rows * columns * depth * calls) / 1e6, 6);
  expect(peak.gigaflops).toBeGreaterThanOrEqual(300);
});
