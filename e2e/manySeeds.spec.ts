/** Sixteen seeds in one action: sixteen curves, one band. */
import { encodeLink, recipe } from './recipes';
import { expect, test } from './support';

const tiny = recipe('stitching', {
  'offline.updates': 100,
  'online.steps': 100,
  'switch.warmup': 0,
  'evaluation.offlineEvery': 50,
  'evaluation.onlineEvery': 50,
  'evaluation.episodes': 2,
  'evaluation.regimeEpisodes': 10,
  seeds: '0..1',
});

test('“Run 16 seeds” sets the seeds and runs them all to one band', async ({ lab, commandLine }) => {
  await lab.open(encodeLink(tiny));
  await lab.transport.getByRole('button', { name: 'Run 16 seeds' }).click();
  await expect(lab.primary('Pause')).toBeVisible();
  await expect(lab.transport.getByRole('textbox', { name: 'Number of seeds' })).toHaveValue('16');
  const link = encodeLink({ ...tiny, seeds: Array.from({ length: 16 }, (_, i) => i) });
  const inNode = commandLine('run', link, '--json');
  await lab.finished();
  expect(lab.address().spec.seeds).toHaveLength(16);
  await expect(lab.curve).toContainText('95 % bootstrap band, 16 seeds');
  // Place, mean, interval, seeds, lowest, highest.
  const last = lab.points.last();
  await expect(last).toContainText('online step 100');
  await expect(last.locator('td').nth(2)).toHaveText('16');
  await expect(last.locator('td').nth(1)).toHaveText(/ to /);
  const { stdout, stderr, status } = await inNode;
  expect(status, stderr).toBe(0);
  expect(await lab.digest()).toBe(JSON.parse(stdout).digest);
});
