/** `infra`: the shared PostgreSQL and PgBouncer. */
import { serviceTitle, stateWords, type InfrastructureStatus, type ServiceStatus } from '../../../shared/infrastructure'
import { infrastructureStartJob, infrastructureStopJob } from '../../../shared/jobs/infrastructure'
import { endedOf, succeed, withOperations } from '../operate'
import { cleanLine } from '../print/clean'
import { problemLines } from '../print/problem'
import type { Paint, Style } from '../print/style'
import { table } from '../print/table'
import type { Result, CommandSession } from '../session'

export function change(session: CommandSession, how: 'up' | 'down' | 'restart'): Promise<Result> {
  return withOperations(session, async services => {
    const operations = []
    if (how !== 'up') operations.push(endedOf(await succeed(services, { kind: infrastructureStopJob.kind })))
    if (how !== 'down') operations.push(endedOf(await succeed(services, { kind: infrastructureStartJob.kind })))
    const infrastructure = await services.client.infrastructure.status.query()
    return { data: { operations, infrastructure }, lines: serviceLines(infrastructure, session.out.paint) }
  })
}

export async function status(session: CommandSession): Promise<Result> {
  const { client } = await session.engine('look')
  const infrastructure = await client.infrastructure.status.query()
  if (!session.json) for (const it of infrastructure.warnings) session.err.lines(problemLines(it, session.err.paint))
  return {
    data: infrastructure,
    lines: [
      `Driver ${infrastructure.driver}: ${cleanLine(infrastructure.reason)}`,
      ...serviceLines(infrastructure, session.out.paint),
    ],
  }
}

const styles: Readonly<Record<ServiceStatus['state'], Style>> = {
  running: 'green',
  'not-adopted': 'yellow',
  starting: 'cyan',
  restarting: 'yellow',
  stopping: 'cyan',
  stopped: 'dim',
  failed: 'red',
  absent: 'dim',
  unavailable: 'yellow',
}

export const serviceLines = ({ postgres, pgbouncer }: InfrastructureStatus, paint: Paint): string[] =>
  table<ServiceStatus>(
    [
      { title: 'SERVICE', text: it => serviceTitle[it.name] },
      {
        title: 'STATE',
        text: it => stateWords(it, { 'not-adopted': 'not adopted yet' }),
        paint: (text, it) => paint(styles[it.state], text),
      },
      { title: 'PORT', right: true, text: it => String(it.port) },
      { title: 'VERSION', text: it => it.version ?? '-' },
      { title: 'PROBLEM', text: it => cleanLine(it.problem?.message ?? '') },
    ],
    [postgres, pgbouncer],
    text => paint('dim', text),
  )
