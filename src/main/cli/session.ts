/** The context of a running command: its output, its engine, and what Ctrl+C does. */
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { productIn } from '../system/product'
import { openEngine, type Engine, type Needed, type Purpose } from './engine'
import { exitCodes, type ExitCode } from './exit-codes'
import { Failure } from './failure'
import { Interrupts } from './interrupts'
import { cleanLine } from './print/clean'
import type { Output } from './print/output'
import { chooseWorkspace, type ChosenWorkspace } from './workspace'

/** A command's result. */
export interface Result {
  readonly exit?: ExitCode
  /** For `--json`. */
  readonly data?: unknown
  /** For people; printed on standard output without `--json`. */
  readonly lines?: readonly string[]
  readonly problem?: Failure['problem']
}

export interface GlobalOptions {
  readonly workspace?: string
  readonly json?: boolean
  /** Wait for another command working in the workspace instead of joining it. */
  readonly wait?: boolean
}

export class CommandSession {
  readonly interrupts = new Interrupts()
  readonly #engines: Engine[] = []
  #workspace: ChosenWorkspace | undefined

  /** @param root the product's folder @param command its name, without what was given to it */
  constructor(
    readonly root: string,
    readonly command: string,
    readonly options: GlobalOptions,
    readonly out: Output,
    readonly err: Output,
  ) {}

  get json(): boolean {
    return this.options.json === true
  }

  /** Whether there is someone at a terminal who can answer. */
  get canAsk(): boolean {
    return !this.json && process.stdin.isTTY && this.err.terminal
  }

  /** Prints to standard error, whatever the format of the result. */
  say(text: string): void {
    this.err.line(text)
  }

  /** The app's folder in the user's home. */
  async data(): Promise<string> {
    const { productName } = JSON.parse(await readFile(productIn(this.root).packageJson, 'utf8')) as {
      readonly productName: string
    }
    return join(process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), productName)
  }

  /** The workspace, if the command has chosen it by now. */
  get chosen(): ChosenWorkspace | undefined {
    return this.#workspace
  }

  async workspace(): Promise<ChosenWorkspace> {
    if (this.#workspace) return this.#workspace
    const chosen = await chooseWorkspace(this.options.workspace, await this.data())
    if (chosen.by === 'recent')
      this.say(
        this.err.paint(
          'dim',
          `Workspace ${cleanLine(`${basename(chosen.path)} (${chosen.path}`)}, the last one opened)`,
        ),
      )
    this.#workspace = chosen
    return chosen
  }

  /** Opens an engine, which is closed when the command ends. @param workspace absolute; by default the chosen one */
  async engine(purpose: Purpose, workspace?: string): Promise<Engine> {
    const path = workspace ?? (await this.workspace()).path
    const engine = await openEngine({
      root: this.root,
      command: this.command,
      workspace: path,
      purpose,
      wait: this.options.wait === true,
      waiting: () =>
        this.say('Waiting for the Instance Manager that has this workspace open. Press Ctrl+C to stop waiting.'),
    })
    this.#engines.push(engine)
    return engine
  }

  /** For commands that only show something. @throws Failure when the reader is gone or Ctrl+C is pressed */
  async whileWatched<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const stop = new AbortController()
    const gone = (): void => stop.abort()
    this.out.gone.addEventListener('abort', gone)
    if (this.out.gone.aborted) gone()
    const free = this.interrupts.take(gone)
    try {
      return await work(stop.signal)
    } finally {
      this.out.gone.removeEventListener('abort', gone)
      free()
    }
  }

  /** Closes the engines. One in this process serves other commands until they are done; Ctrl+C leaves that to them. */
  async close(): Promise<void> {
    for (const engine of this.#engines.splice(0).toReversed()) {
      const stop = new AbortController()
      const free = this.interrupts.take(() => stop.abort())
      await engine.serveOthers(async needed => this.say(await stillServing(needed)), stop.signal)
      free()
      await engine.close()
    }
  }
}

async function stillServing({ commands, running }: Needed): Promise<string> {
  const { headline } = await import('../../shared/jobs/words')
  const work = running.length ? `: ${running.map(it => cleanLine(headline(it))).join(', ')}` : ''
  return `${commands > 0 ? 'Still working for other commands' : 'Waiting for what was interrupted earlier'}${work}. Press Ctrl+C to leave it to the next command.`
}

export const interrupted = (): Failure =>
  new Failure({ code: 'cancelled', message: 'Interrupted.' }, exitCodes.interrupted)
