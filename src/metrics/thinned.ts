/**
 * A growing line and its picture: at most `limit` of its points, the two ends and every bucket's lowest and highest, in order, so that no
 * spike is lost. Buckets hold 1 point each, then 2, 4, 8 …: they double when there are too many. So one more point costs the same
 * however long the line, and what is kept depends on the points alone, not on when somebody looked.
 */
export class Thinned<P> {
  private readonly lowest: Place<P>[] = [];
  private readonly highest: Place<P>[] = [];
  private first: P | null = null;
  private last: P | null = null;
  private count = 0;
  /** Points a full bucket holds, and those in the last one. */
  private size = 1;
  private inLast = 0;
  private picture: readonly P[] | null = [];

  /** @throws RangeError if `limit` is under 4: the ends and one bucket */
  constructor(
    private readonly value: (point: P) => number,
    private readonly limit: number,
  ) {
    if (limit < 4) throw new RangeError(`limit: expected at least 4, got ${limit}`);
  }

  add(point: P): void {
    const place = { point, value: this.value(point), at: this.count++ };
    this.first ??= point;
    this.last = point;
    this.picture = null;
    while (this.isFull()) this.double();
    const bucket = this.lowest.length - 1;
    if (bucket < 0 || this.inLast === this.size) {
      this.lowest.push(place);
      this.highest.push(place);
      this.inLast = 1;
      return;
    }
    if (place.value < this.lowest[bucket].value) this.lowest[bucket] = place;
    if (place.value > this.highest[bucket].value) this.highest[bucket] = place;
    this.inLast++;
  }

  /** What is drawn; the same array until a point is added. */
  points(): readonly P[] {
    this.picture ??= this.draw();
    return this.picture;
  }

  private isFull(): boolean {
    // A bucket of one point draws one, any other up to two; the ends come on top.
    const most = this.size === 1 ? this.limit : Math.floor((this.limit - 2) / 2);
    return this.lowest.length > most || (this.lowest.length === most && this.inLast === this.size);
  }

  /** Joins neighbours; of two equal values the earlier one stays. */
  private double(): void {
    const { lowest, highest } = this;
    const buckets = lowest.length;
    for (let to = 0; 2 * to < buckets; to++) {
      const [left, right] = [2 * to, Math.min(2 * to + 1, buckets - 1)];
      lowest[to] = lowest[right].value < lowest[left].value ? lowest[right] : lowest[left];
      highest[to] = highest[right].value > highest[left].value ? highest[right] : highest[left];
    }
    lowest.length = Math.ceil(buckets / 2);
    highest.length = lowest.length;
    // An odd one out is only half full now.
    this.inLast = buckets % 2 === 0 ? 2 * this.size : this.size;
    this.size *= 2;
  }

  private draw(): readonly P[] {
    if (this.first === null || this.last === null) return [];
    const kept: P[] = [this.first];
    let at = 0;
    const keep = (place: Place<P>) => {
      if (place.at <= at || place.at === this.count - 1) return;
      kept.push(place.point);
      at = place.at;
    };
    for (let bucket = 0; bucket < this.lowest.length; bucket++) {
      const [low, high] = [this.lowest[bucket], this.highest[bucket]];
      keep(low.at < high.at ? low : high);
      keep(low.at < high.at ? high : low);
    }
    if (this.count > 1) kept.push(this.last);
    return kept;
  }
}

interface Place<P> {
  readonly point: P;
  readonly value: number;
  /** Number of the point in the line. */
  readonly at: number;
}
