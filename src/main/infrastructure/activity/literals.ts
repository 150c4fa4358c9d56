/**
 * Removes values from SQL, so that a query can be shown without its users' data. PostgreSQL cuts a query's text
 * (`track_activity_query_size`), so it may end in the middle of anything: whatever isn't closed is hidden to the end.
 */

/** Characters of a query that are shown. */
const shownLength = 300

const word = /[A-Za-z_\u0080-\u{10ffff}][\w$\u0080-\u{10ffff}]*/uy
const number = /\.?\d[\w.]*/y
const parameter = /\$\d+/y
const dollarTag = /\$(?:[A-Za-z_\u0080-\u{10ffff}][\w\u0080-\u{10ffff}]*)?\$/uy
const space = /\s+/y
const comment = /--[^\r\n]*/y
const quotedName = /"(?:[^"]|"")*"/y

/** Stands for the rest of a text whose end can't be told apart. */
const cut = '…'

/**
 * The query on one line: values are `?`, comments are gone, quoted identifiers stay. Lexical rules: PostgreSQL's
 * documentation, 4.1. @param text may be cut anywhere
 */
export function hideLiterals(text: string): string {
  let shown = ''
  for (let at = 0; at < text.length;) {
    const token = tokenAt(text, at)
    shown += token.shown
    at = token.end
  }
  const line = shown
    .replace(/\s+/g, ' ')
    .trim()
    // the value of a setting may be a bare word
    .replace(/(^|; ?)(SET (?:(?:LOCAL|SESSION) )?[^\s;=]+ ?(?:=|TO\b))[^;]*/gi, '$1$2 ?')
  return line.length > shownLength ? `${line.slice(0, shownLength - 1).trimEnd()}${cut}` : line
}

interface Token {
  readonly shown: string
  /** The offset after it. */
  readonly end: number
}

function tokenAt(text: string, at: number): Token {
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0]
  }
  const as = (shown: string, length: number): Token => ({ shown, end: at + length })
  const two = text.slice(at, at + 2)
  const remark = match(comment)
  if (remark) return as(' ', remark.length)
  if (two === '/*') return { shown: ' ', end: endOfComment(text, at) }
  if (/^[eE]'/.test(two)) return { shown: '?', end: endOfString(text, at + 2, true) }
  const blank = match(space)
  if (blank) return as(' ', blank.length)
  const name = match(word)
  if (name) return as(name, name.length)
  if (text[at] === "'") return { shown: '?', end: endOfString(text, at + 1, false) }
  if (text[at] === '"') {
    const quoted = match(quotedName)
    return quoted ? as(quoted, quoted.length) : { shown: cut, end: text.length }
  }
  const tag = match(dollarTag)
  if (tag) {
    const end = text.indexOf(tag, at + tag.length)
    return { shown: '?', end: end < 0 ? text.length : end + tag.length }
  }
  const kept = match(parameter)
  if (kept) return as(kept, kept.length)
  const digits = match(number)
  if (digits) return as('?', digits.length)
  return as(text[at] ?? '', 1)
}

/**
 * The offset after a string's closing quote, or the end of the text. Whether a backslash before a quote escapes it
 * depends on the session's `standard_conforming_strings`, which can't be known here: then everything after it is
 * hidden.
 * @param at after the opening quote @param escapes it is an E'' string
 */
function endOfString(text: string, at: number, escapes: boolean): number {
  for (let end = at; end < text.length; end++) {
    if (text[end] === '\\') {
      if (escapes) end++
      else if (text[end + 1] === "'") return text.length
    } else if (text[end] === "'") {
      if (text[end + 1] !== "'") return end + 1
      end++
    }
  }
  return text.length
}

/** Comments nest. */
function endOfComment(text: string, at: number): number {
  const marks = /\/\*|\*\//g
  marks.lastIndex = at
  let depth = 0
  for (let mark = marks.exec(text); mark; mark = marks.exec(text)) {
    depth += mark[0] === '/*' ? 1 : -1
    if (depth === 0) return marks.lastIndex
  }
  return text.length
}
