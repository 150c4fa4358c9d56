/**
 * A line's bytes as they are shown. Log content is untrusted: it could move the cursor, clear the screen, set the
 * title, create links, or hide or reverse text. Text and a few colours pass; everything else is made visible or
 * dropped. Searches run on exactly the text that is shown, masks included.
 */
import { invisible, replacement } from '../../shared/invisible'

/** Colour sequences, each with the index of the character it precedes. */
export interface ColourChange {
  readonly at: number
  readonly code: string
}

export interface SafeLine {
  /** Without colours. */
  readonly plain: string
  readonly colours: readonly ColourChange[]
}

/** The most bytes shown of a line. */
export const shownBytes = 8192
export const mask = '••••••'

const escape = '\u001b'
const sequences = new RegExp(
  [
    '\\u001b\\[[0-?]*[ -/]*[@-~]', // CSI: colours, cursor movement, clearing
    // OSC (title, link), DCS, SOS, PM, APC, with their terminators
    '\\u001b[\\]PX^_][^\\u0007\\u001b]{0,2000}(?:\\u0007|\\u001b\\\\)',
    '\\u001b[ -/]*[0-~]?', // a short sequence, or a lone escape
  ].join('|'),
  'g',
)
const colourCode = /^\u001b\[([0-9;:]*)m$/

/** Other control characters, and invisible or text-reversing ones. */
const unsafe = new RegExp(`[\\p{Cc}${invisible}]`, 'gu')
const anyUnsafe = new RegExp(`[\\u0000-\\u0008\\u000a-\\u001f\\u007f-\\u009f${invisible}]`, 'u')

/** ASCII control characters become their Unicode symbols; the rest becomes U+FFFD. Tabs stay. */
function visible(character: string): string {
  if (character === '\t') return character
  const code = character.codePointAt(0) ?? 0
  return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '\u2421' : replacement
}

/** Fast path: most lines have nothing else. */
const printable = /^[\t\u0020-\u007e]*$/

const clean = (text: string): string =>
  !printable.test(text) && anyUnsafe.test(text) ? text.replace(unsafe, visible) : text

const none: readonly ColourChange[] = []

/** @param text a line, decoded, without its end and its stamp */
export function show(text: string): SafeLine {
  if (!text.includes(escape)) return { plain: clean(text), colours: none }
  let plain = ''
  let last = 0
  const colours: ColourChange[] = []
  for (const match of text.matchAll(sequences)) {
    plain += clean(text.slice(last, match.index))
    last = match.index + match[0].length
    const code = colourOf(match[0])
    if (code !== undefined) colours.push({ at: plain.length, code })
  }
  return { plain: plain + clean(text.slice(last)), colours }
}

/** The sequence, reduced to colours; undefined if none remain. Concealed and blinking text is filtered out. */
function colourOf(sequence: string): string | undefined {
  const parameters = colourCode.exec(sequence)?.[1]
  if (parameters === undefined || parameters.length > 64) return undefined
  const kept: string[] = []
  const all = parameters.split(';')
  for (let index = 0; index < all.length; index++) {
    const it = all[index] ?? ''
    if (/^[345]8$/.test(it)) {
      // the colour follows: 5;N or 2;R;G;B
      const length = all[index + 1] === '5' ? 3 : all[index + 1] === '2' ? 5 : 1
      kept.push(...all.slice(index, index + length))
      index += length - 1
    } else if (!/^0*[568](?::|$)/.test(it)) kept.push(it)
  }
  return kept.length ? `${escape}[${kept.join(';')}m` : undefined
}

/** The line for a terminal, with its colours, reset at the end. */
export function coloured({ plain, colours }: SafeLine): string {
  if (colours.length === 0) return plain
  let text = ''
  let last = 0
  for (const { at, code } of colours) {
    text += plain.slice(last, at) + code
    last = at
  }
  return `${text}${plain.slice(last)}${escape}[0m`
}

/** Replaces ranges, given in order; colours inside a range move to after its replacement. */
function replaceRanges(
  { plain, colours }: SafeLine,
  ranges: readonly (readonly [number, number])[],
  by: string,
): SafeLine {
  let text = ''
  let last = 0
  const moved: ColourChange[] = []
  let next = 0
  for (const [start, end] of ranges) {
    for (; next < colours.length && (colours[next]?.at ?? 0) <= start; next++)
      moved.push({ at: text.length + (colours[next]?.at ?? 0) - last, code: colours[next]?.code ?? '' })
    text += plain.slice(last, start) + by
    last = end
    for (; next < colours.length && (colours[next]?.at ?? 0) <= end; next++)
      moved.push({ at: text.length, code: colours[next]?.code ?? '' })
  }
  for (; next < colours.length; next++)
    moved.push({ at: text.length + (colours[next]?.at ?? 0) - last, code: colours[next]?.code ?? '' })
  return { plain: text + plain.slice(last), colours: moved }
}

/** The first characters, never splitting one. */
export function cutTo({ plain, colours }: SafeLine, length: number): SafeLine {
  if (plain.length <= length) return { plain, colours }
  const end = /[\ud800-\udbff]/.test(plain[length - 1] ?? '') ? length - 1 : length
  return { plain: plain.slice(0, end), colours: colours.filter(it => it.at <= end) }
}

/** Masks secrets: each of these strings, wherever it occurs. */
export class Masks {
  readonly #pattern: RegExp | undefined
  /** Length of the longest one, in characters. */
  readonly longest: number

  constructor(readonly secrets: readonly string[]) {
    // Longest first, since one may begin with another.
    const all = secrets
      .map(it => clean(it))
      .filter(it => it.length > 0)
      .toSorted((a, b) => b.length - a.length)
    this.longest = all[0]?.length ?? 0
    this.#pattern = all.length ? new RegExp(all.map(escapePattern).join('|'), 'g') : undefined
  }

  apply(shown: SafeLine): SafeLine {
    if (!this.#pattern) return shown
    const ranges = [...shown.plain.matchAll(this.#pattern)].map(it => [it.index, it.index + it[0].length] as const)
    return ranges.length ? replaceRanges(shown, ranges, mask) : shown
  }
}

export const escapePattern = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, String.raw`\$&`)
