/**
 * Thins what a run says on its way to the page: progress, preparation and metrics at most ten times a second, everything else at once and in
 * order. Metrics are joined, never dropped.
 */
import type { RunEvent } from '../src/metrics/events';

type Metrics = Extract<RunEvent, { kind: 'metrics' }>;
const interval = 100; // ms

export class Reporter {
  private progress: RunEvent | null = null;
  private metrics: Metrics[] = [];
  private lastFlush = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly send: (event: RunEvent) => void,
    private readonly now: () => number,
  ) {}

  report(event: RunEvent): void {
    if (event.kind === 'progress' || event.kind === 'preparing') this.progress = event;
    else if (event.kind === 'metrics') {
      if (this.metrics.length > 0 && this.metrics[0].phase !== event.phase) this.flush();
      this.metrics.push(event);
    } else {
      this.flush();
      this.send(event);
      return;
    }
    if (this.now() - this.lastFlush >= interval) this.flush();
  }

  /** Sends what waits, now: a held run shows exactly where it stands. */
  flush(): void {
    this.lastFlush = this.now();
    if (this.metrics.length > 0) this.send(joined(this.metrics));
    this.metrics = [];
    if (this.progress !== null) this.send(this.progress);
    this.progress = null;
  }
}

/** One event with the rows of all; a column that one of them lacks is NaN there. */
function joined(parts: readonly Metrics[]): Metrics {
  if (parts.length === 1) return parts[0];
  const rows = parts.reduce((sum, { steps }) => sum + steps.length, 0);
  const steps = new Float64Array(rows);
  const columns: Record<string, Float32Array> = {};
  let row = 0;
  for (const part of parts) {
    steps.set(part.steps, row);
    for (const [name, values] of Object.entries(part.columns)) {
      columns[name] ??= new Float32Array(rows).fill(Number.NaN);
      columns[name].set(values, row);
    }
    row += part.steps.length;
  }
  return { kind: 'metrics', phase: parts[0].phase, steps, columns };
}
