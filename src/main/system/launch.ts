/**
 * Starts a command, sees to its end, and says why it failed. Commands run without a shell, in a process group of their
 * own, and carry a marker in their environment by which `sweep` finds those that a crash left behind.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { finished, Readable } from 'node:stream'
import type { Socket } from 'node:net'
import { problem } from '../../shared/problem'
import { diskFull, saysDiskFull, systemProblem } from '../../shared/system-errors'
import { withoutInherited } from './clean-exec'
import { baseEnvironment } from './environment'
import { headAndTail } from './head-and-tail'
import { kill } from './proc'
import { marker } from './sweep'

export interface CommandOptions {
  readonly cwd?: string
  /** The whole environment: nothing is inherited but what `baseEnvironment` passes. */
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** Milliseconds; Infinity only for what is ended by its signal. */
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
}

export interface LaunchOptions extends CommandOptions {
  /** What people call it; its program and first arguments by default. */
  readonly name?: string
  /** For standard input; secrets go this way, never in arguments. A stream that fails ends the command first. */
  readonly input?: string | Readable
  /** An open file that takes both outputs, without passing them through us. */
  readonly output?: number
  /** Called before the command is killed: ends what its own end wouldn't. The input isn't at its end until then. */
  readonly beforeKill?: () => Promise<unknown>
}

/** How a command ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** It wasn't even started. */
  readonly error?: NodeJS.ErrnoException
  readonly timedOut: boolean
  /** Why its input ended early. */
  readonly inputError?: Error
}

export interface Launched {
  /** Empty if the output goes to a file. */
  readonly stdout: Readable
  readonly stderr: Readable
  /** Resolves when it has ended and its output has been read. Never rejects. */
  readonly exit: Promise<Exit>
  /** Kills it and all its children, as its timeout and its signal do. */
  stop(): void
}

/** Milliseconds for the last output to arrive once a command has ended. */
const lingerFor = 2000
/** Bytes that a command may leave behind in a pipe (fs.pipe-max-size). More comes from a child that lives on. */
const pipeHolds = 1_048_576

/** @param id names the workspace @throws the signal's reason if it is aborted already */
export function launch(id: string, file: string, args: readonly string[], options: LaunchOptions): Launched {
  const { cwd, env, input = '', signal, timeout, unmarked, user, output = 'pipe', beforeKill } = options
  signal?.throwIfAborted()
  const [program, all] = unmarked ? withoutInherited(file, args) : [file, args]
  let child: ChildProcess
  try {
    child = spawn(program, all, {
      cwd,
      env: { ...(env ?? baseEnvironment()), ...(unmarked ? {} : { [marker]: id }) },
      ...user,
      detached: true,
      stdio: ['pipe', output, output],
    })
  } catch (error) {
    // Node throws for some of the reasons why there is no process, e.g. for arguments that are too long.
    const exit = { code: null, signal: null, error: error as NodeJS.ErrnoException, timedOut: false }
    return { stdout: Readable.from([]), stderr: Readable.from([]), exit: Promise.resolve(exit), stop: () => undefined }
  }
  let timedOut = false
  let inputError: Error | undefined
  let stopping = false
  const stop = (): void => {
    if (stopping) return
    stopping = true
    if (beforeKill)
      void beforeKill().then(
        () => endGroup(child),
        () => endGroup(child),
      )
    else endGroup(child)
  }
  const timer = Number.isFinite(timeout)
    ? setTimeout(() => {
        timedOut = true
        stop()
      }, timeout)
    : undefined
  signal?.addEventListener('abort', stop)
  feed(child, input, error => {
    inputError = error
    stop()
  })
  const exit = new Promise<Exit>(resolve => {
    let error: NodeJS.ErrnoException | undefined
    const lingering = destroyWhatLingers(child, () => stopping)
    child.once('error', (it: NodeJS.ErrnoException) => (error = it))
    child.once('close', (code: number | null, by: NodeJS.Signals | null) => {
      stopping = true // its number may be another's now
      clearTimeout(timer)
      lingering.end()
      signal?.removeEventListener('abort', stop)
      if (typeof input !== 'string') input.destroy()
      resolve({ code, signal: by, ...(error && { error }), timedOut, ...(inputError && { inputError }) })
    })
  })
  return { stdout: child.stdout ?? Readable.from([]), stderr: child.stderr ?? Readable.from([]), exit, stop }
}

/** @param failed the input can't be trusted to be whole: its end must not reach the command */
function feed({ stdin }: ChildProcess, input: string | Readable, failed: (error: Error) => void): void {
  if (!stdin) return
  stdin.on('error', () => undefined) // it may end without reading all of it
  if (typeof input === 'string') return void stdin.end(input)
  finished(input, { writable: false }, error => {
    if (error && !stdin.destroyed) failed(error)
  })
  input.pipe(stdin)
}

/**
 * A child that left the group may hold the pipes for ever. What the command itself has written is read, however slowly,
 * and no more is waited for.
 */
function destroyWhatLingers(child: ChildProcess, stopping: () => boolean): { end(): void } {
  let timer: NodeJS.Timeout | undefined
  const streams = [child.stdout, child.stderr].filter(it => it !== null)
  const bytes = (): number => streams.reduce((sum, it) => sum + (it as Socket).bytesRead, 0)
  child.once('exit', () => {
    const first = bytes()
    let last = first
    timer = setInterval(() => {
      const now = bytes()
      const idle = now === last && streams.every(it => it.readableLength === 0)
      if (idle || stopping() || now - first > pipeHolds) for (const it of streams) it.destroy()
      last = now
    }, lingerFor)
  })
  return { end: () => clearInterval(timer) }
}

function endGroup({ pid }: ChildProcess): void {
  if (pid !== undefined) kill(-pid)
}

/**
 * @param said what the command has written, for people
 * @throws Problem `command-failed`, `command-timeout`, `command-missing`, `disk-full`, the signal's reason if
 * cancelled, or what its input failed with
 */
export function requireSuccess(
  { code, signal: by, error, timedOut, inputError }: Exit,
  [file, args, options]: readonly [string, readonly string[], LaunchOptions],
  said: () => string,
): void {
  const { name = describe(file, args), signal, unmarked, timeout, answers = [], secrets = [] } = options
  signal?.throwIfAborted()
  if (inputError) throw inputError
  if (code !== null && code >= 0 && (code === 0 || answers.includes(code))) return
  const details = headAndTail(mask(said(), secrets))
  if (error?.code === 'ENOENT' || (unmarked && code === 127))
    throw problem({
      code: 'command-missing',
      message: `${options.name ?? file} couldn’t be started.`,
      cause: 'There is no such program or folder.',
      hint: `Install ${options.name ?? file}, or check PATH.`,
    })
  if (timedOut)
    throw problem({
      code: 'command-timeout',
      message: `“${name}” took longer than ${Math.round(timeout / 1000)} s and was stopped.`,
      hint: 'Try again. See Details for its output.',
      details,
    })
  if (saysDiskFull(said()))
    throw problem({ ...diskFull(`what “${name}” makes`, 'The program says so; see Details.'), details })
  const refused = error && systemProblem(Object.assign(new Error(), { code: error.code, path: file }))
  if (refused) throw problem(refused, error)
  throw problem({
    code: 'command-failed',
    message: `“${name}” failed.`,
    details,
    hint: 'See Details for its output.',
    cause: by ? `It was ended by ${by}.` : `It exited with code ${code ?? 'unknown'}.`,
  })
}

const describe = (file: string, args: readonly string[]): string =>
  [file.split('/').at(-1), ...args.slice(0, 3)].join(' ')

export const mask = (text: string, secrets: readonly string[]): string =>
  secrets.reduce((rest, it) => (it ? rest.replaceAll(it, '***') : rest), text)
