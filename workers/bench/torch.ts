/** PyTorch on one thread as a contender: one Python process for all sizes, asked line by line, so that rounds interleave. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Contender } from '../../src/compute/bench/contender';
import type { Size } from '../../src/compute/bench/problem';

const script = fileURLToPath(new URL('../../.tools/peers/iql_torch.py', import.meta.url));
/** The first on the path may be one without PyTorch, while the system's has it. */
const interpreters = ['python3', '/usr/bin/python3'];

export interface TorchHost {
  open(size: Size): Promise<Contender>;
  close(): void;
}

/** Null where no Python here can import torch. */
export function openTorch(): TorchHost | null {
  const python = interpreters.find(
    (command) => spawnSync(command, ['-c', 'import torch'], { stdio: 'ignore' }).status === 0,
  );
  if (python === undefined) return null;
  const child = spawn(python, [script], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, OMP_NUM_THREADS: '1' },
  });
  const ask = conversation(child);
  return {
    async open({ hidden, batch }) {
      const { version } = await ask({ hidden, batch });
      return {
        executor: 'torch-cpu',
        version: `PyTorch ${version}, one thread`,
        time: async (updates) => Number((await ask({ updates })).milliseconds),
        close: async () => {},
      };
    },
    close: () => child.kill(),
  };
}

type Answer = Readonly<Record<string, string | number>>;

/** Sends one line, resolves with the next line that comes back. */
function conversation(child: ChildProcess): (request: object) => Promise<Answer> {
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  return async (request) => {
    child.stdin!.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error('PyTorch stopped in the middle of the benchmark.');
    return JSON.parse(value);
  };
}
