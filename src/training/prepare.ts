/** Everything a run needs before its first update, the same for every training seed: environment, data, references. */
import { environmentOf, makeDataset, referencesOf } from '../datasets/dataset';
import { type Neighbours, neighbours } from '../datasets/neighbours';
import { observationScaling, type RecordPacker, recordPacker } from '../datasets/records';
import type { Dataset } from '../datasets/transitions';
import type { Environment } from '../environments/environment';
import type { References } from '../environments/references';
import type { RunEvent } from '../metrics/events';
import type { RunSpec } from '../spec/runSpec';

export interface Prepared {
  readonly environment: Environment;
  readonly references: References;
  /** Null when the run learns from nothing. */
  readonly dataset: Dataset | null;
  readonly neighbours: Neighbours | null;
  readonly packer: RecordPacker;
}

/** What prepared data depend on: equal keys, equal data. Hosts keep the last one for the next seed. */
export function preparationKey({ environment, dataset, network }: RunSpec): string {
  return JSON.stringify([
    environment.id,
    sorted(environment.params),
    dataset.recipe,
    sorted(dataset.params),
    dataset.seed,
    network.normalise,
  ]);
}
const sorted = (values: Readonly<Record<string, unknown>>) =>
  Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1));

/** Yields progress in pieces of some milliseconds, then the references and the data's card; returns what was made. */
export function* prepare(spec: RunSpec): Generator<RunEvent, Prepared> {
  const { environment } = environmentOf(spec.environment);
  const making = makeDataset(spec);
  let piece = making.next();
  while (!piece.done) {
    yield { kind: 'preparing', ...piece.value };
    piece = making.next();
  }
  const dataset = piece.value;
  const references = dataset?.card.references ?? referencesOf(environment);
  yield { kind: 'references', references };
  if (dataset) yield { kind: 'dataset', card: dataset.card };
  const scaling = dataset && spec.network.normalise ? observationScaling(dataset.transitions) : undefined;
  return {
    environment,
    references,
    dataset,
    neighbours: dataset ? neighbours(dataset.transitions, environment.neighbourhood) : null,
    packer: recordPacker(environment, scaling),
  };
}
