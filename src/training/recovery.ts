/**
 * What a run keeps on the host to go on from when its device is lost: the newest point, a checkpoint without replay records, and
 * the records themselves, which the host has made anyway. A point costs one read of the state; nothing is read from the device
 * after it is gone.
 */
export class Recovery {
  /** The newest checkpoint without records; null before the first. */
  point: Uint8Array | null = null;
  #records = new Float32Array(0);
  #used = 0;

  /** Keeps records as the device got them, row-major. */
  keep(records: Float32Array): void {
    const needed = this.#used + records.length;
    if (needed > this.#records.length) {
      const grown = new Float32Array(Math.max(needed, 2 * this.#records.length));
      grown.set(this.#records.subarray(0, this.#used));
      this.#records = grown;
    }
    this.#records.set(records, this.#used);
    this.#used = needed;
  }
  /** The first `floats` numbers kept; what came after them is forgotten, as the run is about to do it again. */
  backTo(floats: number): Float32Array {
    this.#used = floats;
    return this.#records.subarray(0, floats);
  }
}
