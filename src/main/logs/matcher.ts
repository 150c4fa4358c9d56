/**
 * Search matches within the text of a line. Untrusted patterns run only in a thread of their own, which can be
 * terminated.
 */
import type { LogSearch } from '../../shared/log'
import { problem } from '../../shared/problem'
import { escapePattern, mask } from './show'

/** The most highlights per line; nobody looks at more. */
const mostMarks = 200

/** @throws Problem `log-search-invalid` */
export function requireValid(search: LogSearch | undefined): void {
  if (search) patternOf(search)
}

function patternOf({ text, regex, matchCase }: LogSearch): RegExp {
  try {
    return new RegExp(regex ? text : escapePattern(text), matchCase ? 'g' : 'gi')
  } catch (error) {
    const cause = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : String(error)
    throw problem(
      {
        code: 'log-search-invalid',
        message: 'This isn’t a valid regular expression.',
        cause,
        field: 'filter.search.text',
        hint: 'Correct it, or turn off regular expressions to search for the text as typed.',
      },
      error,
    )
  }
}

/** Characters shown in place of others. */
const replacing = new RegExp(`[\\ufffd\\u2400-\\u2421${mask.slice(0, 1)}]`)

/** Bytes of a line searched. */
export const searchedBytes = 1 << 20

export class Matcher {
  readonly #pattern: RegExp
  /**
   * Quickly finds lines that may match in a file's bytes; the rest can't. Undefined if every line must be checked: for
   * regular expressions, and for text with characters that are shown in place of others.
   */
  readonly candidates: Candidates | undefined
  readonly #alive: () => void

  /** @param alive called for each line, since a pattern that is slow over many lines is not stuck */
  constructor(search: LogSearch, alive: () => void = () => undefined) {
    this.#alive = alive

    this.#pattern = patternOf(search)
    this.candidates = candidatesOf(search)
  }

  test(plain: string): boolean {
    this.#alive()
    this.#pattern.lastIndex = 0
    return this.#pattern.test(plain)
  }

  /** [start, end) of each match, except empty ones. */
  marks(plain: string): (readonly [number, number])[] {
    this.#alive()
    const marks: (readonly [number, number])[] = []
    this.#pattern.lastIndex = 0
    for (let match = this.#pattern.exec(plain); match && marks.length < mostMarks; match = this.#pattern.exec(plain)) {
      if (match[0].length) marks.push([match.index, match.index + match[0].length])
      else this.#pattern.lastIndex++
    }
    return marks
  }
}

function candidatesOf({ text, regex, matchCase }: LogSearch): Candidates | undefined {
  if (regex || replacing.test(text)) return undefined
  if (matchCase) {
    const needle = Buffer.from(text)
    return bytes => ({ next: from => bytes.indexOf(needle, from) })
  }
  // Non-ASCII letters have different bytes in upper and lower case, so search for the longest ASCII part.
  const part = text.split(/[^\u0000-\u007f]+/).toSorted((a, b) => b.length - a.length)[0] ?? ''
  return part ? anyCase(part) : undefined
}

/** The next place at or after `from` where a line may match; -1 if there is none. */
export type Candidates = (bytes: Buffer) => { next(from: number): number }

const anyCase = (part: string): Candidates => byPattern(new RegExp(escapePattern(part), 'gi'), part.length)

/** Bytes decoded at once. Small strings are freed early: four times as many bytes took 9 MB more, and longer. */
const piece = 16_384

/** @param pattern global, for single bytes. @param longest the most characters that it can match */
export function byPattern(pattern: RegExp, longest: number): Candidates {
  return bytes => {
    let start = 0
    let text = ''
    return {
      next: from => {
        for (let at = from; at < bytes.length; at = start + piece) {
          if (text === '' || at < start || at >= start + piece) {
            start = at
            text = bytes.toString('latin1', start, start + piece + longest)
          }
          pattern.lastIndex = at - start
          const found = pattern.exec(text)
          if (found) return start + found.index
        }
        return -1
      },
    }
  }
}
