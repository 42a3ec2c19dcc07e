/** The benchmark's updates as the lab would train them: the algorithm's own file, assembled as for a run. */
import { actionSize, hyper, observationSize } from '../../src/compute/bench/problem';
import type { BenchAlgorithm, Size } from '../../src/compute/bench/sizes';
import type { ProgramSet } from '../../src/compute/program/program';
import type { BoxSpace, Environment } from '../../src/environments/environment';
import { setField } from '../../src/spec/fields';
import { plainSpec } from '../../src/spec/presets';
import type { RunSpec } from '../../src/spec/runSpec';
import { assemble } from '../../src/training/assemble';

const shared = {
  discount: hyper.discount,
  learningRate: hyper.learningRate,
  targetRate: hyper.targetRate,
} as const;
const parameters: Readonly<Record<BenchAlgorithm, Readonly<Record<string, number>>>> = {
  iql: { ...shared, expectile: hyper.expectile, inverseTemperature: hyper.inverseTemperature },
  td3bc: {
    ...shared,
    cloning: hyper.cloning,
    targetNoise: hyper.targetNoise,
    targetNoiseClip: hyper.targetNoiseClip,
    policyDelay: hyper.policyDelay,
  },
  sac: { ...shared, targetEntropy: hyper.targetEntropy },
};

/** Networks other than the benchmark's, for its curves. */
export interface Variant {
  /** Members of the critic; default 2. */
  readonly critics?: number;
}

export function benchPrograms(
  algorithm: BenchAlgorithm,
  { hidden, batch }: Size,
  { critics = hyper.criticCount }: Variant = {},
): ProgramSet {
  const settings: Record<string, string | number | boolean> = {
    'offline.algorithm': algorithm,
    'network.hiddenSize': hidden,
    'network.hiddenLayers': 2,
    'network.batch': batch,
    'network.critics': critics,
    'network.layerNorm': false,
  };
  for (const [name, value] of Object.entries(parameters[algorithm])) settings[`offline.params.${name}`] = value;
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
