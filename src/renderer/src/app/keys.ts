/** The keys that do something, all in one place: what listens to them and what lists them reads them here. */
import { restartJob, startJob, stopJob } from '../../../shared/jobs/lifecycle'
import { renameJob } from '../../../shared/jobs/rename'

/** Keys for the row under the focus, or else under the mouse. `actions`: ids of `useInstanceActions`, any of them. */
export const rowKeys = [
  { key: 's', word: 'Start or stop it', actions: [startJob.kind, stopJob.kind] },
  { key: 'r', word: 'Restart it', actions: [restartJob.kind] },
  { key: 'o', word: 'Open it in the browser', actions: ['open'] },
  { key: 'l', word: 'Show its logs', actions: ['logs'] },
  { key: 't', word: 'Open a terminal in its folder', actions: ['terminal'] },
  { key: 'h', word: 'Check its health', actions: ['health'] },
  { key: 'f2', word: 'Rename it', actions: [renameJob.kind] },
] as const

export const paletteKey = ['Ctrl', 'K']
export const helpKey = '?'
export const findKey = '/'

interface KeyGroup {
  readonly title: string
  readonly keys: readonly { readonly keys: readonly string[]; readonly word: string }[]
}

/** All of them, to be shown. */
export const keyGroups: readonly KeyGroup[] = [
  {
    title: 'Everywhere',
    keys: [
      { keys: paletteKey, word: 'Find an instance or an action' },
      { keys: [helpKey], word: 'Show these shortcuts' },
      { keys: ['Ctrl', '+'], word: 'Zoom in' },
      { keys: ['Ctrl', '−'], word: 'Zoom out' },
      { keys: ['Ctrl', '0'], word: 'Original size' },
    ],
  },
  {
    title: 'In the list of instances',
    keys: [
      { keys: [findKey], word: 'Find by name' },
      { keys: ['↑', '↓'], word: 'Move to the row above or below' },
      { keys: ['Ctrl', 'A'], word: 'Select all' },
      { keys: ['Esc'], word: 'Clear the search or the selection' },
    ],
  },
  {
    title: 'In a terminal',
    keys: [
      { keys: ['Ctrl', 'Shift', 'C'], word: 'Copy' },
      { keys: ['Ctrl', 'Shift', 'V'], word: 'Paste' },
      { keys: ['Shift', 'Esc'], word: 'Leave the terminal (Tab and Esc go to the shell)' },
    ],
  },
  {
    title: 'For the instance with the focus or under the mouse',
    keys: rowKeys.map(({ key, word }) => ({ keys: [key.toUpperCase()], word })),
  },
]

/** Whether keys are text for it. */
export const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  target.matches('input:not([type="checkbox"], [type="radio"]), textarea, select, [contenteditable]')
