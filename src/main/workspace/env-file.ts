/** .env files as dotenv reads them: what is written here, `dotenv.parse` gives back unchanged. */
import { parse } from 'dotenv'
import { problem } from '../../shared/problem'

export type EnvValues = Readonly<Record<string, string>>

/** @throws Problem `env-value` for the rare value that dotenv has no notation for (never quoted in the message) */
export function formatEnv(values: EnvValues): string {
  return Object.entries(values).map(([key, value]) => `${assignment(key, value)}\n`).join('')
}

/**
 * Replaces or appends values and leaves every other line, comments included, as it is.
 * @param text the file's present content
 */
export function setEnv(text: string, values: EnvValues): string {
  const lines = text.replace(/\r\n?/g, '\n').replace(/\n$/, '').split('\n')
  for (const [key, value] of Object.entries(values)) {
    const first = lines.findLastIndex(line => line.match(/^\s*(?:export\s+)?([\w.-]+)\s*[=:]/)?.[1] === key)
    if (first < 0) lines.push(assignment(key, value))
    else lines.splice(first, lengthOf(lines, first, key), assignment(key, value))
  }
  return `${lines.join('\n').replace(/^\n+/, '')}\n`
}

/** How many lines the assignment at `first` spans: as many as dotenv needs to read its whole value. */
function lengthOf(lines: readonly string[], first: number, key: string): number {
  const whole = parse(lines.slice(first).join('\n'))[key]
  let length = 1
  while (first + length < lines.length && parse(lines.slice(first, first + length).join('\n'))[key] !== whole) length += 1
  return length
}

function assignment(key: string, value: string): string {
  const notations = [value, `"${value}"`, `'${value}'`, `\`${value}\``, `"${value.replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`]
  // A plain word needs no quotes; all else gets the first notation that dotenv reads back as it was.
  const candidates = /^[\w./:@%+,-]*$/.test(value) ? notations : [...notations.slice(1), value]
  const found = candidates.map(it => `${key}=${it}`).find(it => survives(it, key, value))
  if (found === undefined) {
    throw problem({
      code: 'env-value', message: `The value of ${key} cannot be written to a .env file.`,
      cause: 'It mixes all kinds of quotes, or line endings with backslashes.', hint: `Change ${key} in the base application's server/.env.`,
    })
  }
  return found
}

/** Reads back as itself, and does not change what is read before and after it. */
function survives(line: string, key: string, value: string): boolean {
  const read = parse(`BEFORE=1\n${line}\nAFTER=1\n`)
  return read[key] === value && read['BEFORE'] === '1' && read['AFTER'] === '1' && Object.keys(read).length === 3
}
