/**
 * Browser stories (`e2e/`) on the built page. `npm test -- e2e` builds it, finds a Chromium and runs them.
 * No retries: a story that fails sometimes is a story that fails. Traces of failures lie in `.cache/e2e`.
 */
import { existsSync } from 'node:fs';
import { defineConfig, devices } from '@playwright/test';

const port = 5273;
const systemChromium = '/usr/bin/chromium';
const executablePath = process.env.CHROMIUM_PATH ?? (existsSync(systemChromium) ? systemChromium : undefined);
// The sandbox needs privileges that containers lack; the pages here are our own.
const quiet = ['--no-sandbox', '--disable-background-networking'];
// With REGIME_LAB_WEBGPU=1 on the machine's graphics processor, else on SwiftShader, which Debian's Chromium brings along.
const webgpu = ['--enable-unsafe-webgpu', '--enable-features=Vulkan'].concat(
  process.env.REGIME_LAB_WEBGPU
    ? ['--use-angle=vulkan', '--ignore-gpu-blocklist']
    : ['--use-webgpu-adapter=swiftshader'],
);

export default defineConfig({
  testDir: 'e2e',
  outputDir: '.cache/e2e',
  fullyParallel: false,
  workers: 1,
  retries: 0,
  forbidOnly: Boolean(process.env.CI),
  timeout: 120_000,
  expect: { timeout: 15_000 },
  reporter: 'list',
  use: {
    baseURL: `http://localhost:${port}/`,
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    locale: 'en-GB',
  },
  projects: [
    {
      name: 'chromium',
      testIgnore: '**/*.webgpu.spec.ts',
      use: {
        ...devices['Desktop Chrome'],
        viewport: { width: 1280, height: 720 },
        launchOptions: { executablePath, args: quiet },
      },
    },
    {
      name: 'webgpu',
      testMatch: '**/*.webgpu.spec.ts',
      use: {
        ...devices['Desktop Chrome'],
        viewport: { width: 1280, height: 720 },
        // Playwright switches the graphics process off, and WebGPU with it.
        launchOptions: { executablePath, args: [...quiet, ...webgpu], ignoreDefaultArgs: ['--disable-gpu'] },
      },
    },
  ],
  webServer: {
    command: `node node_modules/vite/bin/vite.js preview --port ${port} --strictPort`,
    url: `http://localhost:${port}/`,
    reuseExistingServer: false,
    timeout: 60_000,
  },
});
