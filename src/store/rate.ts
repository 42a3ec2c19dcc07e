/** How fast training goes, from the progress that its seeds report: all of them together, evaluations included, pauses not. */

/** A longer silence is no training: data being made, a pause, a hidden tab. */
const longestGap = 2000;
/** Before this the number would only be the beginning. */
const shortestSpan = 1000;

export class RateMeter {
  private last: number | null = null;
  private span = 0;
  private updates = 0;
  private readonly seen = new Map<string, number>();

  /**
   * One seed has made so many updates since its beginning.
   *
   * @param now  milliseconds on any clock
   */
  note(seed: string, updates: number, now: number): void {
    const before = this.seen.get(seed);
    this.seen.set(seed, updates);
    const gap = this.last === null ? Number.POSITIVE_INFINITY : now - this.last;
    this.last = now;
    if (gap > longestGap) return;
    this.span += gap;
    if (before !== undefined && updates > before) this.updates += updates - before;
  }

  /** Training rests: the time until the next note does not count. */
  rest(): void {
    this.last = null;
  }

  /** Forgets everything: other runs begin. */
  clear(): void {
    this.rest();
    this.span = 0;
    this.updates = 0;
    this.seen.clear();
  }

  /** Null before the first second of training. */
  get updatesPerSecond(): number | null {
    return this.span < shortestSpan || this.updates === 0 ? null : (1000 * this.updates) / this.span;
  }
}
