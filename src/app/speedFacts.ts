/** What the speed test found, in words: names, numbers and the text that is copied. */
import { shortNumber } from '../charts/scale';
import type { SpeedReport, SpeedRow, SpeedStage } from '../store/speed';
import { executorName, words } from './words';

type Size = Pick<SpeedRow, 'hidden' | 'batch'>;

/** "2 × 64 units, batch 64" */
export function sizeText({ hidden, batch }: Size): string {
  return words.speed.size(hidden, batch);
}
export function stageText(stage: SpeedStage | null): string {
  switch (stage?.kind) {
    case undefined:
      return '';
    case 'peak':
      return words.speed.stages.peak;
    case 'devicePeak':
      return words.speed.stages.devicePeak;
    case 'opening':
      return words.speed.stages.opening(executorName(stage.executor), sizeText(stage.size));
    case 'timing':
      return words.speed.stages.timing(sizeText(stage.size));
    default:
      return stage satisfies never;
  }
}
/** "0.31 ms" */
export function millisecondsText(value: number): string {
  return `${shortNumber(value)} ms`;
}
export function shareText(share: number | null): string {
  return share === null ? words.runs.dash : `${Math.round(100 * share)} %`;
}
/** Sizes in the order they were timed. */
export function sizesOf(rows: readonly SpeedRow[]): readonly Size[] {
  return rows.filter(
    ({ hidden, batch }, i) => rows.findIndex((row) => row.hidden === hidden && row.batch === batch) === i,
  );
}
export function rowsAt(rows: readonly SpeedRow[], { hidden, batch }: Size): readonly SpeedRow[] {
  return rows.filter((row) => row.hidden === hidden && row.batch === batch);
}
/** "NVIDIA, ampere"; with what plays it where it is none. */
export function deviceText({ device }: Pick<SpeedReport, 'device'>): string {
  if (!device) return words.speed.noDevice;
  const name = device.description || [device.vendor, device.architecture].filter((part) => part !== '').join(', ');
  return device.isSoftware ? words.speed.software(name) : name;
}

/** The report as plain text, a row a line, for a message to someone. */
export function reportText(report: SpeedReport): string {
  const lines = [words.speed.title, report.machine, words.speed.deviceLine(deviceText(report)), ''];
  for (const size of sizesOf(report.rows)) {
    lines.push(`${words.speed.what}, ${sizeText(size)}`);
    for (const row of rowsAt(report.rows, size)) {
      const parts = [
        executorName(row.executor),
        words.speed.each(millisecondsText(row.medianMs)),
        words.speed.rate(shortNumber(row.updatesPerSecond)),
      ];
      if (row.timesWasm !== null && row.executor !== 'wasm')
        parts.push(words.speed.timesLab(shortNumber(row.timesWasm)));
      if (row.gigaflops !== null && row.shareOfPeak !== null)
        parts.push(words.speed.share(shortNumber(row.gigaflops), shareText(row.shareOfPeak)));
      lines.push(`  ${parts.join(', ')}`);
    }
  }
  lines.push('', words.speed.peakLine(shortNumber(report.peak.gigaflops)));
  if (report.devicePeak) lines.push(words.speed.devicePeakLine(shortNumber(report.devicePeak.gigaflops)));
  for (const { executor, reason } of report.skipped)
    lines.push(words.speed.skipped(executorName(executor), reason.replace(/\.$/, '')));
  return `${lines.join('\n')}\n`;
}
