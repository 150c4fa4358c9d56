/**
 * External commands: never through a shell, always with a timeout, cancelled with all their children.
 * Each runs in a process group of its own and carries a marker in its environment, by which `sweep`
 * finds and ends what a killed app left running.
 */
import { readdir, readFile } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { execa } from 'execa'
import { problem } from '../../shared/problem'
import { diskFull, saysDiskFull, systemProblem } from '../../shared/system-errors'
import { withoutInherited } from './clean-exec'
import { kill } from './proc'
import { waitFor } from './wait'

/** The environment's name of the marker; its value names the workspace. */
export const marker = 'INSTANCE_MANAGER_RUN'

export interface RunOptions {
  readonly cwd?: string
  /** The whole environment: nothing is inherited but what `baseEnvironment` passes. */
  readonly env?: Readonly<Record<string, string>>
  /** Data for standard input; secrets go this way, never in arguments. */
  readonly input?: string
  readonly signal?: AbortSignal
  /** Milliseconds. */
  readonly timeout: number
  /**
   * For commands that leave a daemon behind which must outlive us: without the marker, so that it survives `sweep`, and
   * without our descriptors.
   */
  readonly unmarked?: boolean
  /** Runs it as another user, without any group but the one named; as root only. */
  readonly user?: { readonly uid: number; readonly gid: number }
  /** Exit codes other than 0 that are answers, not failures. */
  readonly answers?: readonly number[]
  /** What the command knows and must not be shown: masked in a Problem's details and in the output. */
  readonly secrets?: readonly string[]
  /** Receives standard output and error as they come. */
  readonly onOutput?: (chunk: string) => void
}

/**
 * Runs a command to its end and returns its standard output. @throws Problem `command-failed`, `command-timeout`,
 * `command-missing`, `disk-full`, or the signal's reason if cancelled
 */
export type Run = (file: string, args: readonly string[], options: RunOptions) => Promise<string>

const passed = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'XDG_CACHE_HOME',
  'CONTAINERS_CONF',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'XDG_CONFIG_HOME',
  'XDG_DATA_HOME',
  'CONTAINERS_STORAGE_CONF',
  'CONTAINERS_REGISTRIES_CONF',
  'REGISTRY_AUTH_FILE',
  'CONTAINER_HOST',
  'DOCKER_HOST',
  'DOCKER_CONTEXT',
  'DOCKER_CONFIG',
  'DOCKER_TLS_VERIFY',
  'DOCKER_CERT_PATH',
  'SSH_AUTH_SOCK',
] as const

/** npm and Prisma neither ask for updates nor report their use. */
const quiet = { npm_config_update_notifier: 'false', CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1' }

/** The few variables that tools need, npm's own settings included; the app's other variables stay with the app. */
export function baseEnvironment(): Record<string, string> {
  const inherited = Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] =>
        entry[1] !== undefined &&
        ((passed as readonly string[]).includes(entry[0]) ||
          /^npm_config_(cache|registry|cafile|userconfig)$/i.test(entry[0])),
    ),
  )
  return { ...inherited, ...quiet }
}

/** Milliseconds for the last output to arrive once a command has ended. */
const lingerFor = 2000

/**
 * Characters of a failed command's output that a Problem shows: its beginning and its end. Tools say the reason first
 * (npm, before its usage) or last.
 */
const headLength = 2000
const tailLength = 4000

/** The beginning and the end of a text in whole lines, with the number of lines between them that are left out. */
export function headAndTail(text: string): string {
  const whole = text.trim()
  if (whole.length <= headLength + tailLength) return whole
  const head = whole.slice(0, headLength).replace(/\n[^\n]*$/, '')
  const tail = whole.slice(-tailLength).replace(/^[^\n]*\n/, '')
  const left = whole.slice(head.length, whole.length - tail.length).split('\n').length - 2
  return `${head}\n… ${left > 0 ? `${left} ${left === 1 ? 'line' : 'lines'}` : 'the rest of a long line'} left out …\n${tail}`
}

/** @param id names the workspace; `sweep(id)` ends what runs with it */
export const createRun =
  (id: string): Run =>
  async (file, args, { cwd, env, input, signal, timeout, unmarked, user, answers = [], secrets = [], onOutput }) => {
    signal?.throwIfAborted()
    const child = execa(...(unmarked ? withoutInherited(file, args) : ([file, args] as const)), {
      cwd,
      input: input ?? '',
      env: { ...(env ?? baseEnvironment()), ...(unmarked ? {} : { [marker]: id }) },
      extendEnv: false,
      ...(user && { uid: user.uid, gid: user.gid }),
      detached: true,
      reject: false,
      all: true,
      stripFinalNewline: false,
      maxBuffer: 50_000_000,
    })
    const end = (): void => {
      if (child.pid) kill(-child.pid)
    }
    const timer = setTimeout(end, timeout)
    const started = Date.now()
    signal?.addEventListener('abort', end)
    const masked = (text: string): string => mask(text, secrets)
    if (onOutput) for (const stream of [child.stdout, child.stderr]) showAsItComes(stream, secrets, onOutput)
    // A child that left the group may hold the pipes for ever: what it says after the command's end is not waited for.
    let lingering: NodeJS.Timeout | undefined
    child.once('exit', () => {
      lingering = setTimeout(() => [child.stdout, child.stderr].forEach(it => it.destroy()), lingerFor)
    })
    const result = await child
    clearTimeout(timer)
    clearTimeout(lingering)
    signal?.removeEventListener('abort', end)
    signal?.throwIfAborted()
    if (!result.failed || (result.exitCode !== undefined && answers.includes(result.exitCode))) return result.stdout
    const name = [file.split('/').at(-1), ...args.slice(0, 3)].join(' ')
    const details = headAndTail(masked(result.all))
    if (result.code === 'ENOENT' || (unmarked && result.exitCode === 127))
      throw problem({
        code: 'command-missing',
        message: `${file} could not be started.`,
        cause: 'There is no such program or folder.',
        hint: `Install ${file}, or check PATH.`,
      })
    if (Date.now() - started >= timeout)
      throw problem({
        code: 'command-timeout',
        message: `"${name}" took longer than ${Math.round(timeout / 1000)} s and was stopped.`,
        hint: 'Try again; the output is under details.',
        details,
      })
    if (saysDiskFull(result.all))
      throw problem({
        ...diskFull(`what "${name}" makes`, 'The program says so; its output is under details.'),
        details,
      })
    const refused =
      // it was not even started
      result.exitCode === undefined && systemProblem(Object.assign(new Error(), { code: result.code, path: file }))
    if (refused) throw problem(refused, result)
    throw problem({
      code: 'command-failed',
      message: `"${name}" failed.`,
      details,
      hint: 'The output is under details.',
      cause: result.signal
        ? `It was ended by ${result.signal}.`
        : `It ended with exit code ${result.exitCode ?? 'unknown'}.`,
    })
  }

const mask = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((rest, it) => rest.replaceAll(it, '***'), text)

/**
 * What comes in pieces is cut anywhere: in a character of several bytes, or in a secret. What may be the begin of one
 * waits for the rest.
 */
function showAsItComes(stream: Readable, secrets: readonly string[], show: (chunk: string) => void): void {
  const decoder = new StringDecoder('utf8')
  let waiting = ''
  const tell = (text: string): void => {
    if (text) show(text)
  }
  stream.on('data', (chunk: Buffer) => {
    const text = mask(waiting + decoder.write(chunk), secrets)
    const shown = text.length - Math.max(0, ...secrets.map(it => begunAtEnd(text, it)))
    waiting = text.slice(shown)
    tell(text.slice(0, shown))
  })
  stream.once('close', () => tell(mask(waiting + decoder.end(), secrets)))
}

/** How many characters at the text's end are the begin of the secret. */
function begunAtEnd(text: string, secret: string): number {
  for (let length = Math.min(secret.length - 1, text.length); length > 0; length--)
    if (text.endsWith(secret.slice(0, length))) return length
  return 0
}

const sweepPatience = 10_000 // ms; what waits for a disk ends only after that

/**
 * Ends every process that an earlier, killed process of ours started for this workspace, and returns when they are
 * gone:
 * while they are looked for they may start others, and what they write into would not stay removed.
 * Linux only: it reads the environments of the user's own processes.
 */
export async function sweep(id: string): Promise<void> {
  await waitFor(
    async () => {
      const found = await carrying(`${marker}=${id}`)
      for (const it of found) kill(it)
      return found.length === 0
    },
    { every: 20, timeout: sweepPatience },
  )
}

/** A process that has ended carries nothing any more. */
async function carrying(needle: string): Promise<number[]> {
  const pids = (await readdir('/proc')).filter(it => /^\d+$/.test(it)).map(Number)
  const ours = await Promise.all(
    pids.map(async pid => {
      const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
      return environment.split('\0').includes(needle) && pid !== process.pid ? pid : undefined
    }),
  )
  return ours.filter(it => it !== undefined)
}
