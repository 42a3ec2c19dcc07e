/** Helpers for the tests of this folder. */

const value = new Float64Array(1);
const bits = new BigInt64Array(value.buffer);

/** Distance from `x` to the next float64 away from zero: the size of one ulp. `x` is finite. */
export function unitInTheLastPlace(x: number): number {
  value[0] = Math.abs(x);
  const here = value[0];
  bits[0] += 1n;
  return value[0] - here;
}

/** How many float64 values `a` is away from `b`: 0 for equal bits. NaN is 0 from NaN. */
export function floatsBetween(a: number, b: number): number {
  return Number.isNaN(a) && Number.isNaN(b) ? 0 : Math.abs(Number(ordinal(a) - ordinal(b)));
}

/** Rank of a float64 among all of them; both zeros have rank 0. */
function ordinal(x: number): bigint {
  value[0] = x;
  return bits[0] < 0n ? -(bits[0] & 0x7fffffffffffffffn) : bits[0];
}
