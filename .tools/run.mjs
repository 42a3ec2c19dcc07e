/**
 * Runs a TypeScript file of the project in Node: `node .tools/run.mjs workers/cli.ts run dip --json`.
 * Installs and compiles first where needed. Passes on the exit code and the signals.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureInstalled, fail, root } from './install.mjs';
import { buildWasm } from './wasm.mjs';

const [file, ...rest] = process.argv.slice(2);
if (file === undefined) fail('Usage: node .tools/run.mjs <file.ts> [arguments]');
ensureInstalled();
try {
  buildWasm();
} catch (error) {
  fail(error.message);
}

const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
// The file is found from the root, but paths among the arguments belong to the caller's folder (npm starts us in the root).
const child = spawn(process.execPath, ['--import', loader, resolve(root, file), ...rest], {
  cwd: process.env.INIT_CWD ?? process.cwd(),
  stdio: 'inherit',
  env: { ...process.env, TSX_TSCONFIG_PATH: resolve(root, 'tsconfig.page.json') },
});
// A terminal's Ctrl-C reaches the child by itself; a signal sent to this process alone must be passed on.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('error', (error) => fail(error.message));
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
