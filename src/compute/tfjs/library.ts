/**
 * Loads TensorFlow.js on first use and selects a backend. Nothing here runs until an executor is asked for, so that a
 * page which trains on `wasm` never downloads it.
 */
import type * as TensorFlow from '@tensorflow/tfjs';

export type Tfjs = typeof TensorFlow;
export type Backend = 'cpu' | 'wasm' | 'webgl' | 'webgpu';

/** Node gives a CommonJS module under `default`, bundlers give the names themselves. */
function namesOf<T extends object>(module: T): T {
  return 'default' in module && module.default ? (module.default as T) : module;
}

let library: Promise<Tfjs> | undefined;

export function loadTfjs(): Promise<Tfjs> {
  if (library === undefined) {
    library = load();
    library.catch(() => {
      library = undefined; // the network may be back when it is asked for again
    });
  }
  return library;
}

async function load(): Promise<Tfjs> {
  const tf = namesOf(await import('@tensorflow/tfjs'));
  tf.enableProdMode(); // otherwise it prints advice to the console and looks for NaN after every operation
  return tf;
}

const registered = new Map<Backend, Promise<void>>();

/** Brings the code of a backend. `cpu` and `webgl` come with the library. */
function register(tf: Tfjs, backend: Backend): Promise<void> {
  let done = registered.get(backend);
  if (done === undefined) {
    done = registerOnce(tf, backend);
    registered.set(backend, done);
    done.catch(() => registered.delete(backend));
  }
  return done;
}

async function registerOnce(tf: Tfjs, backend: Backend): Promise<void> {
  // Importing the webgpu backend gives it the highest priority, which is why nothing here relies on a default.
  if (backend === 'webgpu') await import('@tensorflow/tfjs-backend-webgpu');
  if (backend !== 'wasm') return;
  const { setWasmPaths } = namesOf(await import('@tensorflow/tfjs-backend-wasm'));
  // One thread: the threaded build needs cross-origin isolation, and its worker does not survive minification.
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  // In Node the package finds its files beside itself.
  if (nodeProcess() === undefined) setWasmPaths((await import('./wasmFiles')).wasmFiles);
}

interface NodeProcess {
  readonly versions?: { readonly node?: string };
  listeners(event: string): ((...values: unknown[]) => void)[];
  removeListener(event: string, listener: (...values: unknown[]) => void): void;
}
/** Node's `process`; undefined in a browser. */
function nodeProcess(): NodeProcess | undefined {
  const host = (globalThis as { process?: NodeProcess }).process;
  return host?.versions?.node === undefined ? undefined : host;
}

/** In Node the WebAssembly build catches every uncaught error of the whole process, to throw it again with its own source. */
async function withoutNewListeners<T>(work: () => Promise<T>): Promise<T> {
  const node = nodeProcess();
  const events = ['uncaughtException', 'unhandledRejection'];
  const before = events.map((event) => node?.listeners(event));
  const result = await work();
  for (const [i, event] of events.entries()) {
    for (const listener of node?.listeners(event) ?? []) {
      if (!before[i]?.includes(listener)) node?.removeListener(event, listener);
    }
  }
  return result;
}

/** Settles when whoever asked last has had its turn. */
let turn: Promise<unknown> = Promise.resolve();

/**
 * Runs `work` with `backend` as the current one, and gives its result. TensorFlow.js has one current backend a thread, so
 * those who want different ones take turns, and `work` must not wait for anything.
 *
 * @throws Error where the backend cannot run
 */
export function onBackend<T>(tf: Tfjs, backend: Backend, work: () => T): Promise<T> {
  const result = turn.then(async () => {
    await register(tf, backend);
    if (tf.findBackendFactory(backend) === null) throw new Error('this machine does not offer it.');
    if (tf.getBackend() !== backend && !(await withoutNewListeners(() => tf.setBackend(backend)))) {
      throw new Error('it does not start.');
    }
    return work();
  });
  turn = result.catch(() => {}); // a failure is the caller's, and ends no one else's turn
  return result;
}
