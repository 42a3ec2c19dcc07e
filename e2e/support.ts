/**
 * What every browser story stands on: `import { expect, test } from './support'`.
 *
 * A story fails when the page logs an error, throws, or asks for anything outside its own origin, whatever else it checks.
 */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { test as base, expect } from '@playwright/test';

export { expect };

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}
interface Options {
  /** Errors this story provokes on purpose. */
  expectedErrors: readonly RegExp[];
}
interface Fixtures {
  /** Opens the lab, with a fragment ("1…", "methods") or without, and waits until it can be used. */
  openLab: (fragment?: string) => Promise<void>;
  /** Fails unless axe finds nothing to object to on the page as it is now. */
  expectAccessible: () => Promise<void>;
  /** Durations in ms of main-thread tasks over 50 ms since the page opened. */
  longTasks: () => Promise<readonly number[]>;
  /** Runs `npm run lab -- …` in Node. */
  lab: (...words: string[]) => Promise<CommandResult>;
  quietPage: undefined;
}

export const test = base.extend<Options & Fixtures>({
  expectedErrors: [[], { option: true }],

  quietPage: [
    async ({ page, baseURL, expectedErrors }, use) => {
      const complaints: string[] = [];
      page.on('pageerror', (error) => complaints.push(`threw ${error.stack ?? error.message}`));
      page.on('console', (message) => {
        if (message.type() === 'error') complaints.push(`logged ${message.text()}`);
      });
      page.on('request', (request) => {
        const address = request.url();
        if (!address.startsWith(baseURL ?? '') && !/^(data|blob):/.test(address))
          complaints.push(`asked for ${address}`);
      });
      await use(undefined);
      const unexpected = complaints.filter((complaint) => !expectedErrors.some((expected) => expected.test(complaint)));
      expect(unexpected, 'errors of the page').toEqual([]);
    },
    { auto: true },
  ],

  openLab: async ({ page }, use) => {
    await use(async (fragment) => {
      // A change of fragment alone does not load the page again, as following a link in a new tab does.
      await page.goto('about:blank');
      await page.goto(fragment === undefined ? './' : `./#${fragment.replace(/^.*#/, '')}`);
      await expect(page.getByRole('button', { name: /^Run/ })).toBeVisible();
    });
  },

  expectAccessible: async ({ page }, use) => {
    await use(async () => {
      const { violations } = await new AxeBuilder({ page }).analyze();
      const found = violations.map(
        ({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((node) => node.html).join('\n  ')}`,
      );
      expect(found, 'accessibility').toEqual([]);
    });
  },

  longTasks: async ({ page }, use) => {
    await page.addInitScript(() => {
      const durations: number[] = [];
      Object.assign(window, { longTaskDurations: durations });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) durations.push(entry.duration);
      }).observe({ type: 'longtask', buffered: true });
    });
    await use(() => page.evaluate(() => (window as unknown as { longTaskDurations: number[] }).longTaskDurations));
  },

  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures a fixture needs from this pattern
  lab: async ({}, use) => {
    await use(
      (...words) =>
        new Promise((resolve, reject) => {
          const child = spawn(process.execPath, [join(root, '.tools', 'run.mjs'), 'workers/cli.ts', ...words], {
            cwd: root,
          });
          let stdout = '';
          let stderr = '';
          child.stdout.on('data', (chunk) => {
            stdout += chunk;
          });
          child.stderr.on('data', (chunk) => {
            stderr += chunk;
          });
          child.on('error', reject);
          child.on('close', (status) => resolve({ status: status ?? 1, stdout, stderr }));
        }),
    );
  },
});
