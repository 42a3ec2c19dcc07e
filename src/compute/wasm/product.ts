/** A matrix product by its form and sizes, as the probe makes and the benchmark names it. */

export const forms = ['nn', 'tn', 'nt'] as const;

export interface Product {
  readonly form: (typeof forms)[number];
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

/** Multiplications and additions in it. */
export function flopsOf({ rows, columns, depth }: Product): number {
  return 2 * rows * columns * depth;
}
