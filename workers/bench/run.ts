/** `bench -- run`: the whole default recipe, offline and online, all its seeds, on one core, from a cold start. */

import { spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { barLine, type JudgedBar, judge } from '../../src/compute/bench/bars';
import { draw, type TableStyle } from '../../src/compute/bench/grid';
import { defaultPreset } from '../../src/spec/presets';
import type { WholeRun } from './wholeRun';

export interface RunResult {
  readonly benchmark: 'run';
  /** Seconds of the clock: of each seed, and from the start of the process (the call, in a browser) to the end. */
  readonly seeds: readonly { readonly seed: number; readonly seconds: number }[];
  readonly total: number;
  /** Seconds that a processor worked for it; less than `total` where others share the core. Null where unknown. */
  readonly processor: number | null;
  /** Whether the system was told to use one core only. */
  readonly isPinned: boolean;
  readonly bars: readonly JudgedBar[];
}

/** The command line in a process of its own. @throws Error where it fails */
export async function measureRun(): Promise<RunResult> {
  const cli = fileURLToPath(new URL('../cli.ts', import.meta.url));
  // `npm run bench` has told this process how to read TypeScript; the other one must know too.
  const command = [process.execPath, ...process.execArgv, cli, 'run', defaultPreset, '--json'];
  const pin = spawnSync('taskset', ['-c', '0', 'true']).status === 0 ? ['taskset', '-c', '0'] : [];
  const isPosix = process.platform !== 'win32';
  // `times` of the shell adds what its children took.
  const [program, ...rest] = isPosix ? [...pin, 'sh', '-c', '"$@" >/dev/null && times', 'sh', ...command] : command;
  const start = performance.now();
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  const seconds = () => (performance.now() - start) / 1000;
  const seeds: { seed: number; seconds: number }[] = [];
  let printed = '';
  child.stdout.on('data', (piece) => {
    printed += piece;
  });
  let before = 0;
  let problem = '';
  const closed = new Promise<number | null>((resolve) => child.on('close', resolve));
  for await (const line of createInterface({ input: child.stderr })) {
    const seed = /^seed (\d+):/.exec(line)?.[1];
    if (seed === undefined) problem = line;
    else {
      const now = seconds();
      seeds.push({ seed: Number(seed), seconds: now - before });
      before = now;
    }
  }
  if ((await closed) !== 0) throw new Error(`The command line failed: ${problem}`);
  const total = seconds();
  return judged(
    { seeds, total, processor: isPosix ? processorSeconds(printed) : null, isPinned: pin.length > 0 },
    'Node',
  );
}

/** The same of a browser's worker. */
export function browserRun({ seeds, total }: WholeRun): RunResult {
  return judged({ seeds, total, processor: null, isPinned: false }, 'Chromium');
}

function judged(found: Omit<RunResult, 'benchmark' | 'bars'>, where: string): RunResult {
  const name = `whole default run in ${where}, offline and online, ${found.seeds.length} seeds, one core, cold`;
  const bar = { name, bound: 40, sense: 'at most', unit: 's' } as const;
  // On a core that others use too the clock tells of them; the core's own work for this is the same.
  const { processor, total, isPinned } = found;
  const ownSeconds = isPinned && processor !== null ? processor : total;
  const note = ownSeconds === total ? '' : `processor time; ${total.toFixed(1)} s by the clock, shared with others`;
  return { benchmark: 'run', ...found, bars: [judge(bar, ownSeconds, note)] };
}

/** The second line of `times`: user and system time of the children, "0m9.120000s 0m0.310000s". Null if it is not there. */
export function processorSeconds(printed: string): number | null {
  const children = printed.trim().split('\n')[1];
  const parts = [...(children ?? '').matchAll(/(\d+)m([\d.]+)s/g)];
  return parts.length === 2
    ? parts.reduce((sum, [, minutes, rest]) => sum + 60 * Number(minutes) + Number(rest), 0)
    : null;
}

export function runTable({ seeds, total, processor, isPinned, bars }: RunResult, style: TableStyle): string {
  const head = ['', ...seeds.map(({ seed }) => `seed ${seed}`), 'all'];
  const lines = [['seconds', ...seeds.map((each) => each.seconds.toFixed(1)), total.toFixed(1)]];
  return [
    `The preset “${defaultPreset}” from a cold start, one seed after the other${isPinned ? ', pinned to one core' : ''}.${processor === null ? '' : ' The first seed carries the start and the data.'}`,
    '',
    draw({ head, lines }, style),
    '',
    ...bars.map((bar) => `${style === 'markdown' ? '- ' : ''}${barLine(bar)}`),
    '',
  ].join('\n');
}
