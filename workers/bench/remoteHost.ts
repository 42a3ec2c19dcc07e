/** A host of contenders behind messages: a worker of this page, or one in a browser that a command drives. */
import type { Contender } from '../../src/compute/bench/contender';
import type { BenchHost } from './host';
import { type BenchAnswer, type BenchRequest, peakContender } from './protocol';

/** Sends one question, resolves with its answer. Asked in turn. */
export type Ask = (request: BenchRequest) => Promise<BenchAnswer>;

/** Its calls reject with what the other side said went wrong. */
export function remoteHost(askAnything: Ask, close: () => Promise<void>): BenchHost {
  async function ask<K extends BenchAnswer['kind']>(request: BenchRequest, kind: K) {
    const answer = await askAnything(request);
    if (answer.kind === 'failed') throw new Error(answer.reason);
    if (answer.kind !== kind) throw new Error(`Expected the answer “${kind}”, got “${answer.kind}”.`);
    return answer as Extract<BenchAnswer, { kind: K }>;
  }
  async function open(request: BenchRequest, executor: string, replicas: number): Promise<Contender> {
    const { contender, version } = await ask(request, 'opened');
    return {
      executor,
      version,
      replicas,
      time: async (updates) => (await ask({ kind: 'time', contender, updates }, 'number')).value,
      close: async () => void (await ask({ kind: 'close', contender }, 'done')),
    };
  }
  return {
    open: (executor, work) => open({ kind: 'open', executor, work }, executor, work.replicas),
    openPeak: (peak) => open({ kind: 'openPeak', peak }, peakContender, 1),
    peak: async () => (await ask({ kind: 'peak' }, 'peak')).peak,
    device: async () => (await ask({ kind: 'device' }, 'device')).device,
    devicePeak: async () => (await ask({ kind: 'devicePeak' }, 'devicePeak')).peak,
    flops: async (work) => (await ask({ kind: 'flops', work }, 'number')).value,
    wholeRun: async () => (await ask({ kind: 'wholeRun' }, 'wholeRun')).run,
    close,
  };
}
