/** `infra activity` and `infra cancel-query`: what the databases are doing, and ending a query or a connection. */
import { bytes, count, duration, uptime } from '../../../shared/amounts'
import {
  isNearLimit,
  longAfter,
  type DatabaseActivity,
  type InstanceDatabase,
  type Session,
} from '../../../shared/database-activity'
import { problem } from '../../../shared/problem'
import { exitCodes } from '../exit-codes'
import { cleanLine } from '../print/clean'
import { problemLines } from '../print/problem'
import type { Paint } from '../print/style'
import { pairs, table } from '../print/table'
import type { CommandSession, Result } from '../session'

export async function activity(session: CommandSession): Promise<Result> {
  const { client } = await session.engine('look')
  const found = await client.infrastructure.activity.query()
  const { problem: down, poolProblem } = found
  if (!session.json)
    for (const it of [down, poolProblem]) if (it) session.err.lines(problemLines(it, session.err.paint))
  return {
    exit: down ? exitCodes.failed : exitCodes.done,
    data: found,
    lines: down ? [] : activityLines(found, session.out.paint),
  }
}

function activityLines({ server, databases, long, locks }: DatabaseActivity, paint: Paint): string[] {
  const dim = (text: string): string => paint('dim', text)
  const part = (title: string, lines: readonly string[]): string[] => ['', title, ...lines.map(it => `  ${it}`)]
  const sessions = (all: readonly Session[]): string[] => table(sessionColumns, all, dim)
  return [
    ...pairs(
      [
        ['Connections', server && `${server.connections} of ${server.limit}`],
        ['Databases', server?.size === undefined ? undefined : bytes(server.size)],
        ['Others', server && `${count(server.others.connections, 'connection')} to other databases`],
      ],
      dim,
    ),
    ...part('Instances', databases.length > 0 ? databaseLines(databases, paint) : ['none']),
    ...part(`Longer than ${longAfter} s`, long.length > 0 ? sessions(long) : ['none']),
    ...locks.flatMap(({ waiting, blockers }) =>
      part(`Process ${waiting.pid} is waiting for`, blockers.length > 0 ? sessions(blockers) : ['PostgreSQL itself']),
    ),
  ]
}

const databaseLines = (databases: readonly InstanceDatabase[], paint: Paint): string[] =>
  table<InstanceDatabase>(
    [
      { title: 'NAME', text: it => cleanLine(it.instance) },
      {
        title: 'CONNECTIONS',
        text: it => (it.limit === undefined ? String(it.connections) : `${it.connections} of ${it.limit}`),
        paint: (text, it) => (isNearLimit(it) ? paint('yellow', text) : text),
      },
      { title: 'ACTIVE', right: true, text: it => String(it.active) },
      { title: 'CLIENTS', right: true, text: it => (it.pool ? String(it.pool.clients) : '-') },
      {
        title: 'WAITING',
        text: ({ pool }) =>
          !pool
            ? '-'
            : pool.waiting > 0
              ? `${pool.waiting} for ${duration(pool.longestWait)}`
              : pool.paused
                ? 'paused'
                : '0',
        paint: (text, { pool }) => (pool && (pool.waiting > 0 || pool.paused) ? paint('yellow', text) : text),
      },
      { title: 'SIZE', right: true, text: it => (it.size === undefined ? '-' : bytes(it.size)) },
    ],
    databases,
    text => paint('dim', text),
  )

const sessionColumns = [
  { title: 'PROCESS', right: true, text: (it: Session) => String(it.pid) },
  {
    title: 'INSTANCE',
    text: (it: Session) => (it.instance !== undefined && it.own ? cleanLine(it.instance) : 'other'),
  },
  { title: 'FOR', right: true, text: (it: Session) => uptime(it.seconds * 1000) },
  { title: 'QUERY', text: (it: Session) => `${it.state === 'idle' ? 'idle after: ' : ''}${cleanLine(it.text)}` },
]

export interface CancelOptions {
  readonly terminate?: boolean
}

/** @param pid a process that `activity` lists */
export async function cancelQuery(session: CommandSession, pid: number, options: CancelOptions): Promise<Result> {
  const { client } = await session.engine('change')
  const { long, locks, problem: down } = await client.infrastructure.activity.query()
  const found = [...long, ...locks.flatMap(it => [it.waiting, ...it.blockers])].find(it => it.pid === pid)
  if (!found)
    throw problem(
      down ?? {
        code: 'session-gone',
        message: `Process ${pid} isn’t running a long query and isn’t waiting for a lock.`,
        hint: '“infra activity” lists those that can be ended.',
      },
    )
  const how = options.terminate ? 'terminate' : 'cancel'
  const { opened, query, transaction } = found
  await client.infrastructure.endSession.mutate({ session: { pid, opened, query, transaction }, how })
  const what = how === 'cancel' ? 'The query is cancelled' : 'The connection is terminated'
  return { data: { session: found, how }, lines: [`${what}: process ${pid}, ${cleanLine(found.instance ?? 'other')}.`] }
}
