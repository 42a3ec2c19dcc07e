/** Chromium as a host of contenders: every call goes through the page to its worker. */

import type { BenchHost } from './host';
import type { BenchAnswer, BenchRequest } from './protocol';
import { remoteHost } from './remoteHost';

/** What `.tools/peers/browser.mjs` opens. */
interface BenchPage {
  readonly version: string;
  ask(request: BenchRequest): Promise<BenchAnswer>;
  close(): Promise<void>;
}
export interface BrowserOptions {
  /** Use the machine's graphics processor instead of SwiftShader. */
  readonly gpu: boolean;
}

/** Null where there is no Chromium; a sentence on stderr says so. */
export async function openBrowserHost(
  options: BrowserOptions,
): Promise<(BenchHost & { readonly version: string }) | null> {
  // By address: the build tools it uses are no part of what the workers stand on.
  const tools: { openBenchPage(options: BrowserOptions): Promise<BenchPage | null> } = await import(
    new URL('../../.tools/peers/browser.mjs', import.meta.url).href
  );
  const page = await tools.openBenchPage(options);
  if (page === null) return null;
  const host = remoteHost(
    (request) => page.ask(request),
    () => page.close(),
  );
  return { version: page.version, ...host };
}
