/** `list`: every instance, one line each. */
import { bytes, enumerate, percent, uptime } from '../../../shared/amounts'
import { compareNames } from '../../../shared/compare-names'
import type { InstanceList, InstanceView } from '../../../shared/instance'
import { asCalled } from '../called'
import type { Client } from '../engine'
import { cleanLine } from '../print/clean'
import { problemLines } from '../print/problem'
import type { Paint, Style } from '../print/style'
import { table, type Column } from '../print/table'
import type { Result, CommandSession } from '../session'

export async function list(session: CommandSession, { csv = false }: { readonly csv?: boolean }): Promise<Result> {
  const { client } = await session.engine('look')
  const data = await instancesOf(client)
  if (!session.json) tellTroubles(session, data)
  const lines = csv
    ? (await import('../../../shared/instances-csv')).instancesCsv(data.instances).trimEnd().split('\n')
    : tableOf(data.instances, session.out.paint)
  return { data, lines }
}

/** In the order of the windows. */
export async function instancesOf(client: Client): Promise<InstanceList> {
  const found = await client.instances.list.query()
  return { ...found, instances: found.instances.toSorted((a, b) => compareNames(a.name, b.name)) }
}

const styles: Readonly<Record<InstanceView['status'], Style>> = {
  online: 'green',
  'no database': 'red',
  unstable: 'yellow',
  'not answering': 'red',
  stopped: 'dim',
  errored: 'red',
  'not in PM2': 'yellow',
  unknown: 'yellow',
}

const columns = (paint: Paint): Column<InstanceView>[] => [
  { title: 'NAME', text: it => cleanLine(it.name) },
  {
    title: 'STATUS',
    text: it => (it.foreign === undefined ? it.status : 'copy'),
    paint: (text, it) => paint(it.foreign === undefined ? styles[it.status] : 'yellow', text),
  },
  { title: 'PORT', right: true, text: it => String(it.port) },
  { title: 'UPTIME', right: true, text: it => (it.startedAt === undefined ? '-' : uptime(Date.now() - it.startedAt)) },
  { title: 'RESTARTS', right: true, text: it => String(it.restarts ?? '-') },
  { title: 'CPU', right: true, text: it => (it.cpu === undefined ? '-' : percent(it.cpu)) },
  { title: 'MEMORY', right: true, text: it => (it.memory === undefined ? '-' : bytes(it.memory)) },
  { title: 'ADDRESS', text: it => cleanLine(it.url) },
]

export function tableOf(instances: readonly InstanceView[], paint: Paint): string[] {
  if (instances.length === 0)
    return [asCalled('No instances yet. Run “instance-manager create --help” to see how to create one.')]
  return table(columns(paint), instances, text => paint('dim', text))
}

/** Prints trouble that the table can't show. */
export function tellTroubles(
  { err }: CommandSession,
  { instances, broken, lost, down, processProblem }: InstanceList,
): void {
  if (processProblem) err.lines(problemLines(processProblem, err.paint))
  for (const { folder, problem } of broken)
    err.line(`${err.paint('yellow', '!')} ${cleanLine(folder)}: ${cleanLine(problem.message)}`)
  for (const { name, foreign } of instances)
    if (foreign !== undefined)
      err.line(
        `${err.paint('yellow', '!')} ${cleanLine(name)} is a copy of another instance and can’t be used until it is adopted (“instance-manager adopt”). ${cleanLine(foreign)}`,
      )
  const cutOff = instances.filter(it => it.trouble?.code === 'infrastructure-stopped')
  if (cutOff.length)
    err.line(
      `${err.paint('yellow', '!')} No database: ${cleanLine(enumerate(cutOff.map(it => it.name)))}. ${cutOff[0]?.trouble?.cause} Start the infrastructure with “instance-manager infra up”.`,
    )
  for (const { trouble } of instances)
    if (trouble && trouble.code !== 'infrastructure-stopped')
      err.line(`${err.paint('yellow', '!')} ${cleanLine([trouble.message, trouble.cause].filter(Boolean).join(' '))}`)
  for (const { name, pid } of lost)
    err.line(
      `${err.paint('yellow', '!')} ${cleanLine(name)} is running as process ${pid}, but PM2 has lost track of it. Start it to take it over, or stop it.`,
    )
  if (down.length)
    err.line(
      `${err.paint('yellow', '!')} Should be running but aren’t: ${down.map(cleanLine).join(', ')}. Start them with “instance-manager resurrect”.`,
    )
}
