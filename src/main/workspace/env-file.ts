/** .env files as dotenv reads them: what is written here, `dotenv.parse` gives back unchanged. */
import { lstat, realpath, stat } from 'node:fs/promises'
import { parse } from 'dotenv'
import { problem } from '../../shared/problem'
import { writeFileAtomic } from '../system/files'

export type EnvValues = Readonly<Record<string, string>>

/** @throws Problem `env-value` for the rare value that dotenv has no notation for (never quoted in the message) */
export function formatEnv(values: EnvValues): string {
  return Object.entries(values)
    .map(([key, value]) => `${assignment(key, value)}\n`)
    .join('')
}

/**
 * Replaces or appends values and leaves every other line, comments included, as it is.
 * @param text the file's present content
 */
export function setEnv(text: string, values: EnvValues): string {
  const lines = text.replace(/\r\n?/g, '\n').replace(/\n*$/, '\n').replace(/^\n+/, '')
  return Object.entries(values).reduce((before, [key, value]) => {
    const [start, end] = placeOf(before, key)
    return `${before.slice(0, start)}${assignment(key, value)}\n${before.slice(end)}`
  }, lines)
}

/**
 * Replaces an instance's `.env`: its group may read it where the instance has a system user of its own, and nobody else
 * but us. One that is a link stays one: the file that it leads to is replaced.
 * @throws Problem `env-link` if it leads to anything but a regular file of this user's
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

/** Of a `.env` that the instance's own group reads. */
export const sharedMode = 0o640

/** dotenv's own pattern: it alone knows where a value ends, and what looks like an assignment inside another value. */
const pattern =
  /^\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)(\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?$/dgm

/** From the first to behind the last line of the assignment that counts, the last; the text's end if there is none. */
function placeOf(text: string, key: string): readonly [number, number] {
  const indices = [...text.matchAll(pattern)].findLast(it => it[1] === key)?.indices
  const [start, keyEnd] = indices?.[1] ?? []
  if (start === undefined) return [text.length, text.length]
  const valueEnd = indices?.[2]?.[1] ?? keyEnd
  return [text.lastIndexOf('\n', start) + 1, text.indexOf('\n', valueEnd) + 1]
}

function assignment(key: string, value: string): string {
  const notations = [
    value,
    `"${value}"`,
    `'${value}'`,
    `\`${value}\``,
    `"${value.replaceAll('\n', '\\n').replaceAll('\r', '\\r')}"`,
  ]
  // A plain word needs no quotes; all else gets the first notation that dotenv reads back as it was.
  const candidates = /^[\w./:@%+,-]*$/.test(value) ? notations : [...notations.slice(1), value]
  const found = candidates.map(it => `${key}=${it}`).find(it => survives(it, key, value))
  if (found === undefined) {
    throw problem({
      code: 'env-value',
      message: `The value of ${key} can’t be written to a .env file.`,
      cause: 'It mixes all kinds of quotes, or line breaks with backslashes.',
      hint: `Change ${key} in the base application’s server/.env.`,
    })
  }
  return found
}

/** Reads back as itself, and does not change what is read before and after it, whatever quotes may follow. */
function survives(line: string, key: string, value: string): boolean {
  const read = parse(`BEFORE=1\n${line}\nAFTER=1\n# "\n# '\n# \`\n`)
  return read[key] === value && read['BEFORE'] === '1' && read['AFTER'] === '1' && Object.keys(read).length === 3
}
