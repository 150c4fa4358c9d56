/** .env files as dotenv reads them: `dotenv.parse` returns unchanged whatever is written here. */
import { lstat, realpath, stat } from 'node:fs/promises'
import { parse } from 'dotenv'
import { problem } from '../../shared/problem'
import { writeFileAtomic } from '../system/files'

export type EnvValues = Readonly<Record<string, string>>

/** @throws Problem `env-value` for the rare value that dotenv can't express; the message never quotes it */
export function formatEnv(values: EnvValues): string {
  return Object.entries(values)
    .map(([key, value]) => `${assignment(key, value)}\n`)
    .join('')
}

/**
 * Replaces or appends values and keeps every other line, including comments. New lines end as the file's do.
 * @param text the file's current content
 */
export function setEnv(text: string, values: EnvValues): string {
  const end = text.includes('\r\n') ? '\r\n' : '\n'
  const lines = withLineFeeds(text)
    .replace(/[\r\n]*$/, end)
    .replace(/^[\r\n]+/, '')
  return Object.entries(values).reduce((before, [key, value]) => {
    const [from, to] = placeOf(before, key)
    return `${before.slice(0, from)}${assignment(key, value)}${end}${before.slice(to)}`
  }, lines)
}

/** Removes the effective assignments, and keeps every other line. */
export const unsetEnv = (text: string, keys: readonly string[]): string =>
  keys.reduce((before, key) => {
    const [start, end] = placeOf(before, key)
    return before.slice(0, start) + before.slice(end)
  }, withLineFeeds(text))

/** dotenv takes a lone carriage return for a line break too. */
const withLineFeeds = (text: string): string => text.replace(/\r(?!\n)/g, '\n')

/** Removes a key with all its assignments: without the last one, an earlier one would count. */
export function removeEnv(text: string, key: string): string {
  const rest = unsetEnv(text, [key])
  return rest.length === text.length ? rest : removeEnv(rest, key)
}

/**
 * Replaces an instance's `.env`. Only we may read it, and its group if the instance has its own system user. If it is a
 * link, its target is replaced.
 * @throws Problem `env-link` if the target isn't a regular file of this user's
 */
export async function writeEnv(path: string, text: string): Promise<void> {
  const real = await behindLink(path)
  const before = await lstat(real).catch(() => undefined)
  const shared = before?.isFile() === true && (before.mode & 0o777) === sharedMode
  await writeFileAtomic(real, text, shared ? sharedMode : 0o600, shared ? before.gid : undefined)
}

async function behindLink(path: string): Promise<string> {
  if (
    !(await lstat(path).then(
      it => it.isSymbolicLink(),
      () => false,
    ))
  )
    return path
  const target = await realpath(path).catch(() => undefined)
  const info = target === undefined ? undefined : await stat(target)
  if (target !== undefined && info?.isFile() && info.uid === process.geteuid?.()) return target
  throw problem({
    code: 'env-link',
    message: `${path} is a link that can’t be followed safely.`,
    cause: `It points to ${target ?? 'nothing'}, which isn’t a regular file of yours.`,
    hint: 'Replace the link with a file, or point it to a file that belongs to you.',
  })
}

/** The mode of a `.env` that the instance's own group may read. */
export const sharedMode = 0o640

/** dotenv's own pattern: only that knows where a value ends, and what is part of another value. */
const pattern =
  /^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?$/dgm

/** Start and end of the lines of the last assignment, which is the one that counts; the text's end if there is none. */
function placeOf(text: string, key: string): readonly [number, number] {
  const indices = [...text.matchAll(pattern)].findLast(it => it[1] === key)?.indices
  const [start, keyEnd] = indices?.[1] ?? []
  if (start === undefined) return [text.length, text.length]
  const valueEnd = indices?.[2]?.[1] ?? keyEnd
  return [text.lastIndexOf('\n', start) + 1, text.indexOf('\n', valueEnd) + 1 || text.length]
}

function assignment(key: string, value: string): string {
  const notations = [
    value,
    `"${value}"`,
    `'${value}'`,
    `\`${value}\``,
    `"${value.replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`,
  ]
  // A plain word needs no quotes; anything else gets the first notation that dotenv reads back unchanged.
  const candidates = /^[\w./:@%+,-]*$/.test(value) ? notations : [...notations.slice(1), value]
  const found = candidates.map(it => `${key}=${it}`).find(it => survives(it, key, value))
  if (found === undefined) {
    throw problem({
      code: 'env-value',
      message: `The value of ${key} can’t be written to a .env file.`,
      cause: 'It mixes all kinds of quotes, or line breaks with backslashes.',
      hint: 'Use another value. A new instance’s comes from the base application’s server/.env.',
    })
  }
  return found
}

/** Whether the line is read back unchanged without affecting the lines around it, whatever quotes may follow. */
function survives(line: string, key: string, value: string): boolean {
  const read = parse(`BEFORE=1\n${line}\nAFTER=1\n# "\n# '\n# \`\n`)
  return read[key] === value && read['BEFORE'] === '1' && read['AFTER'] === '1' && Object.keys(read).length === 3
}
