/** For everyone (product.md §10): axe in both themes and sizes, the first visit by keyboard alone, no sideways scroll. */
import type { Page } from '@playwright/test';
import { encodeLink, shortRecipe } from './recipes';
import { expect, test } from './support';

const sizes = [
  { width: 1280, height: 720 },
  { width: 360, height: 640 },
];

for (const colorScheme of ['light', 'dark'] as const) {
  test.describe(`${colorScheme} theme`, () => {
    test.use({ colorScheme });
    test('axe has nothing to object to: idle, after a run, with all that opens', async ({
      lab,
      page,
      expectAccessible,
    }) => {
      const inAllSizes = async () => {
        for (const size of sizes) {
          await page.setViewportSize(size);
          await expectAccessible();
        }
      };
      await lab.open(encodeLink(shortRecipe({ seeds: '0' })));
      await expect(lab.cards).toContainText('J(D)');
      await inAllSizes();
      await lab.run();
      await lab.finished();
      await expect(lab.cards).toContainText('against');
      for (const card of await lab.cards.locator('summary').all()) await card.click();
      await inAllSizes();
      const settings = await lab.openSettings();
      await expectAccessible();
      await settings.getByRole('button', { name: 'Close settings' }).click();
      await page.getByRole('button', { name: 'Share' }).first().click();
      await expect(page.getByRole('dialog', { name: 'Share' })).toBeVisible();
      await expectAccessible();
    });
  });
}

/** Presses Tab until what is called `name` has the focus; fails when the page has been gone through without meeting it. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  const focused = () =>
    page.evaluate(() => {
      const element = document.activeElement;
      return element?.getAttribute('aria-label') ?? element?.textContent ?? '';
    });
  for (let presses = 0; presses < 80; presses++) {
    await page.keyboard.press('Tab');
    if (name.test(await focused())) return;
  }
  throw new Error(`expected Tab to reach ${name}`);
}

test('the first visit by keyboard alone', async ({ lab, page }) => {
  await lab.open(encodeLink(shortRecipe({ seeds: '0' })));
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Skip to the curve' })).toBeFocused();
  await tabTo(page, /^Run$/);
  await page.keyboard.press('Enter');
  await lab.finished();

  await tabTo(page, /^Return per episode/);
  await page.keyboard.press('ArrowRight');
  await expect(lab.curve.getByText('offline update 0')).not.toHaveCount(0);
  await page.keyboard.press('Escape');

  await page.keyboard.press('Shift+Tab');
  await tabTo(page, /^Only imitate: BC$/);
  await page.keyboard.press('Enter');
  await expect(lab.primary('Run as new')).toBeVisible();
  await expect(lab.sentence).toContainText('BC');
  // The space bar runs it, from wherever the focus is outside of fields and buttons.
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  await page.keyboard.press('Space');
  await lab.finished();
  await expect(lab.runs).toHaveCount(2);
});

test('single keys can be switched off', async ({ lab, page }) => {
  await lab.open(encodeLink(shortRecipe({ seeds: '0' })));
  await page.keyboard.press('?');
  const keys = page.getByRole('dialog', { name: 'Keys' });
  await expect(keys).toBeVisible();
  await keys.getByRole('switch', { name: 'Single keys' }).focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('Escape');
  await expect(keys).toBeHidden();
  await page.keyboard.press('e');
  await page.waitForTimeout(300);
  await expect(page.getByRole('complementary', { name: 'All settings' })).toBeHidden();
});

for (const width of [360, 320]) {
  test(`no sideways scroll at ${width} px`, async ({ lab, page }) => {
    await page.setViewportSize({ width, height: 640 });
    await lab.open(encodeLink(shortRecipe({ seeds: '0' })));
    const overflow = () =>
      page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    await expect.poll(overflow, 'before a run').toBeLessThanOrEqual(0);
    await lab.run();
    await lab.finished();
    await expect.poll(overflow, 'with a run in the table').toBeLessThanOrEqual(0);
    await lab.openSettings();
    await expect.poll(overflow, 'with the settings open').toBeLessThanOrEqual(0);
  });
}
