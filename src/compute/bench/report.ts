/** What the engine benchmark found, as data and as text. */
import type { Peak } from '../wasm/probe';
import type { Size } from './problem';

export interface Row {
  readonly algorithm: 'iql';
  readonly hidden: number;
  readonly batch: number;
  readonly executor: string;
  /** Milliseconds of one update. */
  readonly medianMs: number;
}
/** How many times as long as on `wasm` an update takes. */
export interface Ratio {
  readonly hidden: number;
  readonly batch: number;
  readonly executor: string;
  readonly timesWasm: number;
}
export interface Efficiency extends Size {
  /** Of the matrix products of a `wasm` update. */
  readonly gigaflops: number;
  /** Of the peak the probe found. */
  readonly shareOfPeak: number;
}
export interface EngineReport {
  readonly benchmark: 'engine';
  /** The engine that ran the TensorFlow.js and WebAssembly contenders. */
  readonly host: string;
  readonly machine: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly rounds: number;
  readonly rows: readonly Row[];
  readonly ratios: readonly Ratio[];
  /** Fastest strict-SIMD matrix product found in this engine. */
  readonly peak: Peak;
  readonly efficiency: readonly Efficiency[];
  readonly skipped: readonly { readonly executor: string; readonly reason: string }[];
}

/** @throws Error where a size has no `wasm` row to compare with */
export function ratiosOf(rows: readonly Row[]): Ratio[] {
  return rows
    .filter(({ executor }) => executor !== 'wasm')
    .map(({ hidden, batch, executor, medianMs }) => {
      const base = rows.find((row) => row.executor === 'wasm' && row.hidden === hidden && row.batch === batch);
      if (base === undefined) throw new Error(`There is no wasm row at ${hidden} units and batch ${batch}.`);
      return { hidden, batch, executor, timesWasm: medianMs / base.medianMs };
    });
}

export function tableOf(report: EngineReport): string {
  const executors = [...new Set(report.rows.map(({ executor }) => executor))];
  const sizes = [...new Map(report.rows.map((row) => [`2×${row.hidden}/${row.batch}`, row]))];
  const cell = (executor: string, { hidden, batch }: Size): string => {
    const at = (row: Size & { executor: string }) =>
      row.executor === executor && row.hidden === hidden && row.batch === batch;
    const row = report.rows.find(at);
    if (row === undefined) return '–';
    const ratio = report.ratios.find(at);
    return `${milliseconds(row.medianMs)} ms${ratio === undefined ? '       ' : `  ${times(ratio.timesWasm)}`}`;
  };
  const lines = [
    ['', ...sizes.map(([name]) => `${name}       `)],
    ...executors.map((executor) => [executor, ...sizes.map(([, size]) => cell(executor, size))]),
    [
      'wasm, share of peak',
      ...sizes.map(([, { hidden, batch }]) => {
        const found = report.efficiency.find((size) => size.hidden === hidden && size.batch === batch);
        return found === undefined ? '–' : `${found.gigaflops.toFixed(1)} GFLOP/s  ${percent(found.shareOfPeak)}`;
      }),
    ],
  ];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const table = lines.map((line) =>
    line
      .map((text, column) => (column === 0 ? text.padEnd(widths[column]) : text.padStart(widths[column])))
      .join('   ')
      .trimEnd(),
  );
  return [
    `One IQL update (hidden units/batch), median of ${report.rounds} interleaved rounds; × is how many times wasm's.`,
    `${report.host} on ${report.machine}`,
    '',
    ...table,
    '',
    `Strict-SIMD matrix peak here: ${report.peak.gigaflops.toFixed(1)} GFLOP/s (${report.peak.form}, ${report.peak.rows}×${report.peak.columns}, depth ${report.peak.depth}).`,
    `${Object.entries(report.versions)
      .map(([executor, version]) => `${executor}: ${version}`)
      .join(' · ')}`,
    ...report.skipped.map(({ executor, reason }) => `Skipped ${executor}: ${reason}`),
    '',
  ].join('\n');
}

function milliseconds(value: number): string {
  return value < 10 ? value.toFixed(2) : value.toFixed(1);
}
function times(value: number): string {
  return `×${value < 10 ? value.toFixed(1) : Math.round(value)}`.padStart(5);
}
function percent(share: number): string {
  return `${Math.round(100 * share)} %`.padStart(5);
}
