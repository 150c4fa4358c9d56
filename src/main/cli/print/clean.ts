/**
 * Makes untrusted text safe for a terminal: a name or a tool's message must not move the cursor, set the title or
 * reverse text.
 */
import { invisible, replacement } from '../../../shared/invisible'

const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g
/** Whole control sequences, so that no letters of theirs are left behind. */
const sequences = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g

const hidden = new RegExp(`[${invisible}]`, 'gu')

/** Multi-line text without control characters except newline and tab. Invisible characters become U+FFFD, as in logs. */
export const clean = (text: string): string =>
  text.replace(sequences, '').replace(controls, '').replace(hidden, replacement)

/** The same, on one line. */
export const cleanLine = (text: string): string => clean(text.replace(/[\n\t]+/g, ' '))

const acting = new RegExp(`[\\u007f-\\u009f${invisible}]`, 'gu')
const escaped = (text: string): string =>
  text
    .split('')
    .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')

/** JSON that is safe on a terminal: characters that would act on it are escaped, which doesn't change the meaning. */
export const asJson = (value: unknown): string => JSON.stringify(value).replace(acting, escaped)
