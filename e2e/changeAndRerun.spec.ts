/** A researcher changes one setting and runs again: two curves, told apart by what differs. */
import { encodeLink, shortRecipe } from './recipes';
import { expect, test } from './support';

test('a changed word makes a second run beside the first, named by the difference', async ({ lab, page }) => {
  await lab.open(encodeLink(shortRecipe({ seeds: '0' })));
  await lab.run();
  await lab.finished();

  await lab.sentence.getByRole('combobox', { name: /^Algorithm/ }).selectOption({ label: 'BC' });
  await expect(lab.primary('Run as new')).toBeVisible();
  // Nothing happens to the run that is there.
  await expect(lab.runs).toHaveCount(1);
  await lab.run();
  await lab.finished();

  await expect(lab.runs).toHaveCount(2);
  await expect(lab.runs.first()).toContainText(/algorithm.*BC/i);
  await expect(lab.runs.nth(1)).not.toContainText('BC');
  expect(await lab.digest(lab.runs.first())).not.toBe(await lab.digest(lab.runs.nth(1)));
  for (const run of [lab.runs.first(), lab.runs.nth(1)]) await expect(run.getByRole('checkbox')).toBeChecked();
  // Each run's line has its own colour; hiding a run takes its line off the chart.
  const colours = () =>
    page
      .locator('.curve .mean-line')
      .evaluateAll((lines) => new Set(lines.map((line) => line.getAttribute('stroke'))).size);
  await expect.poll(colours).toBe(2);
  await lab.runs.first().getByRole('checkbox').uncheck();
  await expect.poll(colours).toBe(1);
});

test('a setting from the panel, and Undo edit takes it back', async ({ lab }) => {
  await lab.open(encodeLink(shortRecipe({ seeds: '0' })));
  await lab.run();
  await lab.finished();
  const first = await lab.digest();
  const settings = await lab.openSettings();
  await lab.set(settings.getByRole('region', { name: 'Pretrain' }), 'Expectile τ', 0.7);
  await expect(lab.primary('Run as new')).toBeVisible();
  await lab.transport.getByRole('button', { name: 'Undo edit' }).click();
  await expect(lab.primary('Run again')).toBeVisible();

  await lab.set(settings.getByRole('region', { name: 'Pretrain' }), 'Expectile τ', 0.7);
  await lab.run();
  await lab.finished();
  await expect(lab.runs.first()).toContainText(/expectile 0\.7/i);
  expect(await lab.digest()).not.toBe(first);
});
