/**
 * Stream numbers of the random draws inside programs (plan.ts, `StateHeader`). Part of what a link means: never renumber.
 * Numbers below 1024 belong to the named streams of numeric/random.ts.
 */

const batches = 0x10000;
const noises = 0x20000;
/** Draws one program may hold of each kind. */
export const drawLimit = 0x100;

/** Stream of minibatch draw `draw` of the update. */
export function batchStream(draw: number): number {
  return batches + draw;
}

/**
 * Stream of random draw `stream` of a program. A query's are keyed by its name, so that adding a query changes no other
 * query's noise.
 */
export function noiseStream(program: string, stream: number): number {
  if (program === 'update') return noises + stream;
  return (((nameHash(program) | 0x80000000) & ~(drawLimit - 1)) | stream) >>> 0;
}

/** FNV-1a of the UTF-16 code units, as u32: turns a name into an index of a random stream. */
export function nameHash(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
