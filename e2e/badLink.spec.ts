/** Links that a chat program, a keyboard or a later version spoilt: each is named in words, and the page works (product.md §8). */
import { presetSpec } from '../src/spec/presets';
import type { RunSpec } from '../src/spec/runSpec';
import { encodeLink, shortRecipe } from './recipes';
import { expect, test } from './support';

const sound = shortRecipe({ seeds: '3' });
const wrongValues: RunSpec = {
  ...sound,
  offline: { ...sound.offline, params: { ...sound.offline.params, discount: 1.7, expectile: 0.2 } },
};

const spoilt = [
  {
    what: 'values out of range',
    link: encodeLink(wrongValues),
    words: 'Two values in this link were out of range: expectile 0.2 → 0.5, discount 1.7 → 1. The rest is as sent.',
    seeds: [3],
  },
  {
    what: 'a link that was cut off',
    link: encodeLink(sound).slice(0, -20),
    words:
      /^This link is cut off after \d+ characters, often by a chat program\. Loaded what was readable: preset, seeds.*\. Ask for it as a file\.$/,
    seeds: [3],
  },
  {
    what: 'a link changed on its way',
    link: encodeLink(sound).replace(/^(#1.{30})./, '$1!'),
    words: /^Part of this link is damaged\. .*Ask for it again\.$|^This link is cut off/,
  },
  {
    what: 'no link at all',
    link: '#hello world',
    words: 'This is not an experiment link. Showing the default experiment.',
  },
  {
    what: 'a later version',
    link: '#7abcdef',
    words:
      'This link was made by a newer version of the lab (7). Showing the default experiment. Reload the page to update.',
  },
];

for (const { what, link, words, seeds } of spoilt) {
  test(`${what}: said in words, and the lab runs`, async ({ lab, page }) => {
    await lab.open(link);
    await expect(lab.messages).toHaveCount(1);
    await expect(lab.messages.locator('p')).toHaveText(words);
    expect(lab.address().problems, 'the address bar holds the repaired recipe').toEqual([]);
    expect(lab.address().spec.seeds).toEqual(seeds ?? presetSpec('stitching')?.seeds);
    await lab.run();
    await expect(lab.points.first()).toContainText('offline update 0');
    await lab.messages.getByRole('button', { name: 'Close message' }).click();
    await expect(lab.messages).toHaveCount(0);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Stitching');
  });
}

test('a link pasted over the address of an open lab is opened like any other', async ({ lab, page }) => {
  await lab.open();
  const fragment = encodeLink(shortRecipe({ 'offline.params.expectile': 0.6 }));
  await page.evaluate((hash) => {
    location.hash = hash;
  }, fragment);
  await expect(lab.sentence).toContainText('600 updates');
  await expect.poll(() => lab.address().spec.offline.params.expectile).toBe(0.6);
});
