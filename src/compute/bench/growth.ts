/** Whether something stayed level: the memory of a long training. */
import { median } from './rounds';

/** Of the whole time, before anything counts: engines compile and pools fill. */
const warmUpShare = 0.25;

export interface Growth {
  /** Median of the first third after the warm-up. */
  readonly before: number;
  /** Median of the last third. */
  readonly after: number;
  /** (after − before) / before, in per cent. */
  readonly percent: number;
}

/** @throws RangeError with fewer than eight samples: they would not make two medians */
export function growthOf(samples: readonly number[]): Growth {
  if (samples.length < 8) throw new RangeError(`Growth needs eight samples or more, got ${samples.length}.`);
  const warm = samples.slice(Math.floor(warmUpShare * samples.length));
  const third = Math.floor(warm.length / 3);
  const before = median(warm.slice(0, third));
  const after = median(warm.slice(-third));
  return { before, after, percent: before === 0 ? 0 : (100 * (after - before)) / before };
}
