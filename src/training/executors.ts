/** Finds the executor a spec asks for, loading only that one. Falls back to another that is present, and says so. */
import type { Executor, ExecutorId } from '../compute/executor';
import type { ExecutorTiming } from '../metrics/events';
import type { RunProblem } from '../spec/problems';
import type { ExecutorChoice } from '../spec/runSpec';

/** A choice as plain data: other workers of the same run need not make it again. */
export interface ExecutorChosen {
  readonly executor: ExecutorId;
  readonly why: string;
  /** What `auto` measured; empty where nothing was. */
  readonly timings: readonly ExecutorTiming[];
}
export interface ChosenExecutor {
  readonly executor: Executor;
  /** Why this one, in a sentence. */
  readonly why: string;
  /** Set where it is not the one that was asked for. */
  readonly problem: RunProblem | null;
}

/** Tried in turn where the wanted one is missing: each is present in more places than the one before. */
const fallbacks: readonly ExecutorId[] = ['wasm', 'tfjs-wasm', 'tfjs-cpu'];

/** TensorFlow.js against `wasm` on the networks of the presets, as `npm run bench -- engine` has it: about. */
const timesSlower = 20;

/** @throws Error if no executor at all runs here */
export async function chooseExecutor(choice: ExecutorChoice): Promise<ChosenExecutor> {
  const wanted: ExecutorId = choice === 'auto' ? 'wasm' : choice;
  let reason = '';
  for (const id of [wanted, ...fallbacks.filter((fallback) => fallback !== wanted)]) {
    const executor = await load(id);
    const unavailable = executor ? await executor.unavailable() : `${id} is not part of this build`;
    if (executor && unavailable === null) {
      if (id === wanted)
        return { executor, why: choice === 'auto' ? reasonFor(id) : 'Chosen in the settings.', problem: null };
      const problem: RunProblem = {
        kind: 'executorUnavailable',
        executor: wanted,
        reason,
        used: id === 'wasm' ? 'WebAssembly' : 'the portable executor',
        ...(wanted === 'wasm' ? { slower: timesSlower } : {}),
      };
      return { executor, why: `${reason}, so ${id} is used.`, problem };
    }
    reason ||= (unavailable ?? '').replace(/\.$/, '');
  }
  throw new Error(`Nothing here can train: ${reason}`);
}

/** What the page calls an executor. */
export function executorName(id: ExecutorId): string {
  switch (id) {
    case 'wasm':
      return 'WebAssembly';
    case 'wasm-relaxed':
      return 'WebAssembly with fused multiply-add';
    case 'webgpu':
      return 'WebGPU';
    default:
      return `TensorFlow.js on ${id.slice('tfjs-'.length)}`;
  }
}

function reasonFor(id: ExecutorId): string {
  return id === 'wasm' ? 'Fast on one core and the same bits everywhere.' : 'The first that is present here.';
}

async function load(id: ExecutorId): Promise<Executor | null> {
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
    case 'wasm-relaxed':
    case 'webgpu':
      return null;
    default:
      return id satisfies never;
  }
}
