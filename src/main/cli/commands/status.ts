/** `status`: the workspace as a whole, or one instance in full. */
import { bytes, count, percent, uptime } from '../../../shared/amounts'
import { outdatedWords } from '../../../shared/outdated-pm2'
import type { InstanceList, InstanceView } from '../../../shared/instance'
import { isOpen, type OperationState } from '../../../shared/operation'
import { updateHint, updateTitle, type Update } from '../../../shared/update'
import type { Client } from '../engine'
import { refused } from '../failure'
import { cleanLine } from '../print/clean'
import { problemLines } from '../print/problem'
import { serviceLines } from '../print/services'
import { pairs } from '../print/table'
import type { Result, CommandSession } from '../session'
import { instancesOf, tableOf, tellTroubles } from './list'
import { lowLine } from './space'

export async function status(session: CommandSession, name: string | undefined): Promise<Result> {
  const { client } = await session.engine('look')
  return name === undefined ? whole(session, client) : one(session, client, name)
}

async function whole(session: CommandSession, client: Client): Promise<Result> {
  const [list, infrastructure, { operations, unreadable }, low, update] = await Promise.all([
    instancesOf(client),
    client.infrastructure.status.query(),
    client.operations.list.query(),
    lowLine(client),
    client.app.update.query(),
  ])
  const open = operations.filter(isOpen)
  if (!session.json) {
    tellTroubles(session, list)
    for (const it of [low, ...newerLines(list, update)])
      if (it !== undefined) session.err.line(`${session.err.paint('yellow', '!')} ${it}`)
    for (const { problem } of unreadable) session.err.lines(problemLines(problem, session.err.paint))
  }
  return {
    data: { infrastructure, instances: list, open, unreadable, ...(update && { update }) },
    lines: [
      ...serviceLines(infrastructure, session.out.paint),
      '',
      ...tableOf(list.instances, session.out.paint),
      ...(open.length ? await openLines(open) : []),
    ],
  }
}

/** What isn't the newest of ours: the process manager, and the product. */
export const newerLines = ({ outdatedPm2 }: Pick<InstanceList, 'outdatedPm2'>, update: Update | null): string[] => [
  ...(outdatedPm2
    ? [`${outdatedWords(outdatedPm2)} Restart the process manager with “instance-manager pm2 restart”.`]
    : []),
  ...(update ? [`${updateTitle(update)} ${updateHint(update)}`] : []),
]

async function openLines(open: readonly OperationState[]): Promise<string[]> {
  const { headline } = await import('../../../shared/jobs/words') // brings all jobs and zod along
  return ['', `${count(open.length, 'open operation')}:`, ...open.map(it => `  ${it.id}  ${cleanLine(headline(it))}`)]
}

async function one(session: CommandSession, client: Client, name: string): Promise<Result> {
  const [list, details] = await Promise.all([instancesOf(client), client.instances.details.query({ name })])
  const view = list.instances.find(it => it.name === name)
  if (!view)
    throw refused({
      code: 'instance-unknown',
      message: `There is no instance “${name}”.`,
      hint: 'Run “instance-manager list” to list them.',
    })
  const { boot, database, paths, env, logs } = details
  return {
    data: { instance: view, details },
    lines: pairs(
      [
        ['Name', view.name],
        ['Status', statusOf(view)],
        ['Address', view.url],
        ['Uptime', view.startedAt === undefined ? undefined : uptime(Date.now() - view.startedAt)],
        ['Restarts', view.restarts?.toString()],
        ['CPU', view.cpu === undefined ? undefined : percent(view.cpu)],
        ['Memory', view.memory === undefined ? undefined : bytes(view.memory)],
        ['Created', view.created],
        [
          'Database',
          `${database.name}, role ${database.role}, on ${database.host}:${database.port}${database.pooled ? ' (pooled)' : ' (direct)'}`,
        ],
        ['Boot time', `${boot.seconds} s${boot.own ? '' : ', from the manifest'}`],
        ['Folder', paths.folder],
        ['Uploads', paths.uploads],
        ['Settings', env.map(({ key, value }) => `${key}=${value ?? '…'}`).join(' ')],
        ['Logs', logs.map(it => `${it.path} (${bytes(it.bytes)})`).join(', ') || undefined],
      ].map(([key, value]) => [key ?? '', value === undefined ? undefined : cleanLine(value)]),
      text => session.out.paint('dim', text),
    ),
  }
}

function statusOf(view: InstanceView): string {
  if (view.foreign !== undefined) return `copy: ${view.foreign}`
  return view.trouble ? `${view.status}: ${view.trouble.cause}` : view.status
}
