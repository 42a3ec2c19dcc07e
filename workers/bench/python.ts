/** PyTorch and JAX as contenders: one Python process each for all sizes, asked line by line, so that rounds interleave. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Contender } from '../../src/compute/bench/contender';
import type { Work } from '../../src/compute/bench/sizes';

export const pythonExecutors = ['torch-cpu', 'torch-cuda', 'jax', 'jax-scan'] as const;
export type PythonExecutor = (typeof pythonExecutors)[number];
type Library = 'torch' | 'jax';

export interface PythonPeers {
  /** @throws Error saying why it cannot run here, in a sentence for people */
  open(executor: PythonExecutor, work: Work): Promise<Contender>;
  close(): void;
}

/** The first on the path may be one without the library, while the system's has it. BENCH_PYTHON names others, with colons. */
const interpreters = [...(process.env['BENCH_PYTHON']?.split(':') ?? []), 'python3', '/usr/bin/python3'];

type Answer = Readonly<Record<string, string | number>>;
interface Peer {
  ask(request: object): Promise<Answer>;
  close(): void;
}

/** Starts a library's process when its first contender is opened. */
export function pythonPeers(): PythonPeers {
  const peers = new Map<Library, Peer | null>();
  const peerOf = (library: Library): Peer | null => {
    const known = peers.get(library);
    if (known !== undefined) return known;
    const peer = start(library);
    peers.set(library, peer);
    return peer;
  };
  return {
    async open(executor, work) {
      const library = executor.startsWith('torch') ? 'torch' : 'jax';
      const peer = peerOf(library);
      if (peer === null) throw new Error(`No Python here can import ${library}.`);
      const { contender, version } = await peer.ask({ open: executor, ...work });
      return {
        executor,
        version: String(version),
        replicas: work.replicas,
        time: async (updates) => Number((await peer.ask({ time: contender, updates })).milliseconds),
        close: async () => void (await peer.ask({ close: contender })),
      };
    },
    close() {
      for (const peer of peers.values()) peer?.close();
    },
  };
}

/** Null where no Python here can import the library. */
function start(library: Library): Peer | null {
  const python = interpreters.find(
    (command) => spawnSync(command, ['-c', `import ${library}`], { stdio: 'ignore' }).status === 0,
  );
  if (python === undefined) return null;
  const script = fileURLToPath(new URL(`../../.tools/peers/${library}_peer.py`, import.meta.url));
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  return { ask: conversation(child, library), close: () => child.kill() };
}

/** Sends one line, resolves with the next line that comes back. */
function conversation(child: ChildProcess, library: Library): Peer['ask'] {
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return async (request) => {
    child.stdin!.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`The Python process with ${library} stopped in the middle of the benchmark.`);
    const answer: Answer = JSON.parse(value);
    if ('error' in answer) throw new Error(String(answer['error']));
    return answer;
  };
}
