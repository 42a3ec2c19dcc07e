/**
 * `npm test`: installs what is missing and checks everything, in order: types, lint, unit tests, build, browser stories.
 *
 * `npm test -- unit` (or `types`, `lint`, `build`, `e2e`) runs one part; words after it go to that part's runner:
 * `npm test -- unit src/schema`. Every part runs even when an earlier one failed. The last line counts tests and parts.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { ensureChromium } from './chromium.mjs';
import { ensureInstalled, fail, root } from './install.mjs';
import { buildWasm } from './wasm.mjs';

const parts = ['types', 'lint', 'unit', 'build', 'e2e'];
const [wanted, ...rest] = process.argv.slice(2);
if (wanted !== undefined && !parts.includes(wanted)) fail(`Usage: npm test [-- ${parts.join('|')} [arguments]]`);

ensureInstalled();
const cache = join(root, '.cache');
mkdirSync(cache, { recursive: true });
const require = createRequire(import.meta.url);
const started = Date.now();
/** One row a part: how many of its tests passed and failed, and how it went in words. */
const rows = [];

await part('engine', () => {
  buildWasm();
  return { passed: 0, failed: 0 };
});
// Browser stories run on the built page, so asking for them alone builds it first.
for (const name of wanted === 'e2e' ? ['build', 'e2e'] : wanted ? [wanted] : parts) {
  await part(name, { types, lint, unit, build, e2e }[name]);
}
summarise();

function types() {
  // The core first and without the DOM, then everything; both always, so that one report shows all.
  const statuses = ['tsconfig.core.json', 'tsconfig.page.json'].map((file) => tool('typescript', 'tsc', ['-p', file]));
  return oneCheck(Math.max(...statuses));
}

function lint() {
  return oneCheck(
    tool('@biomejs/biome', 'biome', ['check', '--error-on-warnings', ...(rest.length > 0 ? rest : ['.'])]),
  );
}

function unit() {
  const report = join(cache, 'unit.json');
  rmSync(report, { force: true });
  const status = tool('vitest', 'vitest', [
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...rest,
  ]);
  const { numPassedTests = 0, numFailedTests = 0, numPendingTests = 0, numTodoTests = 0 } = readReport(report);
  return counted(status, numPassedTests, numFailedTests, numPendingTests + numTodoTests);
}

function build() {
  return oneCheck(tool('vite', 'vite', ['build']));
}

function e2e() {
  const chromium = ensureChromium();
  if (!chromium) return { passed: 0, failed: 1 };
  const report = join(cache, 'e2e.json');
  rmSync(report, { force: true });
  const status = tool(
    '@playwright/test',
    'playwright',
    ['test', '--reporter=list,json', ...(wanted === 'e2e' ? rest : [])],
    {
      CHROMIUM_PATH: chromium,
      PLAYWRIGHT_JSON_OUTPUT_FILE: report,
    },
  );
  const { expected = 0, unexpected = 0, flaky = 0, skipped = 0 } = readReport(report).stats ?? {};
  return counted(status, expected, unexpected + flaky, skipped);
}

/** Runs a package's command with this Node, without a shell; gives its exit status. */
function tool(packageName, command, arguments_, environment = {}) {
  const manifest = require.resolve(`${packageName}/package.json`);
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8'));
  const script = join(manifest, '..', typeof bin === 'string' ? bin : bin[command]);
  const result = spawnSync(process.execPath, [script, ...arguments_], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...environment },
  });
  return result.status ?? 1;
}

function oneCheck(status) {
  return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1 };
}

/** A runner that fails without a failed test (a file that does not load, a crash) still counts as one failure. */
function counted(status, passed, failed, skipped) {
  return { passed, failed: status === 0 ? failed : Math.max(failed, 1), skipped };
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return {};
  }
}

async function part(name, check) {
  process.stdout.write(`\n── ${name} ${'─'.repeat(60 - name.length)}\n`);
  const start = Date.now();
  let result;
  try {
    result = await check();
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    result = { passed: 0, failed: 1 };
  }
  rows.push({ name, seconds: (Date.now() - start) / 1000, skipped: 0, ...result });
}

function summarise() {
  const sum = (column) => rows.reduce((total, row) => total + row[column], 0);
  const lines = rows.map(
    ({ name, seconds, passed, failed, skipped }) =>
      `  ${failed > 0 ? '✗' : '✓'} ${name.padEnd(8)} ${seconds.toFixed(1).padStart(7)} s  ${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
  );
  const broken = rows.filter((row) => row.failed > 0).map((row) => row.name);
  const verdict = broken.length > 0 ? `Failed: ${broken.join(', ')}.` : 'All is well.';
  process.stdout.write(`\n${lines.join('\n')}\n\n${verdict} ${((Date.now() - started) / 1000).toFixed(0)} s in all.\n`);
  process.stdout.write(`${sum('passed')} passed, ${sum('failed')} failed\n`);
  process.exitCode = broken.length > 0 ? 1 : 0;
}
