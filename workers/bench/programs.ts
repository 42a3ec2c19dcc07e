/** The benchmark's IQL update as the lab would train it: the algorithm's own file, assembled as for a run. */
import { actionSize, hyper, observationSize, type Size } from '../../src/compute/bench/problem';
import type { ProgramSet } from '../../src/compute/program/program';
import type { BoxSpace, Environment } from '../../src/environments/environment';
import { setField } from '../../src/spec/fields';
import { plainSpec } from '../../src/spec/presets';
import type { RunSpec } from '../../src/spec/runSpec';
import { assemble } from '../../src/training/assemble';

export function iqlPrograms({ hidden, batch }: Size): ProgramSet {
  const settings = {
    'offline.algorithm': 'iql',
    'offline.params.expectile': hyper.expectile,
    'offline.params.inverseTemperature': hyper.inverseTemperature,
    'offline.params.discount': hyper.discount,
    'offline.params.learningRate': hyper.learningRate,
    'offline.params.targetRate': hyper.targetRate,
    'network.hiddenSize': hidden,
    'network.hiddenLayers': 2,
    'network.batch': batch,
    'network.critics': hyper.criticCount,
    'network.layerNorm': false,
  };
  let spec: RunSpec = plainSpec();
  for (const [path, value] of Object.entries(settings)) {
    const edited = setField(spec, path, value);
    if (edited.problems.length > 0) throw new Error(`${path}: ${JSON.stringify(edited.problems)}`);
    spec = edited.spec;
  }
  // Only the spaces of an environment matter to its programs.
  const environment = { observation: box(observationSize), action: box(actionSize) };
  return assemble(spec, 'offline', environment as Environment);
}

function box(size: number): BoxSpace {
  const of = <T>(value: T) => new Array<T>(size).fill(value);
  return { kind: 'box', low: of(-1), high: of(1), names: of(''), units: of('') };
}
