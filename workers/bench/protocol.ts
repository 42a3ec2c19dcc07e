/** What a page and the benchmark's worker say to each other: one question, one answer, in turn. */
import type { Work } from '../../src/compute/bench/sizes';
import type { DevicePeak } from '../../src/compute/bench/webgpuProbe';
import type { Peak } from '../../src/compute/wasm/probe';
import type { WholeRun } from './wholeRun';

/** Contenders that run in the JavaScript engine or on the device it reaches, in the order of the table. */
export const localExecutors = [
  'wasm',
  'wasm-relaxed',
  'webgpu',
  'tfjs-wasm',
  'tfjs-cpu',
  'tfjs-webgl',
  'tfjs-webgpu',
] as const;
export type LocalExecutor = (typeof localExecutors)[number];

/** Name of the matrix product that takes turns with them. */
export const peakContender = 'matrix product';

/** What WebGPU computes on here. */
export interface DeviceInfo {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** A program on the CPU that plays a graphics processor. */
  readonly isSoftware: boolean;
}

export type BenchRequest =
  | { readonly kind: 'open'; readonly executor: LocalExecutor; readonly work: Work }
  | { readonly kind: 'time'; readonly contender: number; readonly updates: number }
  | { readonly kind: 'close'; readonly contender: number }
  | { readonly kind: 'peak' }
  | { readonly kind: 'openPeak'; readonly peak: Peak }
  | { readonly kind: 'device' }
  | { readonly kind: 'devicePeak' }
  | { readonly kind: 'flops'; readonly work: Work }
  | { readonly kind: 'wholeRun' };
export type BenchAnswer =
  | { readonly kind: 'opened'; readonly contender: number; readonly version: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'peak'; readonly peak: Peak }
  | { readonly kind: 'device'; readonly device: DeviceInfo | null }
  | { readonly kind: 'devicePeak'; readonly peak: DevicePeak | null }
  | { readonly kind: 'wholeRun'; readonly run: WholeRun }
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly reason: string };
