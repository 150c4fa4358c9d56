/**
 * Runs external commands: never through a shell, always with a timeout, and cancelled with all their children. `Run`
 * returns text, `Start` streams.
 */
import { PassThrough, type Readable } from 'node:stream'
import { StringDecoder } from 'node:string_decoder'
import { problem } from '../../shared/problem'
import { launch, mask, requireSuccess, type CommandOptions, type LaunchOptions } from './launch'

export interface RunOptions extends CommandOptions {
  /** Standard input; secrets are passed this way, never in arguments. */
  readonly input?: string
  /** Receives standard output and error as they arrive. */
  readonly onOutput?: (chunk: string) => void
  /** Told its process number once it has started. */
  readonly onStart?: (pid: number) => void
}

/**
 * Runs a command to its end and returns its standard output, at most 50 MB. @throws Problem `command-failed`,
 * `command-timeout`, `command-missing`, `disk-full`, or the signal's reason if cancelled
 */
export type Run = (file: string, args: readonly string[], options: RunOptions) => Promise<string>

export interface Started {
  /**
   * Its standard output, which must be read. It ends only if the command succeeds; otherwise it is destroyed with the
   * reason, so half of the output is never mistaken for all of it. Destroying it ends the command.
   */
  readonly stdout: Readable
  /** Resolves when the command has succeeded. @throws as `Run`, with the end of standard error as details */
  readonly ended: Promise<void>
}

/** Starts a command whose input and output may be of any size. @throws the signal's reason if it is already aborted */
export type Start = (file: string, args: readonly string[], options: LaunchOptions) => Started

/** Bytes of output that a `Run` keeps in memory. */
const maxOutput = 50_000_000
/** Characters of standard error that a `Start` keeps. */
const errorsKept = 16_000

/** @param id identifies the workspace; `sweep(id)` ends the commands that have it */
export const createRun =
  (id: string): Run =>
  async (file, args, { onOutput, onStart, ...options }) => {
    const { stdout, stderr, pid, exit, stop } = launch(id, file, args, options)
    if (pid !== undefined) onStart?.(pid)
    if (onOutput) for (const stream of [stdout, stderr]) showAsItComes(stream, options.secrets ?? [], onOutput)
    const [output, all]: [Buffer[], Buffer[]] = [[], []]
    let size = 0
    stdout.on('data', (chunk: Buffer) => output.push(chunk))
    for (const stream of [stdout, stderr])
      stream.on('data', (chunk: Buffer) => {
        all.push(chunk)
        size += chunk.length
        if (size > maxOutput) stop()
      })
    const ended = await exit
    if (size > maxOutput)
      throw problem({
        code: 'command-failed',
        message: `“${file}” was stopped.`,
        cause: `It printed more than ${maxOutput / 1_000_000} MB.`,
      })
    requireSuccess(ended, [file, args, options], () => Buffer.concat(all).toString())
    return Buffer.concat(output).toString()
  }

/** The same, for work that gives way to everything else on the machine. */
export const inBackground =
  (run: Run): Run =>
  (file, args, options) =>
    run(file, args, { ...options, background: true })

/** @param id identifies the workspace; `sweep(id)` ends the commands that have it */
export const createStart =
  (id: string): Start =>
  (file, args, options) => {
    const launched = launch(id, file, args, options)
    let errors = ''
    launched.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      errors = (errors + chunk).slice(-errorsKept)
    })
    const stdout = new PassThrough()
    stdout.on('error', () => undefined) // `ended` reports it too
    launched.stdout.pipe(stdout, { end: false })
    const ended = launched.exit.then(exit => requireSuccess(exit, [file, args, options], () => errors))
    ended.then(
      () => stdout.end(),
      (error: Error) => stdout.destroy(error),
    )
    stdout.once('close', launched.stop)
    return { stdout, ended }
  }

/**
 * Output arrives in chunks that may split a multi-byte character or a secret. Whatever may be the beginning of one
 * waits for the rest.
 */
function showAsItComes(stream: Readable, secrets: readonly string[], show: (chunk: string) => void): void {
  const decoder = new StringDecoder('utf8')
  let waiting = ''
  const pass = (text: string): void => {
    if (text) show(text)
  }
  stream.on('data', (chunk: Buffer) => {
    const text = mask(waiting + decoder.write(chunk), secrets)
    const shown = text.length - Math.max(0, ...secrets.map(it => begunAtEnd(text, it)))
    waiting = text.slice(shown)
    pass(text.slice(0, shown))
  })
  stream.once('close', () => pass(mask(waiting + decoder.end(), secrets)))
}

/** The number of characters at the text's end that may begin the secret. */
function begunAtEnd(text: string, secret: string): number {
  for (let length = Math.min(secret.length - 1, text.length); length > 0; length--)
    if (text.endsWith(secret.slice(0, length))) return length
  return 0
}
