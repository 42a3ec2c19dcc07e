/** How a host steers a run: pause, single steps, speed, live changes, stop. The loop awaits it and knows no clock. */
import type { Position } from '../metrics/events';
import type { Change } from '../spec/runSpec';

export interface RunControl {
  /**
   * Awaited before every chunk; resolves when the run may go on, with the most updates (offline) or environment steps
   * (online) to take before asking again. How many never shows in a result.
   */
  next(at: Position): Promise<number | 'stop'>;
  /** The spec's changes and those made since, oldest first. Each is at a step that no seed has passed. */
  changes(): readonly Change[];
}

/** Runs to the end with the spec's own changes: the command line and tests. */
export function uncontrolled(changes: readonly Change[], chunk = 100): RunControl {
  return { next: () => Promise.resolve(chunk), changes: () => changes };
}
