/** Small runs for tests: a few hundred updates, a few hundred steps, everything else as in a preset. */
import type { Executor } from '../compute/executor';
import type { RunEvent } from '../metrics/events';
import { emptyResult, note, type SeedResult } from '../metrics/results';
import type { FieldValue } from '../schema/field';
import { setField } from '../spec/fields';
import { presetSpec } from '../spec/presets';
import type { RunSpec } from '../spec/runSpec';
import { type RunControl, uncontrolled } from './control';
import { type Prepared, prepare } from './prepare';
import { train } from './train';

/** A preset with some values changed. @throws Error when a path or a value is wrong: a test means what it says */
export function specWith(preset: string, values: Readonly<Record<string, FieldValue>>): RunSpec {
  const base = presetSpec(preset);
  if (!base) throw new Error(`no preset ${preset}`);
  let spec = base;
  for (const [path, value] of Object.entries(values)) {
    const { spec: next, problems } = setField(spec, path, value);
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    spec = next;
  }
  return spec;
}
export const small = {
  'dataset.params.transitions': 1000,
  'offline.updates': 300,
  'online.steps': 300,
  'evaluation.offlineEvery': 150,
  'evaluation.onlineEvery': 150,
  'evaluation.episodes': 4,
  'evaluation.regimeEpisodes': 10,
  'switch.warmup': 50,
} as const;

export function prepareNow(spec: RunSpec): Prepared {
  const making = prepare(spec);
  for (;;) {
    const piece = making.next();
    if (piece.done) return piece.value;
  }
}
export interface Outcome {
  readonly events: RunEvent[];
  readonly result: SeedResult;
}
export async function runToEnd(
  spec: RunSpec,
  seed: number,
  executor: Executor,
  options: {
    readonly control?: RunControl;
    readonly prepared?: Prepared;
    readonly checkpointEvery?: number;
    readonly checkpoint?: Uint8Array;
    readonly lead?: boolean;
  } = {},
): Promise<Outcome> {
  const events: RunEvent[] = [];
  const result = emptyResult(seed);
  const { control = uncontrolled(spec.changes), prepared = prepareNow(spec), lead = false, ...rest } = options;
  for await (const event of train(spec, seed, { prepared, executor, why: '', control, lead, ...rest })) {
    events.push(event);
    note(result, event);
  }
  return { events, result };
}
