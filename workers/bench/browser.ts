/** Chromium as a host of contenders: every call goes through the page to its worker. */

import type { BenchHost } from './host';
import type { BenchAnswer, BenchRequest } from './worker';

/** What `.tools/peers/browser.mjs` opens. */
interface BenchPage {
  readonly version: string;
  ask(request: BenchRequest): Promise<BenchAnswer>;
  close(): Promise<void>;
}

/** Null where there is no Chromium; a sentence on stderr says so. */
export async function openBrowserHost(): Promise<(BenchHost & { readonly version: string }) | null> {
  // By address: the build tools it uses are no part of what the workers stand on.
  const tools: { openBenchPage(): Promise<BenchPage | null> } = await import(
    new URL('../../.tools/peers/browser.mjs', import.meta.url).href
  );
  const page = await tools.openBenchPage();
  if (page === null) return null;

  async function ask<K extends BenchAnswer['kind']>(request: BenchRequest, kind: K) {
    const answer = await page!.ask(request);
    if (answer.kind === 'failed') throw new Error(`${page!.version}: ${answer.reason}`);
    if (answer.kind !== kind) throw new Error(`Expected the answer “${kind}”, got “${answer.kind}”.`);
    return answer as Extract<BenchAnswer, { kind: K }>;
  }
  return {
    version: page.version,
    async open(executor, size) {
      const { contender, version } = await ask({ kind: 'open', executor, size }, 'opened');
      return {
        executor,
        version,
        time: async (updates) => (await ask({ kind: 'time', contender, updates }, 'number')).value,
        close: async () => void (await ask({ kind: 'close', contender }, 'done')),
      };
    },
    peak: async () => (await ask({ kind: 'peak' }, 'peak')).peak,
    flops: async (size) => (await ask({ kind: 'flops', size }, 'number')).value,
    close: () => page.close(),
  };
}
