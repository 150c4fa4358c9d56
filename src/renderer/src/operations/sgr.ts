/**
 * Tools' output is untrusted: it could set the window's title, overwrite earlier lines, or make the terminal send
 * replies. Only text, line ends, tabs and colours (SGR) pass.
 */

/** Maximum length of a control sequence; anything longer is treated as text. */
const longest = 256

/** Filters a stream; a sequence may be split between two chunks. */
export class SgrFilter {
  /** The start of an incomplete sequence. */
  #pending = ''

  push(chunk: string): string {
    const text = this.#pending + chunk
    this.#pending = ''
    let passed = ''
    let index = 0
    while (index < text.length) {
      const rest = text.slice(index, index + longest)
      if (rest[0] === '\u001b' || rest[0] === '\u009b' || /^[\u0090\u0098\u009d-\u009f]/.test(rest)) {
        const sequence = complete.exec(rest)?.[0]
        if (sequence === undefined) {
          if (text.length - index < longest) {
            this.#pending = text.slice(index)
            break
          }
          index += 1 // too long for a sequence: drop its first character and show the rest as text
          continue
        }
        if (colour.test(sequence)) passed += sequence
        index += sequence.length
        continue
      }
      const character = rest[0] ?? ''
      if (/[\n\r\t]/.test(character) || !/\p{Cc}/u.test(character)) passed += character
      index += 1
    }
    return passed
  }
}

const colour = /^\u001b\[[0-9;:]*m$/

/** A complete sequence: CSI; a terminated string (OSC, DCS, APC, PM, SOS); or one of two or three characters. */
const complete = new RegExp(
  [
    '^(?:\\u001b\\[|\\u009b)[0-?]*[ -/]*[@-~]',
    '^(?:\\u001b[\\]PX^_]|[\\u0090\\u0098\\u009d-\\u009f])[^\\u0007\\u001b\\u009c]*(?:\\u0007|\\u001b\\\\|\\u009c)',
    '^\\u001b[ -/]+[0-~]',
    '^\\u001b[0-OQ-WYZ\\\\`-~]',
  ].join('|'),
)
