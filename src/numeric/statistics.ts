/**
 * Summaries of small samples (returns of seeds, of episodes) and intervals for them. Everything is float64 in a fixed
 * order with the functions of ./math, so an interval on the page is the same in every browser.
 *
 * Not-a-number in, not-a-number out; an empty sample has no mean, so its summaries are NaN too.
 */
import { exp, log1p } from './math';
import { stream } from './random';

export type Interval = readonly [low: number, high: number];

/** Arithmetic mean; NaN for an empty sample. */
export function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

/** Unbiased sample variance, Σ(x − x̄)²/(n − 1), in squared units; NaN below two values. */
export function variance(values: ArrayLike<number>): number {
  if (values.length < 2) return NaN;
  const centre = mean(values);
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] - centre) * (values[i] - centre);
  return sum / (values.length - 1);
}

/** Standard error of the mean, √(variance/n); NaN below two values. */
export function standardError(values: ArrayLike<number>): number {
  return Math.sqrt(variance(values) / values.length);
}

/**
 * Quantile by linear interpolation between order statistics: position (n − 1)·fraction (Hyndman & Fan's type 7, the
 * default of NumPy and R).
 *
 * @throws RangeError if `fraction` is outside [0, 1]
 */
export function quantile(values: ArrayLike<number>, fraction: number): number {
  if (!(fraction >= 0 && fraction <= 1)) throw new RangeError(`fraction: expected 0 to 1, got ${fraction}`);
  return quantileOfSorted(Float64Array.from(values).sort(), fraction);
}

/** `sorted` ascending, NaN last as typed arrays sort it. */
function quantileOfSorted(sorted: Float64Array, fraction: number): number {
  const last = sorted.length - 1;
  if (last < 0 || Number.isNaN(sorted[last])) return NaN;
  const position = last * fraction;
  const below = Math.floor(position);
  const weight = position - below;
  // Not a + w·(b − a) when w is 0: an infinite neighbour would make it NaN.
  return weight === 0 ? sorted[below] : sorted[below] * (1 - weight) + sorted[below + 1] * weight;
}

/**
 * Interquartile mean: ⌊n/4⌋ values are cut from each end and the rest averaged, as rliable does
 * (`scipy.stats.trim_mean(x, 0.25)`). Below four values nothing is cut and it is the mean.
 *
 * @see Agarwal et al. 2021, "Deep RL at the edge of the statistical precipice", https://arxiv.org/abs/2108.13264
 */
export function interquartileMean(values: ArrayLike<number>): number {
  return interquartileMeanInPlace(Float64Array.from(values));
}

/** The same, leaving `values` sorted. */
function interquartileMeanInPlace(values: Float64Array): number {
  values.sort();
  const count = values.length;
  if (count === 0 || Number.isNaN(values[count - 1])) return NaN;
  const cut = Math.floor(count / 4);
  return mean(values.subarray(cut, count - cut));
}

export interface BootstrapOptions {
  /** Of all values of one resample, which it may reorder. Default: the interquartile mean. */
  statistic?: (values: Float64Array) => number;
  /** Default 2000. */
  resamples?: number;
  /** Coverage, in (0, 1). Default 0.95. */
  level?: number;
  /** u32. The same samples, options and seed give the same interval. Default 0. */
  seed?: number;
}

/**
 * Percentile bootstrap interval over the values of one task, usually one value a seed: resample as many values with
 * replacement, take the statistic, repeat; the interval holds the middle `level` of the results. With one value it is
 * that value twice (say "one seed" beside it); with none, NaN.
 *
 * @throws RangeError for a level outside (0, 1), resamples below 1 or a seed that is no u32
 */
export function bootstrapInterval(values: ArrayLike<number>, options: BootstrapOptions = {}): Interval {
  const isUsual = options.statistic === undefined && values.length > 0 && values.length <= mostKeptDraws;
  return isUsual && !Number.isNaN(mean(values))
    ? usualInterval(values, options)
    : stratifiedBootstrapInterval([values], options);
}

/** Draws are kept for samples up to this size: a byte each, 2000 times the size. */
const mostKeptDraws = 32;
const keptDraws = new Map<string, Uint8Array>();
/** Which value every draw takes, [resamples, count]: the same for all samples of a size. */
function drawsOf(count: number, resamples: number, seed: number): Uint8Array {
  const key = `${count} ${resamples} ${seed}`;
  const known = keptDraws.get(key);
  if (known) return known;
  const random = stream(seed, 'bootstrap');
  const draws = Uint8Array.from({ length: count * resamples }, () => random.index(count));
  keptDraws.set(key, draws);
  return draws;
}

/**
 * The interval of the interquartile mean by counting: a resample holds each value so many times, so in ascending order it is known
 * without sorting, and the middle of it is added up. The same draws and the same sums as the general way, in a tenth of its time.
 */
function usualInterval(
  values: ArrayLike<number>,
  { resamples = 2000, level = 0.95, seed = 0 }: BootstrapOptions,
): Interval {
  requireLevel(level);
  requireResamples(resamples);
  const count = values.length;
  const ascending = Array.from(values, (_, i) => i).sort((a, b) => values[a] - values[b]);
  const rankOf = new Uint8Array(count);
  ascending.forEach((index, rank) => {
    rankOf[index] = rank;
  });
  const sorted = Float64Array.from(ascending, (index) => values[index]);
  const draws = drawsOf(count, resamples, seed);
  const cut = Math.floor(count / 4);
  const middle = count - 2 * cut;
  const times = new Uint8Array(count);
  const results = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    times.fill(0);
    for (let i = r * count; i < (r + 1) * count; i++) times[rankOf[draws[i]]]++;
    let sum = 0;
    let passed = 0;
    for (let rank = 0; passed < cut + middle; rank++) {
      const end = Math.min(passed + times[rank], cut + middle);
      for (let at = Math.max(passed, cut); at < end; at++) sum += sorted[rank];
      passed += times[rank];
    }
    results[r] = sum / middle;
  }
  results.sort();
  return [quantileOfSorted(results, (1 - level) / 2), quantileOfSorted(results, (1 + level) / 2)];
}

/**
 * The same over several tasks: each task's values are resampled within the task, the statistic sees all of them.
 * Draws come from the stream `bootstrap`, resample by resample, task by task, value by value.
 *
 * @see Agarwal et al. 2021, https://arxiv.org/abs/2108.13264, section 4.1
 */
export function stratifiedBootstrapInterval(
  tasks: readonly ArrayLike<number>[],
  { statistic = interquartileMeanInPlace, resamples = 2000, level = 0.95, seed = 0 }: BootstrapOptions = {},
): Interval {
  requireLevel(level);
  requireResamples(resamples);
  const random = stream(seed, 'bootstrap');
  const resample = new Float64Array(tasks.reduce((total, task) => total + task.length, 0));
  const results = new Float64Array(resamples);
  for (let r = 0; r < resamples; r++) {
    let filled = 0;
    for (const task of tasks) {
      for (let i = 0; i < task.length; i++) resample[filled++] = task[random.index(task.length)];
    }
    results[r] = statistic(resample);
  }
  results.sort();
  return [quantileOfSorted(results, (1 - level) / 2), quantileOfSorted(results, (1 + level) / 2)];
}

/**
 * Student's interval for the mean of a normal population: x̄ ± t·s/√n with n − 1 degrees of freedom.
 * Fewer than two values say nothing about the spread: the interval is (−Infinity, Infinity).
 *
 * @throws RangeError if `level` is outside (0, 1)
 */
export function tInterval(values: ArrayLike<number>, level = 0.95): Interval {
  requireLevel(level);
  if (values.length < 2) return [-Infinity, Infinity];
  return around(mean(values), standardError(values), values.length - 1, level);
}

/**
 * Welch's interval for the difference mean(a) − mean(b) of two populations with unlike variances, with the
 * Welch–Satterthwaite degrees of freedom. (−Infinity, Infinity) if either sample has fewer than two values.
 *
 * @throws RangeError if `level` is outside (0, 1)
 * @see Welch 1947, https://doi.org/10.2307/2332510
 */
export function welchInterval(a: ArrayLike<number>, b: ArrayLike<number>, level = 0.95): Interval {
  requireLevel(level);
  if (a.length < 2 || b.length < 2) return [-Infinity, Infinity];
  const spreadA = variance(a) / a.length;
  const spreadB = variance(b) / b.length;
  const spread = spreadA + spreadB;
  // As shares of the whole, since spreads below 1e-162 or above 1e154 have no float64 square.
  const shareA = spreadA / spread;
  const shareB = spreadB / spread;
  const degrees = 1 / ((shareA * shareA) / (a.length - 1) + (shareB * shareB) / (b.length - 1));
  return around(mean(a) - mean(b), Math.sqrt(spread), degrees, level);
}

function around(centre: number, error: number, degrees: number, level: number): Interval {
  if (error === 0) return [centre, centre]; // no spread at all: the degrees of freedom may be 0/0
  if (Number.isNaN(error)) return [NaN, NaN];
  const reach = error * studentQuantile((1 + level) / 2, degrees);
  return [centre - reach, centre + reach];
}

function requireResamples(resamples: number): void {
  if (!(Number.isInteger(resamples) && resamples >= 1)) {
    throw new RangeError(`resamples: expected an integer from 1, got ${resamples}`);
  }
}
function requireLevel(level: number): void {
  if (!(level > 0 && level < 1)) throw new RangeError(`level: expected between 0 and 1, got ${level}`);
}

/**
 * Quantile of Student's t distribution, relative error below 1e-12.
 *
 * @param probability  in (0, 1)
 * @param degrees      degrees of freedom, any real number from 1
 * @throws RangeError outside these ranges
 */
export function studentQuantile(probability: number, degrees: number): number {
  if (!(probability > 0 && probability < 1)) {
    throw new RangeError(`probability: expected between 0 and 1, got ${probability}`);
  }
  if (!(degrees >= 1 && degrees < Infinity)) throw new RangeError(`degrees: expected a number from 1, got ${degrees}`);
  if (probability === 0.5) return 0;
  const tail = probability < 0.5 ? probability : 1 - probability;
  // The tail falls as t grows: bracket the root, then halve until float64 has no number between.
  let low = 0;
  let high = 1;
  while (studentTail(high, degrees) > tail) {
    low = high;
    high *= 2;
  }
  for (;;) {
    const middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return probability < 0.5 ? -middle : middle;
    if (studentTail(middle, degrees) > tail) low = middle;
    else high = middle;
  }
}

/**
 * P(T > t) of Student's t distribution for t ≥ 0: ½·I_x(ν/2, ½) at x = ν/(ν + t²).
 * @see https://dlmf.nist.gov/8.17
 */
function studentTail(t: number, degrees: number): number {
  const a = degrees / 2;
  const ratio = (t * t) / degrees;
  const x = 1 / (1 + ratio);
  const rest = ratio / (1 + ratio); // 1 − x without cancellation
  // x^a·(1 − x)^½ / B(a, ½)
  const front = (exp(-a * log1p(ratio)) * Math.sqrt(rest) * gammaRatio(a)) / Math.sqrt(Math.PI);
  // The fraction converges fast below the mean of the distribution; above it, take the complement.
  return x < (a + 1) / (a + 2.5)
    ? (0.5 * front * betaFraction(x, a, 0.5)) / a
    : 0.5 - front * betaFraction(rest, 0.5, a);
}

/** Γ(a + ½)/Γ(a): its expansion for large a, reached by Γ(a + 1) = a·Γ(a). @see https://dlmf.nist.gov/5.11#iii */
function gammaRatio(a: number): number {
  let product = 1;
  for (; a < 40; a++) product *= a / (a + 0.5);
  const u = 1 / a;
  const series =
    1 +
    u *
      (-1 / 8 +
        u *
          (1 / 128 +
            u * (5 / 1024 + u * (-21 / 32768 + u * (-399 / 262144 + u * (869 / 4194304 + (u * 39325) / 33554432))))));
  return product * Math.sqrt(a) * series;
}

/** The continued fraction of the incomplete beta function, by Lentz's method. @see https://dlmf.nist.gov/8.17#v */
function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / (1 - ((a + b) * x) / (a + 1));
  let value = d;
  for (let m = 1; m <= 10_000; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / (1 + even * d);
    c = 1 + even / c;
    value *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / (1 + odd * d);
    c = 1 + odd / c;
    value *= d * c;
    if (Math.abs(d * c - 1) < 3e-16) return value;
  }
  return value;
}
