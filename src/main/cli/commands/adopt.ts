/** `adopt`: turns a copied folder into an independent instance. */
import { adoptJob } from '../../../shared/jobs/create'
import { endedOf, succeed, withOperations } from '../operate'
import { pairs } from '../print/table'
import type { Result, CommandSession } from '../session'
import { passwordBy } from './create'

export interface AdoptOptions {
  readonly as?: string
  readonly directorName: string
  readonly directorEmail: string
  readonly directorPasswordStdin?: boolean
  readonly generatePassword?: boolean
}

export async function adopt(session: CommandSession, options: AdoptOptions, name: string): Promise<Result> {
  const password = await passwordBy(options)
  const director = { name: options.directorName, email: options.directorEmail, password }
  return withOperations(session, async services => {
    const state = await succeed(services, { kind: adoptJob.kind, name, director, as: options.as })
    // it has been shown or was supplied, so the workspace can forget it
    await services.client.operations.takePassword.mutate({ id: state.id })
    const { name: adopted, port, url } = adoptJob.plan.parse(state.plan)
    const shown = {
      name: adopted,
      url,
      port,
      director: options.directorEmail,
      ...(options.generatePassword && { password }),
    }
    return {
      data: { operation: endedOf(state), instance: shown },
      lines: pairs(
        [
          ['Name', adopted],
          ['Address', `${url} (not started yet)`],
          ['Director', options.directorEmail],
          ['Password', shown.password],
        ],
        text => session.out.paint('dim', text),
      ),
    }
  })
}
