/** The terminal's colours, in the palette of the rest. */
import type { ITheme } from '@xterm/xterm'

export const terminalTheme = {
  light: {
    background: '#f8f9fb', foreground: '#2b303a', cursor: '#f8f9fb', selectionBackground: '#cfd7fb',
    black: '#1a1d23', red: '#b42828', green: '#187a48', yellow: '#8a5300', blue: '#3e50b5', magenta: '#8a3a9b', cyan: '#13737d', white: '#5a6170',
    brightBlack: '#6c7380', brightRed: '#c02f2f', brightGreen: '#187a48', brightYellow: '#9a5b00', brightBlue: '#4a5fd0', brightMagenta: '#8a3a9b',
    brightCyan: '#13737d', brightWhite: '#1a1d23',
  },
  dark: {
    background: '#131519', foreground: '#c9cdd6', cursor: '#131519', selectionBackground: '#36427a',
    black: '#343944', red: '#f08080', green: '#46c088', yellow: '#e3a845', blue: '#98a8ee', magenta: '#d79be6', cyan: '#66c7d1', white: '#c9cdd6',
    brightBlack: '#868d9b', brightRed: '#f59c9c', brightGreen: '#6fd3a4', brightYellow: '#edc074', brightBlue: '#bac6f4', brightMagenta: '#e5bbef',
    brightCyan: '#92dae1', brightWhite: '#f2f3f6',
  },
} satisfies Record<'light' | 'dark', ITheme>
