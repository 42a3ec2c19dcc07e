/** Laying things out in bytes. */

/** One after the other, each at its alignment. */
export class Layout {
  #end: number;

  constructor(start: number) {
    this.#end = start;
  }
  get end(): number {
    return this.#end;
  }
  /** Offset of `bytes` new bytes at a multiple of `alignment`. */
  take(bytes: number, alignment: number): number {
    const offset = roundUp(this.#end, alignment);
    this.#end = offset + bytes;
    return offset;
  }
}

/** Something needed from step `first` to step `last`, both included. */
export interface Lifetime {
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/**
 * Offsets at which things whose lifetimes meet do not overlap, in one arena. Largest first, each at the lowest gap that
 * fits (Pisarchyk & Lee 2020, https://arxiv.org/abs/2001.03288, greedy by size); ties by position, so that the result
 * depends on the list alone.
 */
export function placeByLifetime(
  lifetimes: readonly Lifetime[],
  alignment: number,
): { readonly offsets: number[]; readonly bytes: number } {
  const offsets = new Array<number>(lifetimes.length).fill(0);
  const order = lifetimes.map((_, index) => index).sort((a, b) => lifetimes[b].bytes - lifetimes[a].bytes || a - b);
  const placed: number[] = [];
  let bytes = 0;
  for (const index of order) {
    const { first, last, bytes: size } = lifetimes[index];
    const rivals = placed
      .filter((other) => lifetimes[other].first <= last && first <= lifetimes[other].last)
      .sort((a, b) => offsets[a] - offsets[b] || a - b);
    let offset = 0;
    for (const rival of rivals) {
      if (offset + size <= offsets[rival]) break;
      offset = Math.max(offset, roundUp(offsets[rival] + lifetimes[rival].bytes, alignment));
    }
    offsets[index] = offset;
    placed.push(index);
    bytes = Math.max(bytes, offset + size);
  }
  return { offsets, bytes: roundUp(bytes, alignment) };
}

export function roundUp(value: number, multiple: number): number {
  return Math.ceil(value / multiple) * multiple;
}
