/**
 * The lab at the command line: the same generator as in the tab, in Node. Progress goes to stderr, results to stdout.
 * Bad input ends with exit code 2 and one sentence; a run that failed ends with 1.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { DataCard, References } from '../src/datasets/transitions';
import { environments } from '../src/environments/registry';
import type { RunEvent } from '../src/metrics/events';
import type { Regime } from '../src/metrics/regime';
import { runDigest, runReport } from '../src/metrics/report';
import { emptyResult, note, regimeOfRun, type SeedResult, summarise } from '../src/metrics/results';
import { differences, setField, validateSpec } from '../src/spec/fields';
import { decodeLink, encodeLink } from '../src/spec/link';
import { presetById, presets } from '../src/spec/presets';
import { explain, explainAll } from '../src/spec/problems';
import type { EvaluationValues } from '../src/spec/runFields';
import type { RunSpec } from '../src/spec/runSpec';
import { readSeeds } from '../src/spec/seeds';
import { sentenceOf } from '../src/spec/sentence';
import { uncontrolled } from '../src/training/control';
import { type ChosenExecutor, chooseExecutor } from '../src/training/executors';
import { trainLanes } from '../src/training/lanes';
import { type Prepared, prepare } from '../src/training/prepare';

/** Wrong input: said in one sentence, exit code 2. */
class Misuse extends Error {}

const usage = `Usage: npm run --silent lab -- <command>

  presets                              the experiments that come with the lab
  run <preset|link|file>               run one; --set path=value …, --seeds 0..4, --executor wasm|webgpu|auto|…, --json
  link <preset|file>                   its link; --set path=value …
  explain <link>                       what a link holds, and what is wrong with it
  dataset <recipe> --out FILE          make data: .hdf5 (D4RL keys) or .npz; --environment id, --seed n, --set path=value …
`;

const options = {
  set: { type: 'string', multiple: true },
  seeds: { type: 'string' },
  executor: { type: 'string' },
  environment: { type: 'string' },
  seed: { type: 'string' },
  out: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(argv);
  const [command, subject, ...rest] = positionals;
  if (values.help || command === undefined) {
    process.stdout.write(usage);
    return command === undefined && !values.help ? 2 : 0;
  }
  if (rest.length > 0)
    throw new Misuse(`Expected one subject after “${command}”, got “${[subject, ...rest].join(' ')}”.`);
  switch (command) {
    case 'presets':
      return listPresets(values.json ?? false);
    case 'run':
      return runSpec(recipeFrom(subject, values), values.json ?? false);
    case 'link':
      process.stdout.write(`${encodeLink(specFrom(subject, values))}\n`);
      return 0;
    case 'explain':
      return explainLink(subject, values.json ?? false);
    case 'dataset':
      return writeDataset(subject, values);
    default:
      throw new Misuse(`There is no command “${command}”. Expected presets, run, link, explain or dataset.`);
  }
}

function readArguments(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    throw new Misuse((error as Error).message.split('\n')[0]);
  }
}
type Flags = ReturnType<typeof readArguments>['values'];

/** What to run, and whether a link promised its result. */
interface Recipe {
  readonly spec: RunSpec;
  readonly isCompared: boolean;
}
const specFrom = (subject: string | undefined, flags: Flags): RunSpec => recipeFrom(subject, flags).spec;

/** A preset's id, a link (whole address or from its #), or a file with a spec or a link in it. */
function recipeFrom(subject: string | undefined, flags: Flags): Recipe {
  if (subject === undefined) throw new Misuse('Expected a preset, a link or a file.');
  const read = readSpec(subject);
  let { spec } = read;
  if (flags.executor !== undefined) spec = set(spec, 'executor', flags.executor);
  if (flags.seeds !== undefined) {
    const read = readSeeds(flags.seeds);
    if (!read?.exact) throw new Misuse(`Expected --seeds such as 0..4 or 1,5,9, got “${flags.seeds}”.`);
    spec = { ...spec, seeds: read.seeds };
  }
  for (const assignment of flags.set ?? []) {
    const at = assignment.indexOf('=');
    if (at < 1) throw new Misuse(`Expected --set path=value, got “${assignment}”.`);
    spec = set(spec, assignment.slice(0, at), assignment.slice(at + 1));
  }
  return { spec, isCompared: read.isCompared && spec === read.spec };
}
function set(spec: RunSpec, path: string, text: string): RunSpec {
  const { spec: next, problems } = setField(spec, path, text);
  if (problems.length > 0) throw new Misuse(problems.map(explain).join(' '));
  return next;
}
function readSpec(subject: string): Recipe {
  const preset = presetById(subject);
  if (preset) return { spec: preset.spec, isCompared: false };
  const text = subject.includes('#') ? subject : readFileOr(subject);
  const fragment = text.includes('#') ? text.slice(text.indexOf('#')).trim() : null;
  const link = fragment === null ? null : decodeLink(fragment);
  const { spec, problems } = link ?? validateSpec(parseJson(text, subject));
  if (problems.length > 0) process.stderr.write(`${explainAll(problems)}\n`);
  return { spec, isCompared: link?.digest !== undefined };
}
function readFileOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    const known = presets.map(({ id }) => id).join(', ');
    throw new Misuse(`“${path}” is neither a preset (${known}), nor a link, nor a file that can be read.`);
  }
}
function parseJson(text: string, path: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    // The output of `run --json` is accepted as a file too.
    return typeof value === 'object' && value !== null && 'spec' in value ? value.spec : value;
  } catch {
    throw new Misuse(`“${path}” holds neither a link nor a spec in JSON.`);
  }
}

function listPresets(json: boolean): number {
  if (json)
    process.stdout.write(
      `${JSON.stringify(
        presets.map(({ id, name, see }) => ({ id, name, see })),
        null,
        2,
      )}\n`,
    );
  else
    for (const { id, name, see } of presets) process.stdout.write(`${id.padEnd(26)}${name}\n${' '.repeat(26)}${see}\n`);
  return 0;
}

function explainLink(link: string | undefined, json: boolean): number {
  if (link === undefined) throw new Misuse('Expected a link to explain.');
  const { spec, problems, digest } = decodeLink(link.includes('#') ? link.slice(link.indexOf('#')) : link);
  if (json) process.stdout.write(`${JSON.stringify({ spec, problems, digest: digest ?? null }, null, 2)}\n`);
  else {
    process.stdout.write(`${plainSentence(spec)}\n`);
    const preset = presetById(spec.preset);
    for (const { label, path, from, to } of preset ? differences(preset.spec, spec) : [])
      process.stdout.write(`  ${label} (${path}): ${to ?? 'gone'}, in ${preset?.name} ${from ?? 'absent'}\n`);
    for (const { phase, step, field, value } of spec.changes)
      process.stdout.write(`  at ${phase} ${step}: ${field} becomes ${value}\n`);
    if (digest) process.stdout.write(`The sender’s digest: ${digest}\n`);
    for (const problem of problems) process.stdout.write(`${explain(problem)}\n`);
  }
  return 0;
}
const plainSentence = (spec: RunSpec) =>
  sentenceOf(spec)
    .map(({ text }) => text)
    .join('');

async function runSpec({ spec, isCompared }: Recipe, json: boolean): Promise<number> {
  const bar = progressBar();
  process.stderr.write(`${plainSentence(spec)}\n`);
  let prepared: Prepared | null = null;
  let card: DataCard | null = null;
  let references: References = { random: 0, reference: 0, referenceName: '', episodes: 0 };
  const making = prepare(spec);
  for (let piece = making.next(); ; piece = making.next()) {
    if (piece.done) {
      prepared = piece.value;
      break;
    }
    const event = piece.value;
    if (event.kind === 'preparing') bar.show(`${event.what}`, event.of > 0 ? event.done / event.of : 0);
    if (event.kind === 'dataset') card = event.card;
    if (event.kind === 'references') references = event.references;
  }
  const { executor, why, timings, problem } = await executorFor(spec, prepared, isCompared);
  if (problem) bar.say(explain(problem));
  if (timings.length > 0) bar.say(why);
  const results = spec.seeds.map(emptyResult);
  // On a graphics device all seeds train side by side.
  const groups = executor.id === 'webgpu' ? [results] : results.map((result) => [result]);
  const told = new Set<string>();
  for (const group of groups) {
    const lanes = group.map(({ seed }) => ({ spec, seed }));
    const control = uncontrolled(spec.changes);
    for await (const { lane, event } of trainLanes(lanes, { prepared, executor, why, timings, control })) {
      const result = group[lane];
      note(result, event);
      show(bar, spec, event, `seed ${result.seed} (${results.indexOf(result) + 1} of ${results.length})`);
      if (event.kind === 'finished') bar.say(seedLine(result));
      if (event.kind !== 'problem') continue;
      // A device is lost to all lanes at once.
      const words = explain(event.problem);
      if (!told.has(words)) bar.say(words);
      told.add(words);
    }
  }
  bar.end();
  const { margin, level } = spec.evaluation as EvaluationValues;
  const regime = regimeOfRun(results, card, references, margin, level);
  const digest = runDigest(results);
  if (json) {
    const output = runReport({
      spec,
      link: encodeLink(spec),
      executor: executor.id,
      references,
      card,
      regime,
      results,
    });
    process.stdout.write(`${JSON.stringify(output)}\n`);
  } else process.stdout.write(report(spec, card, references, regime, results, digest));
  return results.some(({ outcome }) => outcome === 'failed') ? 1 : 0;
}
async function executorFor(spec: RunSpec, prepared: Prepared, isCompared: boolean): Promise<ChosenExecutor> {
  const { executor, seeds } = spec;
  if (executor === 'webgpu' || executor === 'auto') await (await import('./nodeGpu')).provideGpu();
  const now = () => performance.now();
  // Nothing waits for it at the end.
  const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds).unref());
  return chooseExecutor(executor, { spec, prepared, seeds, places: 1, isCompared, now, sleep });
}
function show(bar: ProgressBar, spec: RunSpec, event: RunEvent, who: string): void {
  if (event.kind !== 'progress' && event.kind !== 'evaluation') return;
  const { phase, step } = event.at;
  const whole = spec.offline.updates + spec.online.steps;
  const done = phase === 'offline' ? step : spec.offline.updates + step;
  bar.show(`${who}, ${phase} ${step.toLocaleString('en')}`, done / Math.max(1, whole));
}
function seedLine({ seed, offline, online, digest, outcome }: SeedResult): string {
  const at = (points: SeedResult['offline']) => (points.length > 0 ? round(points.at(-1)!.mean) : '–');
  return `seed ${seed}: pretrained ${at(offline)}, final ${at(online.length > 0 ? online : offline)}, ${outcome}, ${digest?.slice(0, 12) ?? 'no digest'}`;
}
function report(
  spec: RunSpec,
  card: DataCard | null,
  references: References,
  regime: Regime | null,
  results: readonly SeedResult[],
  digest: string | null,
): string {
  const summary = summarise(results);
  const estimate = (value: (typeof summary)['final']) =>
    value === null
      ? '–'
      : `${round(value.mean)}${value.interval ? ` (95 % ${round(value.interval[0])} to ${round(value.interval[1])})` : ''}`;
  const lines = [
    `return     ${environments[spec.environment.id].returnUnit(spec.environment.params).name}`,
    `random     ${round(references.random)}`,
    `reference  ${round(references.reference)} (${references.referenceName})`,
    ...(card
      ? [
          `data       ${round(card.meanReturn)}, ${card.count.toLocaleString('en')} transitions, ${card.episodes} episodes`,
        ]
      : []),
    `pretrained ${estimate(summary.pretrained)}`,
    ...(regime
      ? [
          `regime     ${regime.label}, difference ${round(regime.difference)} (${round(regime.interval[0])} to ${round(regime.interval[1])})`,
        ]
      : []),
    `final      ${estimate(summary.final)}`,
    ...(summary.exploring ? [`exploring  ${estimate(summary.exploring)}`] : []),
    `digest     ${digest ?? 'none: a seed has not finished'}`,
  ];
  return `${lines.join('\n')}\n`;
}
const round = (value: number) => Number(value.toPrecision(4)).toString().replace('-', '−');

async function writeDataset(recipe: string | undefined, flags: Flags): Promise<number> {
  if (recipe === undefined) throw new Misuse('Expected a recipe, as in “dataset stitch --out data.npz”.');
  if (flags.out === undefined) throw new Misuse('Expected --out FILE, ending in .hdf5 or .npz.');
  if (!/\.(hdf5|h5|npz)$/.test(flags.out))
    throw new Misuse(`Expected a file ending in .hdf5 or .npz, got “${flags.out}”.`);
  let spec = presets[0].spec;
  if (flags.environment !== undefined) spec = set(spec, 'environment.id', flags.environment);
  spec = set(spec, 'dataset.recipe', recipe);
  if (flags.seed !== undefined) spec = set(spec, 'dataset.seed', flags.seed);
  for (const assignment of flags.set ?? []) {
    const at = assignment.indexOf('=');
    if (at < 1) throw new Misuse(`Expected --set path=value, got “${assignment}”.`);
    const name = assignment.slice(0, at);
    spec = set(spec, name.includes('.') ? name : `dataset.params.${name}`, assignment.slice(at + 1));
  }
  const bar = progressBar();
  const making = prepare(spec);
  let piece = making.next();
  while (!piece.done) {
    if (piece.value.kind === 'preparing')
      bar.show(piece.value.what, piece.value.of > 0 ? piece.value.done / piece.value.of : 0);
    piece = making.next();
  }
  bar.end();
  const { dataset } = piece.value;
  if (!dataset) throw new Misuse(`The recipe “${recipe}” makes no data.`);
  const { writeDatasetFile } = await import('../src/datasets/files');
  const bytes = await writeDatasetFile(flags.out.endsWith('.npz') ? 'npz' : 'hdf5', dataset.transitions, spec);
  writeFileSync(flags.out, bytes);
  const { card } = dataset;
  if (flags.json) process.stdout.write(`${JSON.stringify({ ...card, file: flags.out, bytes: bytes.length })}\n`);
  else
    process.stdout.write(
      `${flags.out}: ${card.sentence} J(D) ${round(card.meanReturn)} (${round(card.normalised)} of 100), digest ${card.digest.slice(0, 12)}\n`,
    );
  return 0;
}

interface ProgressBar {
  show(what: string, part: number): void;
  say(line: string): void;
  end(): void;
}
/** A bar on a terminal; elsewhere only the lines that `say` has. */
function progressBar(): ProgressBar {
  const isTerminal = process.stderr.isTTY === true;
  const clear = () => isTerminal && process.stderr.write('\r\x1b[K');
  let shown = 0;
  return {
    show(what, part) {
      const now = Date.now();
      if (!isTerminal || now - shown < 100) return;
      shown = now;
      const filled = Math.round(24 * Math.min(1, part));
      process.stderr.write(
        `\r\x1b[K${'█'.repeat(filled)}${'░'.repeat(24 - filled)} ${Math.round(100 * part)} % ${what}`,
      );
    },
    say(line) {
      clear();
      process.stderr.write(`${line}\n`);
    },
    end: () => void clear(),
  };
}

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    const isMisuse = error instanceof Misuse;
    process.stderr.write(
      `${isMisuse ? error.message : `The lab stopped: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`}\n`,
    );
    process.exitCode = isMisuse ? 2 : 1;
  },
);
