/**
 * How fast one trainer goes: pause, single steps, speed, and how many updates fit into one call. It decides when, never what:
 * no result depends on anything here. The clock and the waiting come in, so that tests need neither.
 */
import type { Position } from '../src/metrics/events';
import type { Change } from '../src/spec/runSpec';
import type { RunControl } from '../src/training/control';

export interface Surroundings {
  /** Milliseconds from any fixed moment. */
  now(): number;
  /** Resolves after the messages that have already arrived were handled. */
  letMessagesIn(): Promise<void>;
  /** Resolves after `milliseconds`. */
  sleep(milliseconds: number): Promise<void>;
}
export interface PaceOptions extends Surroundings {
  readonly changes: readonly Change[];
  readonly held: boolean;
  readonly updatesPerSecond: number;
  /** Called when no update is running any more: once for every `hold` request, and with 0 when single steps are done. */
  readonly onHeld: (request: number, at: Position) => void;
}

/** A call of this length keeps a pause well under 100 ms and its own overhead under a hundredth. */
const callMilliseconds = 25;
/** The request of a trainer that came to rest by itself. */
const ownAccord = 0;
/** Below full speed, calls come no closer than this. */
const slowMilliseconds = 50;

export class Pace implements RunControl {
  private readonly moves: Change[];
  private held: boolean;
  private updatesPerSecond: number;
  private singleSteps = 0;
  private runsToEvaluation = false;
  /** False while an update may be running. */
  private waiting = false;
  private position: Position | null = null;
  private readonly requests: number[] = [];
  /** Resolves the wait of a held or slow trainer when something changed. */
  private wake: (() => void) | null = null;
  private chunk = 1;
  private grant: { from: Position; size: number; at: number } | null = null;
  private notBefore = 0;

  constructor(private readonly options: PaceOptions) {
    this.moves = [...options.changes];
    this.held = options.held;
    this.updatesPerSecond = options.updatesPerSecond;
  }

  hold(request: number): void {
    this.held = true;
    this.singleSteps = 0;
    this.runsToEvaluation = false;
    this.requests.push(request);
    // Before the first update there is nothing to wait for.
    if (this.waiting || this.position === null) this.answer();
    this.wakeUp();
  }

  resume(): void {
    this.held = false;
    this.singleSteps = 0;
    this.runsToEvaluation = false;
    this.wakeUp();
  }

  step(toEvaluation: boolean): void {
    this.held = true;
    if (toEvaluation) this.runsToEvaluation = true;
    else this.singleSteps++;
    this.wakeUp();
  }

  setSpeed(updatesPerSecond: number): void {
    this.updatesPerSecond = updatesPerSecond;
    this.notBefore = 0;
    this.wakeUp();
  }

  change(change: Change): void {
    this.moves.push(change);
  }

  /** The run reported an evaluation: a step "to the next evaluation" ends here. */
  evaluated(): void {
    this.runsToEvaluation = false;
  }

  changes(): readonly Change[] {
    return this.moves;
  }

  async next(at: Position): Promise<number | 'stop'> {
    this.position = at;
    this.learnSpeed(at);
    this.waiting = true;
    await this.options.letMessagesIn();
    for (;;) {
      if (this.singleSteps > 0) {
        this.singleSteps--;
        return this.granted(at, 1);
      }
      if (!this.held || this.runsToEvaluation) {
        const wait = this.updatesPerSecond > 0 ? this.notBefore - this.options.now() : 0;
        if (wait <= 0) return this.granted(at, this.size());
        await Promise.race([this.woken(), this.options.sleep(wait)]);
      } else {
        if (this.requests.length === 0) this.requests.push(ownAccord);
        this.answer();
        await this.woken();
      }
    }
  }

  private size(): number {
    if (this.updatesPerSecond === 0) return this.chunk;
    return Math.max(1, Math.min(this.chunk, Math.floor((this.updatesPerSecond * slowMilliseconds) / 1000)));
  }

  private granted(at: Position, size: number): number {
    const now = this.options.now();
    this.waiting = false;
    this.grant = { from: at, size, at: now };
    if (this.updatesPerSecond > 0) {
      // Counted from when the last call was due, so that lateness does not add up, but never more than one call behind.
      const due = Math.max(this.notBefore, now - slowMilliseconds);
      this.notBefore = due + (size * 1000) / this.updatesPerSecond;
    }
    return size;
  }

  /** Chooses the next call's size from how long the last one took, growing at most twofold: evaluations inside a call look like slow updates. */
  private learnSpeed(at: Position): void {
    if (this.grant === null) return;
    const { from, size, at: start } = this.grant;
    if (from.phase !== at.phase) {
      // An environment step costs other than an update.
      this.chunk = 1;
      return;
    }
    const done = Math.min(size, at.step - from.step);
    if (done < 1) return;
    const each = Math.max(this.options.now() - start, 0.01) / done;
    const fitting = Math.max(1, Math.floor(callMilliseconds / each));
    this.chunk = Math.min(fitting, this.chunk * 2);
  }

  private answer(): void {
    const at = this.position ?? { phase: 'offline', step: 0 };
    for (const request of this.requests.splice(0)) this.options.onHeld(request, at);
  }

  private woken(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private wakeUp(): void {
    this.wake?.();
    this.wake = null;
  }
}
