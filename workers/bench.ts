/**
 * Measures the lab against its peers: `npm run --silent bench -- engine [--json] [--browser] [--rounds n]`.
 * Progress goes to stderr, the result to stdout. Bad input ends with exit code 2 and one sentence.
 */
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import type { Contender } from '../src/compute/bench/contender';
import { type Size, sizes } from '../src/compute/bench/problem';
import { type Efficiency, type EngineReport, type Row, ratiosOf, tableOf } from '../src/compute/bench/report';
import { timeInRounds } from '../src/compute/bench/rounds';
import { openBrowserHost } from './bench/browser';
import { type BenchHost, localExecutors, localHost } from './bench/host';
import { openTorch, type TorchHost } from './bench/torch';

const usage = `Usage: npm run --silent bench -- engine [--json] [--browser] [--rounds n]

  engine       one IQL update on wasm, TensorFlow.js and PyTorch, at three sizes
  --browser    run the first two in Chromium instead of Node
  --rounds n   timings of each, interleaved (default 15)
  --json       the result as one JSON object
`;

/** Wrong input: said in one sentence, exit code 2. */
class Misuse extends Error {}

interface Command {
  readonly json: boolean;
  readonly browser: boolean;
  readonly rounds: number;
}

/** @throws Misuse */
function readCommand(argv: readonly string[]): Command | 'help' {
  const options = {
    json: { type: 'boolean', default: false },
    browser: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '15' },
    help: { type: 'boolean', short: 'h', default: false },
  } as const;
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    throw new Misuse(`${(error as Error).message.split(/\.\s/)[0]}.`);
  }
  const { values, positionals } = parsed;
  if (values.help) return 'help';
  const [benchmark, ...rest] = positionals;
  if (benchmark !== 'engine' || rest.length > 0) {
    throw new Misuse(
      `Expected the benchmark “engine”, got ${positionals.length > 0 ? `“${positionals.join(' ')}”` : 'nothing'}.`,
    );
  }
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 1000) {
    throw new Misuse(`--rounds: expected a whole number from 1 to 1000, got “${values.rounds}”.`);
  }
  return { json: values.json, browser: values.browser, rounds };
}

async function measure(
  host: BenchHost,
  hostName: string,
  torch: TorchHost | null,
  rounds: number,
): Promise<EngineReport> {
  const rows: Row[] = [];
  const efficiency: Efficiency[] = [];
  const versions: Record<string, string> = {};
  say('Looking for the fastest matrix product …');
  const peak = await host.peak();
  for (const size of sizes) {
    say(`2×${size.hidden} units, batch ${size.batch}: ${rounds} rounds …`);
    const contenders = await openAll(host, torch, size);
    for (const { executor, version } of contenders) versions[executor] = version;
    for (const { contender, medianMs } of await timeInRounds(contenders, rounds)) {
      rows.push({ algorithm: 'iql', ...size, executor: contender.executor, medianMs });
      if (contender.executor !== 'wasm') continue;
      const gigaflops = (await host.flops(size)) / medianMs / 1e6;
      efficiency.push({ ...size, gigaflops, shareOfPeak: gigaflops / peak.gigaflops });
    }
    for (const contender of contenders) await contender.close();
  }
  const skipped = torch === null ? [{ executor: 'torch-cpu', reason: 'no Python here can import torch.' }] : [];
  return {
    benchmark: 'engine',
    host: hostName,
    machine: `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores`,
    versions,
    rounds,
    rows,
    ratios: ratiosOf(rows),
    peak,
    efficiency,
    skipped,
  };
}

async function openAll(host: BenchHost, torch: TorchHost | null, size: Size): Promise<Contender[]> {
  const contenders: Contender[] = [];
  for (const executor of localExecutors) contenders.push(await host.open(executor, size));
  if (torch !== null) contenders.push(await torch.open(size));
  return contenders;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function main(argv: readonly string[]): Promise<number> {
  const command = readCommand(argv);
  if (command === 'help') {
    process.stdout.write(usage);
    return 0;
  }
  const torch = openTorch();
  if (torch === null) say('Skipping torch-cpu: no Python here can import torch.');
  const browser = command.browser ? await openBrowserHost() : null;
  try {
    if (command.browser && browser === null) return 1;
    const hostName = browser?.version ?? `Node ${process.versions.node} (V8 ${process.versions.v8})`;
    const report = await measure(browser ?? localHost, hostName, torch, command.rounds);
    process.stdout.write(command.json ? `${JSON.stringify(report, null, 2)}\n` : tableOf(report));
    return 0;
  } finally {
    torch?.close();
    await browser?.close();
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  say(error instanceof Misuse ? error.message : String((error as Error).stack ?? error));
  process.exitCode = error instanceof Misuse ? 2 : 1;
}
