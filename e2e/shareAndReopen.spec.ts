/** Share, and what the reader of the link sees: the author's recipe, and whether the result repeats. */
import { encodeLink, shortRecipe } from './recipes';
import { expect, test } from './support';

test.use({ permissions: ['clipboard-read', 'clipboard-write'] });

test('a copied link repeats the run in another browser and says so', async ({ lab, elsewhere, page }) => {
  await lab.open(encodeLink(shortRecipe({ 'offline.params.expectile': 0.8 })));
  await lab.run();
  await lab.finished();
  await page.getByRole('button', { name: 'Share' }).first().click();
  const share = page.getByRole('dialog', { name: 'Share' });
  await share.getByRole('button', { name: 'Copy', exact: true }).click();
  await expect(share.getByRole('button', { name: 'Copied' })).toBeVisible();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  expect(link).toMatch(/^http:\/\/localhost:\d+\/#1/);
  expect(link.length).toBeLessThan(500);
  await expect(share).toContainText(`${link.length} characters`);

  await elsewhere.open(link);
  expect(elsewhere.address().spec).toEqual(lab.address().spec);
  await expect(elsewhere.page.getByText('Shared result. Run it to check.')).toBeVisible();
  await expect(elsewhere.messages).toHaveCount(0);
  await elsewhere.run();
  await elsewhere.finished();
  await expect(elsewhere.runs.first()).toContainText('Same digest');
  expect(await elsewhere.digest()).toBe(await lab.digest());
});

test('a link whose result does not repeat is told apart', async ({ lab }) => {
  await lab.open(encodeLink(shortRecipe({ seeds: '0' }), { digest: '0123456789abcdef'.repeat(4) }));
  await expect(lab.page.getByText('Shared result. Run it to check.')).toBeVisible();
  await lab.run();
  await lab.finished();
  await expect(lab.runs.first()).toContainText('Different digest');
});

test('the command line in the popover repeats the run in Node', async ({ lab, page, commandLine }) => {
  await lab.open(encodeLink(shortRecipe({ seeds: '0' })));
  await lab.run();
  await lab.finished();
  await page.keyboard.press('s');
  const line = await page
    .getByRole('dialog', { name: 'Share' })
    .getByLabel('At the command line', { exact: true })
    .inputValue();
  expect(line).toMatch(/^npm run --silent lab -- run /);
  const words = line.replace('npm run --silent lab -- ', '').replaceAll('"', '').split(' ');
  const { stdout } = await commandLine(...words, '--json');
  expect(JSON.parse(stdout).digest).toBe(await lab.digest());
});
