/** A command with its examples; from it come the parser, the help, the completion and docs/cli.md. */
import { Command } from 'commander'

export interface Example {
  readonly command: string
  readonly text: string
}

/** What completes an argument. */
export type Completes = 'instance' | 'operation' | 'setting'

export class Grammar extends Command {
  readonly examples: Example[] = []
  /** By the argument's name. */
  readonly completed = new Map<string, Completes>()

  override createCommand(name?: string): Grammar {
    return new Grammar(name)
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
