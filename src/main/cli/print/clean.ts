/** Text of others on a terminal: a name or a tool's message must not move the cursor or set the title. */

const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g
/** Colours and other sequences, whole, so that their letters do not stay behind. */
const sequences = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g

/** Many lines, without control characters but newline and tab. */
export const clean = (text: string): string => text.replace(sequences, '').replace(controls, '')

/** One line. */
export const cleanLine = (text: string): string => clean(text.replace(/[\n\t]+/g, ' '))
