/** The page around the benchmark's worker: `ask` hands one request over and resolves with its answer. */
import type { BenchAnswer, BenchRequest } from './protocol';

declare global {
  var askBench: (request: BenchRequest) => Promise<BenchAnswer>;
}

const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });

globalThis.askBench = (request) =>
  new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<BenchAnswer>) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(`The benchmark's worker stopped: ${message}`));
    worker.postMessage(request);
  });
