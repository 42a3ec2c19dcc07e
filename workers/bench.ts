/**
 * Measures the lab: `npm run --silent bench -- engine|scaling|memory|run …`. Progress goes to stderr, the result to stdout.
 * Bad input ends with exit code 2 and one sentence.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { TableStyle } from '../src/compute/bench/grid';
import type { EngineReport } from '../src/compute/bench/report';
import { tableOf } from '../src/compute/bench/report';
import { engineWorks, sizeName, type Work } from '../src/compute/bench/sizes';
import { openBrowserHost } from './bench/browser';
import { engineExecutors, measureEngine } from './bench/engine';
import { localHost } from './bench/host';
import { replaceSection } from './bench/into';
import { measureMemory, memoryExecutors, memoryTable } from './bench/memory';
import { pythonPeers } from './bench/python';
import { browserRun, measureRun, runTable } from './bench/run';
import { measureScaling, scalingExecutors, scalingPlots, scalingTable } from './bench/scaling';
import { provideGpu } from './nodeGpu';

const usage = `Usage: npm run --silent bench -- BENCHMARK [options]

  engine            one update of IQL, TD3+BC and SAC on wasm, webgpu, TensorFlow.js, PyTorch and JAX
  scaling           one IQL update of the lab against width, batch, critics and replicas
  memory            the default recipe run after run, watching the memory of the process
  run               the default recipe, all its seeds, on one core from a cold start
  page              the built page in Chromium: load, main thread and input while it trains, a chart of a million points

  --json            the result as one JSON object
  --markdown        the result as Markdown
  --into file       replaces this result’s section of a Markdown document besides, as in src/compute/PERFORMANCE.md
  --executor a,b    only these
                    engine: ${engineExecutors.join(', ')}
                    scaling: ${scalingExecutors.join(', ')}; memory: one of ${memoryExecutors.join(', ')}
  --rounds n        engine, scaling: timings of each, interleaved (default 15)
  --cap seconds     engine, scaling: for one contender at one size; a slow one gets fewer rounds, one at least (default 10)
  --algorithm a,b   engine: only these of iql, td3bc, sac
  --size a,b        engine: only these of ${[...new Set(engineWorks.map(shortName))].join(', ')} (hidden units/batch, x replicas)
  --browser         engine, run: in Chromium instead of Node (Python stays outside), WebGPU on SwiftShader
  --gpu             with --browser: WebGPU on the machine’s graphics processor
  --out folder      scaling: writes a plot of each axis there, as SVG
  --minutes n       memory: how long (default 5; the promise is about 60)

Python is the first of BENCH_PYTHON (paths with colons between them), python3 and /usr/bin/python3 that has the library.
`;

/** Wrong input: said in one sentence, exit code 2. */
class Misuse extends Error {}

const options = {
  json: { type: 'boolean', default: false },
  markdown: { type: 'boolean', default: false },
  browser: { type: 'boolean', default: false },
  gpu: { type: 'boolean', default: false },
  algorithm: { type: 'string' },
  size: { type: 'string' },
  executor: { type: 'string' },
  rounds: { type: 'string', default: '15' },
  cap: { type: 'string', default: '10' },
  out: { type: 'string' },
  into: { type: 'string' },
  minutes: { type: 'string', default: '5' },
  help: { type: 'boolean', short: 'h', default: false },
} as const;
type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>['values'];

/** Benchmarks by name; each prints its result and gives the exit code. */
const benchmarks: Readonly<Record<string, (values: Values, command: string) => Promise<number>>> = {
  engine: runEngine,
  scaling: runScaling,
  memory: runMemory,
  run: runWhole,
  page: runPage,
};

/** Apart from --json, no option is for it. */
async function runPage({ json }: Values): Promise<number> {
  // By address: the build tools it uses are no part of what the workers stand on.
  const tools: { runPageBench(options: { json: boolean }): Promise<number> } = await import(
    new URL('../.tools/peers/page.mjs', import.meta.url).href
  );
  return tools.runPageBench({ json });
}

async function runEngine(values: Values, command: string): Promise<number> {
  const sizes = [...new Set(engineWorks.map(shortName))];
  const wantedSizes = listOf('--size', values.size, sizes);
  const algorithms = listOf('--algorithm', values.algorithm, [
    ...new Set(engineWorks.map(({ algorithm }) => algorithm)),
  ]);
  const works = engineWorks.filter(
    (work) => algorithms.includes(work.algorithm) && wantedSizes.includes(shortName(work)),
  );
  const executors = listOf('--executor', values.executor, engineExecutors);
  const rounds = numberOf('--rounds', values.rounds, 1, 1000);
  const capMs = 1000 * numberOf('--cap', values.cap, 1, 3600);

  if (!values.browser && executors.some((executor) => executor.endsWith('webgpu'))) await provideGpu();
  const peers = pythonPeers();
  const browser = values.browser ? await openBrowserHost({ gpu: values.gpu }) : null;
  try {
    if (values.browser && browser === null) return 1;
    const isBrowser = browser !== null;
    const result = await measureEngine(browser ?? localHost, peers, isBrowser, {
      works,
      executors,
      rounds,
      capMs,
      say,
    });
    const report: EngineReport = { ...result, ...place(browser?.version, command), isBrowser };
    const onGpu = report.device === null || report.device.isSoftware ? '' : ', graphics processor';
    print(values, `engine, ${isBrowser ? 'Chromium' : 'Node'}${onGpu}`, report, (style) => tableOf(report, style));
    return 0;
  } finally {
    peers.close();
    await browser?.close();
  }
}

async function runScaling(values: Values, command: string): Promise<number> {
  const executors = listOf('--executor', values.executor, scalingExecutors);
  const rounds = numberOf('--rounds', values.rounds, 1, 1000);
  const capMs = 1000 * numberOf('--cap', values.cap, 1, 3600);
  if (executors.includes('webgpu')) await provideGpu();
  const result = await measureScaling({ executors, rounds, capMs, say });
  if (values.out !== undefined) {
    mkdirSync(values.out, { recursive: true });
    for (const [name, svg] of Object.entries(scalingPlots(result))) writeFileSync(join(values.out, name), svg);
  }
  const report = { benchmark: 'scaling', ...place(undefined, command), ...result };
  print(values, 'scaling', report, (style) => scalingTable(result, style));
  return 0;
}

async function runMemory(values: Values, command: string): Promise<number> {
  const [executor, ...others] = listOf('--executor', values.executor ?? 'wasm', memoryExecutors);
  if (others.length > 0)
    throw new Misuse('--executor: expected one executor; each is measured in a process of its own.');
  const minutes = numberOf('--minutes', values.minutes, 1, 600);
  if (executor === 'webgpu') await provideGpu();
  const result = await measureMemory(executor, minutes, say);
  const report = { ...result, ...place(undefined, command) };
  print(values, `memory, ${executor}`, report, (style) => memoryTable(result, style));
  return 0;
}

async function runWhole(values: Values, command: string): Promise<number> {
  const browser = values.browser ? await openBrowserHost({ gpu: values.gpu }) : null;
  try {
    if (values.browser && browser === null) return 1;
    const result = browser === null ? await measureRun() : browserRun(await browser.wholeRun());
    const report = { ...result, ...place(browser?.version, command) };
    const section = `run, ${browser === null ? 'Node' : 'Chromium'}`;
    print(values, section, report, (style) => runTable(result, style));
    return 0;
  } finally {
    await browser?.close();
  }
}

/** "256/256x16" */
function shortName(work: Work): string {
  return sizeName(work).slice('2×'.length) + (work.replicas === 1 ? '' : `x${work.replicas}`);
}

function place(browser: string | undefined, command: string) {
  return {
    host: browser ?? `Node ${process.versions.node} (V8 ${process.versions.v8})`,
    machine: `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cpus().length} cores`,
    command,
  };
}

/** Prints a result as it was asked for. `section` is its name in a document; `textIn` writes it as text or as Markdown. */
function print(values: Values, section: string, report: object, textIn: (style: TableStyle) => string): void {
  const style = values.markdown ? 'markdown' : 'text';
  process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : textIn(style));
  if (values.into === undefined) return;
  const document = existsSync(values.into) ? readFileSync(values.into, 'utf8') : '';
  writeFileSync(values.into, replaceSection(document, section, textIn('markdown')));
}

/** @throws Misuse */
function listOf<T extends string>(flag: string, text: string | undefined, known: readonly T[]): readonly T[] {
  if (text === undefined) return known;
  return text.split(',').map((name) => {
    const found = known.find((candidate) => candidate === name.trim());
    if (found === undefined) throw new Misuse(`${flag}: expected some of ${known.join(', ')}, got “${name}”.`);
    return found;
  });
}

/** @throws Misuse */
function numberOf(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new Misuse(`${flag}: expected a whole number from ${least} to ${most}, got “${text}”.`);
  }
  return value;
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function main(argv: readonly string[]): Promise<number> {
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    throw new Misuse(`${(error as Error).message.split(/\.\s/)[0]}.`);
  }
  const { values, positionals } = parsed;
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const [name, ...rest] = positionals;
  const benchmark = rest.length === 0 && Object.hasOwn(benchmarks, name ?? '') ? benchmarks[name] : undefined;
  if (benchmark === undefined) {
    const known = Object.keys(benchmarks).map((each) => `“${each}”`);
    const got = positionals.length > 0 ? `“${positionals.join(' ')}”` : 'nothing';
    throw new Misuse(`Expected a benchmark, ${known.join(' or ')}, got ${got}.`);
  }
  return benchmark(values, ['npm run --silent bench --', ...argv].join(' '));
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  say(error instanceof Misuse ? error.message : String((error as Error).stack ?? error));
  process.exitCode = error instanceof Misuse ? 2 : 1;
}
