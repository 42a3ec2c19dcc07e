/** "How fast is your machine?": a screen of its own, reached by key, link and address; the experiment stays what it is. */
import { readAddress } from '../src/app/address';
import { encodeLink, longerRecipe, shortRecipe } from './recipes';
import { expect, test } from './support';

test.use({ permissions: ['clipboard-read', 'clipboard-write'] });
const link = encodeLink(shortRecipe());

test('measures, says what it found, and goes back to the same experiment', async ({
  lab,
  page,
  expectAccessible,
  report,
}) => {
  await lab.open(link);
  await page.keyboard.press('m');
  await expect(page.getByRole('heading', { level: 1, name: 'How fast is your machine?' })).toBeFocused();
  expect(readAddress(new URL(page.url()).hash)).toEqual({ screen: 'speed', experiment: link });
  await expect(page.getByText('Nothing has been measured yet.')).toBeVisible();
  await page.getByRole('button', { name: 'Start the test' }).click();
  await expect(page.getByRole('progressbar', { name: 'Progress of the test' })).toBeVisible();
  await expect(page.getByText(/^Done\./)).toBeVisible({ timeout: 100_000 });

  const small = page.getByRole('region', { name: 'Two layers of 64 units, batch 64', exact: true });
  await expect(small.getByRole('row', { name: /^WebAssembly/ })).toContainText(/ms.*× 1/);
  await expect(small.getByRole('row', { name: /^TensorFlow\.js, WebAssembly/ })).toContainText(/ms.*× [\d.]+/);
  await expect(page.getByText(/^WebGPU was left out: /)).toBeVisible();
  await page.getByRole('button', { name: 'Copy as text' }).click();
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  report('found', `\n${text}`);
  expect(text).toMatch(/TensorFlow\.js, WebAssembly, [\d.]+ ms an update/);
  await page.getByRole('button', { name: 'Copy as JSON' }).click();
  await expect
    .poll(async () => JSON.parse(await page.evaluate(() => navigator.clipboard.readText())).kind)
    .toBe('speed');
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    await expectAccessible();
  }
  await page.setViewportSize({ width: 360, height: 640 });
  await expectAccessible();
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow).toBeLessThanOrEqual(0);
  await page.setViewportSize({ width: 1280, height: 720 });

  await page.keyboard.press('Escape');
  await expect(lab.primary('Run')).toBeVisible();
  expect(new URL(page.url()).hash).toBe(link);
  await expect(page.getByRole('button', { name: 'Speed', exact: true })).toBeFocused();
});

test('is an address: alone, over an experiment, after a reload, and Back leaves it', async ({ lab, page }) => {
  await lab.open(link);
  await page.getByRole('button', { name: 'Speed', exact: true }).click();
  await expect(page.getByRole('button', { name: 'Start the test' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('button', { name: 'Start the test' })).toBeVisible();
  await page.getByRole('button', { name: 'Back to the lab' }).click();
  await expect(lab.sentence).toContainText('600 updates');
  expect(new URL(page.url()).hash).toBe(link);
  await page.getByRole('button', { name: 'Speed', exact: true }).click();
  await page.goBack();
  await expect(lab.primary('Run')).toBeVisible();

  await page.goto('about:blank');
  await page.goto('./#speed');
  await expect(page.getByRole('button', { name: 'Start the test' })).toBeVisible();
  await page.getByRole('button', { name: 'Back to the lab' }).click();
  await expect(lab.sentence).toContainText('4,000 updates');
  await expect(lab.messages).toHaveCount(0);
});

test('offers to pause training first, and can be cancelled', async ({ lab, page }) => {
  await lab.open(encodeLink(longerRecipe({ 'offline.updates': 20_000 })));
  await lab.run();
  await lab.passes('offline update', 1);
  await page.getByRole('button', { name: 'Speed', exact: true }).click();
  await expect(page.getByText('Training is running.')).toBeVisible();
  await page.getByRole('button', { name: 'Pause training and start' }).click();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.getByText('Cancelled before the first result.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Test again' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(lab.primary('Run')).toBeVisible();
});
