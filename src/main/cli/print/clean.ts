/**
 * Text of others on a terminal: a name or a tool's message must not move the cursor, set the title or turn text around.
 */
import { invisible, replacement } from '../../../shared/invisible'

const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g
/** Colours and other sequences, whole, so that their letters do not stay behind. */
const sequences = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g

const hidden = new RegExp(`[${invisible}]`, 'gu')

/** Many lines, without control characters but newline and tab. What is invisible is shown as U+FFFD, as in logs. */
export const clean = (text: string): string =>
  text.replace(sequences, '').replace(controls, '').replace(hidden, replacement)

/** One line. */
export const cleanLine = (text: string): string => clean(text.replace(/[\n\t]+/g, ' '))

const acting = new RegExp(`[\\u007f-\\u009f${invisible}]`, 'gu')
const escaped = (text: string): string =>
  text
    .split('')
    .map(unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')

/** JSON may be printed on a terminal too: what would act on it there is escaped, which means the same. */
export const asJson = (value: unknown): string => JSON.stringify(value).replace(acting, escaped)
