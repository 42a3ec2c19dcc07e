/** Back after a crash or a closed tab (product.md §1, story F): the recipe and every run are still there. */
import { encodeLink, longerRecipe, shortRecipe } from './recipes';
import { expect, test } from './support';

test('a reload restores the recipe, its seeds and the finished run with its curve', async ({ lab, page }) => {
  await lab.open(encodeLink(shortRecipe()));
  await lab.sentence.getByRole('combobox', { name: /^Algorithm/ }).selectOption({ label: 'BC' });
  await lab.transport.getByRole('button', { name: 'New seeds' }).click();
  await lab.run();
  await lab.finished();
  const digest = await lab.digest();
  const points = await lab.points.allTextContents();
  const { spec } = lab.address();
  expect(spec.seeds).toEqual([2, 3]);

  await page.reload();
  await expect(lab.sentence).toContainText('BC');
  expect(lab.address().spec).toEqual(spec);
  await expect(lab.runs).toHaveCount(1);
  expect(await lab.digest()).toBe(digest);
  // Grey until it is shown again.
  await lab.runs.first().getByRole('checkbox').check();
  await expect(lab.points).toHaveText(points);
});

test('a run that is still going when the tab closes leaves its recipe; a stopped one leaves its curve', async ({
  lab,
  page,
}) => {
  await lab.open(encodeLink(longerRecipe()));
  await lab.run();
  await lab.passes('offline update', 500);
  await lab.transport.getByRole('button', { name: 'Reset' }).click();
  await expect(lab.runs.first()).toContainText('stopped at offline update');
  await page.reload();
  await expect(lab.runs.first()).toContainText('stopped at offline update');
  await expect(lab.sentence).toContainText('6,000 updates');
  await lab.runs
    .first()
    .getByRole('button', { name: /^Actions for/ })
    .click();
  await page.getByRole('menuitem', { name: 'Delete' }).click();
  await expect(lab.runs).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo', exact: true }).click();
  await expect(lab.runs).toHaveCount(1);
});
