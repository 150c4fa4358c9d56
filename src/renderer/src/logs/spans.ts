/**
 * Splits a line's text into pieces of uniform style. Parses colours and styles (SGR) and drops every other control
 * character, so a log can't make a terminal or page do anything.
 */

/** An index into the terminal's 256-colour palette, or `#rrggbb`. */
export type Colour = number | string

export interface Style {
  readonly fg?: Colour
  readonly bg?: Colour
  readonly bold?: boolean
  readonly dim?: boolean
  readonly italic?: boolean
  readonly underline?: boolean
  readonly struck?: boolean
  readonly inverse?: boolean
}

export interface Span {
  readonly text: string
  readonly style: Style
  /** Part of a search match. */
  readonly match?: boolean
}

const plainStyle: Style = {}
const sgr = /\u001b\[([0-9;:]*)m/g

/** @param matches [start, end) in the text without colours, in order */
export function spansOf(text: string, matches: readonly (readonly [number, number])[] = []): Span[] {
  const spans: Span[] = []
  let style = plainStyle
  let from = 0
  for (const sequence of text.matchAll(sgr)) {
    if (sequence.index > from) spans.push({ text: shown(text.slice(from, sequence.index)), style })
    style = styled(style, sequence[1] ?? '')
    from = sequence.index + sequence[0].length
  }
  if (from < text.length) spans.push({ text: shown(text.slice(from)), style })
  return matches.length ? marked(spans, matches) : spans
}

/** The text without colours. */
export const plainOf = (text: string): string => shown(text.replaceAll(sgr, ''))

/** The text with colours but no other control sequences. */
export const colouredOf = (text: string): string => {
  const spans = spansOf(text)
  return spans.some(it => it.style !== plainStyle)
    ? `${spans.map(it => sequenceOf(it.style) + it.text).join('')}\u001b[0m`
    : spans.map(it => it.text).join('')
}

/** Replaces control and bidirectional formatting characters with visible ones. Tabs stay. */
const shown = (text: string): string =>
  text.replaceAll(/[\u0000-\u0008\u000a-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g, control => {
    const code = control.charCodeAt(0)
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '\u2421' : '\ufffd'
  })

/** The sequence that switches a terminal to this style, from any previous style. */
export function sequenceOf({ fg, bg, bold, dim, italic, underline, struck, inverse }: Style): string {
  const codes = [
    '0',
    ...(bold ? ['1'] : []),
    ...(dim ? ['2'] : []),
    ...(italic ? ['3'] : []),
    ...(underline ? ['4'] : []),
    ...(inverse ? ['7'] : []),
    ...(struck ? ['9'] : []),
  ]
  if (fg !== undefined) codes.push(`38;${colourCode(fg)}`)
  if (bg !== undefined) codes.push(`48;${colourCode(bg)}`)
  return `\u001b[${codes.join(';')}m`
}

const colourCode = (colour: Colour): string => {
  if (typeof colour === 'number') return `5;${colour}`
  const value = Number.parseInt(colour.slice(1), 16)
  return `2;${value >> 16};${(value >> 8) & 255};${value & 255}`
}

function styled(before: Style, parameters: string): Style {
  // Colons group the parts of one colour: 38:2::1:2:3 (the empty part is the colour space) or 38:5:9.
  const codes = parameters
    .split(';')
    .flatMap((it): number[][] => [it.split(':').map(part => (part === '' ? 0 : Number(part)))])
  let style = before
  for (let index = 0; index < codes.length; index += 1) {
    const [code = 0, ...parts] = codes[index] ?? []
    if (code === 38 || code === 48) {
      const given = parts.length
        ? parts.length > 4
          ? parts.toSpliced(1, 1)
          : parts
        : codes.slice(index + 1, index + 5).map(it => it[0] ?? 0)
      const { colour, used } = colourOf(given)
      if (!parts.length) index += used
      if (colour !== undefined) style = { ...style, [code === 38 ? 'fg' : 'bg']: colour }
    } else style = changed(style, code, parts[0])
  }
  return style
}

function colourOf([kind, a = 0, b = 0, c = 0]: readonly number[]): { readonly colour?: Colour; readonly used: number } {
  const byte = (value: number): number => Math.min(255, value)
  if (kind === 5) return { colour: byte(a), used: 2 }
  if (kind === 2) return { colour: `#${[a, b, c].map(it => byte(it).toString(16).padStart(2, '0')).join('')}`, used: 4 }
  return { used: 0 }
}

function changed(style: Style, code: number, part: number | undefined): Style {
  if (code >= 30 && code <= 37) return { ...style, fg: code - 30 }
  if (code >= 90 && code <= 97) return { ...style, fg: code - 82 }
  if (code >= 40 && code <= 47) return { ...style, bg: code - 40 }
  if (code >= 100 && code <= 107) return { ...style, bg: code - 92 }
  switch (code) {
    case 0:
      return plainStyle
    case 1:
      return { ...style, bold: true }
    case 2:
      return { ...style, dim: true }
    case 3:
      return { ...style, italic: true }
    case 4:
      return { ...style, underline: part !== 0 }
    case 7:
      return { ...style, inverse: true }
    case 9:
      return { ...style, struck: true }
    case 21:
      return { ...style, underline: true }
    case 22:
      return { ...style, bold: false, dim: false }
    case 23:
      return { ...style, italic: false }
    case 24:
      return { ...style, underline: false }
    case 27:
      return { ...style, inverse: false }
    case 29:
      return { ...style, struck: false }
    case 39:
      return { ...style, fg: undefined }
    case 49:
      return { ...style, bg: undefined }
    default:
      return style // blinking and hidden text are ignored
  }
}

/** Splits the pieces where matches begin and end. */
function marked(spans: readonly Span[], matches: readonly (readonly [number, number])[]): Span[] {
  const cut: Span[] = []
  let at = 0
  for (const span of spans) {
    const end = at + span.text.length
    let from = at
    for (const [start, stop] of matches) {
      const [a, b] = [Math.max(start, from), Math.min(stop, end)]
      if (a >= b) continue
      if (a > from) cut.push({ ...span, text: span.text.slice(from - at, a - at) })
      cut.push({ ...span, text: span.text.slice(a - at, b - at), match: true })
      from = b
    }
    if (from < end) cut.push({ ...span, text: span.text.slice(from - at) })
    at = end
  }
  return cut
}
