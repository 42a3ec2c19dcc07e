/** One knob at several values (product.md §1, story D): a run each, final return against the value, the best one back into the recipe. */
import type { Locator } from '@playwright/test';
import { getField } from '../src/spec/fields';
import type { LabPage } from './labPage';
import { encodeLink, longerRecipe, recipe } from './recipes';
import { expect, test } from './support';

const tiny = recipe('stitching', {
  'offline.updates': 200,
  'online.steps': 100,
  'switch.warmup': 0,
  'evaluation.offlineEvery': 100,
  'evaluation.onlineEvery': 50,
  'evaluation.episodes': 2,
  'evaluation.regimeEpisodes': 10,
  seeds: '0..2',
});

/** Opens the form of a knob of the pretraining, by keyboard. */
async function openForm(lab: LabPage, knob: string): Promise<Locator> {
  const settings = await lab.openSettings();
  await settings
    .getByRole('region', { name: 'Pretrain' })
    .getByRole('button', { name: `Sweep ${knob}`, exact: true })
    .focus();
  await lab.page.keyboard.press('Enter');
  const form = lab.page.getByRole('dialog', { name: `Sweep ${knob}`, exact: true });
  await expect(form).toBeVisible();
  return form;
}
async function order(form: Locator, fields: Readonly<Record<string, number>>): Promise<void> {
  for (const [name, value] of Object.entries(fields))
    await form.getByRole('textbox', { name, exact: true }).fill(String(value));
}
async function closeSettings(lab: LabPage): Promise<void> {
  await lab.page.getByRole('button', { name: 'Close settings' }).click();
}
const panelOf = (lab: LabPage) => lab.page.getByRole('region', { name: /^Final return against/ });
const rowsOf = (lab: LabPage) => panelOf(lab).locator('tbody tr');

test('a sweep by keyboard: a curve a value, the plot, and “Use this value”', async ({
  lab,
  page,
  expectAccessible,
}) => {
  await lab.open(encodeLink(tiny));
  const form = await openForm(lab, 'Expectile τ');
  await order(form, { From: 0.5, To: 0.9, 'How many': 3, 'Seeds a value': 2 });
  await expect(form).toContainText('3 runs of 2 seeds each: 6 seeds to train.');
  await expect(form).toContainText('Values: 0.5 · 0.7 · 0.9');
  await expectAccessible();
  await page.keyboard.press('Enter');
  await expect(form).toBeHidden();
  await closeSettings(lab);
  await expect(lab.primary('Pause')).toBeVisible();
  await lab.finished();

  await expect(panelOf(lab)).toContainText('Final return against expectile τ');
  await expect(panelOf(lab)).toContainText('3 of 3 done');
  await expect(rowsOf(lab)).toHaveCount(3);
  for (const [i, value] of ['0.5', '0.7', '0.9'].entries()) {
    await expect(rowsOf(lab).nth(i)).toContainText(value);
    await expect(rowsOf(lab).nth(i)).toContainText('done');
  }
  // The recipe is what was swept from: the sweep is no edit of it.
  expect(lab.address().spec).toEqual(tiny);

  // One row in the table, that opens into three runs with their own digests.
  await expect(lab.runs).toHaveCount(1);
  await expect(lab.runs.first()).toContainText('Sweep of expectile τ, 0.5 to 0.9');
  await page.getByRole('button', { name: 'Show the runs of the sweep' }).click();
  await expect(lab.runs).toHaveCount(4);
  const digests = [];
  for (const row of [1, 2, 3]) digests.push(await lab.digest(lab.runs.nth(row)));
  expect(new Set(digests).size).toBe(3);

  // By keyboard along the plot, then into the recipe.
  const plot = panelOf(lab).getByRole('figure');
  await plot.focus();
  await page.keyboard.press('ArrowRight');
  await expect(rowsOf(lab).first().getByRole('button')).toHaveAttribute('aria-pressed', 'true');
  await page.keyboard.press('End');
  await expect(rowsOf(lab).last().getByRole('button')).toHaveAttribute('aria-pressed', 'true');
  await expect(lab.curve).toContainText('τ 0.9');
  await expectAccessible();
  await panelOf(lab).getByRole('button', { name: 'Use this value' }).click();
  await expect.poll(() => getField(lab.address().spec, 'offline.params.expectile')).toBe(0.9);
  await expect(lab.primary('Run as new')).toBeVisible();
});

test('each of its runs is the run its recipe alone would be', async ({ lab, page, commandLine, expectAccessible }) => {
  await lab.open(encodeLink(tiny));
  const form = await openForm(lab, 'Learning rate');
  await expect(form.getByRole('radio', { name: 'Even ratios' })).toBeChecked();
  await page.emulateMedia({ colorScheme: 'dark' });
  await expectAccessible();
  await order(form, { From: 0.0005, To: 0.002, 'How many': 2, 'Seeds a value': 1 });
  await form.getByRole('button', { name: 'Start the sweep' }).click();
  await closeSettings(lab);
  const alone = recipe('stitching', {
    'offline.updates': 200,
    'online.steps': 100,
    'switch.warmup': 0,
    'evaluation.offlineEvery': 100,
    'evaluation.onlineEvery': 50,
    'evaluation.episodes': 2,
    'evaluation.regimeEpisodes': 10,
    'offline.params.learningRate': 0.002,
    seeds: '0',
  });
  const inNode = commandLine('run', encodeLink(alone), '--json');
  await lab.finished();
  await page.getByRole('button', { name: 'Show the runs of the sweep' }).click();
  const { stdout, stderr, status } = await inNode;
  expect(status, stderr).toBe(0);
  expect(await lab.digest(lab.runs.last())).toBe(JSON.parse(stdout).digest);
});

test('on a phone: the form in the sheet, the plot under the curve, no sideways scroll', async ({
  lab,
  page,
  expectAccessible,
}) => {
  await page.setViewportSize({ width: 360, height: 640 });
  await lab.open(encodeLink(tiny));
  await page.getByRole('button', { name: 'Edit the recipe' }).click();
  const settings = page.getByRole('complementary', { name: 'All settings' });
  await settings
    .getByRole('region', { name: 'Pretrain' })
    .getByRole('button', { name: 'Sweep Expectile τ', exact: true })
    .click();
  const form = page.getByRole('dialog', { name: 'Sweep Expectile τ', exact: true });
  await expectAccessible();
  await order(form, { 'Seeds a value': 1 });
  await form.getByRole('button', { name: 'Start the sweep' }).click();
  await closeSettings(lab);
  await lab.finished();
  await rowsOf(lab).nth(2).getByRole('button').click();
  for (const [colorScheme, width] of [
    ['light', 360],
    ['dark', 320],
  ] as const) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 640 });
    await expectAccessible();
    const overflow = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    expect(overflow, `sideways scroll at ${width} px`).toBeLessThanOrEqual(0);
  }
});

test('pauses, goes on and stops as one; what was measured stays', async ({ lab, page }) => {
  await lab.open(encodeLink(longerRecipe({ seeds: '0..1' })));
  const form = await openForm(lab, 'Expectile τ');
  await order(form, { From: 0.6, To: 0.9, 'How many': 2, 'Seeds a value': 1 });
  await form.getByRole('button', { name: 'Start the sweep' }).click();
  await closeSettings(lab);
  await expect(lab.progress).toHaveAttribute('aria-valuetext', /0 of 2 values done, offline update [1-9]/, {
    timeout: 60_000,
  });
  await lab.primary('Pause').click();
  await expect(lab.primary('Run')).toBeVisible();
  await expect(rowsOf(lab).first()).toContainText('paused');
  await lab.run();
  await expect(rowsOf(lab).first()).toContainText('running');
  await page.getByRole('button', { name: 'More about this run' }).click();
  await page.getByRole('menuitem', { name: /^Stop/ }).click();
  await expect(panelOf(lab)).toContainText('stopped, 0 of');
  await expect(lab.primary('Run')).toBeVisible();
});

test.describe('a value whose training fails', () => {
  test.use({ expectedErrors: [/broken on purpose/] });
  test('is said in words, the others go on', async ({ lab, page }) => {
    await lab.open(encodeLink(longerRecipe({ 'offline.updates': 2000, 'online.steps': 0 })));
    const form = await openForm(lab, 'Expectile τ');
    await order(form, { From: 0.6, To: 0.9, 'How many': 2, 'Seeds a value': 1 });
    await form.getByRole('button', { name: 'Start the sweep' }).click();
    await closeSettings(lab);
    await expect(rowsOf(lab).first()).toContainText('running', { timeout: 30_000 });
    await expect(lab.progress).toHaveAttribute('aria-valuetext', /offline update [1-9]/, { timeout: 30_000 });
    await page
      .workers()
      .find((worker) => worker.url().includes('train'))
      ?.evaluate(() => {
        setTimeout(() => {
          throw new Error('broken on purpose');
        });
      });
    await expect(rowsOf(lab).first()).toContainText('failed');
    await expect(lab.messages).toContainText('The training process of seed 0 ended unexpectedly.');
    await lab.finished();
    await expect(rowsOf(lab).last()).toContainText('done');
    await expect(panelOf(lab)).toContainText('2 of 2 done');
    await panelOf(lab).getByRole('button', { name: 'Pick 0.6' }).click();
    await expect(panelOf(lab)).toContainText('The training process of seed 0 ended unexpectedly.');
    await lab.messages.getByRole('button', { name: 'Run seed 0 again' }).click();
    await expect(rowsOf(lab).first()).not.toContainText('failed');
    await lab.finished();
    await expect(rowsOf(lab).first()).toContainText('done');
  });
});

test('a wrong range is said, and nothing starts', async ({ lab }) => {
  await lab.open(encodeLink(tiny));
  const form = await openForm(lab, 'Expectile τ');
  await order(form, { From: 0.9, To: 0.6 });
  await expect(form).toContainText('“From” must be below “To”.');
  await order(form, { From: 0.1 });
  await expect(form).toContainText('This setting takes 0.5 to 0.999.');
  await expect(form.getByRole('button', { name: 'Start the sweep' })).toBeDisabled();
  await lab.page.keyboard.press('Escape');
  await expect(form).toBeHidden();
  await expect(lab.page.getByRole('complementary', { name: 'All settings' })).toBeVisible();
});
