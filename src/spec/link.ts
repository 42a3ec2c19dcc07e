/**
 * A link is an experiment: `#` + version + the difference from the preset, packed + optionally `.digest` and `.curve`.
 *
 * Version 1 packs a JSON object: "preset", every path that differs (a choice that differs brings all its parameters along, so
 * that no later default can change them), "seeds" and "changes", and last "check", a checksum of the whole resulting recipe.
 * The check tells a damaged link from a sound one, and picks the preset as it was when the link was made (presetHistory.ts).
 *
 * Decoding never throws and never gives a value out of range. Old versions decode for ever: `link.golden.json` holds some.
 */
import type { FieldValue } from '../schema/field';
import { shortText } from '../schema/fields';
import { decodeCurve, encodeCurve, type LinkCurve } from './linkCurve';
import { pack, unpack } from './packing';
import { earlierSpecs } from './presetHistory';
import { defaultPreset, plainSpec, presetSpec } from './presets';
import type { LinkProblem } from './problems';
import { repairSpec } from './repair';
import type { RunSpec } from './runSpec';
import { seedsText } from './seeds';

export type { LinkCurve } from './linkCurve';

/** What may travel beside the recipe: the author's result. */
export interface LinkExtras {
  /** SHA-256 in hex; the link carries the first 24 digits (96 bits). */
  readonly digest?: string;
  readonly curve?: LinkCurve;
}
export interface DecodedLink extends LinkExtras {
  /** Always valid. */
  readonly spec: RunSpec;
  readonly problems: readonly LinkProblem[];
}

/** Longer text is no link of ours; the page offers a file from 2,000 on. */
const maxLength = 20_000;
const digestDigits = 24;

/** "#1…", always the same for the same spec. `spec` is taken as it is, so a wrong value arrives and is named there. */
export function encodeLink(spec: RunSpec, { digest, curve }: LinkExtras = {}): string {
  const difference = differenceFrom(presetSpec(spec.preset) ?? plainSpec(), spec);
  const parts = [`#1${pack(JSON.stringify({ preset: spec.preset, ...difference, check: checkOf(flatten(spec)) }))}`];
  if (digest !== undefined || curve) parts.push((digest ?? '').slice(0, digestDigits));
  if (curve) parts.push(encodeCurve(curve));
  return parts.join('.');
}

/** Reads a fragment, with or without its `#`, or a whole address. An empty one is the default experiment and no problem. */
export function decodeLink(link: string): DecodedLink {
  const fallback = presetSpec(defaultPreset) as RunSpec;
  if (link.length > maxLength) return { spec: fallback, problems: [{ kind: 'tooLong', limit: maxLength }] };
  const fragment = tidied(link);
  if (fragment === '') return { spec: fallback, problems: [] };
  const version = /^\d+/.test(fragment) ? fragment[0] : null;
  if (version === null || version === '0') return { spec: fallback, problems: [{ kind: 'notALink' }] };
  const decode = decoders[version];
  if (!decode) return { spec: fallback, problems: [{ kind: 'newerVersion', version }] };
  return decode(fragment.slice(1));
}

/** How each version is read. A version once released is never edited; a new form gets the next digit. */
const decoders: Readonly<Record<string, (body: string) => DecodedLink>> = { '1': decodeVersion1 };

function decodeVersion1(body: string): DecodedLink {
  const [packed, digestText = '', curveText = ''] = body.split('.');
  const { text, state } = unpack(packed);
  const { entries, whole } = readObject(text);
  const { preset, check, ...difference } = entries;
  const known = typeof preset === 'string' ? presetSpec(preset) : undefined;
  const presetId = known ? String(preset) : defaultPreset;

  const problems: LinkProblem[] = [];
  const complete = state === 'whole' && whole && typeof check === 'string';
  const kept = whatWasKept(known !== undefined, difference);
  if (!complete) {
    const characters = body.length + 1;
    problems.push(state === 'cutOff' ? { kind: 'cutOff', characters, kept } : { kind: 'damaged', kept });
  }
  if (!known && (complete || preset !== undefined)) {
    problems.push({ kind: 'unknownPreset', given: shortText(preset), used: presetId });
  }

  const { base, merged, fits } = fittingBase(presetId, difference, check);
  if (complete && known && !fits) problems.push({ kind: 'doubtful' });
  const repaired = repairSpec(nest(merged), base);
  problems.push(...repaired.problems);

  const digest = digestOf(digestText);
  const curve = curveText === '' ? null : decodeCurve(curveText);
  if (complete && ((digestText !== '' && !digest) || (curveText !== '' && !curve))) {
    problems.push({ kind: 'cutOff', characters: body.length + 1, kept: ['preset', 'settings'] });
  }
  return {
    spec: { ...repaired.spec, preset: presetId },
    problems,
    ...(digest ? { digest } : {}),
    ...(curve ? { curve } : {}),
  };
}

/** The preset as it is now, or as it was when the link was made, whichever the check fits; as it is now if none does. */
function fittingBase(preset: string, difference: Paths, check: unknown) {
  const now = presetSpec(preset) as RunSpec;
  const merged = merge(flatten(now), difference);
  if (checkOf(merged) === check) return { base: now, merged, fits: true };
  for (const then of earlierSpecs(preset)) {
    const older = merge(flatten(then), difference);
    // An older preset knows nothing of fields added since: those take their defaults, which change nothing.
    if (checkOf(older) === check) return { base: repairSpec(then, plainSpec()).spec, merged: older, fits: true };
  }
  return { base: now, merged, fits: false };
}

/** A spec as paths and values, "seeds" as text and "changes" as rows. */
type Paths = Readonly<Record<string, unknown>>;

/** Choices that bring their own parameters. */
const choices: readonly (readonly [choice: string, params: string])[] = [
  ['environment.id', 'environment.params.'],
  ['dataset.recipe', 'dataset.params.'],
  ['offline.algorithm', 'offline.params.'],
  ['online.algorithm', 'online.params.'],
];

function flatten({ version: _version, preset: _preset, seeds, changes, ...rest }: RunSpec): Paths {
  const paths: Record<string, unknown> = { seeds: seedsText(seeds) };
  const walk = (value: unknown, path: string) => {
    if (typeof value !== 'object' || value === null) paths[path] = value;
    else for (const [name, inner] of Object.entries(value)) walk(inner, path === '' ? name : `${path}.${name}`);
  };
  walk(rest, '');
  if (changes.length > 0) {
    paths.changes = changes.map(({ phase, step, field, value }) => [phase === 'offline' ? 0 : 1, step, field, value]);
  }
  return paths;
}

/** Paths of `spec` that are not as `base` has them. The seeds come first, so that a cut link still has them. */
function differenceFrom(base: RunSpec, spec: RunSpec): Paths {
  const [from, to] = [flatten(base), flatten(spec)];
  const explicit = choices.filter(([choice]) => from[choice] !== to[choice]).map(([, params]) => params);
  return Object.fromEntries(
    Object.entries(to).filter(
      ([path, value]) =>
        !Object.hasOwn(from, path) || from[path] !== value || explicit.some((params) => path.startsWith(params)),
    ),
  );
}

/** `base` with a difference put over it; a choice that differs clears the parameters of the old one. */
function merge(base: Paths, difference: Paths): Paths {
  const cleared = choices
    .filter(([choice]) => Object.hasOwn(difference, choice) && difference[choice] !== base[choice])
    .map(([, params]) => params);
  const kept = Object.entries(base).filter(([path]) => !cleared.some((params) => path.startsWith(params)));
  return Object.fromEntries([...kept, ...Object.entries(difference)]);
}

/** The nested form that `repairSpec` reads. Prototypes are never touched: every node is bare. */
function nest(paths: Paths): unknown {
  const bare = (): Record<string, unknown> => Object.create(null);
  const root = bare();
  for (const [path, value] of Object.entries(paths)) {
    if (path === 'changes') {
      root.changes = Array.isArray(value) ? value.map(changeOf) : value;
      continue;
    }
    const names = path.split('.').slice(0, 4);
    let node = root;
    for (const name of names.slice(0, -1)) {
      const inner = node[name];
      node = node[name] = typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : bare();
    }
    node[names[names.length - 1]] = value;
  }
  return root;
}

function changeOf(row: unknown): unknown {
  if (!Array.isArray(row)) return null;
  const [phase, step, field, value] = row;
  return { phase: phase === 0 ? 'offline' : phase === 1 ? 'online' : phase, step, field, value };
}

/** 24 bits of FNV-1a over the recipe's paths in alphabetical order, as four characters. */
function checkOf(paths: Paths): string {
  const text = JSON.stringify(
    Object.entries(paths)
      .filter(([, value]) => value !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return ((hash ^ (hash >>> 24)) & 0xffffff).toString(36).padStart(5, '0');
}

interface ReadObject {
  readonly entries: Readonly<Record<string, FieldValue | readonly unknown[] | undefined>>;
  readonly whole: boolean;
}

/** A flat JSON object, or as many of its first entries as are complete. Never throws. */
function readObject(text: string): ReadObject {
  const whole = parseObject(text);
  if (whole) return { entries: whole, whole: true };
  // Drop entries from the end until what is left closes. A stranger's text may have many commas: give up after a while.
  let end = text.length;
  for (let tries = 0; tries < 300 && end > 0; tries++) {
    const entries = parseObject(`${text.slice(0, end)}}`);
    if (entries) return { entries, whole: false };
    end = text.lastIndexOf(',', end - 1);
  }
  return { entries: {}, whole: false };
}

function parseObject(text: string): ReadObject['entries'] | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as ReadObject['entries'])
      : null;
  } catch {
    return null;
  }
}

function whatWasKept(preset: boolean, difference: Paths): readonly string[] {
  const { seeds, changes, ...settings } = difference;
  const count = Object.keys(settings).length;
  return [
    ...(preset ? ['preset'] : []),
    ...(seeds === undefined ? [] : ['seeds']),
    ...(count === 0 ? [] : [count === 1 ? '1 setting' : `${count} settings`]),
    ...(changes === undefined ? [] : ['changes']),
  ];
}

function digestOf(text: string): string | null {
  return text.length === digestDigits && /^[0-9a-f]+$/.test(text) ? text : null;
}

/** What follows the first `#`, without the blanks, quotes and brackets that mail and chat programs wrap around a link. */
function tidied(link: string): string {
  const marked = link.includes('#') ? link : link.replace(/%23/, '#');
  const fragment = marked.slice(marked.indexOf('#') + 1);
  return fragment.replace(/[\s\u200b\ufeff]+/g, '').replace(/[^A-Za-z0-9_-]+$/, '');
}
