/** `create`: one instance. */
import { stdin } from 'node:process'
import { createInterface } from 'node:readline'
import type { CreateInput, InstanceHost } from '../../../shared/instance'
import { createJob, unlockedText } from '../../../shared/jobs/create'
import { wrongUsage } from '../failure'
import { endedOf, succeed, withOperations } from '../operate'
import { pairs } from '../print/table'
import type { Result, CommandSession } from '../session'

export interface CreateOptions extends SharedOptions {
  readonly port: number | 'auto'
  readonly directorName: string
  readonly directorEmail: string
  readonly directorPasswordStdin?: boolean
  readonly generatePassword?: boolean
  readonly allowSharedPort?: boolean
}

/** Options of every way to create instances. */
export interface SharedOptions {
  readonly jwtSecret: CreateInput['jwtSecret']
  readonly host?: InstanceHost
  readonly systemUser?: boolean
  readonly npmInstall?: boolean
}

export const sharedInput = ({ jwtSecret, host, systemUser = false, npmInstall }: SharedOptions) =>
  ({ jwtSecret, host, systemUser, install: npmInstall ? 'install' : 'ci' }) as const

export async function create(session: CommandSession, options: CreateOptions, name: string): Promise<Result> {
  const password = await passwordBy(options)
  const input: CreateInput = {
    name,
    port: options.port,
    allowSharedPort: options.allowSharedPort ?? false,
    ...sharedInput(options),
    director: { name: options.directorName, email: options.directorEmail, password },
  }
  return withOperations(session, async services => {
    const state = await succeed(services, { kind: createJob.kind, ...input })
    // it has been shown or was supplied, so the workspace can forget it
    await services.client.operations.takePassword.mutate({ id: state.id })
    const { port, url, unlocked = [] } = createJob.plan.parse(state.plan)
    const shown = { name, url, port, director: options.directorEmail, ...(options.generatePassword && { password }) }
    return {
      data: { operation: endedOf(state), instance: shown },
      lines: pairs(
        [
          ['Name', name],
          ['Address', url],
          ['Director', options.directorEmail],
          ['Password', shown.password],
          ['Packages', unlocked.length ? unlockedText(unlocked) : undefined],
        ],
        text => session.out.paint('dim', text),
      ),
    }
  })
}

export async function passwordBy({
  directorPasswordStdin,
  generatePassword,
}: Pick<CreateOptions, 'directorPasswordStdin' | 'generatePassword'>): Promise<string> {
  if (directorPasswordStdin === generatePassword) {
    throw wrongUsage(
      generatePassword
        ? 'Use either --director-password-stdin or --generate-password, not both.'
        : 'The director needs a password.',
      'Use --director-password-stdin and write it to standard input, or use --generate-password.',
    )
  }
  if (generatePassword) return (await import('../../../shared/password')).generatePassword()
  return await passwordOnStdin('create … --director-password-stdin')
}

/** @param command with its option, for the example of a wrong use @throws CommanderError if there is none */
export async function passwordOnStdin(command: string): Promise<string> {
  const password = await firstLine()
  if (password !== undefined) return password
  throw wrongUsage('Standard input contains no password.', `For example: instance-manager ${command} < password.txt`)
}

async function firstLine(): Promise<string | undefined> {
  for await (const line of createInterface({ input: stdin })) return line
  return undefined
}
