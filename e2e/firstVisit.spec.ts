/** A first visit (product.md §1, story A): one action from an empty chart to a finished experiment. */
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { presetById } from '../src/spec/presets';
import { expect, test } from './support';

/** Bars of the product on a quiet two-core machine, in seconds. A story allows three times as much: its machine is shared. */
const bars = { usable: 2, firstPoint: 3, offRandom: 15, lead: 60, allSeeds: 180 };
const slack = 3;

test('opens ready: sentence, reference lines, maze with its data, one primary button, nothing runs', async ({
  lab,
  page,
  report,
}) => {
  const loaded: Promise<number>[] = [];
  page.on('response', (response) => {
    if (response.ok()) loaded.push(response.body().then((body) => gzipSync(body).length));
  });
  await lab.open();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Stitching');
  await expect(lab.sentence).toContainText(/Learn.*from.*with.*for.*then act for.*keeping/);

  await expect(lab.curve).toContainText('Run to see the curve');
  for (const reference of ['planner', 'data', 'random']) await expect(lab.curve).toContainText(reference);
  await expect(lab.cards).toContainText(/20,000 short hops · \d+ episodes · J\(D\) [\d.]+/);
  await expect(lab.cards).toContainText('Is the pretrained policy better than its data?');
  await expect(lab.world).toContainText('sample episodes of the data');
  const colours = await lab.world.getByRole('img').evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const { data } = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height) ?? { data: [] };
    return new Set(new Uint32Array(Uint8Array.from(data).buffer)).size;
  });
  expect(colours, 'colours in the maze: floor, wall, goal and lines at least').toBeGreaterThan(4);

  await expect(page.locator('[data-variant=filled]:visible')).toHaveCount(1);
  await page.waitForTimeout(500);
  expect(await lab.place()).toBe('not started');
  expect(page.workers().map((worker) => worker.url())).not.toContainEqual(expect.stringContaining('train'));

  const bytes = (await Promise.all(loaded)).reduce((sum, size) => sum + size, 0);
  report('first load, compressed', `${Math.round(bytes / 1000)} KB, bar 500`);
  expect(bytes).toBeLessThanOrEqual(500_000);
});

test('one click leads to the curve, the regime, what to try next and the whole band, as Node computes it', async ({
  lab,
  page,
  commandLine,
  report,
}) => {
  test.setTimeout(slack * bars.allSeeds * 1000 + 60_000);
  const opened = performance.now();
  const elapsed = (name: keyof typeof bars, from = opened) => {
    const seconds = (performance.now() - from) / 1000;
    report(name, `${seconds.toFixed(1)} s, bar ${bars[name]}`);
    expect(seconds, name).toBeLessThanOrEqual(slack * bars[name]);
  };
  await lab.open();
  elapsed('usable');
  await lab.run();
  const started = performance.now();
  await expect(lab.points.first()).toContainText('offline update 0', { timeout: 10_000 });
  elapsed('firstPoint');

  const returns = async () => {
    const cells = await lab.points.locator('td:nth-child(2)').allTextContents();
    return cells.map(Number);
  };
  // The random policy earns 4.5.
  await expect.poll(async () => Math.max(...(await returns())), { timeout: 60_000 }).toBeGreaterThan(10);
  elapsed('offRandom', started);

  await expect(lab.cards).toContainText(/(Superior|Comparable|Undecided|Inferior).*against 5\.\d+/, {
    timeout: 180_000,
  });
  await expect(lab.curve.getByText('switch', { exact: true })).toBeVisible();
  await expect(lab.world).toContainText(/greedy, (offline update|online step) [\d,]+/);

  const endLine = page.getByText(
    /^Pretraining took it from [\d.]+ to [\d.]+, acting from [\d.]+ to [\d.]+\. Try one change:$/,
  );
  await expect(endLine).toBeVisible({ timeout: 180_000 });
  elapsed('lead', started);
  const changes = presetById('stitching')?.next.map(({ label }) => label) ?? [];
  expect(changes).toHaveLength(3);
  for (const change of changes) await expect(page.getByRole('button', { name: change })).toBeVisible();

  const inNode = commandLine('run', 'stitching', '--seeds', '0', '--json');
  await lab.finished(slack * bars.allSeeds * 1000);
  elapsed('allSeeds', started);
  await expect(lab.curve).toContainText('Interquartile mean, 95 % bootstrap band, 5 seeds');
  await expect(lab.points.last()).toContainText('online step 5,000');
  await expect(lab.runs).toHaveCount(1);
  await expect(lab.cards).toContainText('Superior.');

  await lab.curve.getByRole('button', { name: 'Save the curves' }).click();
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('menuitem', { name: 'JSON' }).click(),
  ]);
  const saved = JSON.parse(await readFile(await download.path(), 'utf8'));
  expect(saved.digest).toBe(await lab.digest());
  expect(saved.seeds).toHaveLength(5);
  const { stdout } = await inNode;
  expect(saved.seeds[0], 'the lead seed, bit for bit').toEqual(JSON.parse(stdout).seeds[0]);
});
