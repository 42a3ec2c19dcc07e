/**
 * The recipe as a sentence (product.md §2): "Learn U-maze from 20,000 short hops with IQL for 10,000 updates, then act for
 * 5,000 steps, keeping half the data." Each word that can be edited carries its path.
 */
import { numberText } from '../schema/fields';
import type { SwitchValues } from './runFields';
import type { RunSpec } from './runSpec';
import { environmentOf, offlineAlgorithmOf, onlineAlgorithmOf, recipeOf } from './structure';

/** Parts follow each other without added blanks. `path`: the field this word edits; "switch" alone means that group of settings. */
export interface SentencePart {
  readonly text: string;
  readonly path?: string;
}

export function sentenceOf(spec: RunSpec): readonly SentencePart[] {
  const pretrains = spec.offline.updates > 0;
  const acts = spec.online.steps > 0;
  const offline = offlineAlgorithmOf(spec).name;
  const online = onlineAlgorithmOf(spec).name;
  const word = (text: string, path: string): SentencePart => ({ text, path });
  const parts: SentencePart[] = [
    { text: 'Learn ' },
    word(environmentOf(spec).nameOf(spec.environment.params), 'environment.id'),
    { text: ' from ' },
    word(recipeOf(spec).name(spec.dataset.params), 'dataset.recipe'),
  ];
  if (pretrains) {
    parts.push({ text: ' with ' }, word(offline, 'offline.algorithm'));
    const { penalty } = offlineAlgorithmOf(spec).capabilities;
    if (penalty !== undefined && spec.offline.params[penalty] === 0) {
      parts.push({ text: ' ' }, word('without caution', `offline.params.${penalty}`));
    }
    parts.push({ text: ' for ' });
    parts.push(word(counted(spec.offline.updates, 'update'), 'offline.updates'));
    if (!acts) return [...parts, { text: ', then ' }, word('stop', 'online.steps'), { text: '.' }];
    parts.push({ text: ', then act for ' }, word(counted(spec.online.steps, 'step'), 'online.steps'));
    if (online !== offline) parts.push({ text: ' with ' }, word(online, 'online.algorithm'));
  } else {
    parts.push({ text: ' with ' }, word(online, 'online.algorithm'), { text: ' by acting for ' });
    parts.push(word(counted(spec.online.steps, 'step'), 'online.steps'));
  }
  const phrases = switchPhrases(spec);
  for (const phrase of phrases.slice(0, shownPhrases)) parts.push({ text: ', ' }, ...phrase);
  const more = phrases.length - shownPhrases;
  if (more > 0) parts.push({ text: ', ' }, word(`and ${more} more`, 'switch'));
  return [...parts, { text: '.' }];
}

/** More would bury the sentence; the rest is counted. */
const shownPhrases = 2;

/** What the switch does, in words, the weightiest first. Settings that change nothing say nothing. */
function switchPhrases(spec: RunSpec): readonly (readonly SentencePart[])[] {
  const { warmup, oldData, sampling, updatesPerStep, anchor, penaltyDecay, reset, shrink } =
    spec.switch as SwitchValues;
  const pretrains = spec.offline.updates > 0;
  const hasData = spec.dataset.recipe !== 'none';
  const phrases: SentencePart[][] = [];
  const say = (before: string, text: string, path: string) => {
    phrases.push(before === '' ? [{ text, path }] : [{ text: before }, { text, path }]);
  };

  if (hasData && sampling === 'together') say('keeping ', 'all data in one buffer', 'switch.sampling');
  else if (hasData && oldData > 0) say('keeping ', oldDataText(oldData), 'switch.oldData');
  if (warmup > 0)
    say(pretrains ? 'frozen for the first ' : 'only watching for the first ', numberText(warmup), 'switch.warmup');
  const easing = penaltyPhrase(spec, penaltyDecay);
  if (easing) say(easing.before, easing.text, easing.path);
  if (pretrains && reset !== 'none') say('with ', resetTexts[reset], 'switch.reset');
  if (pretrains && shrink < 1) say('with ', 'shrunken weights', 'switch.shrink');
  if (pretrains && anchor > 0 && onlineAlgorithmOf(spec).capabilities.anchor) {
    say('anchored to ', 'the pretrained policy', 'switch.anchor');
  }
  if (updatesPerStep > 1) say('with ', `${numberText(updatesPerStep)} updates a step`, 'switch.updatesPerStep');
  const holdsOn = phrases.some(([first, second]) => holding.includes((second ?? first).path ?? ''));
  if (pretrains && !holdsOn) phrases.push([{ text: 'letting go at once', path: 'switch.warmup' }]);
  return phrases;
}

/** Settings that keep something of the offline phase. */
const holding: readonly string[] = ['switch.oldData', 'switch.sampling', 'switch.warmup', 'switch.anchor'];

const resetTexts: Readonly<Record<SwitchValues['reset'], string>> = {
  none: '',
  optimiser: 'a fresh optimiser',
  lastLayers: 'fresh last layers',
  critic: 'a fresh critic',
  all: 'fresh networks',
};

/** The offline penalty or constraint made smaller, at the switch or by and by. */
function penaltyPhrase(spec: RunSpec, decay: number): { before: string; text: string; path: string } | null {
  const { penalty } = onlineAlgorithmOf(spec).capabilities;
  if (penalty === undefined) return null;
  const path = `online.params.${penalty}`;
  const after = Number(spec.online.params[penalty]);
  const before = Number(spec.offline.params[penalty] ?? 0);
  if (spec.offline.updates > 0 && after < before)
    return { before: after === 0 ? 'dropping ' : 'easing ', text: 'caution', path };
  if (after > 0 && decay < 1)
    return { before: 'easing caution ', text: decay === 0 ? 'away' : 'slowly', path: 'switch.penaltyDecay' };
  return null;
}

function oldDataText(share: number): string {
  if (share === 0.5) return 'half the data';
  if (share === 1) return 'to the old data';
  return `${numberText(Math.round(share * 1000) / 10)} % old data`;
}

function counted(count: number, unit: string): string {
  return `${numberText(count)} ${unit}${count === 1 ? '' : 's'}`;
}
