/**
 * The fastest matrix product an executor reaches on its own: what a whole update is compared with.
 *
 * Chains of square products of the three forms, at sizes from a register block's to the published networks', so that neither
 * loop overhead nor memory decides.
 */
import type { Executor } from '../executor';
import { traceProgramSet, transitionLayout } from '../program/trace';
import { median } from './rounds';

const sizes = [32, 64, 96, 128, 192, 256];
const forms = ['nn', 'tn', 'nt'] as const;
/** Products in a chain: enough that everything else is noise. */
const links = 16;
const probes = 5;
/** A probe's length, in operations: some milliseconds. */
const operations = 2e8;

/** GFLOP/s of the best form and size, median of five probes; `clock` in milliseconds. */
export async function matmulPeak(executor: Executor, clock: () => number): Promise<number> {
  let peak = 0;
  for (const size of sizes) {
    for (const form of forms) peak = Math.max(peak, await speedOf(executor, form, size, clock));
  }
  return peak;
}

async function speedOf(executor: Executor, form: (typeof forms)[number], size: number, clock: () => number) {
  const programs = traceProgramSet({ record: transitionLayout(1, 1), batch: 4 }, (tracer) => {
    const shape = { members: 1, rows: size, columns: size };
    const bound = 1 / Math.sqrt(size); // a product is about as large as its operand
    tracer.module('matrices', [
      { name: 'first', shape, initial: { kind: 'uniform', bound } },
      { name: 'second', shape, initial: { kind: 'uniform', bound } },
    ]);
    tracer.update(
      () => {
        const weights = tracer.parameter('matrices', 'first');
        let product = tracer.parameter('matrices', 'second');
        for (let link = 0; link < links; link++) product = tracer.matmul(weights, product, form);
        return { sum: product.sum() };
      },
      { learningRate: tracer.constant(0) },
    );
  });
  const session = await executor.open(programs, { seed: 1, dataCapacity: 1, replayCapacity: 0 });
  const { flops } = session.plan;
  const updates = Math.max(1, Math.round(operations / flops));
  const speeds: number[] = [];
  // The first probes compile and warm up; they don't count.
  for (let probe = -2; probe < probes; probe++) {
    const start = clock();
    await session.run(updates);
    if (probe >= 0) speeds.push((flops * updates) / (clock() - start) / 1e6);
  }
  session.dispose();
  return median(speeds);
}
