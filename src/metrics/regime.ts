/**
 * Is the pretrained policy better than its data? The label of Li et al. 2025, "The Three Regimes of Offline-to-Online
 * Reinforcement Learning" (https://arxiv.org/abs/2510.01460), as this lab computes it.
 *
 * The paper's exact test is not public in full (unit of the sample, sides, role of the margin). Here: Welch's interval of
 * the difference between π₀'s mean returns (one number a seed; with one seed, one an episode) and the returns of the
 * data's episodes, on the 0-100 scale, against the margin δ.
 */
import { mean, welchInterval } from '../numeric/statistics';

export type RegimeLabel = 'superior' | 'comparable' | 'undecided' | 'inferior';
export interface Regime {
  readonly label: RegimeLabel;
  /** Mean return of π₀ and of the data, in the environment's unit. */
  readonly pretrained: number;
  readonly data: number;
  readonly difference: number;
  /** Interval of the difference, in the environment's unit. */
  readonly interval: readonly [number, number];
  /** Difference on the 0-100 scale. */
  readonly normalisedDifference: number;
  readonly margin: number;
  readonly level: number;
  readonly seeds: number;
  readonly episodes: number;
  readonly dataEpisodes: number;
}
/**
 * @param perSeed      greedy returns of π₀, one list a seed
 * @param data         undiscounted returns of the dataset's episodes
 * @param span         reference return minus random return, the 100 points of the scale
 */
export function regimeOf(
  perSeed: readonly (readonly number[])[],
  data: readonly number[],
  span: number,
  margin: number,
  level: number,
): Regime | null {
  const measured = perSeed.filter((returns) => returns.length > 0);
  if (measured.length === 0 || data.length === 0) return null;
  const sample = measured.length > 1 ? measured.map((returns) => mean(returns)) : [...measured[0]];
  const pretrained = mean(sample);
  const ofData = mean(data);
  const interval = welchInterval(sample, data, level);
  const scale = span > 0 ? 100 / span : 0;
  const [low, high] = [interval[0] * scale, interval[1] * scale];
  const label: RegimeLabel =
    low > margin
      ? 'superior'
      : high < -margin
        ? 'inferior'
        : low >= -margin && high <= margin
          ? 'comparable'
          : 'undecided';
  return {
    label,
    pretrained,
    data: ofData,
    difference: pretrained - ofData,
    interval,
    normalisedDifference: (pretrained - ofData) * scale,
    margin,
    level,
    seeds: measured.length,
    episodes: measured.reduce((sum, returns) => sum + returns.length, 0),
    dataEpisodes: data.length,
  };
}
