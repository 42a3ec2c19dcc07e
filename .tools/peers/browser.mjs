/**
 * Builds the benchmark's page, serves it, and opens it in Chromium: `npm run bench -- engine --browser`.
 * Built and minified, because that is what a visitor of the lab runs.
 */
import { join } from 'node:path';
import { chromium } from 'playwright';
import { build, preview } from 'vite';
import { ensureChromium } from '../chromium.mjs';
import { root } from '../install.mjs';

/** WebGPU in a headless browser: on SwiftShader, which every Chromium brings, or on the machine's own driver. */
const webgpu = {
  software: ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'],
  gpu: ['--enable-unsafe-webgpu', '--enable-features=Vulkan', '--use-angle=vulkan', '--ignore-gpu-blocklist'],
};

/**
 * @param {{ gpu: boolean }} options  whether WebGPU is to run on a graphics processor
 * @returns {Promise<{ version: string, ask: (request: object) => Promise<any>, close: () => Promise<void> } | null>}
 *   null, after a sentence on stderr, where there is no Chromium
 */
export async function openBenchPage({ gpu }) {
  const executablePath = ensureChromium();
  if (executablePath === null) return null;
  const outDir = join(root, '.cache', 'bench');
  const shared = { root, configFile: false, base: './', logLevel: 'error', publicDir: false };
  await build({
    ...shared,
    worker: { format: 'es' },
    build: {
      target: 'es2022',
      outDir,
      emptyOutDir: true,
      chunkSizeWarningLimit: 10_000,
      rollupOptions: { input: join(root, '.tools', 'peers', 'bench.html') },
    },
  });
  const server = await preview({ ...shared, build: { outDir }, preview: { port: 0, host: '127.0.0.1' } });
  const { port } = server.httpServer.address();
  const browser = await chromium.launch({
    executablePath,
    args: ['--no-sandbox', ...(gpu ? webgpu.gpu : webgpu.software)],
    ignoreDefaultArgs: ['--disable-gpu'],
  });
  const page = await browser.newPage();
  page.on('pageerror', (error) => process.stderr.write(`${error.message}\n`));
  await page.goto(`http://127.0.0.1:${port}/.tools/peers/bench.html`);
  await page.waitForFunction(() => 'askBench' in globalThis);
  return {
    version: `Chromium ${browser.version()}`,
    ask: (request) => page.evaluate((given) => globalThis.askBench(given), request),
    async close() {
      await browser.close();
      await server.close();
    },
  };
}
