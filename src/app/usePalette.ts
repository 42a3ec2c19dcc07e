import { useComputedColorScheme } from '@mantine/core';
import { darkPalette, lightPalette, type Palette } from '../charts/palette';

/** The colours of the theme that is on, for what is drawn on canvas and by recharts. */
export function usePalette(): Palette {
  return useComputedColorScheme('light') === 'dark' ? darkPalette : lightPalette;
}
