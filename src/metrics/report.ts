/** A run as one JSON object, the same from the page and from the command line; and the digest of a whole run. */
import type { DataCard, References } from '../datasets/transitions';
import { sha256Hex } from '../numeric/digest';
import type { Regime } from './regime';
import { type SeedResult, summarise } from './results';

/** Hash of the seeds' digests in order; null while one is missing. */
export function runDigest(results: readonly SeedResult[]): string | null {
  const digests = results.map(({ digest }) => digest);
  if (digests.length === 0 || digests.some((digest) => digest === null)) return null;
  return sha256Hex(new TextEncoder().encode(digests.join('')));
}

export interface ReportedRun {
  readonly spec: unknown;
  readonly link: string;
  readonly executor: string;
  readonly references: References | null;
  readonly card: DataCard | null;
  readonly regime: Regime | null;
  readonly results: readonly SeedResult[];
}
/** Plain data, ready for `JSON.stringify`. */
export function runReport({ spec, link, executor, references, card, regime, results }: ReportedRun) {
  return {
    spec,
    link,
    digest: runDigest(results),
    executor,
    staleness: results[0]?.staleness ?? null,
    references,
    dataset: card && {
      n: card.count,
      episodes: card.episodes,
      meanReturn: card.meanReturn,
      normalised: card.normalised,
      best: card.bestReturn,
      digest: card.digest,
    },
    regime: regime && {
      pi0: regime.pretrained,
      data: regime.data,
      interval: regime.interval,
      label: regime.label,
      normalisedDifference: regime.normalisedDifference,
    },
    seeds: results.map(({ seed, digest, outcome, problem, resumed, offline, online, episodes, pretrained }) => ({
      seed,
      digest,
      outcome,
      problem,
      resumed: resumed ?? null,
      pretrained,
      offline,
      online,
      episodes,
    })),
    summary: summarise(results),
  };
}
