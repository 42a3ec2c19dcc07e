/**
 * Discounted return of every step of one episode, shape [steps], in reward units.
 *
 * @param rewards    shape [steps]
 * @param bootstrap  value of the state after the last step: 0 if it terminated, V(s′) if it was truncated
 * @throws RangeError if `discount` is outside [0, 1]
 * @see Sutton & Barto 2018, eq. 3.9
 */
export function discountedReturns(rewards: ArrayLike<number>, discount: number, bootstrap: number): Float32Array {
  if (!(discount >= 0 && discount <= 1)) throw new RangeError(`discount: expected 0 to 1, got ${discount}`);
  const returns = new Float32Array(rewards.length);
  let next = bootstrap; // float64, so that rounding does not pile up along a long episode
  for (let t = rewards.length - 1; t >= 0; t--) {
    next = rewards[t] + discount * next;
    returns[t] = next;
  }
  return returns;
}
