/**
 * The benchmark's updates as someone who knows TensorFlow.js would write them: one fused product, bias and activation a
 * layer, `optimizer.minimize` for each network, batches gathered on the device. Neither our programs nor our planner.
 */
import { type Backend, loadTfjs, onBackend } from '../tfjs/library';
import type { Contender } from './contender';
import type { BenchAlgorithm, Size } from './sizes';
import { createIql } from './tfjsIql';
import { createKit, type TfjsKit, type TfjsUpdate } from './tfjsKit';
import { createSac } from './tfjsSac';
import { createTd3bc } from './tfjsTd3bc';

const learners: Readonly<Record<BenchAlgorithm, (kit: TfjsKit) => TfjsUpdate>> = {
  iql: createIql,
  td3bc: createTd3bc,
  sac: createSac,
};

export interface TfjsWork extends Size {
  readonly algorithm: BenchAlgorithm;
}

/**
 * @param clock  milliseconds, of which fractions count
 * @throws Error where the backend cannot run
 */
export async function tfjsContender(backend: Backend, work: TfjsWork, clock: () => number): Promise<Contender> {
  const tf = await loadTfjs();
  const before = new Set(Object.keys(tf.engine().registeredVariables));
  const { update, kit } = await onBackend(tf, backend, () => {
    const made = createKit(tf, work);
    return { kit: made, update: learners[work.algorithm](made) };
  });
  return {
    executor: `tfjs-${backend}`,
    version: `TensorFlow.js ${tf.version.tfjs}`,
    replicas: 1,
    async time(updates) {
      const { loss, start } = await onBackend(tf, backend, () => {
        const start = clock();
        for (let done = 1; done < updates; done++) update().dispose();
        return { loss: update(), start };
      });
      await loss.data(); // a GPU backend has only queued its work until here
      const elapsed = clock() - start;
      loss.dispose();
      return elapsed;
    },
    async close() {
      kit.records.dispose();
      for (const [name, variable] of Object.entries(tf.engine().registeredVariables)) {
        if (!before.has(name)) variable.dispose(); // the optimisers' too
      }
    },
  };
}
