/**
 * What every browser story stands on: `import { expect, test } from './support'`.
 *
 * A story fails when a page of it logs an error, throws, or asks for anything outside its own origin, whatever else it checks.
 */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AxeBuilder } from '@axe-core/playwright';
import { test as base, expect, type Page } from '@playwright/test';
import { LabPage } from './labPage';

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
  /** The lab in the story's own tab. */
  lab: LabPage;
  /** The lab in another browser profile: the reader of a link, with nothing of the author's. */
  elsewhere: LabPage;
  /** Runs `npm run lab -- …` in Node. */
  commandLine: (...words: string[]) => Promise<CommandResult>;
  /** Fails unless axe finds nothing to object to on the page as it is now. */
  expectAccessible: () => Promise<void>;
  /** Prints a measured figure with its bar; figures are never asserted tightly, machines are noisy. */
  report: (what: string, figure: string) => void;
  quietPage: undefined;
}

export const test = base.extend<Options & Fixtures>({
  // What cannot be pressed by then will not be later either.
  actionTimeout: 15_000,
  expectedErrors: [[], { option: true }],

  quietPage: [
    async ({ page, baseURL, expectedErrors }, use) => {
      const unexpected = listen(page, baseURL ?? '', expectedErrors);
      await use(undefined);
      expect(unexpected(), 'errors of the page').toEqual([]);
    },
    { auto: true },
  ],

  lab: async ({ page }, use) => {
    await use(new LabPage(page));
  },

  elsewhere: async ({ browser, baseURL, contextOptions, expectedErrors }, use) => {
    const context = await browser.newContext({ ...contextOptions, baseURL });
    const page = await context.newPage();
    const unexpected = listen(page, baseURL ?? '', expectedErrors);
    await use(new LabPage(page));
    expect(unexpected(), 'errors of the other page').toEqual([]);
    await context.close();
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

  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the fixtures a fixture needs from this pattern
  report: async ({}, use, { title }) => {
    await use((what, figure) => console.log(`    ${title}: ${what} ${figure}`));
  },

  // biome-ignore lint/correctness/noEmptyPattern: as above
  commandLine: async ({}, use) => {
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

/** Collects what a page complains of from now on. */
function listen(page: Page, origin: string, expected: readonly RegExp[]): () => readonly string[] {
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`threw ${error.stack ?? error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`logged ${message.text()}`);
  });
  page.on('request', (request) => {
    const address = request.url();
    if (!address.startsWith(origin) && !/^(data|blob):/.test(address)) complaints.push(`asked for ${address}`);
  });
  return () => complaints.filter((complaint) => !expected.some((pattern) => pattern.test(complaint)));
}
