/** A command with its examples: the source of the parser, the help, the completion and docs/cli.md. */
import { Command, type ErrorOptions } from 'commander'
import type { CommandSession, GlobalOptions, Result } from './session'

export interface Example {
  readonly command: string
  readonly text: string
}

/** What an argument can be completed with. */
export type Completes = 'instance' | 'operation' | 'setting'

/**
 * Runs a command's work in a session. @param command its name, e.g. `infra up` @param options the global options, given
 * before or after the command
 */
export type Perform = (
  command: string,
  options: GlobalOptions,
  work: (session: CommandSession) => Promise<Result>,
) => Promise<void>

/** The adjacent definition must match the work's parameters, which the compiler can't check; tests run each example. */
type Work = (session: CommandSession, options: never, ...args: never[]) => Promise<Result>

export class Grammar extends Command {
  readonly examples: Example[] = []
  /** Keyed by the argument's name. */
  readonly completed = new Map<string, Completes>()

  readonly #perform: Perform

  constructor(name: string | undefined, perform: Perform) {
    super(name)
    this.#perform = perform
  }

  override createCommand(name?: string): Grammar {
    return new Grammar(name, this.#perform)
  }

  /** Adds a command with its help. */
  add(name: string, description: string): Grammar {
    const command = this.command(name).description(description).helpOption('-h, --help', 'show help')
    return command.addHelpText('after', () => examplesText(command))
  }

  /** @param work gets the options, then the arguments; imports the code it needs only when it runs */
  does(work: Work): this {
    return this.action((...given: unknown[]) => {
      const args = given.slice(0, -2) // commander adds the options and the command
      const options = this.optsWithGlobals<GlobalOptions>()
      return this.#perform(this.#path(), options, async session =>
        work(session, options as never, ...((await this.#resolved(session, args)) as never[])),
      )
    })
  }

  #path(): string {
    return this.parent instanceof Grammar ? `${this.parent.#path()} ${this.name()}`.trim() : ''
  }

  /** The arguments, with instances' names in their actual spelling. */
  async #resolved(session: CommandSession, args: readonly unknown[]): Promise<unknown[]> {
    const names = (at: number): boolean => this.completed.get(this.registeredArguments[at]?.name() ?? '') === 'instance'
    return Promise.all(
      args.map(async (it, at) => {
        if (it === undefined || !names(at)) return it
        const { namedInstances } = await import('./instance-names')
        const found = await namedInstances((await session.workspace()).path, [it].flat() as string[])
        return Array.isArray(it) ? found : found[0]
      }),
    )
  }

  /** Lists everything that is missing, not just the first. */
  override error(message: string, options?: ErrorOptions): never {
    if (options?.code !== 'commander.missingMandatoryOptionValue' && options?.code !== 'commander.missingArgument')
      return super.error(message, options)
    const missing = [
      ...this.registeredArguments.slice(this.args.length).flatMap(it => (it.required ? `<${it.name()}>` : [])),
      ...this.options.flatMap(it =>
        it.mandatory && this.getOptionValue(it.attributeName()) === undefined ? it.flags : [],
      ),
    ]
    return super.error(`Missing: ${missing.join(', ')}.`, options)
  }

  /** @param command without the program's name */
  example(command: string, text: string): this {
    this.examples.push({ command, text })
    return this
  }

  completes(argument: string, by: Completes): this {
    this.completed.set(argument, by)
    return this
  }

  get children(): readonly Grammar[] {
    return this.commands as readonly Grammar[]
  }
}

export const programName = 'instance-manager'

/** Commands that only scripts call. */
export const isHidden = (command: Command): boolean => command.name().startsWith('__')

/** Shown below a command's help. */
export function examplesText({ examples }: Grammar): string {
  if (examples.length === 0) return ''
  return `\nExamples:\n${examples.map(({ command, text }) => `  ${programName} ${command}\n      ${text}`).join('\n')}\n`
}
