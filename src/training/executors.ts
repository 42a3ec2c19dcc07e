/** Finds the executor a spec asks for, loading only that one. Falls back to another that is present, and says so. */
import { DeviceLost } from '../compute/deviceLost';
import type { Executor, ExecutorId } from '../compute/executor';
import type { ExecutorTiming } from '../metrics/events';
import { numberText } from '../schema/fields';
import type { RunProblem } from '../spec/problems';
import type { ExecutorChoice } from '../spec/runSpec';
import { type Trial, timeUpdates } from './trial';

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
  readonly timings: readonly ExecutorTiming[];
  /** Set where it is not the one that was asked for. */
  readonly problem: RunProblem | null;
}

/** Tried in turn where the wanted one is missing: each is present in more places than the one before. */
const fallbacks: readonly ExecutorId[] = ['wasm', 'tfjs-wasm', 'tfjs-cpu'];

/** TensorFlow.js against `wasm` on the networks of the presets, as `npm run bench -- engine` has it: about. */
const timesSlower = 20;
/** What `auto` gives up the same bits everywhere for. */
const worthwhile = 1.5;

/**
 * @param trial  what `auto` times; without it, it takes the executor that repeats everywhere
 * @throws Error if no executor at all runs here
 */
export async function chooseExecutor(choice: ExecutorChoice, trial?: Trial): Promise<ChosenExecutor> {
  if (choice === 'auto') return fastest(trial);
  let reason = '';
  for (const id of [choice, ...fallbacks.filter((fallback) => fallback !== choice)]) {
    const executor = await loadExecutor(id);
    const unavailable = await executor.unavailable();
    if (unavailable === null) {
      if (id === choice) return { executor, why: 'Chosen in the settings.', timings: [], problem: null };
      const problem: RunProblem = {
        kind: 'executorUnavailable',
        executor: choice,
        reason,
        used: id === 'wasm' ? 'WebAssembly' : 'the portable executor',
        ...(choice === 'wasm' ? { slower: timesSlower } : {}),
      };
      return { executor, why: `${reason}, so ${id} is used.`, timings: [], problem };
    }
    reason ||= unavailable.replace(/\.$/, '');
  }
  throw new Error(`Nothing here can train: ${reason}`);
}

/** What another worker has chosen for the same runs. */
export async function repeatChoice({ executor: id, why, timings }: ExecutorChosen): Promise<ChosenExecutor> {
  const chosen = await chooseExecutor(id);
  return chosen.problem ? chosen : { ...chosen, why, timings };
}

/** `wasm`, unless WebGPU is so much faster that it is worth a run that does not repeat bit for bit. */
async function fastest(trial: Trial | undefined): Promise<ChosenExecutor> {
  const wasm = await chooseExecutor('wasm');
  const stay = (why: string, timings: readonly ExecutorTiming[] = []) => ({ ...wasm, why, timings });
  if (wasm.problem) return wasm;
  if (!trial) return stay('Fast on one core and the same bits everywhere.');
  if (trial.isCompared) return stay('The result is compared with the sender’s, which only WebAssembly repeats.');
  const { webgpuExecutor: webgpu } = await import('../compute/webgpu/session');
  const missing = (await webgpu.unavailable()) ?? (await webgpu.hopeless?.()) ?? null;
  if (missing !== null) return stay(`${missing.replace(/\.$/, '')}, so WebAssembly is used.`);
  const lanes = trial.seeds.length > 1 ? ` over ${trial.seeds.length} runs at once` : '';
  const slow = await timeUpdates(wasm.executor, trial);
  const timings: ExecutorTiming[] = [{ executor: 'wasm', updatesPerSecond: slow }];
  try {
    const fast = await timeUpdates(webgpu, trial);
    timings.push({ executor: 'webgpu', updatesPerSecond: fast });
    if (fast >= worthwhile * slow) {
      const why = `WebGPU: ${rateText(fast)} updates/s here${lanes}, WebAssembly ${rateText(slow)}.`;
      return { executor: webgpu, why, timings, problem: null };
    }
    const nearly =
      fast > slow ? `: less than ${worthwhile} times as many, and only WebAssembly repeats everywhere` : '';
    return stay(`WebAssembly: ${rateText(slow)} updates/s here${lanes}, WebGPU ${rateText(fast)}${nearly}.`, timings);
  } catch (error) {
    // A device that refuses this program or went away while it was tried.
    if (!(error instanceof RangeError || error instanceof DeviceLost)) throw error;
    const reason = error.message.replace(/\.$/, '');
    return stay(`WebAssembly: ${rateText(slow)} updates/s here${lanes}; WebGPU could not: ${reason}.`, timings);
  }
}

/** Two digits are what such a short trial can tell. */
function rateText(updatesPerSecond: number): string {
  return numberText(Number(updatesPerSecond.toPrecision(2)));
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

/** Null where this build has none. */
export async function loadExecutor(id: ExecutorId): Promise<Executor> {
  switch (id) {
    case 'wasm':
      return (await import('../compute/wasm/session')).wasmExecutor;
    case 'wasm-relaxed':
      return (await import('../compute/wasm/session')).wasmRelaxedExecutor;
    case 'webgpu':
      return (await import('../compute/webgpu/session')).webgpuExecutor;
    case 'tfjs-cpu':
    case 'tfjs-wasm':
    case 'tfjs-webgl':
    case 'tfjs-webgpu': {
      const { tfjsExecutor } = await import('../compute/tfjs/session');
      return tfjsExecutor(id.slice('tfjs-'.length) as 'cpu' | 'wasm' | 'webgl' | 'webgpu');
    }
    default:
      return id satisfies never;
  }
}
