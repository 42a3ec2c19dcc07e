/**
 * Measures the page as a visitor meets it: `npm run --silent bench -- page [--json]`. Builds it, serves it, opens it in Chromium, trains
 * the default experiment flat out with a hand on the chart, and then redraws a chart of ten runs of 100,000 points each.
 */
import { cpus } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { chromium } from 'playwright';
import { build, preview } from 'vite';
import { ensureChromium } from '../chromium.mjs';
import { root } from '../install.mjs';

const bars = { taskMs: 50, delayMs: 100, refreshMs: 16, firstLoadKb: 500, firstPointMs: 3000 };
const shared = { root, configFile: false, base: './', logLevel: 'error' };
const refreshes = 40;
const viewport = { width: 1280, height: 720 };
/** A run that hangs ends the benchmark instead of holding it for ever, in ms. */
const patience = 300_000;

/** Prints the report; the exit code. */
export async function runPageBench({ json }) {
  const executablePath = ensureChromium();
  if (executablePath === null) return 1;
  say('Building the page and the chart …');
  const pages = join(root, '.cache', 'bench-page');
  const charts = join(root, '.cache', 'bench-chart');
  const common = { ...shared, plugins: [react()], worker: { format: 'es' } };
  const options = { target: 'es2022', emptyOutDir: true, chunkSizeWarningLimit: 10_000 };
  await build({ ...common, build: { ...options, outDir: pages } });
  const input = join(root, '.tools', 'peers', 'chart.html');
  await build({ ...common, publicDir: false, build: { ...options, outDir: charts, rollupOptions: { input } } });
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const training = await served(pages, (address) => measureTraining(browser, address));
    const chart = await served(charts, (address) => measureChart(browser, `${address}.tools/peers/chart.html`));
    const report = {
      benchmark: 'page',
      host: `Chromium ${browser.version()}`,
      machine: `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores`,
      bars,
      training,
      chart,
    };
    process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : tableOf(report));
    return 0;
  } finally {
    await browser.close();
  }
}

async function served(outDir, measure) {
  const server = await preview({ ...shared, build: { outDir }, preview: { port: 0, host: '127.0.0.1' } });
  try {
    return await measure(`http://127.0.0.1:${server.httpServer.address().port}/`);
  } finally {
    await server.close();
  }
}

/** Cold open, then the default experiment at full speed until its lead seed has ended; ms throughout. */
async function measureTraining(browser, address) {
  say('Opening the page …');
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  const bodies = [];
  page.on('response', (response) => bodies.push(response.body().catch(() => Buffer.alloc(0))));
  const opened = performance.now();
  await page.goto(address);
  const transport = page.getByRole('region', { name: 'Transport' });
  const start = transport.getByRole('button', { name: 'Run', exact: true });
  await start.waitFor();
  const usableMs = performance.now() - opened;
  const firstLoadKb = (await Promise.all(bodies)).reduce((sum, body) => sum + gzipSync(body).length, 0) / 1024;
  await page.evaluate(() => {
    globalThis.delays = [];
    const note = ({ timeStamp }) => void globalThis.delays.push(performance.now() - timeStamp);
    for (const kind of ['pointermove', 'pointerdown', 'keydown'])
      document.addEventListener(kind, note, { capture: true });
  });
  say('Training the default experiment …');
  await browser.startTracing(page, { categories: ['toplevel', '__metadata'] });
  const started = performance.now();
  await start.click();
  const box = await page.getByRole('region', { name: 'Return', exact: true }).boundingBox();
  const progress = page.getByRole('progressbar', { name: 'Progress of the lead seed' });
  const points = page.getByRole('table', { name: 'Numbers of the curve' }).locator('tbody tr');
  let firstPointMs = null;
  for (let move = 0; ; move++) {
    if (performance.now() - started > patience) throw new Error(`The lead seed has not ended in ${patience / 1000} s.`);
    await page.mouse.move(box.x + 60 + ((move * 7) % (box.width - 120)), box.y + box.height / 2);
    if (firstPointMs === null && (await points.count()) > 0) firstPointMs = performance.now() - started;
    const at = (await progress.getAttribute('aria-valuetext')) ?? '';
    if (at === 'finished' || (await leadHasEnded(page))) break;
    await page.waitForTimeout(30);
  }
  const leadSeedMs = performance.now() - started;
  const tasks = mainThreadTasks(await browser.stopTracing());
  const delays = await page.evaluate(() => globalThis.delays);
  await context.close();
  const longest = tasks.reduce((long, task) => (task.wall > long.wall ? task : long), { wall: 0, processor: 0 });
  return {
    firstLoadKb,
    usableMs,
    firstPointMs,
    leadSeedMs,
    tasks: tasks.length,
    longestTaskMs: longest.wall,
    longestTaskProcessorMs: tasks.reduce((most, { processor }) => Math.max(most, processor), 0),
    longTasks: tasks.filter(({ wall }) => wall > bars.taskMs).length,
    longTasksProcessor: tasks.filter(({ processor }) => processor > bars.taskMs).length,
    inputs: delays.length,
    inputDelayP95Ms: quantile(delays, 0.95),
  };
}
/** The last row of the curve's numbers is the last online step of the default experiment. */
function leadHasEnded(page) {
  return page.evaluate(() => {
    const rows = document.querySelectorAll('[data-testid="curve-table"] tbody tr th');
    return /online step 5,000/.test(rows[rows.length - 1]?.textContent ?? '');
  });
}

/** Tasks of the busiest renderer's main thread, by the clock and in processor time, ms; the other renderers wait in reserve. */
function mainThreadTasks(trace) {
  const { traceEvents } = JSON.parse(trace.toString('utf8'));
  const threads = new Map();
  for (const { ph, name, args, pid, tid } of traceEvents)
    if (ph === 'M' && name === 'thread_name' && args?.name === 'CrRendererMain') threads.set(`${pid} ${tid}`, []);
  for (const { ph, name, pid, tid, dur = 0, tdur = 0 } of traceEvents)
    if (ph === 'X' && name.endsWith('RunTask'))
      threads.get(`${pid} ${tid}`)?.push({ processor: tdur / 1000, wall: dur / 1000 });
  const sum = (tasks) => tasks.reduce((total, { processor }) => total + processor, 0);
  return [...threads.values()].reduce((busiest, tasks) => (sum(tasks) > sum(busiest) ? tasks : busiest), []);
}

/** Refreshes of the chart: one more point on one of the runs each, from the event to the painted frame. */
async function measureChart(browser, address) {
  say('Redrawing a chart of ten runs with 100,000 points each …');
  const context = await browser.newContext({ viewport });
  const page = await context.newPage();
  page.on('pageerror', (error) => say(error.message));
  await page.goto(address);
  await page.waitForFunction(() => 'chartBench' in globalThis);
  const devtools = await context.newCDPSession(page);
  // Processor time of the main thread, which other work on the machine does not stretch.
  await devtools.send('Performance.enable', { timeDomain: 'threadTicks' });
  const busy = async () => {
    const { metrics } = await devtools.send('Performance.getMetrics');
    return 1000 * metrics.find(({ name }) => name === 'TaskDuration').value;
  };
  const { runs, pointsEach } = await page.evaluate(() => ({
    runs: globalThis.chartBench.runs,
    pointsEach: globalThis.chartBench.pointsEach,
  }));
  const { first, complete, isComplete } = await page.evaluate(() => globalThis.chartBench.open());
  if (!isComplete) say('The chart was still drawing when its refreshes were timed.');
  const timed = [];
  for (let n = 0; n < refreshes; n++) {
    await page.evaluate((given) => globalThis.chartBench.prepare(given), n);
    const before = await busy();
    const refresh = await page.evaluate((given) => globalThis.chartBench.refresh(given), n);
    timed.push({ ...refresh, processor: (await busy()) - before });
  }
  await context.close();
  const of = (name, part) =>
    quantile(
      timed.map((one) => one[name]),
      part,
    );
  return {
    runs,
    pointsEach,
    firstMs: first,
    completeMs: complete,
    refreshes,
    medianMs: of('whole', 0.5),
    p95Ms: of('whole', 0.95),
    processorMedianMs: of('processor', 0.5),
    processorP95Ms: of('processor', 0.95),
    scriptMedianMs: of('script', 0.5),
  };
}

function quantile(values, part) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? null;
}

function tableOf({ host, machine, training: t, chart: c }) {
  const ms = (value) => (value === null ? '–' : `${value < 100 ? value.toFixed(1) : value.toFixed(0)} ms`);
  const rows = [
    ['first load, gzip', `${t.firstLoadKb.toFixed(0)} KB`, `≤ ${bars.firstLoadKb} KB`],
    ['open → usable', ms(t.usableMs), ''],
    ['Run → first point', ms(t.firstPointMs), `with opening ≤ ${bars.firstPointMs} ms`],
    ['Run → end of the lead seed', ms(t.leadSeedMs), ''],
    ['longest main-thread task', ms(t.longestTaskMs), `≤ ${bars.taskMs} ms`],
    ['… in processor time', ms(t.longestTaskProcessorMs), ''],
    [`tasks over ${bars.taskMs} ms`, `${t.longTasks} of ${t.tasks} (processor: ${t.longTasksProcessor})`, '0'],
    [`input delay p95 of ${t.inputs}`, ms(t.inputDelayP95Ms), `< ${bars.delayMs} ms`],
    [`chart of ${c.runs} × ${c.pointsEach} points: first frame`, ms(c.firstMs), ''],
    ['… complete, intervals included', ms(c.completeMs), ''],
    [`refresh, median of ${c.refreshes}`, ms(c.medianMs), `< ${bars.refreshMs} ms`],
    ['refresh, p95', ms(c.p95Ms), ''],
    ['… in processor time, median', ms(c.processorMedianMs), ''],
    ['… in processor time, p95', ms(c.processorP95Ms), ''],
  ];
  const lines = rows.map(([name, value, bar]) => `${name.padEnd(44)}${value.padStart(22)}  ${bar}`.trimEnd());
  return `${host} on ${machine}\n${lines.join('\n')}\n`;
}

function say(line) {
  process.stderr.write(`${line}\n`);
}
