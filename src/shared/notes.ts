/** Sentences with names between backticks, and with lines of code: what a step notes, what a Problem says. */

const indent = '    '

/** Lines of code, as a step notes them. */
export const codeLines = (code: string): string =>
  code
    .trim()
    .split('\n')
    .map(it => `${indent}${it}`)
    .join('\n')

const isCode = (line: string): boolean => line.startsWith(indent)

/** Splits notes into sentences, and blocks of code without their indentation. */
export const noteParts = (notes: string): { readonly code: boolean; readonly text: string }[] =>
  notes.split('\n').reduce<{ code: boolean; text: string }[]>((parts, line) => {
    const [code, last] = [isCode(line), parts.at(-1)]
    const text = code ? line.slice(indent.length) : line
    return code && last?.code
      ? [...parts.slice(0, -1), { code, text: `${last.text}\n${text}` }]
      : [...parts, { code, text }]
  }, [])

/** Every other part of a sentence is a name: the second, the fourth … */
export const splitNames = (sentence: string): string[] => sentence.split(/`([^`]*)`/)

/** Where names can't be shown as code: in quotation marks. */
export const quoteNames = (sentence: string): string => sentence.replaceAll(/`([^`]*)`/g, '“$1”')

/** The lines of notes for a terminal. */
export const noteLines = (notes: string): string[] => notes.split('\n').map(it => (isCode(it) ? it : quoteNames(it)))
