/** What the benchmark times: which algorithm, on networks of which size, on how many copies at once. */

/** Algorithms that every peer has too, in the order of the table. */
export const benchAlgorithms = ['iql', 'td3bc', 'sac'] as const;
export type BenchAlgorithm = (typeof benchAlgorithms)[number];

/** The one that the lab's promises of speed are about. */
export const promised: BenchAlgorithm = 'iql';

export interface Size {
  /** Units in each of the two hidden layers of every network. */
  readonly hidden: number;
  readonly batch: number;
}
export interface Work extends Size {
  readonly algorithm: BenchAlgorithm;
  /** Learners that advance together, each with its own seed; 1 is an ordinary run. */
  readonly replicas: number;
}

/** Small networks, where overhead counts. */
export const small: Size = { hidden: 64, batch: 64 };
/** The published size, where arithmetic counts. */
export const published: Size = { hidden: 256, batch: 256 };
/** Copies in the table's widest column. */
export const manyReplicas = 16;

/** Columns of the engine's table. The promised one has a wide batch on small networks besides. */
export const engineWorks: readonly Work[] = benchAlgorithms.flatMap((algorithm) => [
  { algorithm, ...small, replicas: 1 },
  ...(algorithm === promised ? [{ algorithm, hidden: 64, batch: 256, replicas: 1 }] : []),
  { algorithm, ...published, replicas: 1 },
  { algorithm, ...published, replicas: manyReplicas },
]);

/** "2×64/64": two hidden layers, their units, the batch. */
export function sizeName({ hidden, batch }: Size): string {
  return `2×${hidden}/${batch}`;
}

export function isSameWork(a: Work, b: Work): boolean {
  return isSameSize(a, b) && a.algorithm === b.algorithm && a.replicas === b.replicas;
}
export function isSameSize(a: Size, b: Size): boolean {
  return a.hidden === b.hidden && a.batch === b.batch;
}
