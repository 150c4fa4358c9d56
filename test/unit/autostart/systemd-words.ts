/**
 * Reads what we wrote as systemd does: `extract_first_word` with EXTRACT_UNQUOTE and EXTRACT_CUNESCAPE, then specifiers
 * (src/basic/extract-word.c, src/shared/specifier.c).
 */
export function systemdWords(value: string): string[] {
  const words: string[] = []
  const bytes: number[] = []
  let [quote, inWord] = ['', false]
  for (let at = 0; at < value.length; at++) {
    const char = value.charAt(at)
    const escaped = char === '\\' ? /^\\(?:x([0-9a-f]{2})|(["'\\]))/.exec(value.slice(at)) : null
    if (char === '\\' && !escaped) throw new Error(`an escape that systemd refuses: ${value.slice(at)}`)
    if (escaped) {
      const [all, hex, itself = ''] = escaped
      bytes.push(...(hex === undefined ? Buffer.from(itself) : [Number.parseInt(hex, 16)]))
      at += all.length - 1
      inWord = true
    } else if (quote === '' && /["']/.test(char)) [quote, inWord] = [char, true]
    else if (char === quote) quote = ''
    else if (quote === '' && char === ' ') end()
    else {
      bytes.push(...Buffer.from(char))
      inWord = true
    }
  }
  if (quote !== '') throw new Error('a quote without an end')
  end()
  return words

  function end(): void {
    if (inWord) words.push(withoutSpecifiers(Buffer.from(bytes.splice(0)).toString()))
    inWord = false
  }
}

function withoutSpecifiers(text: string): string {
  const specifier = text.replaceAll('%%', '').match(/%./)
  if (specifier) throw new Error(`a specifier: ${specifier[0]}`)
  return text.replaceAll('%%', '%')
}

/** A setting's values in a unit's text, in order. */
export const settings = (unit: string, key: string): string[] =>
  unit.split('\n').flatMap(it => (it.startsWith(`${key}=`) ? [it.slice(key.length + 1)] : []))

/** What systemd would run, with which variables besides its own. @throws if `$` could be replaced in a word */
export function commandIn(unit: string): { words: string[]; env: Record<string, string> } {
  const [first = '', ...args] = systemdWords(settings(unit, 'ExecStart')[0] ?? '')
  if (!first.startsWith(':')) throw new Error('systemd would replace variables in it')
  const variables = settings(unit, 'Environment').flatMap(systemdWords)
  return {
    words: [first.slice(1), ...args],
    env: Object.fromEntries(variables.map(it => [it.slice(0, it.indexOf('=')), it.slice(it.indexOf('=') + 1)])),
  }
}
