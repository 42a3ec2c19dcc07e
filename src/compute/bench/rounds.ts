/**
 * Interleaved timing. Every round times every contender once, so whatever else the machine does falls on all of them;
 * medians over rounds, since the best of many hides how an engine warms up.
 */
import type { Contender } from './contender';

/** Engines swap in optimised code during the first dozens of updates; a GPU or a BLAS library warms up faster. */
const warmUpUpdates = 200;
/** A contender slower than this is warm before it has made that many. The lab's own engine always makes them. */
const warmUpMilliseconds = 2000;
/** Long enough for a browser's clock, which ticks every 0.1 ms. */
const turnMilliseconds = 40;

export interface Timing {
  readonly contender: Contender;
  /** Milliseconds an update, one number a round that it took part in. */
  readonly samples: readonly number[];
  readonly medianMs: number;
  /** Quartiles of the samples. */
  readonly lowMs: number;
  readonly highMs: number;
}
export interface RoundOptions {
  /**
   * Milliseconds that each contender may take, warm-up and all. A slow one takes part in fewer rounds, spread over all of
   * them, but in one at least.
   */
  readonly capMs?: number;
  /** A contender stopped with an error. It takes no further part and has no timing. Without this the error is thrown. */
  onFailure?(contender: Contender, error: unknown): void;
  /** After every turn: the share of the work that is done, 0 to 1. */
  onProgress?(share: number): void;
}
interface Turn {
  readonly contender: Contender;
  readonly updates: number;
  readonly rounds: number;
  readonly samples: number[];
  hasFailed: boolean;
}

/** @throws what a contender threw, where `onFailure` is not given */
export async function timeInRounds(
  contenders: readonly Contender[],
  rounds: number,
  { capMs = Number.POSITIVE_INFINITY, onFailure, onProgress }: RoundOptions = {},
): Promise<Timing[]> {
  const turns: Turn[] = [];
  const attempt = async (contender: Contender, work: () => Promise<void>): Promise<boolean> => {
    try {
      await work();
      return true;
    } catch (error) {
      if (onFailure === undefined) throw error;
      onFailure(contender, error);
      return false;
    }
  };
  for (const [place, contender] of contenders.entries()) {
    await attempt(contender, async () => {
      const { milliseconds, elapsed } = await warmUp(contender, capMs / 2);
      const updates = Math.max(1, Math.round(turnMilliseconds / milliseconds));
      const affordable = Math.floor((capMs - elapsed) / (milliseconds * updates));
      const own = Math.min(rounds, Math.max(1, affordable));
      turns.push({ contender, updates, rounds: own, samples: [], hasFailed: false });
    });
    onProgress?.((0.5 * (place + 1)) / contenders.length);
  }
  for (let round = 0; round < rounds; round++) {
    for (const turn of turns) {
      const { contender, updates, samples } = turn;
      if (turn.hasFailed || !takesPart(turn.rounds, round, rounds)) continue;
      turn.hasFailed = !(await attempt(contender, async () => {
        samples.push((await contender.time(updates)) / updates);
      }));
    }
    onProgress?.(0.5 + (0.5 * (round + 1)) / rounds);
  }
  return turns
    .filter(({ hasFailed }) => !hasFailed)
    .map(({ contender, samples }) => {
      const [lowMs, medianMs, highMs] = [0.25, 0.5, 0.75].map((share) => quantile(samples, share));
      return { contender, samples, medianMs, lowMs, highMs };
    });
}

/** Spreads `own` turns evenly over `rounds` rounds; the last round has one. */
function takesPart(own: number, round: number, rounds: number): boolean {
  return Math.floor(((round + 1) * own) / rounds) > Math.floor((round * own) / rounds);
}

/** Milliseconds of one warm update, and of all of them together but the first, in which some compile for seconds. */
async function warmUp(contender: Contender, capMs: number): Promise<{ milliseconds: number; elapsed: number }> {
  const isEngine = contender.executor.startsWith('wasm');
  let milliseconds = await contender.time(1);
  let done = 1;
  let elapsed = 0;
  for (let updates = 1; done * contender.replicas < warmUpUpdates; updates = Math.min(2 * updates, warmUpUpdates)) {
    if (elapsed > capMs || (!isEngine && elapsed > warmUpMilliseconds)) break;
    milliseconds = (await contender.time(updates)) / updates;
    elapsed += milliseconds * updates;
    done += updates;
  }
  return { milliseconds, elapsed };
}

export function median(numbers: readonly number[]): number {
  return quantile(numbers, 0.5);
}

/** Linear between the two nearest. */
export function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  return sorted[below] + (place - below) * ((sorted[below + 1] ?? sorted[below]) - sorted[below]);
}
