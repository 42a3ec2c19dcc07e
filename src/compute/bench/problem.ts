/** What every contender of the benchmark computes: updates on made-up transitions of the size of MuJoCo's hopper. */
import { stream } from '../../numeric/random';
import { transitionLayout } from '../program/trace';

export const observationSize = 11;
export const actionSize = 3;
export const transitions = 10_000;
export const seed = 1;

/** The same for every contender; `.tools/peers` repeats them in Python. */
export const hyper = {
  discount: 0.99,
  learningRate: 3e-4,
  targetRate: 0.005,
  criticCount: 2,
  // IQL
  expectile: 0.7,
  inverseTemperature: 3,
  /** Largest advantage weight. */
  maximalWeight: 100,
  // TD3+BC
  /** 1/α, with the published α = 2.5. */
  cloning: 0.4,
  targetNoise: 0.2,
  targetNoiseClip: 0.5,
  policyDelay: 2,
  // SAC
  /** For each component of an action. */
  targetEntropy: -1,
} as const;

export const recordLayout = transitionLayout(observationSize, actionSize);

/** [transitions, stride]: normal observations and rewards, actions in [-1, 1], one episode in a hundred ends. */
export function makeRecords(): Float32Array {
  const random = stream(seed, 'data');
  const { fields, stride } = recordLayout;
  const records = new Float32Array(transitions * stride);
  for (let first = 0; first < records.length; first += stride) {
    for (const field of fields) {
      for (let i = 0; i < field.size; i++) {
        const at = first + field.first + i;
        if (field.name === 'action') records[at] = random.uniform(-1, 1);
        else if (field.name === 'terminated') records[at] = random.uniform() < 0.01 ? 1 : 0;
        else records[at] = random.normal();
      }
    }
  }
  return records;
}
