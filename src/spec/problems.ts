/**
 * Everything that can go wrong with a link or a run, as plain data, and the words for it (product.md §8).
 *
 * A problem crosses worker boundaries and is stored with a run, so it holds facts, never sentences or Error objects.
 * Say what happened, what is kept, what to do. No blame, no stack trace.
 */
import { numberText, type ValueProblem } from '../schema/fields';
import type { Phase } from './runSpec';

/** Where in a run it happened: `step` counts updates offline and environment steps online. */
interface At {
  readonly phase: Phase;
  readonly step: number;
}

export type LinkProblem =
  /** A value was wrong and another is used. `label` is what the page calls it. */
  | ({ readonly kind: 'value'; readonly path: string; readonly label: string } & ValueProblem)
  /** A setting that does not exist, or that this environment, data or algorithm does not have. */
  | { readonly kind: 'unknownField'; readonly path: string }
  | { readonly kind: 'unknownPreset'; readonly given: string; readonly used: string }
  /** `characters`: length of what arrived. `kept`: what could be read, in words. */
  | { readonly kind: 'cutOff'; readonly characters: number; readonly kept: readonly string[] }
  /** Arrived whole, but what it says does not fit its own checksum. */
  | { readonly kind: 'doubtful' }
  | { readonly kind: 'damaged'; readonly kept: readonly string[] }
  | { readonly kind: 'notALink' }
  | { readonly kind: 'newerVersion'; readonly version: string }
  | { readonly kind: 'tooLong'; readonly limit: number };

export type RunProblem =
  /** A watched quantity ran away (critic values far over the ceiling). `kept`: last update whose weights are kept. */
  | {
      readonly kind: 'diverged';
      readonly at: At;
      readonly seed: number;
      readonly quantity: string;
      readonly value: number;
      readonly ceiling?: number;
      readonly kept?: number;
    }
  | {
      readonly kind: 'notFinite';
      readonly at: At;
      readonly seed: number;
      readonly quantity: string;
      readonly others?: readonly number[];
    }
  | { readonly kind: 'workerCrashed'; readonly at: At | null; readonly seed: number; readonly detail: string }
  | { readonly kind: 'outOfMemory'; readonly transitions: number; readonly bytes: number; readonly suggested: number }
  | {
      readonly kind: 'fileMismatch';
      readonly what: string;
      readonly found: number;
      readonly expected: number;
      readonly environment: string;
    }
  | { readonly kind: 'fileUnreadable'; readonly detail: string }
  /** `slower`: about how many times, where it is known. */
  | {
      readonly kind: 'executorUnavailable';
      readonly executor: string;
      readonly reason: string;
      readonly used: string;
      readonly slower?: number;
    }
  /** The executor could not go on, or not begin; `used` goes on from `from`. */
  | {
      readonly kind: 'deviceLost';
      readonly at: At;
      readonly from: At;
      readonly seed: number;
      readonly executor: string;
      readonly reason: string;
      readonly used: string;
    }
  | { readonly kind: 'storageRefused' }
  | { readonly kind: 'hiddenTabPaused'; readonly at: At; readonly of: number; readonly minutes: number }
  /** An error nobody foresaw, in its own words. */
  | { readonly kind: 'failed'; readonly seed: number | null; readonly at: At | null; readonly detail: string };

export type Problem = LinkProblem | RunProblem;

/** One problem in one or two sentences. `explainAll` says several wrong values in one sentence. */
export function explain(problem: Problem): string {
  switch (problem.kind) {
    case 'value':
      return `${problem.label}: expected ${problem.expected}, got “${problem.given}”. Using ${problem.used}.`;
    case 'unknownField':
      return `“${problem.path}” is not a setting of this run and was left out.`;
    case 'unknownPreset':
      return `There is no preset “${problem.given}”. Starting from ${problem.used}.`;
    case 'cutOff':
      return `This link is cut off after ${numberText(problem.characters)} ${problem.characters === 1 ? 'character' : 'characters'}, often by a chat program. ${kept(problem.kept)} Ask for it as a file.`;
    case 'damaged':
      return `Part of this link is damaged. ${kept(problem.kept)} Ask for it again.`;
    case 'doubtful':
      return 'This link was changed on its way or made by another version of the lab. It is loaded as far as it goes; its result may not repeat.';
    case 'notALink':
      return 'This is not an experiment link. Showing the default experiment.';
    case 'newerVersion':
      return `This link was made by a newer version of the lab (${problem.version}). Showing the default experiment. Reload the page to update.`;
    case 'tooLong':
      return `This link is longer than ${numberText(problem.limit)} characters and was not read. Ask for the experiment as a file.`;
    case 'diverged': {
      const ceiling = problem.ceiling === undefined ? '' : ` (ceiling ${shortNumber(problem.ceiling)})`;
      const keptWeights = problem.kept === undefined ? '' : ` Weights of update ${numberText(problem.kept)} are kept.`;
      return `${problem.quantity} passed ${shortNumber(problem.value)} at ${place(problem.at)}${ceiling}, so the run stopped.${keptWeights}`;
    }
    case 'notFinite': {
      const happened = `${problem.quantity} became not-a-number at ${place(problem.at)} (seed ${problem.seed}).`;
      if (!problem.others?.length) return `${happened} Seed ${problem.seed} counts as diverged.`;
      return `${happened} ${seedsGoOn(problem.others)}; seed ${problem.seed} counts as diverged.`;
    }
    case 'workerCrashed':
      return problem.at
        ? `The training process of seed ${problem.seed} ended unexpectedly. Its curve up to ${place(problem.at)} is kept.`
        : `The training process of seed ${problem.seed} ended before its first point.`;
    case 'outOfMemory':
      return `Not enough memory for ${numberText(problem.transitions)} transitions (about ${megabytes(problem.bytes)} needed). Nothing was changed.`;
    case 'fileMismatch':
      return `This file has ${numberText(problem.found)} ${problem.what}; ${problem.environment} has ${numberText(problem.expected)}. Not loaded.`;
    case 'fileUnreadable':
      return `This file could not be read: ${problem.detail}. Nothing was changed.`;
    case 'executorUnavailable': {
      const slower =
        problem.slower === undefined
          ? ''
          : `: about ${numberText(problem.slower)} times slower, and digests do not compare`;
      return `${problem.reason}, so ${problem.used} is used${slower}.`;
    }
    case 'deviceLost': {
      const isAtOnce = problem.at.phase === problem.from.phase && problem.at.step === problem.from.step;
      const goesOn = `${problem.used} goes on from ${isAtOnce ? 'there' : place(problem.from)}`;
      return `${problem.executor} stopped at ${place(problem.at)}: ${problem.reason.replace(/\.$/, '')}. ${goesOn}; this run will not repeat bit for bit.`;
    }
    case 'storageRefused':
      return 'Storage is refused (private window?). Runs live until this tab closes.';
    case 'hiddenTabPaused':
      return `${capital(place(problem.at))} of ${numberText(problem.of)}: this browser paused the hidden tab for ${numberText(problem.minutes)} min. Going on; results are unchanged.`;
    case 'failed':
      return `${problem.seed === null ? 'The run' : `Seed ${problem.seed}`} stopped${problem.at ? ` at ${place(problem.at)}` : ''}: ${problem.detail}. The curves up to here are kept.`;
    default:
      return problem satisfies never;
  }
}

/** All problems of one link or run, a sentence or two each; wrong values share one, as product.md §8 message 1 has it. */
export function explainEach(problems: readonly Problem[]): readonly string[] {
  const values = problems.filter((problem) => problem.kind === 'value');
  const rest = problems.filter((problem) => problem.kind !== 'value').map(explain);
  return values.length === 0 ? rest : [wrongValues(values), ...rest];
}

/** The same as one text. */
export function explainAll(problems: readonly Problem[]): string {
  return explainEach(problems).join(' ');
}

/** What a person may do about a problem: buttons beside its sentence. The page decides how each is done. */
export type Remedy =
  | { readonly act: 'set'; readonly label: string; readonly path: string; readonly value: number }
  | { readonly act: 'halveLearningRate' | 'show' | 'runSeedAgain' | 'saveWorkspace'; readonly label: string };

export function remedies(problem: Problem): readonly Remedy[] {
  switch (problem.kind) {
    case 'diverged':
      return [
        { act: 'halveLearningRate', label: 'Halve the learning rate and continue' },
        { act: 'show', label: `Show ${problem.quantity}` },
      ];
    case 'notFinite':
      return [{ act: 'halveLearningRate', label: 'Halve the learning rate and run again' }];
    case 'workerCrashed':
      return [{ act: 'runSeedAgain', label: `Run seed ${problem.seed} again` }];
    case 'outOfMemory':
      return [
        {
          act: 'set',
          label: `Use ${numberText(problem.suggested)}`,
          path: 'dataset.params.transitions',
          value: problem.suggested,
        },
      ];
    case 'storageRefused':
      return [{ act: 'saveWorkspace', label: 'Save workspace file' }];
    default:
      return [];
  }
}

function wrongValues(values: readonly Extract<LinkProblem, { kind: 'value' }>[]): string {
  const shown = values.slice(0, 8);
  const changes = shown.map(({ label, given, used }) => `${lowerFirst(label)} ${given} → ${used}`).join(', ');
  const hidden = values.length > shown.length ? ` and ${numberText(values.length - shown.length)} more` : '';
  const count =
    values.length === 1
      ? 'One value in this link was'
      : `${capital(countWord(values.length))} values in this link were`;
  return `${count} out of range: ${changes}${hidden}. The rest is as sent.`;
}

function kept(what: readonly string[]): string {
  return what.length === 0 ? 'Nothing of it was readable.' : `Loaded what was readable: ${list(what)}.`;
}

function seedsGoOn(seeds: readonly number[]): string {
  return seeds.length === 1 ? `Seed ${seeds[0]} goes on` : `Seeds ${seeds.join(', ')} go on`;
}

function place({ phase, step }: At): string {
  return phase === 'offline' ? `update ${numberText(step)}` : `online step ${numberText(step)}`;
}

function list(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`;
}

/** Three significant digits, or whole thousands: "10,000", "49.3". */
function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'not-a-number' : value > 0 ? 'infinity' : '−infinity';
  return numberText(Number(value.toPrecision(3)));
}

function megabytes(bytes: number): string {
  return `${numberText(Math.ceil(bytes / 1_000_000))} MB`;
}

function countWord(count: number): string {
  return ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine'][count] ?? numberText(count);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** "Expectile" inside a sentence; "IQL" and "J(D)" stay as they are. */
function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
