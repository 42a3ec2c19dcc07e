/** Mantine in the looks of product.md §9: system fonts, five sizes, radius 6, borders instead of shadows, one accent. */
import {
  type CSSVariablesResolver,
  createTheme,
  defaultVariantColorsResolver,
  type MantineColorsTuple,
} from '@mantine/core';
import { darkPalette, lightPalette, type Palette } from '../charts/palette';

/** Shades of the accent around its own at 6; Mantine picks by index. */
const accent: MantineColorsTuple = [
  '#EEF3FF',
  '#DBE5FE',
  '#BFD2FE',
  '#9DBBFF',
  '#7AA7FF',
  '#4F7DF0',
  '#1D4ED8',
  '#1A46C2',
  '#173CA6',
  '#132F82',
];

export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 6, dark: 4 },
  colors: { accent },
  autoContrast: true,
  // Left alone, Mantine picks the label of a filled button for the light theme's shade in both themes.
  variantColorResolver: (input) => {
    const colours = defaultVariantColorsResolver(input);
    return input.variant === 'filled' ? { ...colours, color: 'var(--mantine-primary-color-contrast)' } : colours;
  },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, monospace',
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.25rem' },
  lineHeights: { xs: '1.45', sm: '1.45', md: '1.45', lg: '1.45', xl: '1.45' },
  spacing: { xs: '0.25rem', sm: '0.5rem', md: '0.75rem', lg: '1rem', xl: '1.5rem' },
  radius: { sm: '4px', md: '6px' },
  defaultRadius: 'md',
  cursorType: 'pointer',
  focusRing: 'auto',
});

export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: tokens(lightPalette),
  dark: tokens(darkPalette),
});

function tokens(palette: Palette): Record<string, string> {
  return {
    '--ground': palette.ground,
    '--surface': palette.surface,
    '--ink': palette.ink,
    '--second': palette.second,
    '--third': palette.third,
    '--hairline': palette.hairline,
    '--edge': palette.edge,
    '--accent': palette.accent,
    '--ok': palette.ok,
    '--watch': palette.watch,
    '--broken': palette.broken,
    '--mantine-color-body': palette.ground,
    '--mantine-color-text': palette.ink,
    '--mantine-color-dimmed': palette.third,
    '--mantine-color-default': palette.surface,
    '--mantine-color-default-color': palette.ink,
    '--mantine-color-default-border': palette.edge,
    '--mantine-color-default-hover': palette.ground,
    '--mantine-color-placeholder': palette.third,
  };
}
