import { alpha, Badge, createTheme, Drawer, Modal, Paper, Tooltip, type CSSVariablesResolver } from '@mantine/core';

export const theme = createTheme({
  primaryColor: 'indigo',
  colors: {
    // the stock dark greys, a shade towards our blue
    dark: ['#c9cdd4', '#b1b6bf', '#868d99', '#5f6672', '#3f444c', '#343840', '#26292f', '#1d1f23', '#17191c', '#111315'],
  },
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  headings: { fontFamily: "'Inter Variable', system-ui, sans-serif", fontWeight: '600' },
  defaultRadius: 'md',
  cursorType: 'pointer',
  components: {
    Badge: Badge.extend({ defaultProps: { tt: 'none', variant: 'light' }, styles: { root: { letterSpacing: 0 } } }),
    Paper: Paper.extend({ defaultProps: { withBorder: true } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 300, withArrow: true } }),
    Modal: Modal.extend({ defaultProps: { centered: true } }),
    Drawer: Drawer.extend({ defaultProps: { position: 'right', size: 'lg' } }),
  },
});

// The stock `dimmed` and placeholder greys miss WCAG AA on our surfaces.
const hues = ['red', 'pink', 'grape', 'violet', 'indigo', 'blue', 'cyan', 'teal', 'green', 'lime', 'yellow', 'orange'];

export const variables: CSSVariablesResolver = (theme) => ({
  variables: { '--rc-aside': '300px' },
  light: {
    '--mantine-color-dimmed': '#667080',
    '--mantine-color-placeholder': '#7a8494',
    '--mantine-color-error': '#d6293e',
    '--rc-page': '#f8f9fa',
    '--rc-surface': '#ffffff',
    '--rc-line': '#dee2e6',
    '--rc-soft': '#f1f3f5',
    '--rc-active': '#dbe4ff',
    '--rc-active-text': '#364fc7',
    '--rc-bar': '#5c7cfa',
    '--rc-green': '#087f5b',
    '--rc-red': '#d6293e',
    '--rc-orange': '#c2410c',
    '--rc-yellow': '#946200',
  },
  dark: {
    // calm tints instead of the stock deep fills
    ...Object.fromEntries(
      hues.flatMap((hue) => {
        const shades = theme.colors[hue] ?? [];
        return [
          [`--mantine-color-${hue}-light`, alpha(shades[6] ?? '', 0.18)],
          [`--mantine-color-${hue}-light-hover`, alpha(shades[6] ?? '', 0.26)],
          [`--mantine-color-${hue}-light-color`, shades[3] ?? ''],
        ];
      }),
    ),
    '--mantine-color-error': '#ff8787',
    '--mantine-color-body': '#1d1f23',
    '--mantine-color-default': '#25282d',
    '--mantine-color-default-hover': '#2c2f35',
    '--mantine-color-default-border': '#3a3e45',
    '--mantine-color-gray-light': '#2a2d32',
    '--mantine-color-gray-light-color': '#c1c6cf',
    '--mantine-color-dimmed': '#a3a9b3',
    '--mantine-color-placeholder': '#868d99',
    '--rc-page': '#141517',
    '--rc-surface': '#1d1f23',
    '--rc-line': '#33363c',
    '--rc-soft': '#2a2d32',
    '--rc-active': '#2a3358',
    '--rc-active-text': '#bac8ff',
    '--rc-bar': '#748ffc',
    '--rc-green': '#38d9a9',
    '--rc-red': '#ff8787',
    '--rc-orange': '#ffa94d',
    '--rc-yellow': '#ffd43b',
  },
});
