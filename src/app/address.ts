/**
 * What stands after `#`: a word for a screen other than the Lab, then the experiment, which starts with a digit. `#speed/1…` is the
 * speed screen over the experiment `#1…`; the word alone leaves the experiment as it is.
 */
export const screens = ['speed'] as const;
export type Screen = 'lab' | (typeof screens)[number];

export interface Address {
  readonly screen: Screen;
  /** "#1…", or empty. */
  readonly experiment: string;
}

export function readAddress(hash: string): Address {
  const [, word, rest] = /^#?([a-z]+)(?:\/(.*))?$/s.exec(hash) ?? [];
  const screen = screens.find((known) => known === word);
  if (!screen) return { screen: 'lab', experiment: hash };
  return { screen, experiment: rest ? `#${rest}` : '' };
}

/** @param experiment  "#1…", as `encodeLink` makes it */
export function writeAddress({ screen, experiment }: Address): string {
  if (screen === 'lab') return experiment;
  const rest = experiment.replace(/^#/, '');
  return rest === '' ? `#${screen}` : `#${screen}/${rest}`;
}
