/**
 * Training on WebGPU, in a browser that plays the graphics processor in software: a run from end to end, seeds side by side, and a
 * device that is lost on the way. Skipped, aloud, where this browser offers no device at all.
 */
import type { Page } from '@playwright/test';
import { encodeLink, recipe } from './recipes';
import { expect, test } from './support';

// A processor that plays a graphics processor compiles for seconds and makes some dozen updates a second.
test.setTimeout(300_000);
const patient = 200_000;

const tiny = {
  executor: 'webgpu',
  'network.hiddenSize': 32,
  'network.batch': 32,
  'dataset.params.transitions': 2000,
  'offline.updates': 60,
  'online.steps': 40,
  'switch.warmup': 0,
  'evaluation.offlineEvery': 50,
  'evaluation.onlineEvery': 50,
  'evaluation.episodes': 2,
  'evaluation.regimeEpisodes': 10,
  seeds: '0',
} as const;

test.beforeEach(async ({ lab, page }) => {
  await lab.open();
  const found = await page.evaluate(async () => (await navigator.gpu?.requestAdapter()) != null);
  if (!found) console.warn('    Skipped: this browser offers no WebGPU device, not even one in software.');
  test.skip(!found, 'no WebGPU device here');
});

function machine(page: Page) {
  return page.locator('details.card', { hasText: 'Machine' });
}

test('a run on WebGPU from end to end, and the page says what trains, how stale, and what it promises', async ({
  lab,
  page,
  report,
  expectAccessible,
}) => {
  await lab.open(encodeLink(recipe('stitching', tiny)));
  await lab.run();
  await lab.finished(patient);
  await expect(lab.messages).toHaveCount(0);
  await expect(lab.points.last()).toContainText('online step 40');
  await expect(machine(page)).toContainText('WebGPU');
  await machine(page).locator('summary').click();
  await expect(machine(page)).toContainText('Chosen in the settings.');
  await expect(machine(page)).toContainText('Not the same bits everywhere');
  await expect(machine(page)).toContainText(/acts with weights up to \d+ steps old/);
  report('trained', await machine(page).locator('summary').innerText());
  await expectAccessible();
});

test('seeds train side by side on one device, a curve each', async ({ lab, page }) => {
  await lab.open(encodeLink(recipe('stitching', { ...tiny, seeds: '0..3' })));
  await lab.run();
  await expect.poll(() => lab.points.count(), { timeout: patient }).toBeGreaterThan(0);
  expect(page.workers().filter((worker) => worker.url().includes('train'))).toHaveLength(1);
  await lab.finished(patient);
  await expect(lab.points.last()).toContainText('online step 40');
  await expect(lab.points.last().locator('td').nth(2)).toHaveText('4');
});

test('the values of a sweep train side by side too', async ({ lab, page }) => {
  await lab.open(encodeLink(recipe('stitching', { ...tiny })));
  const settings = await lab.openSettings();
  await settings
    .getByRole('region', { name: 'Pretrain' })
    .getByRole('button', { name: 'Sweep Expectile τ', exact: true })
    .click();
  const form = page.getByRole('dialog', { name: 'Sweep Expectile τ', exact: true });
  await form.getByRole('textbox', { name: 'How many' }).fill('3');
  await form.getByRole('button', { name: 'Start the sweep' }).click();
  await settings.getByRole('button', { name: 'Close settings' }).click();
  await expect.poll(() => lab.points.count(), { timeout: patient }).toBeGreaterThan(0);
  expect(page.workers().filter((worker) => worker.url().includes('train'))).toHaveLength(1);
  await lab.finished(patient);
  const panel = page.getByRole('region', { name: 'Final return against expectile τ' });
  await expect(panel).toContainText('3 of 3 done');
  await expect(panel.getByRole('row', { name: /done/ })).toHaveCount(3);
});

test('a lost device costs the run its last steps: WebAssembly goes on within 5 s, with a note', async ({
  lab,
  page,
  context,
  report,
}) => {
  // Keeps the device that the training worker opens within the story's reach.
  await context.route(/train\.worker-[^/]*\.js$/, async (route) => {
    const response = await route.fetch();
    const keep = `{
      const request = self.GPUAdapter?.prototype.requestDevice;
      if (request) GPUAdapter.prototype.requestDevice = async function (...given) {
        self.keptDevice = await request.apply(this, given);
        return self.keptDevice;
      };
    }\n`;
    await route.fulfill({ response, body: keep + (await response.text()) });
  });
  await lab.open(encodeLink(recipe('stitching', { ...tiny, 'offline.updates': 3000 })));
  await lab.run();
  await expect.poll(() => lab.points.count(), { timeout: patient }).toBeGreaterThanOrEqual(2);
  const reached = await lab.points.count();
  const trainer = page.workers().find((worker) => worker.url().includes('train'));
  await trainer?.evaluate(() => (self as unknown as { keptDevice: GPUDevice }).keptDevice.destroy());
  const lost = performance.now();
  await expect(lab.messages).toContainText(
    /WebGPU stopped at update [\d,]+: .* WebAssembly goes on from .*; this run will not repeat bit for bit\./,
    { timeout: 30_000 },
  );
  await expect.poll(() => lab.points.count(), { timeout: 30_000 }).toBeGreaterThan(reached);
  const seconds = (performance.now() - lost) / 1000;
  report('next point after the loss', `${seconds.toFixed(1)} s, bar 5`);
  expect(seconds, 'a quiet machine takes less than 5 s; a shared one three times as much').toBeLessThan(15);
  await lab.finished(patient);
  await expect(lab.points.last()).toContainText('online step 40');
  // No place was measured twice.
  const places = await lab.points.locator('th').allTextContents();
  expect(new Set(places).size).toBe(places.length);
  await machine(page).locator('summary').click();
  await expect(machine(page)).toContainText(/The device was lost; WebAssembly went on from offline update [\d,]+\./);
  await expect(machine(page)).toContainText('Not the same bits everywhere');
});
