/**
 * Starts a command, makes sure that it ends, and explains why it failed. Commands run without a shell, in their own
 * process group, with a marker in their environment by which `sweep` finds those that a crash left behind.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { finished, Readable } from 'node:stream'
import type { Socket } from 'node:net'
import { problem } from '../../shared/problem'
import { diskFull, saysDiskFull, systemProblem } from '../../shared/system-errors'
import { withoutInherited } from './clean-exec'
import { baseEnvironment } from './environment'
import { headAndTail } from './head-and-tail'
import { giveWay } from './priority'
import { kill } from './proc'
import { marker } from './sweep'

export interface CommandOptions {
  readonly cwd?: string
  /** The whole environment; `baseEnvironment` by default. Nothing else is inherited. */
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal
  /** Milliseconds; Infinity only for commands that are ended by their signal. */
  readonly timeout: number
  /**
   * For commands that leave behind a daemon which must outlive us: no marker, so that it survives `sweep`, and none of
   * our descriptors.
   */
  readonly unmarked?: boolean
  /** Runs it as another user, with only this group. Only as root. */
  readonly user?: { readonly uid: number; readonly gid: number }
  /** Gives way to everything else on the machine, above all to instances that are serving. */
  readonly background?: boolean
  /** Exit codes besides 0 that are answers, not failures. */
  readonly answers?: readonly number[]
  /** Secrets that the command knows: masked in a Problem's details and in the output. */
  readonly secrets?: readonly string[]
}

export interface LaunchOptions extends CommandOptions {
  /** Its name in messages; its program and first arguments by default. */
  readonly name?: string
  /**
   * Standard input; secrets are passed this way, never in arguments. If the stream fails, the command is killed first.
   */
  readonly input?: string | Readable
  /** An open file that receives both outputs directly. */
  readonly output?: number
  /** Called before the command is killed, and before its input ends: ends whatever killing the command wouldn't. */
  readonly beforeKill?: () => Promise<unknown>
}

/** How a command ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Why it couldn't be started. */
  readonly error?: NodeJS.ErrnoException
  readonly timedOut: boolean
  /** Why its input ended early. */
  readonly inputError?: Error
}

export interface Launched {
  /** Empty if the output goes to a file. */
  readonly stdout: Readable
  readonly stderr: Readable
  /** Undefined: it wasn't even started. */
  readonly pid?: number
  /** Resolves when it has ended and its output has been read. Never rejects. */
  readonly exit: Promise<Exit>
  /** Kills it and all its children, as its timeout and its signal do. */
  stop(): void
}

/** Milliseconds for the last output to arrive once a command has ended. */
const lingerFor = 2000
/** Bytes that a command may leave behind in a pipe (fs.pipe-max-size). Anything more comes from a surviving child. */
const pipeHolds = 1_048_576

/** @param id identifies the workspace @throws the signal's reason if it is already aborted */
export function launch(id: string, file: string, args: readonly string[], options: LaunchOptions): Launched {
  const { cwd, env, input = '', signal, timeout, unmarked, background, user, output = 'pipe', beforeKill } = options
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
    // If the process can't be started, Node throws in some cases, e.g. if the arguments are too long.
    const exit = { code: null, signal: null, error: error as NodeJS.ErrnoException, timedOut: false }
    return { stdout: Readable.from([]), stderr: Readable.from([]), exit: Promise.resolve(exit), stop: () => undefined }
  }
  if (background) void giveWay(child)
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
      stopping = true // its pid may have been reused
      clearTimeout(timer)
      lingering.end()
      signal?.removeEventListener('abort', stop)
      if (typeof input !== 'string') input.destroy()
      resolve({ code, signal: by, ...(error && { error }), timedOut, ...(inputError && { inputError }) })
    })
  })
  return {
    stdout: child.stdout ?? Readable.from([]),
    stderr: child.stderr ?? Readable.from([]),
    exit,
    stop,
    pid: child.pid,
  }
}

/** @param failed called if the input is incomplete: its end must not reach the command */
function feed({ stdin }: ChildProcess, input: string | Readable, failed: (error: Error) => void): void {
  if (!stdin) return
  stdin.on('error', () => undefined) // the command may end without reading everything
  if (typeof input === 'string') return void stdin.end(input)
  finished(input, { writable: false }, error => {
    if (error && !stdin.destroyed) failed(error)
  })
  input.pipe(stdin)
}

/**
 * A child that left the group may keep the pipes open forever. Everything that the command itself has written is read,
 * however slowly, but nothing after that.
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
 * @param output returns what the command has printed
 * @throws Problem `command-failed`, `command-timeout`, `command-missing`, `disk-full`, the signal's reason if
 * cancelled, or what its input failed with
 */
export function requireSuccess(
  { code, signal: by, error, timedOut, inputError }: Exit,
  [file, args, options]: readonly [string, readonly string[], LaunchOptions],
  output: () => string,
): void {
  const { name = describe(file, args), signal, unmarked, timeout, answers = [], secrets = [] } = options
  signal?.throwIfAborted()
  if (inputError) throw inputError
  if (code !== null && code >= 0 && (code === 0 || answers.includes(code))) return
  const details = headAndTail(mask(output(), secrets))
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
  if (saysDiskFull(output()))
    throw problem({ ...diskFull(`the files of “${name}”`, 'The program reported it; see Details.'), details })
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
