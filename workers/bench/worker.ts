/** The benchmark's contenders in a browser's worker, as the lab trains in one. Driven by `page.ts`. */
import type { Contender } from '../../src/compute/bench/contender';
import type { Size } from '../../src/compute/bench/problem';
import type { Peak } from '../../src/compute/wasm/probe';
import { type LocalExecutor, localHost } from './host';

export type BenchRequest =
  | { readonly kind: 'open'; readonly executor: LocalExecutor; readonly size: Size }
  | { readonly kind: 'time'; readonly contender: number; readonly updates: number }
  | { readonly kind: 'close'; readonly contender: number }
  | { readonly kind: 'peak' }
  | { readonly kind: 'flops'; readonly size: Size };
export type BenchAnswer =
  | { readonly kind: 'opened'; readonly contender: number; readonly version: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'peak'; readonly peak: Peak }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly reason: string };

const contenders: Contender[] = [];

async function answer(request: BenchRequest): Promise<BenchAnswer> {
  switch (request.kind) {
    case 'open': {
      const contender = await localHost.open(request.executor, request.size);
      return { kind: 'opened', contender: contenders.push(contender) - 1, version: contender.version };
    }
    case 'time':
      return { kind: 'number', value: await contenders[request.contender].time(request.updates) };
    case 'close':
      await contenders[request.contender].close();
      return { kind: 'done' };
    case 'peak':
      return { kind: 'peak', peak: await localHost.peak() };
    case 'flops':
      return { kind: 'number', value: await localHost.flops(request.size) };
    default:
      return request satisfies never;
  }
}

self.onmessage = async ({ data }: MessageEvent<BenchRequest>) => {
  const reply: BenchAnswer = await answer(data).catch((error: unknown) => ({
    kind: 'failed',
    reason: error instanceof Error ? error.message : String(error),
  }));
  self.postMessage(reply);
};
