import { describe, expect, test } from 'vitest';
import { darkPalette, lightPalette, rampColour } from './palette';

/** Relative luminance of "#rrggbb" (WCAG 2.2). */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
function contrast(a: string, b: string): number {
  const [bright, dim] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (bright + 0.05) / (dim + 0.05);
}

describe.each([
  ['light', lightPalette],
  ['dark', darkPalette],
] as const)('the ramp of the %s theme', (_, palette) => {
  const sixteen = Array.from({ length: 16 }, (_, i) => rampColour(palette, i / 15));
  test('reads on its ground like the colours of runs do', () => {
    for (const colour of sixteen) expect(contrast(colour, palette.surface), colour).toBeGreaterThanOrEqual(3.3);
  });
  test('gets brighter all the way, so that the order shows without hue', () => {
    for (const [i, colour] of sixteen.entries())
      if (i > 0) expect(luminance(colour)).toBeGreaterThan(luminance(sixteen[i - 1]));
  });
  test('starts and ends at its stops, and stays there outside', () => {
    expect(rampColour(palette, -1)).toBe(palette.ramp[0].toLowerCase());
    expect(rampColour(palette, 0.5)).toBe(palette.ramp[2].toLowerCase());
    expect(rampColour(palette, 2)).toBe(palette.ramp.at(-1)?.toLowerCase());
  });
});
