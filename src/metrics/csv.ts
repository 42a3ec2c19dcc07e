/** The curves as text for other programs: one row an evaluation, one row a training episode. RFC 4180, full precision. */
import type { SeedResult } from './results';

const header =
  'run,seed,phase,step,kind,return,episodes,predicted_q,realised_return,actions_outside_data,distance_to_pretrained,returns';

/** @param run what the first column says, so that several runs can share a file */
export function curvesToCsv(run: string, results: readonly SeedResult[]): string {
  const lines = [header];
  for (const { seed, offline, online, episodes } of results) {
    for (const [phase, points] of [['offline', offline] as const, ['online', online] as const]) {
      for (const point of points) {
        lines.push(
          [
            quoted(run),
            seed,
            phase,
            point.step,
            'greedy',
            cell(point.mean),
            point.returns.length,
            cell(point.predicted),
            cell(point.realised),
            cell(point.outsideData),
            cell(point.distanceToPretrained),
            point.returns.map(cell).join(' '),
          ].join(','),
        );
      }
    }
    for (const episode of episodes) {
      const value = cell(episode.return);
      lines.push([quoted(run), seed, 'online', episode.step, 'exploring', value, 1, '', '', '', '', value].join(','));
    }
  }
  return `${lines.join('\r\n')}\r\n`;
}

/** Empty where there is no number: a missing measurement is not a zero. */
function cell(value: number | null): string {
  return value === null || Number.isNaN(value) ? '' : String(value);
}

/** Text that a spreadsheet would take for a formula gets a leading apostrophe: a run's name can come from a stranger's link. */
function quoted(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
