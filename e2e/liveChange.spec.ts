/** A knob moved while it trains: every seed takes it at one exact step, the address keeps it, and the link repeats it. */
import { encodeLink, longerRecipe } from './recipes';
import { expect, test } from './support';

test('a change made mid-run is written into chart and address, and the address repeats the run', async ({
  lab,
  elsewhere,
  commandLine,
}) => {
  await lab.open(encodeLink(longerRecipe({ seeds: '0..1', 'offline.updates': 1200, 'offline.params.expectile': 0.9 })));
  const settings = await lab.openSettings();
  const speed = lab.transport.getByRole('combobox', { name: 'Speed' });
  await speed.selectOption('200');
  await lab.run();
  await lab.passes('offline update', 150);
  await lab.set(settings.getByRole('region', { name: 'Pretrain' }), 'Expectile τ', 0.7);
  await expect(lab.curve.getByText('τ 0.9 → 0.7')).toBeVisible();

  await expect.poll(() => lab.address().spec.changes).toHaveLength(1);
  const [change] = lab.address().spec.changes;
  expect(change).toMatchObject({ phase: 'offline', field: 'offline.params.expectile', value: 0.7 });
  expect(change.step).toBeGreaterThan(150);
  expect(change.step % 100, 'a round step that no seed had passed').toBe(0);
  // The run goes on: it is still the same one.
  await expect(lab.primary('Pause')).toBeVisible();
  await expect(lab.runs).toHaveCount(1);

  await speed.selectOption('0');
  await lab.finished();
  const digest = await lab.digest();
  const { changes: _, ...unchanged } = lab.address().spec;
  const without = commandLine('run', encodeLink({ ...unchanged, changes: [] }), '--json');
  await elsewhere.open(lab.page.url());
  await elsewhere.run();
  await elsewhere.finished();
  expect(await elsewhere.digest()).toBe(digest);
  expect(JSON.parse((await without).stdout).digest, 'the change mattered').not.toBe(digest);
});

test('Finish now ends and measures, and the link ends there too', async ({ lab, page, commandLine }) => {
  await lab.open(encodeLink(longerRecipe()));
  await lab.run();
  await lab.passes('offline update', 500);
  await lab.transport.getByRole('button', { name: 'More about this run' }).click();
  await page.getByRole('menuitem', { name: /Finish now/ }).click();
  await lab.finished();
  const { spec } = lab.address();
  expect(spec.changes).toMatchObject([{ phase: 'offline', field: 'finish' }]);
  const { stdout } = await commandLine('run', page.url(), '--json');
  expect(JSON.parse(stdout).digest).toBe(await lab.digest());
});
