/**
 * `npm start`: installs what is missing, builds what has changed, serves the lab and says where.
 *
 * `npm start -- --port 8080` asks for a port (the next free one is taken), `--host` also serves the local network.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureInstalled, fail, root } from './install.mjs';
import { buildWasm } from './wasm.mjs';

const { values: options } = parseArgs({
  options: { port: { type: 'string', default: '5173' }, host: { type: 'boolean', default: false } },
});
const port = Number(options.port);
if (!Number.isInteger(port) || port < 1 || port > 65_535) fail(`--port: expected 1 to 65535, got ${options.port}.`);

ensureInstalled();
try {
  buildWasm();
} catch (error) {
  fail(error.message);
}
const require = createRequire(import.meta.url);
const { build, preview } = await import(
  pathToFileURL(join(require.resolve('vite/package.json'), '..', 'dist', 'node', 'index.js'))
);

const built = join(root, 'dist', 'index.html');
if (!existsSync(built) || newest(root) > statSync(built).mtimeMs) {
  process.stderr.write('Building the lab …\n');
  try {
    await build({ root, logLevel: 'error' });
  } catch (error) {
    fail(`The build failed: ${error.message}`);
  }
}

const { CI, DISPLAY, WAYLAND_DISPLAY } = process.env;
const hasDisplay = process.platform === 'linux' ? Boolean(DISPLAY ?? WAYLAND_DISPLAY) : true;
const server = await preview({
  root,
  logLevel: 'warn',
  preview: { port, host: options.host || 'localhost', open: hasDisplay && Boolean(process.stdout.isTTY) && !CI },
});
const { local = [], network = [] } = server.resolvedUrls ?? {};
process.stdout.write(
  [
    '',
    '  Regime Lab is ready',
    '',
    ...[...local, ...network].map((address) => `    ${address}`),
    '',
    '  Ctrl-C stops it.',
    '',
    '',
  ].join('\n'),
);

let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, async () => {
    // A browser may hold connections open; a second Ctrl-C, or half a second, does not wait for them.
    if (stopping) process.exit(0);
    stopping = true;
    setTimeout(() => process.exit(0), 500).unref();
    await server.close();
    process.exit(0);
  });
}

/** When the newest source of the page was changed, in ms since 1970. */
function newest(folder) {
  const sources = ['index.html', 'package-lock.json', 'vite.config.ts', 'public', 'src', 'workers'];
  const times = sources
    .filter((name) => existsSync(join(folder, name)))
    .flatMap((name) => {
      const path = join(folder, name);
      if (!statSync(path).isDirectory()) return [statSync(path).mtimeMs];
      return readdirSync(path, { recursive: true }).map((inner) => statSync(join(path, String(inner))).mtimeMs);
    });
  return Math.max(...times);
}
