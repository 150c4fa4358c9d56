/** A shell on a terminal (PTY) of its own. A helper process runs it: resources/shell.cjs says why. */
import { spawn, type ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'
import { z } from 'zod'
import { problem, type ProblemError } from '../../shared/problem'
import type { TerminalSize } from '../../shared/terminal'
import { withoutInherited } from './clean-exec'
import { baseEnvironment } from './environment'
import type { SystemUser } from './users'

export interface ShellOptions {
  /** The helper's script, and the Node that runs it. */
  readonly script: string
  readonly node: string
  /** The workspace's marker: a helper that a crash left behind is ended. */
  readonly mark: string
  /** The shell's program. */
  readonly file: string
  readonly cwd: string
  /** Its whole environment. */
  readonly env: Readonly<Record<string, string>>
  /** Runs it as another user, without our groups. Only as root. */
  readonly user?: SystemUser
  readonly size: TerminalSize
  /** Gives up starting it. */
  readonly signal: AbortSignal
}

export interface Shell {
  /** Text. The shell has to wait while nobody reads it. */
  readonly output: Readable
  /** @returns whether it was taken: a program that reads nothing gets no more than `mostWaiting` */
  type(text: string): boolean
  resize(size: TerminalSize): void
  /** Ends it as closing a terminal's window does. What ignores that (`nohup`) keeps running. */
  hangUp(): void
  /** Resolves when it has ended and its output has been read. @returns its exit code, if it has one. Never rejects. */
  readonly ended: Promise<number | undefined>
}

/** Characters that are typed but not yet read. */
const mostWaiting = 1_000_000

/** Milliseconds for the helper to end by itself. */
const patience = 2000
/** Milliseconds for the shell to start. */
const startLimit = 10_000

const newsSchema = z.union([
  z.object({ started: z.literal(true) }),
  z.object({ failed: z.string() }),
  z.object({ exitCode: z.number(), signal: z.number().optional() }),
])

/** @throws Problem `terminal-unavailable` */
export async function startShell(options: ShellOptions): Promise<Shell> {
  const { script, node, mark, file, cwd, env, user, size } = options
  const signal = AbortSignal.any([options.signal, AbortSignal.timeout(startLimit)])
  const [program, args] = withoutInherited(node, [script])
  const [name = '', value] = mark.split('=')
  const child = spawn(program, args, {
    cwd: '/',
    env: { ...baseEnvironment(), [name]: value },
    detached: true, // Ctrl+C in the terminal of `serve` isn't for it
    stdio: ['pipe', 'pipe', 'ignore', 'ipc'],
  }) as ChildProcessByStdio<Writable, Readable, null>
  const { stdin, stdout } = child
  stdin.on('error', () => undefined) // it has just ended
  stdout.setEncoding('utf8')
  let code: number | undefined
  let hungUp = false
  const ended = new Promise<number | undefined>(resolve => {
    child.once('close', () => resolve(code))
    child.once('exit', () => hungUp && resolve(undefined)) // after our disconnect, Node emits no `close`
  })
  const hangUp = (): void => {
    hungUp = true
    if (child.connected) child.disconnect()
    stdin.destroy()
    stdout.destroy()
    const late = setTimeout(() => child.kill('SIGKILL'), patience)
    void ended.then(() => clearTimeout(late))
  }
  const [first, ...rest] = withoutInherited(...asUser(file, user)).flat() as [string, ...string[]]
  await new Promise<void>((resolve, reject) => {
    const fail = (cause: string): void => {
      hangUp()
      reject(unavailable(cause))
    }
    const giveUp = (): void => fail(`Its helper process didn’t start it within ${startLimit / 1000} s.`)
    signal.addEventListener('abort', giveUp)
    if (signal.aborted) giveUp()
    const endedAtOnce = (): void => fail('Its helper process ended at once.')
    child.once('error', error => fail(error.message))
    child.once('exit', endedAtOnce)
    child.on('message', message => {
      const news = newsSchema.safeParse(message).data
      if (!news) return
      if ('started' in news) {
        child.off('exit', endedAtOnce)
        signal.removeEventListener('abort', giveUp)
        resolve()
      } else if ('failed' in news) fail(news.failed)
      else code = news.signal ? undefined : news.exitCode
    })
    child.send({ file: first, args: rest, cwd, env, ...size }, error => error && fail(error.message))
  })
  return {
    output: stdout,
    type(text) {
      if (stdin.writableLength > mostWaiting) return false
      stdin.write(text)
      return true
    },
    resize(to) {
      // It may just have ended. Without a callback, Node reports that as an error of the child, as if it had failed.
      if (child.connected) child.send(to, () => undefined)
    },
    hangUp,
    ended,
  }
}

/** setpriv also drops our own groups, which node-pty would keep. */
const asUser = (file: string, user: SystemUser | undefined): [string, string[]] =>
  user
    ? ['setpriv', ['--reuid', String(user.uid), '--regid', String(user.gid), '--clear-groups', '--', file]]
    : [file, []]

const unavailable = (cause: string): ProblemError =>
  problem({
    code: 'terminal-unavailable',
    message: 'No terminal could be opened in this window.',
    cause,
    hint: 'Install Instance Manager again (in a clone, run “npm ci”). Until then, use a terminal of your own in the instance’s folder.',
  })
