/** A browser without WebAssembly SIMD: the portable executor, slower, and the page says so (product.md §8, message 8). */
import { encodeLink, shortRecipe } from './recipes';
import { expect, test } from './support';

// V8 offers no SIMD on a processor without SSE 4.1, and this makes it believe that it has such a one.
test.use({
  launchOptions: async ({ launchOptions }, use) => {
    await use({ ...launchOptions, args: [...(launchOptions.args ?? []), '--js-flags=--no-enable-sse4-1'] });
  },
});
test.skip(process.arch !== 'x64', 'only x64 processors can be made to hide their SIMD');

test('says what is used instead and still trains', async ({ lab }) => {
  const tiny = shortRecipe({ 'offline.updates': 60, 'online.steps': 60, 'switch.warmup': 0, seeds: '0' });
  await lab.open(encodeLink(tiny));
  await lab.run();
  await expect(lab.messages).toContainText(
    /This browser lacks WebAssembly SIMD, so .* is used: about \d+ times slower, and digests do not compare\./,
    { timeout: 30_000 },
  );
  await lab.finished();
  await expect(lab.points.last()).toContainText('online step 60');
  await expect(lab.world).toContainText(/greedy, (offline update|online step) \d+/);
});
