/** Pause, step, resume, reset (product.md §4): looking at a run closely never changes a bit of it. */
import { encodeLink, longerRecipe } from './recipes';
import { expect, test } from './support';

const spec = longerRecipe({ 'offline.updates': 4000 });

test('pause holds at once, a step is one update, and the end is the same as undisturbed', async ({
  lab,
  page,
  commandLine,
  report,
}) => {
  await lab.open(encodeLink(spec));
  await lab.run();
  await lab.passes('offline update', 500);

  // From the click itself to the counter's last movement, in the page's own time.
  await page.evaluate(() => {
    const moments = { clicked: 0, moved: 0 };
    Object.assign(window, { moments });
    document.addEventListener(
      'click',
      () => {
        moments.clicked = performance.now();
      },
      { capture: true },
    );
    const counter = document.querySelector('[role=progressbar]');
    if (!counter) throw new Error('expected a progress bar');
    new MutationObserver(() => {
      moments.moved = performance.now();
    }).observe(counter, {
      attributeFilter: ['aria-valuetext'],
    });
  });
  await lab.primary('Pause').click();
  await expect(lab.primary('Run')).toBeVisible();
  await page.waitForTimeout(1000);
  const held = await lab.place();
  const { clicked, moved } = await page.evaluate(
    () => (window as unknown as { moments: { clicked: number; moved: number } }).moments,
  );
  report('pause', `${Math.max(0, moved - clicked).toFixed(0)} ms, bar 100`);
  expect(moved - clicked).toBeLessThan(1000);

  const at = Number(/^offline update ([\d,]+)$/.exec(held)?.[1].replaceAll(',', ''));
  expect(at).toBeGreaterThanOrEqual(500);
  await page.waitForTimeout(700);
  expect(await lab.place(), 'the counter stands still').toBe(held);

  for (const further of [1, 2]) {
    await lab.transport.getByRole('button', { name: 'Step' }).click();
    await lab.passes('offline update', at + further);
    await page.waitForTimeout(200);
    expect(await lab.passes('offline update', at + further)).toBe(at + further);
  }
  // Each loss shows as a number.
  await expect(page.getByText(/critic loss/)).toContainText(/\d/);
  await page.keyboard.press('Shift+Period');
  const evaluation = 1000 * Math.ceil((at + 3) / 1000);
  await lab.passes('offline update', evaluation);
  await page.waitForTimeout(300);
  expect(await lab.passes('offline update', evaluation)).toBe(evaluation);

  await lab.run();
  await lab.finished();
  const { stdout } = await commandLine('run', encodeLink(spec), '--json');
  expect(await lab.digest()).toBe(JSON.parse(stdout).digest);
});

test('reset goes back to the same initial weights and keeps the old run', async ({ lab }) => {
  await lab.open(encodeLink(spec));
  await lab.run();
  await expect(lab.points.first()).toContainText('offline update 0');
  const first = await lab.points.first().textContent();
  await lab.passes('offline update', 500);
  await lab.transport.getByRole('button', { name: 'Reset' }).click();
  await expect(lab.runs.first()).toContainText(/stopped at offline update [\d,]+/);
  await expect(lab.primary('Run')).toBeVisible();
  await lab.run();
  await expect(lab.runs).toHaveCount(2);
  await expect(lab.points.first()).toHaveText(first ?? '');
});

test('below full speed the counter keeps to it', async ({ lab, page, report }) => {
  await lab.open(encodeLink(spec));
  await lab.transport.getByRole('combobox', { name: 'Speed' }).selectOption('20');
  await lab.run();
  const from = await lab.passes('offline update', 3);
  await page.waitForTimeout(2000);
  const done = (await lab.passes('offline update', from)) - from;
  report('at 20 updates a second', `${done} in 2 s`);
  expect(done).toBeGreaterThanOrEqual(15);
  expect(done).toBeLessThanOrEqual(60);
});
