/** A training process that dies takes its seed with it and nothing else (product.md §8, message 5). */
import type { Worker } from '@playwright/test';
import type { LabPage } from './labPage';
import { encodeLink, longerRecipe } from './recipes';
import { expect, test } from './support';

const spec = longerRecipe({ seeds: '0..1', 'offline.updates': 1500, 'evaluation.offlineEvery': 250 });

/** Ends the training worker now at work, without a word: what a browser out of memory does. */
async function kill(lab: LabPage): Promise<void> {
  await trainer(lab).evaluate(() => self.close());
}
function trainer(lab: LabPage): Worker {
  const worker = lab.page.workers().find((candidate) => candidate.url().includes('train'));
  if (!worker) throw new Error('expected a training worker');
  return worker;
}

test('its curve is kept, the other seed goes on, and it can be run again', async ({ lab, commandLine, report }) => {
  await lab.open(encodeLink(spec));
  await lab.run();
  await lab.passes('offline update', 300);
  const points = await lab.points.count();
  expect(points).toBeGreaterThanOrEqual(2);
  await kill(lab);
  const killed = performance.now();
  // Nothing tells of such a death but silence.
  await expect(lab.messages).toContainText(
    /The training process of seed 0 ended unexpectedly\. Its curve up to update [\d,]+ is kept\./,
    { timeout: 60_000 },
  );
  report('noticed after', `${((performance.now() - killed) / 1000).toFixed(0)} s`);
  await expect(lab.runs.first()).toContainText('1 failed');

  // Seed 1 goes on to its end.
  await lab.finished();
  expect(await lab.points.count()).toBeGreaterThanOrEqual(points);
  await expect(lab.points.last()).toContainText('online step 600');
  await expect(lab.curve).toContainText('1 of 2, one ended early');

  await lab.messages.getByRole('button', { name: 'Run seed 0 again' }).click();
  await expect(lab.messages).toHaveCount(0);
  await lab.finished();
  await expect(lab.runs.first()).not.toContainText('failed');
  const { stdout } = await commandLine('run', encodeLink(spec), '--json');
  expect(await lab.digest()).toBe(JSON.parse(stdout).digest);
});

test.describe('a training process that throws', () => {
  test.use({ expectedErrors: [/broken on purpose/] });
  test('is noticed at once', async ({ lab }) => {
    await lab.open(encodeLink(spec));
    await lab.run();
    await lab.passes('offline update', 300);
    await trainer(lab).evaluate(() => {
      setTimeout(() => {
        throw new Error('broken on purpose');
      });
    });
    await expect(lab.messages).toContainText('The training process of seed 0 ended unexpectedly.', { timeout: 5000 });
    await expect(lab.messages.getByRole('button', { name: 'Run seed 0 again' })).toBeVisible();
    await expect(lab.primary('Pause')).toBeVisible();
  });
});
