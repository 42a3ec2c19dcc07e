/** Opens contenders in this thread: in Node for the command line, in a worker for the browser. */
import type { Contender } from '../../src/compute/bench/contender';
import { labContender } from '../../src/compute/bench/labContender';
import type { Work } from '../../src/compute/bench/sizes';
import type { DevicePeak } from '../../src/compute/bench/webgpuProbe';
import { plan } from '../../src/compute/program/planner';
import type { Peak } from '../../src/compute/wasm/probe';
import type { OpenDevice } from '../../src/compute/webgpu/device';
import { loadExecutor } from '../../src/training/executors';
import { benchPrograms } from './programs';
import { type DeviceInfo, type LocalExecutor, peakContender } from './protocol';
import type { WholeRun } from './wholeRun';

/** What a place that runs JavaScript offers the benchmark. */
export interface BenchHost {
  /** @throws Error saying why it cannot run here, in a sentence for people */
  open(executor: LocalExecutor, work: Work): Promise<Contender>;
  /** The fastest strict-SIMD matrix product found here, on one core. */
  peak(): Promise<Peak>;
  /** That product as a contender, one product an update: what shares of the peak are measured against, in the same rounds. */
  openPeak(peak: Peak): Promise<Contender>;
  /** What WebGPU computes on; null where there is none. */
  device(): Promise<DeviceInfo | null>;
  /** The fastest matrix product found on that device. */
  devicePeak(): Promise<DevicePeak | null>;
  /** Multiplications and additions in the matrix products of one update of all replicas. */
  flops(work: Work): Promise<number>;
  /** The default recipe, all its seeds, on this thread. */
  wholeRun(): Promise<WholeRun>;
  close(): Promise<void>;
}

const clock = () => performance.now();

export const localHost: BenchHost = {
  async open(executor, work) {
    switch (executor) {
      case 'wasm':
      case 'wasm-relaxed':
      case 'webgpu': {
        const lab = await loadExecutor(executor);
        const reason = lab === null ? `${executor} is not part of this build.` : await lab.unavailable();
        if (lab === null || reason !== null) throw new Error(reason ?? '');
        const options = { version: 'this build', replicas: work.replicas, clock };
        return labContender(lab, benchPrograms(work.algorithm, work), options);
      }
      case 'tfjs-wasm':
      case 'tfjs-cpu':
      case 'tfjs-webgl':
      case 'tfjs-webgpu': {
        if (work.replicas !== 1) throw new Error('TensorFlow.js trains one learner at a time.');
        const { tfjsContender } = await import('../../src/compute/bench/tfjsContender');
        const backend = executor.slice('tfjs-'.length) as 'wasm' | 'cpu' | 'webgl' | 'webgpu';
        return tfjsContender(backend, work, clock);
      }
      default:
        return executor satisfies never;
    }
  },
  peak: async () => (await import('../../src/compute/wasm/probe')).matmulPeak(clock),
  async openPeak(peak) {
    const { openProbe } = await import('../../src/compute/wasm/probe');
    const time = await openProbe(clock);
    return {
      executor: peakContender,
      version: 'this build',
      replicas: 1,
      time: async (updates) => time(peak, updates),
      close: async () => {},
    };
  },
  async device() {
    const opened = await openGpu();
    if (opened === null) return null;
    opened.close();
    return { ...opened.info, isSoftware: opened.isSoftware };
  },
  async devicePeak() {
    const opened = await openGpu();
    if (opened === null) return null;
    try {
      const { devicePeak } = await import('../../src/compute/bench/webgpuProbe');
      return await devicePeak(opened.device, clock);
    } finally {
      opened.close();
    }
  },
  async flops(work) {
    const options = { dataCapacity: 1, replayCapacity: 0, logRows: 1 };
    return work.replicas * plan(benchPrograms(work.algorithm, work), options).flops;
  },
  wholeRun: async () => (await import('./wholeRun')).wholeRun(clock),
  async close() {},
};

/** Null where there is no device. */
async function openGpu(): Promise<OpenDevice | null> {
  const { findAdapter, openDevice } = await import('../../src/compute/webgpu/device');
  return 'reason' in (await findAdapter()) ? null : openDevice();
}
