/** `pm2 restart`: exchanges PM2's daemon for the installed version's. */
import { processManagerJob } from '../../../shared/jobs/process-manager'
import { toFailure } from '../failure'
import { many, resultOfMany, withOperations } from '../operate'
import { cleanLine } from '../print/clean'
import type { CommandSession, Result } from '../session'

export const restart = (session: CommandSession): Promise<Result> =>
  withOperations(session, async services => {
    try {
      return resultOfMany(session, await many(services, { kind: processManagerJob.kind }))
    } catch (error) {
      const { problem } = toFailure(error)
      if (problem.code !== 'pm2-current') throw error
      if (!session.json) session.say(cleanLine(problem.message))
      return { data: [] }
    }
  })
