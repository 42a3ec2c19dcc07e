/**
 * Notices that a browser stopped a hidden tab. Workers at work are heard many times a second, whatever the tab's timers do; when they fall
 * silent for long while the tab is hidden, the browser froze page and workers together (or the machine slept).
 */

/** The browser's own facts: whether the tab is hidden, now and whenever that changes. */
export interface Visibility {
  isHidden(): boolean;
  /** Calls `listener` after every change; gives the way to stop it. */
  onChange(listener: () => void): () => void;
  /** Milliseconds, going on while the machine sleeps. */
  now(): number;
}

/** A shorter silence is a slow evaluation, and would read as 0 minutes. */
export const silenceMilliseconds = 30_000;

export class HiddenTab {
  private lastHeard: number | null = null;
  private wasHidden = false;
  private readonly stopListening: () => void;

  constructor(private readonly visibility: Visibility) {
    this.stopListening = visibility.onChange(() => {
      if (visibility.isHidden()) this.wasHidden = true;
    });
  }

  /** Work begins or goes on: the silence before it was asked for. */
  begin(): void {
    this.mark();
  }

  /** Work stands still on purpose. */
  rest(): void {
    this.lastHeard = null;
  }

  /** A worker was heard. Gives the whole minutes, at least one, that the browser had stopped it; null where it had not. */
  heard(): number | null {
    const { lastHeard, wasHidden } = this;
    if (lastHeard === null) return null;
    this.mark();
    const silence = this.visibility.now() - lastHeard;
    return wasHidden && silence >= silenceMilliseconds ? Math.max(1, Math.round(silence / 60_000)) : null;
  }

  dispose(): void {
    this.stopListening();
  }

  private mark(): void {
    this.lastHeard = this.visibility.now();
    this.wasHidden = this.visibility.isHidden();
  }
}
