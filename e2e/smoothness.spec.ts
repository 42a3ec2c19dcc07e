/** Training flat out never makes the page stutter: no main-thread task over 50 ms, input answered within 100 ms. */
import { encodeLink, longerRecipe } from './recipes';
import { expect, test } from './support';

/** Of the product: 50 and 100 ms. The story allows more, for machines that other work keeps busy. */
const allowed = { task: 200, input: 300 };

test('the main thread stays free while it trains', async ({ lab, page, report }) => {
  await lab.open(encodeLink(longerRecipe({ 'online.steps': 3000 })));
  await expect(lab.cards).toContainText('J(D)');
  await page.waitForTimeout(500);
  await page.evaluate(() => {
    const measured = { tasks: [] as number[], delays: [] as number[] };
    Object.assign(window, { measured });
    new PerformanceObserver((list) => {
      for (const { duration } of list.getEntries()) measured.tasks.push(duration);
    }).observe({ type: 'longtask' });
    document.addEventListener(
      'pointermove',
      ({ timeStamp }) => {
        measured.delays.push(performance.now() - timeStamp);
      },
      { capture: true },
    );
  });
  await lab.run();
  const box = await lab.curve.boundingBox();
  if (!box) throw new Error('expected the curve on screen');
  // A hand that follows the curve: the crosshair redraws on every move.
  for (let move = 0; (await lab.place()) !== 'finished'; move++) {
    await page.mouse.move(box.x + 60 + ((move * 7) % (box.width - 120)), box.y + box.height / 2);
    await page.waitForTimeout(30);
  }
  const { tasks, delays } = await page.evaluate(
    () => (window as unknown as { measured: { tasks: number[]; delays: number[] } }).measured,
  );
  const sorted = delays.toSorted((a, b) => a - b);
  const p95 = sorted[Math.floor(0.95 * sorted.length)];
  const longest = Math.max(0, ...tasks);
  report('tasks over 50 ms', `${tasks.length}, the longest ${longest.toFixed(0)} ms; bar none`);
  report('input delay, p95', `${p95.toFixed(0)} ms of ${delays.length} moves; bar 100`);
  expect(delays.length).toBeGreaterThan(20);
  expect(longest).toBeLessThan(allowed.task);
  expect(p95).toBeLessThan(allowed.input);
});
