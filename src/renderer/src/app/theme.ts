/** The theme: one accent, cool greys, AA contrast in light and dark. The colours themselves are in theme.css. */
import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core'

const accent: MantineColorsTuple = [
  '#eef1fd',
  '#dde3fa',
  '#bac6f4',
  '#98a8ee',
  '#7b8ee8',
  '#6478df',
  '#4a5fd0',
  '#3e50b5',
  '#334294',
  '#293577',
]
/** White text on its filled shade is legible. */
const red: MantineColorsTuple = [
  '#fdeeee',
  '#f9d9d9',
  '#f2b0b0',
  '#ea8787',
  '#e06464',
  '#d54a4a',
  '#c02f2f',
  '#a82626',
  '#8f1f1f',
  '#751818',
]
const dark: MantineColorsTuple = [
  '#dcdfe6',
  '#bcc1cc',
  '#9ba2b0',
  '#848b99',
  '#343944',
  '#262a33',
  '#1f232a',
  '#1a1d23',
  '#131519',
  '#0e1013',
]

export const theme = createTheme({
  primaryColor: 'accent',
  primaryShade: { light: 6, dark: 6 },
  colors: { accent, red, dark },
  black: '#1a1d23',
  fontFamily: "'Inter Variable', system-ui, sans-serif",
  fontFamilyMonospace: "'JetBrains Mono Variable', ui-monospace, monospace",
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '22px', lineHeight: '1.3' },
      h2: { fontSize: '16px', lineHeight: '1.4' },
      h3: { fontSize: '14px', lineHeight: '1.4' },
    },
  },
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '16px', xl: '20px' },
  radius: { xs: '3px', sm: '4px', md: '6px', lg: '10px', xl: '16px' },
  defaultRadius: 'md',
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Tooltip: { defaultProps: { openDelay: 300, withArrow: true } },
    InputWrapper: { styles: { description: { fontSize: 12 }, error: { fontSize: 12 } } },
    Checkbox: { styles: { description: { fontSize: 12 }, error: { fontSize: 12 } } },
    // What has a label needs a role.
    Skeleton: { defaultProps: { role: 'progressbar', 'aria-label': 'Loading' } },
    Notification: {
      defaultProps: { closeButtonProps: { 'aria-label': 'Close' } },
      styles: { description: { color: 'var(--text-dimmed)' } },
    },
    // A dialog's header isn't a banner landmark. It stays on top, and what gets the focus must not end up beneath it.
    // Notices below the screen don't cover a dialog (`Shelf`).
    Modal: {
      defaultProps: {
        centered: true,
        closeButtonProps: { 'aria-label': 'Close' },
        attributes: { header: { role: 'presentation' } },
        styles: {
          title: { fontWeight: 600, fontSize: 16 },
          inner: { bottom: 'var(--shelf)' },
          content: {
            scrollPaddingTop: 64,
            maxHeight: 'calc(100dvh - var(--modal-y-offset) * 2 - var(--shelf))',
          },
        },
      },
    },
  },
})

/** Maps Mantine's variables to ours. */
export const cssVariablesResolver: CSSVariablesResolver = () => {
  const shared = {
    '--mantine-color-body': 'var(--surface)',
    '--mantine-color-text': 'var(--text)',
    '--mantine-color-dimmed': 'var(--text-dimmed)',
    '--mantine-color-placeholder': 'var(--text-faint)',
    '--mantine-color-default-border': 'var(--line-strong)',
    '--mantine-color-error': 'var(--bad)',
  }
  return {
    variables: {},
    light: { ...shared, '--mantine-color-disabled-color': '#767d8a' },
    dark: { ...shared, '--mantine-color-disabled-color': '#7d8492' },
  }
}
