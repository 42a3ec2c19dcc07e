/** Colours and dashes of everything that is drawn (product.md §9), per theme. Charts take a palette and know no theme. */
export interface Palette {
  readonly ground: string;
  readonly surface: string;
  readonly ink: string;
  readonly second: string;
  readonly third: string;
  readonly hairline: string;
  readonly edge: string;
  readonly accent: string;
  readonly ok: string;
  readonly watch: string;
  readonly broken: string;
  /** Barely tinted zones: colour is the run, place is the phase. */
  readonly offline: string;
  readonly online: string;
  readonly runs: readonly string[];
  /** Ends and stops of the ramp that colours a sweep: low values dark on paper, dim on black. */
  readonly ramp: readonly string[];
}
export const lightPalette: Palette = {
  ground: '#F7F8FA',
  surface: '#FFFFFF',
  ink: '#1B1F26',
  second: '#4A5260',
  third: '#667080',
  hairline: '#D9DEE6',
  edge: '#7E8898',
  accent: '#1D4ED8',
  ok: '#0B6B4F',
  watch: '#8A5A00',
  broken: '#B3261E',
  offline: 'rgba(29, 78, 216, 0.04)',
  online: 'rgba(228, 89, 31, 0.04)',
  runs: ['#1A58CF', '#8F3F0B', '#24988C', '#623272', '#A67700', '#1B1F26'],
  ramp: ['#160B5C', '#5A1A9A', '#A21C86', '#CE3A5A', '#D9570B'],
};
export const darkPalette: Palette = {
  ground: '#0E1116',
  surface: '#14181F',
  ink: '#E6EAF0',
  second: '#B3BCC9',
  third: '#8C97A8',
  hairline: '#2A313C',
  edge: '#6B778A',
  accent: '#7AA7FF',
  ok: '#5CC9A0',
  watch: '#E8B44A',
  broken: '#FF8A80',
  offline: 'rgba(122, 167, 255, 0.07)',
  online: 'rgba(228, 89, 31, 0.07)',
  runs: ['#3D7EFB', '#E4591F', '#72C5AB', '#AD6C9A', '#FDCA28', '#E6EAF0'],
  ramp: ['#6F74F2', '#B067DE', '#E877A4', '#FBA86A', '#FBE46E'],
};
/** Run n has a dash as well as a colour, so that no meaning is by colour alone. */
export const runDashes: readonly (readonly number[])[] = [[], [6, 3], [2, 3], [8, 3, 2, 3], [1, 3], [12, 3]];
export const mostColouredRuns = 6;

/** "#rrggbb" of a fraction in [0, 1] of the theme's ramp, straight lines in sRGB between its stops; outside it the nearer end. */
export function rampColour({ ramp }: Pick<Palette, 'ramp'>, fraction: number): string {
  const place = Math.min(1, Math.max(0, fraction)) * (ramp.length - 1);
  const index = Math.min(ramp.length - 2, Math.floor(place));
  const parts = [1, 3, 5].map((at) => {
    const [from, to] = [ramp[index], ramp[index + 1]].map((stop) => Number.parseInt(stop.slice(at, at + 2), 16));
    return Math.round(from + (to - from) * (place - index))
      .toString(16)
      .padStart(2, '0');
  });
  return `#${parts.join('')}`;
}

/** Viridis at nine even places (matplotlib, CC0); between them straight lines in sRGB, within 2 of 255 of the original. */
const viridisStops: readonly (readonly [number, number, number])[] = [
  [68, 1, 84],
  [71, 45, 123],
  [59, 82, 139],
  [44, 114, 142],
  [33, 145, 140],
  [40, 174, 128],
  [94, 201, 98],
  [173, 220, 48],
  [253, 231, 37],
];
/** Red, green, blue in 0…255 of a fraction in [0, 1]; outside it the nearer end. */
export function viridis(fraction: number): readonly [number, number, number] {
  const place = Math.min(1, Math.max(0, fraction)) * (viridisStops.length - 1);
  const index = Math.min(viridisStops.length - 2, Math.floor(place));
  const within = place - index;
  const [from, to] = [viridisStops[index], viridisStops[index + 1]];
  const mix = (part: 0 | 1 | 2) => Math.floor(from[part] + (to[part] - from[part]) * within + 0.5);
  return [mix(0), mix(1), mix(2)];
}
