/** What the engine benchmark found, as data and as text. */
import type { Peak } from '../wasm/probe';
import { type Bar, barLine, type JudgedBar, judge } from './bars';
import { draw, type TableStyle } from './grid';
import { isSameSize, isSameWork, manyReplicas, promised, published, sizeName, small, type Work } from './sizes';
import type { DevicePeak } from './webgpuProbe';

export interface Row extends Work {
  readonly executor: string;
  /** Milliseconds of one update of all replicas: the median over rounds, and the quartiles. */
  readonly medianMs: number;
  readonly lowMs: number;
  readonly highMs: number;
  /** Timings behind the median; fewer for one who is slow. */
  readonly rounds: number;
}
/** How many times as long as on `wasm` the same update takes. */
export interface Ratio extends Work {
  readonly executor: string;
  readonly timesWasm: number;
}
/** How many times as long as one learner all replicas take on the same executor. */
export interface ReplicaRatio extends Work {
  readonly executor: string;
  readonly timesOne: number;
}
export interface Efficiency extends Work {
  readonly executor: string;
  /** Of the matrix products of an update. */
  readonly gigaflops: number;
  /** Of the fastest matrix product on the same core, timed in the same rounds, or on the same device. */
  readonly peakGigaflops: number;
  readonly shareOfPeak: number;
}
export interface Device {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  /** A program on the CPU that plays a graphics processor. */
  readonly isSoftware: boolean;
}
export interface EngineReport {
  readonly benchmark: 'engine';
  /** The engine that ran the TensorFlow.js and WebAssembly contenders. */
  readonly host: string;
  readonly isBrowser: boolean;
  readonly machine: string;
  /** What was typed. */
  readonly command: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: number;
  /** Seconds that a contender could take in a column. */
  readonly capSeconds: number;
  readonly rows: readonly Row[];
  readonly ratios: readonly Ratio[];
  readonly replicaRatios: readonly ReplicaRatio[];
  /** Fastest strict-SIMD matrix product found in this engine, on one core, at its best. */
  readonly peak: Peak;
  /** What WebGPU computes on; null where there is none. */
  readonly device: Device | null;
  /** Fastest matrix product found on it. */
  readonly devicePeak: DevicePeak | null;
  readonly efficiency: readonly Efficiency[];
  readonly bars: readonly JudgedBar[];
  readonly skipped: readonly { readonly executor: string; readonly reason: string }[];
}

/** Against the `wasm` row of the same work; rows without one are left out. */
export function ratiosOf(rows: readonly Row[]): Ratio[] {
  return rows.flatMap((row) => {
    const base = rows.find((other) => other.executor === 'wasm' && isSameWork(other, row));
    if (row.executor === 'wasm' || base === undefined) return [];
    return [{ ...workOf(row), executor: row.executor, timesWasm: row.medianMs / base.medianMs }];
  });
}

/** Of rows with replicas, against one learner on the same executor; rows without that one are left out. */
export function replicaRatiosOf(rows: readonly Row[]): ReplicaRatio[] {
  return rows.flatMap((row) => {
    const one = { ...row, replicas: 1 };
    const base = rows.find((other) => other.executor === row.executor && isSameWork(other, one));
    if (row.replicas === 1 || base === undefined) return [];
    return [{ ...workOf(row), executor: row.executor, timesOne: row.medianMs / base.medianMs }];
  });
}

function workOf({ algorithm, hidden, batch, replicas }: Work): Work {
  return { algorithm, hidden, batch, replicas };
}

type Measured = Pick<EngineReport, 'rows' | 'efficiency' | 'device' | 'isBrowser' | 'versions' | 'peak'>;

/** Below this the core did much else, and figures are doubtful. */
const quiet = 0.9;

/**
 * How fast the fastest matrix product ran while it took turns, against its best: 1 on a quiet machine, less where others use the
 * core. Of the busiest column; null where nobody took turns with it.
 */
export function quietnessOf({ efficiency, peak }: Pick<EngineReport, 'efficiency' | 'peak'>): number | null {
  const rates = efficiency.filter(({ executor }) => executor === 'wasm').map(({ peakGigaflops }) => peakGigaflops);
  return rates.length === 0 ? null : Math.min(...rates) / peak.gigaflops;
}

/** The engine's promises. Those about a graphics processor count only on a real one. */
export function engineBars({ rows, efficiency, device, isBrowser, versions, peak }: Measured): JudgedBar[] {
  const timeOf = (executor: string, { hidden, batch }: typeof small, replicas = 1) =>
    rows.find((row) => row.executor === executor && isSameWork(row, { algorithm: promised, hidden, batch, replicas }))
      ?.medianMs ?? null;
  const against = (
    fast: string,
    slow: string,
    size: typeof small,
    bound: number,
    where = '',
    elsewhere: string | null = null,
  ): JudgedBar => {
    const name = `${fast}${where}, IQL ${sizeName(size)}, against ${slow}`;
    const bar: Bar = { name, bound, sense: 'at least', unit: '×' };
    if (elsewhere !== null) return judge(bar, null, elsewhere);
    const [own, others] = [timeOf(fast, size), timeOf(slow, size)];
    if (own === null) return judge(bar, null, `no ${fast} row`);
    return others === null ? judge(bar, null, `no ${slow} row`) : judge(bar, others / own);
  };
  const noDevice = device === null ? 'no WebGPU here' : null;
  const notReal = noDevice ?? (device?.isSoftware ? 'no real graphics processor here' : null);
  const notSoftware = noDevice ?? (device?.isSoftware ? null : 'this is a real graphics processor');
  const jaxOnCpu = versions['jax']?.endsWith('one core') ? 'JAX runs on the CPU here' : null;
  const share = efficiency.find(
    (entry) =>
      entry.executor === 'wasm' && entry.algorithm === promised && isSameSize(entry, published) && entry.replicas === 1,
  );
  const isBusy = share !== undefined && share.peakGigaflops < quiet * peak.gigaflops;
  const [one, many] = [timeOf('webgpu', published), timeOf('webgpu', published, manyReplicas)];
  const growth = one === null || many === null ? null : many / one;
  const softwareGrowth = growth !== null && device?.isSoftware ? `; in software it is ×${growth.toFixed(1)}` : '';
  return [
    against('wasm', 'tfjs-wasm', small, 30, ', one thread'),
    against('wasm', 'torch-cpu', small, 8, ', one thread'),
    against('wasm', 'tfjs-wasm', published, 11, ', one thread'),
    judge(
      {
        name: `wasm, IQL ${sizeName(published)}, of the best strict-SIMD matrix product in ${isBrowser ? 'Chromium' : 'Node'}`,
        bound: isBrowser ? 80 : 75,
        sense: 'at least',
        unit: '%',
      },
      share === undefined || isBusy ? null : 100 * share.shareOfPeak,
      isBusy ? 'the machine was busy' : '',
    ),
    against('webgpu', 'tfjs-webgpu', published, 50, ' on a graphics processor', notReal),
    against('webgpu', 'torch-cuda', published, 5, ' on a graphics processor', notReal),
    against('webgpu', 'jax', published, 1, ' on a graphics processor', notReal ?? jaxOnCpu),
    judge(
      {
        name: `webgpu on a graphics processor, IQL ${sizeName(published)}, ${manyReplicas} replicas against 1`,
        bound: 2,
        sense: 'at most',
        unit: '×',
      },
      notReal === null ? growth : null,
      notReal === null ? '' : `${notReal}${softwareGrowth}`,
    ),
    against('webgpu', 'tfjs-webgpu', published, 5, ' on SwiftShader', notSoftware),
    against('webgpu', 'tfjs-webgpu', small, 15, ' on SwiftShader', notSoftware),
  ];
}

const algorithmNames: Readonly<Record<Work['algorithm'], string>> = { iql: 'IQL', td3bc: 'TD3+BC', sac: 'SAC' };
const none = '–';

/** One table an algorithm, and what belongs to all of them. */
export function tableOf(report: EngineReport, style: TableStyle = 'text'): string {
  const { rows, peak, device, devicePeak } = report;
  const executors = [...new Set(rows.map(({ executor }) => executor))];
  const algorithms = [...new Set(rows.map(({ algorithm }) => algorithm))];
  const tables = algorithms.map((algorithm) => {
    const works = rows
      .filter((row) => row.algorithm === algorithm)
      .filter((row, place, all) => all.findIndex((other) => isSameWork(other, row)) === place);
    const lines = executors.map((executor) => [executor, ...works.map((work) => cell(report, executor, work))]);
    const shares = ['wasm', 'webgpu']
      .filter((executor) => report.efficiency.some((entry) => entry.executor === executor))
      .map((executor) => [`${executor}, share of peak`, ...works.map((work) => shareCell(report, executor, work))]);
    return draw({ head: [algorithmNames[algorithm], ...works.map(workName)], lines: [...lines, ...shares] }, style);
  });
  const quietness = quietnessOf(report);
  const item = style === 'markdown' ? '- ' : '';
  return [
    `One update (hidden units/batch): median of up to ${report.rounds} interleaved rounds, at most ${report.capSeconds} s a contender; × is how many times wasm's.`,
    ...(style === 'markdown' ? [''] : []),
    `${report.host} on ${report.machine}${device === null ? '' : `; WebGPU on ${deviceName(device)}`}`,
    ...(style === 'markdown' ? ['', `\`${report.command}\``] : []),
    '',
    tables.join('\n\n'),
    '',
    `${item}Strict-SIMD matrix peak of one core: ${peak.gigaflops.toFixed(1)} GFLOP/s (${peak.form}, ${peak.rows}×${peak.columns}, depth ${peak.depth}); shares are of the same product timed in the same rounds.`,
    ...(quietness === null || quietness >= quiet
      ? []
      : [
          `${item}This machine was busy: in turns with the others that product ran at ${Math.round(100 * quietness)} % of its best. Ratios are doubtful.`,
        ]),
    ...(devicePeak === null
      ? []
      : [
          `${item}WGSL matrix peak of the device: ${devicePeak.gigaflops.toFixed(1)} GFLOP/s (${devicePeak.size}×${devicePeak.size}, ${tileName(devicePeak.tile)}).`,
        ]),
    `${item}${Object.entries(report.versions)
      .map(([executor, version]) => `${executor}: ${version}`)
      .join(' · ')}`,
    ...report.skipped.map(({ executor, reason }) => `${item}Skipped ${executor}: ${reason}`),
    '',
    ...report.bars.map((bar) => `${item}${barLine(bar)}`),
    '',
  ].join('\n');
}

function tileName({ threads, rows, columns, isStaged }: DevicePeak['tile']): string {
  return `${threads}×${threads} invocations of ${rows}×${columns}${isStaged ? ', staged' : ''}`;
}

function workName(work: Work): string {
  return work.replicas === 1 ? sizeName(work) : `${sizeName(work)}, ${work.replicas} replicas`;
}

export function deviceName({ vendor, architecture, description, isSoftware }: Device): string {
  const name = description || [vendor, architecture].filter((text) => text !== '').join(' ') || 'an unnamed device';
  return isSoftware ? `${name} (software)` : name;
}

function cell(report: EngineReport, executor: string, work: Work): string {
  const isHere = (entry: Work & { executor: string }) => entry.executor === executor && isSameWork(entry, work);
  const row = report.rows.find(isHere);
  if (row === undefined) return none;
  const ratio = report.ratios.find(isHere);
  const growth = report.replicaRatios.find(isHere);
  return [
    `${milliseconds(row.medianMs)} ms`,
    ...(growth === undefined ? [] : [`${times(growth.timesOne)} of one`]),
    ...(ratio === undefined ? [] : [times(ratio.timesWasm)]),
  ].join('  ');
}

function shareCell(report: EngineReport, executor: string, work: Work): string {
  const found = report.efficiency.find((entry) => entry.executor === executor && isSameWork(entry, work));
  return found === undefined ? none : `${found.gigaflops.toFixed(1)} GFLOP/s  ${Math.round(100 * found.shareOfPeak)} %`;
}

export function milliseconds(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(1);
}
function times(value: number): string {
  return `×${value < 0.995 ? value.toFixed(2) : value < 10 ? value.toFixed(1) : Math.round(value)}`;
}
