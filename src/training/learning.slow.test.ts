/** Short runs with fixed seeds that must land in a band: a broken gradient or sampler shows here first. */
import { describe, expect, test } from 'vitest';
import { wasmExecutor } from '../compute/wasm/session';
import { runToEnd, specWith } from './testing';

/** Greedy return at the end of a run of one seed. */
async function finalReturn(preset: string, values: Parameters<typeof specWith>[1], seed = 0) {
  const { result } = await runToEnd(specWith(preset, values), seed, wasmExecutor);
  expect(result.outcome).toBe('complete');
  return (result.online.at(-1) ?? result.offline.at(-1))?.mean as number;
}

describe('algorithms learn what they should', () => {
  const hops = {
    'offline.updates': 4000,
    'online.steps': 0,
    'evaluation.offlineEvery': 4000,
    'evaluation.regimeEpisodes': 10,
  };
  test('IQL stitches short hops into crossings; cloning does not', async () => {
    const [stitched, cloned] = [await finalReturn('stitching', hops), await finalReturn('the-copier', hops)];
    expect(stitched).toBeGreaterThan(20); // five seeds: 29 to 39 with 95 %
    expect(cloned).toBeLessThan(16); // five seeds: 8 to 11
  });
  test('TD3 without cloning falls for its own critic; with cloning it keeps what the experts show', async () => {
    const narrow = {
      'offline.updates': 3000,
      'online.steps': 0,
      'evaluation.offlineEvery': 3000,
      'evaluation.regimeEpisodes': 10,
    };
    expect(await finalReturn('wishful-thinking', narrow)).toBeLessThan(10);
    expect(await finalReturn('a-little-caution', narrow)).toBeGreaterThan(40);
  });
  test('SAC swings the pendulum up from nothing', async () => {
    const swing = { 'online.steps': 5000, 'evaluation.onlineEvery': 5000 };
    expect(await finalReturn('seed-lottery', swing)).toBeGreaterThan(-400); // random −1,240, five seeds −194
  });
  test('CQL balances the pole offline', async () => {
    const balance = {
      'offline.updates': 2000,
      'online.steps': 0,
      'evaluation.offlineEvery': 2000,
      'evaluation.regimeEpisodes': 10,
    };
    expect(await finalReturn('two-returns', balance)).toBeGreaterThan(400);
  });
});
