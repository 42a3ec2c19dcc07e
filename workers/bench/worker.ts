/** The benchmark's contenders in a browser's worker, as the lab trains in one. Driven by `page.ts` and by `client.ts`. */
import type { Contender } from '../../src/compute/bench/contender';
import { localHost } from './host';
import type { BenchAnswer, BenchRequest } from './protocol';

const contenders: Contender[] = [];

async function answer(request: BenchRequest): Promise<BenchAnswer> {
  switch (request.kind) {
    case 'open':
      return opened(await localHost.open(request.executor, request.work));
    case 'openPeak':
      return opened(await localHost.openPeak(request.peak));
    case 'time':
      return { kind: 'number', value: await contenders[request.contender].time(request.updates) };
    case 'close':
      await contenders[request.contender].close();
      return { kind: 'done' };
    case 'peak':
      return { kind: 'peak', peak: await localHost.peak() };
    case 'device':
      return { kind: 'device', device: await localHost.device() };
    case 'devicePeak':
      return { kind: 'devicePeak', peak: await localHost.devicePeak() };
    case 'flops':
      return { kind: 'number', value: await localHost.flops(request.work) };
    case 'wholeRun':
      return { kind: 'wholeRun', run: await localHost.wholeRun() };
    default:
      return request satisfies never;
  }
}

function opened(contender: Contender): BenchAnswer {
  return { kind: 'opened', contender: contenders.push(contender) - 1, version: contender.version };
}

self.onmessage = async ({ data }: MessageEvent<BenchRequest>) => {
  const reply: BenchAnswer = await answer(data).catch((error: unknown) => ({
    kind: 'failed',
    reason: error instanceof Error ? error.message : String(error),
  }));
  self.postMessage(reply);
};
