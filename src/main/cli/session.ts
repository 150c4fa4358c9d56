/** What a running command has: where it prints, what it asks, and what Ctrl+C does. */
import { readFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { headline } from '../../shared/jobs/words'
import { productIn } from '../system/product'
import { openEngine, type Engine, type Needed, type Purpose } from './engine'
import { exitCodes, type ExitCode } from './exit-codes'
import { Failure } from './failure'
import { Interrupts } from './interrupts'
import { cleanLine } from './print/clean'
import type { Output } from './print/output'
import { chooseWorkspace, type ChosenWorkspace } from './workspace'

/** How a command ended. */
export interface Result {
  readonly exit?: ExitCode
  /** For `--json`. */
  readonly data?: unknown
  /** For people; without `--json`, on standard output. */
  readonly lines?: readonly string[]
  readonly problem?: Failure['problem']
}

export interface GlobalOptions {
  readonly workspace?: string
  readonly json?: boolean
  /** Another command that works in the workspace is waited for, not joined. */
  readonly wait?: boolean
}

export class CommandSession {
  readonly interrupts = new Interrupts()
  readonly #engines: Engine[] = []
  #workspace: ChosenWorkspace | undefined

  /** @param root the product's own folder */
  constructor(
    readonly root: string,
    readonly options: GlobalOptions,
    readonly out: Output,
    readonly err: Output,
  ) {}

  get json(): boolean {
    return this.options.json === true
  }

  /** Somebody sits there who could be asked. */
  get canAsk(): boolean {
    return !this.json && process.stdin.isTTY && this.err.terminal
  }

  /** Told on standard error, whatever the format of the result. */
  say(text: string): void {
    this.err.line(text)
  }

  /** The user's own folder of the app. */
  async data(): Promise<string> {
    const { productName } = JSON.parse(await readFile(productIn(this.root).packageJson, 'utf8')) as {
      readonly productName: string
    }
    return join(process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), productName)
  }

  async workspace(): Promise<ChosenWorkspace> {
    if (this.#workspace) return this.#workspace
    const chosen = await chooseWorkspace(this.options.workspace, await this.data())
    if (chosen.by !== 'option')
      this.say(
        this.err.paint(
          'dim',
          `Workspace ${cleanLine(`${basename(chosen.path)} (${chosen.path}`)}${chosen.by === 'recent' ? ', the last that was opened' : ''})`,
        ),
      )
    this.#workspace = chosen
    return chosen
  }

  /** Closed when the command ends. @param workspace absolute; chosen unless given */
  async engine(purpose: Purpose, workspace?: string): Promise<Engine> {
    const path = workspace ?? (await this.workspace()).path
    const engine = await openEngine({
      root: this.root,
      workspace: path,
      purpose,
      wait: this.options.wait === true,
      waiting: () => this.say('Waiting for the Instance Manager that has this workspace open. Ctrl+C ends waiting.'),
    })
    this.#engines.push(engine)
    return engine
  }

  /** @throws Failure when the reader has gone or Ctrl+C was pressed: what only shows ends then */
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
      await engine.serveOthers(needed => this.say(stillServing(needed)), stop.signal)
      free()
      await engine.close()
    }
  }
}

function stillServing({ commands, running }: Needed): string {
  const work = running.length ? `: ${running.map(it => cleanLine(headline(it))).join(', ')}` : ''
  return `${commands > 0 ? 'Still working for other commands' : 'Waiting for what was interrupted earlier'}${work}. Ctrl+C leaves it to the next command.`
}

export const interrupted = (): Failure =>
  new Failure({ code: 'cancelled', message: 'It was interrupted.' }, exitCodes.interrupted)
