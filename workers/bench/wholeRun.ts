/** The default recipe from its first update to its digest, timed; here for a browser's worker, and by the command line in Node. */
import { defaultPreset, presetSpec } from '../../src/spec/presets';
import type { RunSpec } from '../../src/spec/runSpec';
import { uncontrolled } from '../../src/training/control';
import { chooseExecutor } from '../../src/training/executors';
import { type Prepared, prepare } from '../../src/training/prepare';
import { train } from '../../src/training/train';

/** Seconds of the clock. */
export interface WholeRun {
  /** Data and references. */
  readonly preparing: number;
  readonly seeds: readonly { readonly seed: number; readonly seconds: number; readonly digest: string | null }[];
  /** From the call to the last digest. */
  readonly total: number;
}

export function prepared(spec: RunSpec): Prepared {
  const making = prepare(spec);
  let piece = making.next();
  while (!piece.done) piece = making.next();
  return piece.value;
}

/** One seed after the other on one thread, as one worker of the page does. */
export async function wholeRun(clock: () => number): Promise<WholeRun> {
  const spec = presetSpec(defaultPreset)!;
  const start = clock();
  const data = prepared(spec);
  const preparing = (clock() - start) / 1000;
  const { executor, why } = await chooseExecutor(spec.executor);
  const seeds: WholeRun['seeds'][number][] = [];
  for (const [place, seed] of spec.seeds.entries()) {
    const begun = clock();
    let digest: string | null = null;
    const context = { prepared: data, executor, why, control: uncontrolled(spec.changes), lead: place === 0 };
    for await (const event of train(spec, seed, context)) if (event.kind === 'finished') digest = event.digest;
    seeds.push({ seed, seconds: (clock() - begun) / 1000, digest });
  }
  return { preparing, seeds, total: (clock() - start) / 1000 };
}
