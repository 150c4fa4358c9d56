/**
 * A line as the live terminal draws it: a time and a mark, then its text and colours, without any other control
 * sequence.
 */
import type { LogLine } from '../../../shared/log'
import { bytes } from '../../../shared/amounts'
import { clockOf, dayOf, isOtherDay } from './moments'
import { sequenceOf, spansOf, type Span } from './spans'

/** Characters of a line that are drawn until it is expanded. */
export const shownLength = 1000

const reset = '\u001b[0m'
const mark = { light: { bg: '#ffe08a', fg: '#1a1d23' }, dark: { bg: '#6b5310', fg: '#ffffff' } } as const
const red = { light: '#c02f2f', dark: '#f08080' } as const

interface Look {
  readonly scheme: 'light' | 'dark'
  /** Whether to show milliseconds. */
  readonly precise: boolean
  /** When the previous line was written. */
  readonly before: number | undefined
}

/** @returns the text without a line end; the first line of a new day is preceded by the day */
export function liveText(line: LogLine, { scheme, precise, before }: Look): string {
  const { text, at, error, continues, matches, cut } = line
  const day = at !== undefined && isOtherDay(at, before) ? `\u001b[2m── ${dayOf(at)} ──${reset}\n` : ''
  const time = at === undefined || continues ? ' '.repeat(gutter(precise)) : `\u001b[2m${clockOf(at, precise)}${reset}`
  const sign = continues ? ' ' : error ? `\u001b[38;2;${rgb(red[scheme])}m✖${reset}` : ' '
  const { spans, rest } = head(spansOf(text, matches), shownLength)
  const drawn = spans
    .map(
      it =>
        (it.match ? sequenceOf({ ...it.style, ...mark[scheme] }) : plain(it) ? '' : sequenceOf(it.style)) +
        it.text +
        (it.match || !plain(it) ? reset : ''),
    )
    .join('')
  const more = rest || cut ? `\u001b[2m … ${cut ? bytes(cut) : `${rest} more characters`}${reset}` : ''
  return `${day}${time}  ${sign} ${continues ? '  ' : ''}${drawn}${more}`
}

/** Width of a time in characters. */
export const gutter = (precise: boolean): number => (precise ? 12 : 8)

/** The first characters of a line, and how many are left. */
export function head(
  spans: readonly Span[],
  length: number,
): { readonly spans: readonly Span[]; readonly rest: number } {
  const total = spans.reduce((sum, it) => sum + it.text.length, 0)
  if (total <= length) return { spans, rest: 0 }
  let left = length
  const shown: Span[] = []
  for (const span of spans) {
    if (left <= 0) break
    shown.push({ ...span, text: span.text.slice(0, left) })
    left -= span.text.length
  }
  return { spans: shown, rest: total - length }
}

const plain = ({ style }: Span): boolean => Object.keys(style).length === 0
const rgb = (hex: string): string => [1, 3, 5].map(it => Number.parseInt(hex.slice(it, it + 2), 16)).join(';')
