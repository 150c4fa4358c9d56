/** `director`: a new password, name or email address for an instance's director. */
import { directorJob } from '../../../shared/jobs/director'
import { wrongUsage } from '../failure'
import { endedOf, succeed, withOperations } from '../operate'
import { pairs } from '../print/table'
import type { CommandSession, Result } from '../session'
import { passwordOnStdin } from './create'

export interface DirectorOptions {
  readonly account?: string
  readonly passwordStdin?: boolean
  readonly keepPassword?: boolean
  readonly newName?: string
  readonly newEmail?: string
}

export async function director(session: CommandSession, name: string, options: DirectorOptions): Promise<Result> {
  const { account, newName: fullName, newEmail: email } = options
  const password = await passwordOf(options)
  return withOperations(session, async services => {
    const state = await succeed(services, { kind: directorJob.kind, name, account, email, fullName, password })
    // it has been shown or was supplied, so the workspace can forget it
    if (password !== undefined) await services.client.operations.takePassword.mutate({ id: state.id })
    const plan = directorJob.plan.parse(state.plan)
    const shown = {
      name: plan.target.name,
      director: plan.email ?? plan.account,
      ...(plan.fullName !== undefined && { fullName: plan.fullName }),
      ...(options.passwordStdin !== true && password !== undefined && { password }),
    }
    return {
      data: { operation: endedOf(state), ...shown },
      lines: pairs(
        [
          ['Director', shown.director],
          ['Name', shown.fullName],
          ['Password', shown.password],
        ],
        text => session.out.paint('dim', text),
      ),
    }
  })
}

/** Undefined: it stays. */
async function passwordOf({
  passwordStdin,
  keepPassword,
  newName,
  newEmail,
}: DirectorOptions): Promise<string | undefined> {
  if (keepPassword && passwordStdin)
    throw wrongUsage('Use either --password-stdin or --keep-password, not both.', 'Leave one of them out.')
  if (keepPassword && newName === undefined && newEmail === undefined)
    throw wrongUsage('There is nothing to change.', 'Use --new-name or --new-email, or leave --keep-password out.')
  if (keepPassword) return undefined
  if (passwordStdin) return await passwordOnStdin('director NAME --password-stdin')
  return (await import('../../../shared/password')).generatePassword()
}
