/**
 * The best rate at which this engine multiplies matrices, to measure whole updates against: the ceiling of strict SIMD
 * (no fused multiply-add) on one thread.
 */
import { productWords } from './encode';
import { instantiateEngine } from './engine';
import { flopsOf, forms, type Product } from './product';

/** The fastest product, and its rate. */
export interface Peak extends Product {
  readonly gigaflops: number;
}
/**
 * From operands within the first-level cache to ones beyond it; narrow and deep, wide and flat. Fewer than 16 columns are
 * made by blocks of other shapes (assembly/blocks.ts): the best of all shapes is looked for, not that of the usual one.
 */
const sizes: readonly (readonly [rows: number, columns: number, depth: number])[] = [
  [64, 64, 64],
  [16, 16, 512],
  [128, 16, 64],
  [128, 12, 128],
  [128, 8, 128],
  [128, 4, 128],
  [32, 256, 64],
  [128, 128, 128],
  [256, 256, 256],
];
/** Multiply-adds timed at once: about 10 ms. */
const workPerTrial = 1.5e8;

/**
 * An engine of its own with operands in place. Gives a function that makes a product so many times and says how many
 * milliseconds that took.
 *
 * @param clock  milliseconds, of which fractions count
 */
export async function openProbe(clock: () => number): Promise<(product: Product, calls: number) => number> {
  const largest = 4 * 256 * 512;
  const zeros = 1024;
  const [a, b, out, scratch] = [1, 2, 3, 4].map((place) => place * largest);
  const { memory, engine } = await instantiateEngine(scratch + 2 * largest);
  const words = new Int32Array(memory.buffer);
  // Ordinary numbers: multiplying zeros or subnormals is not what an update does.
  new Float32Array(memory.buffer).fill(0.5, a / 4, out / 4);

  const at = (offset: number, row: number) => ({ offset, member: 0, row });

  return ({ form, rows, columns, depth }, calls) => {
    const [aRow, bRow] = [form === 'tn' ? rows : depth, form === 'nt' ? depth : columns];
    const places = { a: at(a, aRow), b: at(b, bRow), out: at(out, columns), extra: at(zeros, 0) };
    words.set(productWords(form, { members: 1, rows, columns, depth }, places, scratch));
    const start = clock();
    // The instruction lies at address 0.
    for (let call = 0; call < calls; call++) engine[form](0);
    return clock() - start;
  };
}

/**
 * Tries each form of product at several sizes, in turn, and takes the fastest trial of all.
 *
 * @param clock   milliseconds, of which fractions count
 * @param trials  of each form and size; the first two do not count, since the optimising compiler may not be done
 */
export async function matmulPeak(clock: () => number, trials = 12): Promise<Peak> {
  const time = await openProbe(clock);
  let best: Peak = { gigaflops: 0, form: 'nn', rows: 0, columns: 0, depth: 0 };
  for (let trial = 0; trial < trials; trial++) {
    for (const form of forms) {
      for (const [rows, columns, depth] of sizes) {
        const product: Product = { form, rows, columns, depth };
        const calls = Math.ceil(workPerTrial / (rows * columns * depth));
        const gigaflops = (flopsOf(product) * calls) / time(product, calls) / 1e6;
        if (trial > 1 && gigaflops > best.gigaflops) best = { gigaflops, ...product };
      }
    }
  }
  return best;
}
