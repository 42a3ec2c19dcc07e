/** Opens contenders in this thread: in Node for the command line, in a worker for the browser. */
import type { Contender } from '../../src/compute/bench/contender';
import { labContender } from '../../src/compute/bench/labContender';
import type { Size } from '../../src/compute/bench/problem';
import { tfjsContender } from '../../src/compute/bench/tfjsIql';
import { matmulPeak, type Peak } from '../../src/compute/wasm/probe';
import { wasmExecutor } from '../../src/compute/wasm/session';
import { iqlPrograms } from './programs';

/** Contenders that run in the JavaScript engine, in the order of the table. */
export const localExecutors = ['wasm', 'tfjs-wasm', 'tfjs-cpu'] as const;
export type LocalExecutor = (typeof localExecutors)[number];

/** What a place that runs JavaScript offers the benchmark. */
export interface BenchHost {
  open(executor: LocalExecutor, size: Size): Promise<Contender>;
  /** The fastest strict-SIMD matrix product found here. */
  peak(): Promise<Peak>;
  /** Multiplications and additions in the matrix products of one `wasm` update. */
  flops(size: Size): Promise<number>;
  close(): Promise<void>;
}

const clock = () => performance.now();

export const localHost: BenchHost = {
  async open(executor, size) {
    switch (executor) {
      case 'wasm':
        return labContender(wasmExecutor, iqlPrograms(size), 'this build', clock);
      case 'tfjs-wasm':
        return tfjsContender('wasm', size, clock);
      case 'tfjs-cpu':
        return tfjsContender('cpu', size, clock);
      default:
        return executor satisfies never;
    }
  },
  peak: () => matmulPeak(clock),
  async flops(size) {
    const options = { seed: 1, dataCapacity: 1, replayCapacity: 0 };
    const session = await wasmExecutor.open(iqlPrograms(size), options);
    const { flops } = session.plan;
    session.dispose();
    return flops;
  },
  async close() {},
};
