/** Which executor a run gets, and why. Heavy ones load when asked for. */
import type { Executor } from '../compute/executor';
import type { RunProblem } from '../spec/problems';
import type { ExecutorChoice } from '../spec/runSpec';

export interface ChosenExecutor {
  readonly executor: Executor;
  /** In a sentence, for the page. */
  readonly why: string;
  /** When the wish could not be granted. */
  readonly problem: RunProblem | null;
}
/** About how many times slower the portable executor is, measured by the engine bench at 2×64 units, batch 64. */
const portableSlowdown = 20;

/**
 * The executor asked for, else the next that runs here. `auto` takes `wasm`, the only one whose results repeat bit for
 * bit everywhere, and falls back to plain TensorFlow.js.
 */
export async function chooseExecutor(choice: ExecutorChoice): Promise<ChosenExecutor> {
  const wished = choice === 'auto' ? 'wasm' : choice;
  const executor = await load(wished);
  const reason = executor ? await executor.unavailable() : 'this version of the lab does not have it yet';
  if (executor && reason === null) {
    const why =
      choice !== 'auto'
        ? 'It was asked for.'
        : 'WebAssembly SIMD is here: fast, and the same bits in every browser.';
    return { executor, why, problem: null };
  }
  const fallback = (await load(wished === 'wasm' ? 'tfjs-cpu' : 'wasm')) as Executor;
  const isUsable = (await fallback.unavailable()) === null;
  const used = isUsable ? fallback : ((await load('tfjs-cpu')) as Executor);
  const problem: RunProblem = {
    kind: 'executorUnavailable',
    executor: wished,
    reason: reason ?? '',
    used: used.id,
    ...(used.id === 'wasm' ? {} : { slower: portableSlowdown }),
  };
  return { executor: used, why: `${wished} cannot run here: ${reason}.`, problem };
}

async function load(id: Exclude<ExecutorChoice, 'auto'>): Promise<Executor | null> {
  switch (id) {
    case 'wasm':
      return (await import('../compute/wasm/session')).wasmExecutor;
    case 'tfjs-cpu':
    case 'tfjs-wasm':
    case 'tfjs-webgl':
    case 'tfjs-webgpu': {
      const { tfjsExecutor } = await import('../compute/tfjs/session');
      return tfjsExecutor(id.slice('tfjs-'.length) as 'cpu' | 'wasm' | 'webgl' | 'webgpu');
    }
    case 'webgpu':
      return null;
    default:
      return id satisfies never;
  }
}
