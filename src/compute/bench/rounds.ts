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
  /** Milliseconds an update, one number a round. */
  readonly samples: readonly number[];
  readonly medianMs: number;
}

export async function timeInRounds(contenders: readonly Contender[], rounds: number): Promise<Timing[]> {
  const turns: { contender: Contender; updates: number; samples: number[] }[] = [];
  for (const contender of contenders) {
    const milliseconds = await warmUp(contender);
    turns.push({ contender, updates: Math.max(1, Math.round(turnMilliseconds / milliseconds)), samples: [] });
  }
  for (let round = 0; round < rounds; round++) {
    for (const { contender, updates, samples } of turns) samples.push((await contender.time(updates)) / updates);
  }
  return turns.map(({ contender, samples }) => ({ contender, samples, medianMs: median(samples) }));
}

/** Milliseconds of one warm update. */
async function warmUp(contender: Contender): Promise<number> {
  let done = 0;
  let elapsed = 0;
  let last = 0;
  for (let updates = 1; done < warmUpUpdates; updates = Math.min(2 * updates, warmUpUpdates)) {
    if (contender.executor !== 'wasm' && elapsed > warmUpMilliseconds) break;
    last = (await contender.time(updates)) / updates;
    elapsed += last * updates;
    done += updates;
  }
  return last;
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
