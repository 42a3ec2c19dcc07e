/** How kernels are cut for the device that runs them. */
import type { DeviceLimits } from './device';

/** Sizes that do not divide fall back to the largest divisor. */
export interface Tuning {
  /** Threads of a workgroup. */
  readonly threads: number;
  /** Vectors of four columns that a workgroup of a column job takes through its chain. */
  readonly tileVectors: number;
  /** Most outputs of a product that one thread makes at once: rows × vectors. */
  readonly rows: number;
  readonly vectors: number;
  /** Rows of a weight gradient that one thread makes at once, each four numbers wide. */
  readonly gradientRows: number;
  /** Threads that share a sum over the batch, so that neighbours read neighbouring columns. */
  readonly gradientLanes: number;
  /**
   * Jobs of a stage share one dispatch. A software device runs every branch of a shader, taken or not, so there each job has a
   * dispatch of its own.
   */
  readonly mergesJobs: boolean;
}
/** Few threads with many outputs each: a processor pays for every load. */
const softwareTuning: Tuning = {
  threads: 16,
  tileVectors: 4,
  rows: 4,
  vectors: 1,
  gradientRows: 4,
  gradientLanes: 1,
  mergesJobs: false,
};
/** Many threads. Tiles as wide as leaves every processor of a large device a workgroup: wider ones read weights less often. */
const hardwareTuning: Tuning = {
  threads: 256,
  tileVectors: 4,
  rows: 4,
  vectors: 1,
  gradientRows: 4,
  gradientLanes: 8,
  mergesJobs: true,
};
const fewWorkgroups = 32;

/** What is asked of a device to cut for it. */
export interface Cutting {
  readonly isSoftware: boolean;
  readonly limits: Pick<DeviceLimits, 'maxComputeInvocationsPerWorkgroup' | 'maxComputeWorkgroupStorageSize'>;
}

/** @param vectors  of four columns in a batch */
export function tuningFor({ isSoftware, limits }: Cutting, replicas: number, vectors: number): Tuning {
  if (isSoftware) return softwareTuning;
  let { tileVectors, gradientRows } = hardwareTuning;
  while (tileVectors > 1 && (replicas * vectors) / tileVectors < fewWorkgroups) tileVectors /= 2;
  const threads = Math.min(hardwareTuning.threads, limits.maxComputeInvocationsPerWorkgroup);
  while (gradientRows > 1 && sharedBytes(threads, gradientRows) > limits.maxComputeWorkgroupStorageSize)
    gradientRows /= 2;
  return { ...hardwareTuning, threads, tileVectors, gradientRows };
}

/** Memory that a workgroup shares (prelude.ts): a number a thread, and its partial sums in vectors of four. */
function sharedBytes(threads: number, gradientRows: number): number {
  return 4 * threads + 16 * threads * gradientRows;
}
