/**
 * Training seeds: a run repeats its recipe once a seed. As text "0..4" or "0,2,7..9", as links and the command line write them.
 */

/** More than the page can tell apart, and enough for any interval. */
export const maxSeeds = 50;
export const seedsExpected = `1 to ${maxSeeds} different whole numbers, like 0..4`;
/** Seeds key 32-bit random streams. */
const maxSeed = 0xffff_ffff;

/** "0..4" for [0, 1, 2, 3, 4]; runs of at least three are shortened, order is kept. */
export function seedsText(seeds: readonly number[]): string {
  const parts: string[] = [];
  for (let first = 0; first < seeds.length; ) {
    let last = first;
    while (last + 1 < seeds.length && seeds[last + 1] === seeds[last] + 1) last++;
    if (last - first >= 2) {
      parts.push(`${seeds[first]}..${seeds[last]}`);
      first = last + 1;
    } else {
      parts.push(String(seeds[first]));
      first++;
    }
  }
  return parts.join(',');
}

/**
 * The seeds that text or a list names, in order, each once, at most 50; null if it names none.
 * `exact` is false when something was left out or unreadable. Total: never throws.
 */
export function readSeeds(given: unknown): { readonly seeds: readonly number[]; readonly exact: boolean } | null {
  const pieces: readonly unknown[] = Array.isArray(given)
    ? given.slice(0, 10 * maxSeeds)
    : typeof given === 'string'
      ? given.slice(0, 1000).split(',')
      : typeof given === 'number'
        ? [given]
        : [];
  const seeds = new Set<number>();
  let exact = Array.isArray(given) ? given.length <= 10 * maxSeeds : typeof given !== 'string' || given.length <= 1000;
  for (const piece of pieces) {
    const range = rangeOf(piece);
    if (!range) {
      exact = false;
      continue;
    }
    for (let seed = range[0]; seed <= range[1]; seed++) {
      if (seeds.size === maxSeeds && !seeds.has(seed)) {
        exact = false;
        break;
      }
      if (seeds.has(seed)) exact = false;
      seeds.add(seed);
    }
  }
  return seeds.size === 0 ? null : { seeds: [...seeds], exact };
}

/** Seeds as a person typed them, and one sentence when that was not quite possible; then `seeds` holds what was readable. */
export function parseSeeds(text: string): { readonly seeds: readonly number[]; readonly problem?: string } {
  const read = readSeeds(text);
  if (read?.exact) return { seeds: read.seeds };
  const problem = `Seeds: expected ${seedsExpected}, got “${text.slice(0, 40)}”.`;
  return { seeds: read?.seeds ?? [0], problem };
}

/** The first `count` seeds; where there are fewer, the next unused ones follow. `count` is clamped to 1…50. */
export function withSeedCount(seeds: readonly number[], count: number): readonly number[] {
  const wanted = Math.min(maxSeeds, Math.max(1, Math.round(count) || 1));
  const result = seeds.slice(0, wanted);
  for (let next = largest(result) + 1; result.length < wanted; next++) {
    const seed = next > maxSeed ? next - maxSeed - 1 : next;
    if (!result.includes(seed)) result.push(seed);
  }
  return result;
}

/** As many seeds again, none of them used before ("New seeds"). */
export function nextSeeds(seeds: readonly number[]): readonly number[] {
  const result: number[] = [];
  for (let next = largest(seeds) + 1; result.length < seeds.length; next++) {
    const seed = next > maxSeed ? next - maxSeed - 1 : next;
    if (!seeds.includes(seed)) result.push(seed);
  }
  return result;
}

function largest(seeds: readonly number[]): number {
  return seeds.reduce((most, seed) => Math.max(most, seed), -1);
}

/** [first, last] of "7", 7 or "3..9"; null if it is none of them. A range names at most one seed too many. */
function rangeOf(piece: unknown): readonly [number, number] | null {
  if (typeof piece === 'number') return isSeed(piece) ? [piece, piece] : null;
  if (typeof piece !== 'string') return null;
  const match = /^\s*(\d{1,10})(?:\s*\.\.\s*(\d{1,10}))?\s*$/.exec(piece);
  if (!match) return null;
  const first = Number(match[1]);
  const last = match[2] === undefined ? first : Number(match[2]);
  return isSeed(first) && isSeed(last) && first <= last ? [first, last] : null;
}

function isSeed(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= maxSeed;
}
