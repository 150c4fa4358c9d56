/** `space`: shows free disk space and frees some. */
import { bytes, count, percent } from '../../../shared/amounts'
import type { MachineUse } from '../../../shared/machine'
import {
  freeableTitle,
  harmless,
  isLow,
  type DiskSpace,
  type FreeableKind,
  type SpaceReport,
} from '../../../shared/space'
import type { Client } from '../engine'
import type { Paint } from '../print/style'
import { cleanLine } from '../print/clean'
import { pairs } from '../print/table'
import type { Result, CommandSession } from '../session'

export async function status(session: CommandSession): Promise<Result> {
  const { client } = await session.engine('look')
  const [report, machine, { instances }] = await Promise.all([
    client.space.report.query(),
    client.space.machine.query(),
    client.instances.list.query(),
  ])
  const databases = instances.reduce((sum, it) => sum + (it.databaseSize ?? 0), 0)
  return {
    data: { ...report, machine },
    lines: [...linesOf(report, session.out.paint), '', ...machineLines(machine, databases)],
  }
}

export async function free(session: CommandSession, { logs }: { readonly logs?: boolean }): Promise<Result> {
  const { client } = await session.engine('change')
  const before = await client.space.report.query()
  const what: FreeableKind[] = [...harmless, ...(logs ? ['logs' as const] : [])]
  const disk = await client.space.free.mutate({ what })
  const freed = Math.max(0, disk.free - before.disk.free)
  return {
    data: { freed, disk, what: before.freeable.filter(it => what.includes(it.what)) },
    lines: [`Freed ${bytes(freed)}. ${diskLine(disk)}`],
  }
}

const diskLine = ({ free: left, total, reserve, path }: DiskSpace): string =>
  `${bytes(left)} of ${bytes(total)} free at ${cleanLine(path)}; ${bytes(reserve)} should stay free.`

function linesOf({ disk, freeable }: SpaceReport, paint: Paint): string[] {
  const some = freeable.filter(it => it.count > 0 || it.bytes > 0)
  return [
    paint(isLow(disk) ? 'red' : 'green', diskLine(disk)),
    ...(some.length
      ? [
          '',
          'Can be freed:',
          ...some.map(it => `  ${bytes(it.bytes)}  ${freeableTitle(it)}${it.what === 'logs' ? ' (--logs)' : ''}`),
        ]
      : []),
  ]
}

const machineLines = ({ cores, cpu = 0, memory, folders }: MachineUse, databases: number): string[] =>
  pairs(
    [
      ['Databases', bytes(databases)],
      ['Instances’ files', folders && bytes(folders.instances)],
      ['Prepared releases', folders && bytes(folders.releases)],
      ['Logs', folders && bytes(folders.logs)],
      ['Memory', `${bytes(memory.available)} of ${bytes(memory.total)} available`],
      ['CPU', `${percent(cpu)} of ${count(cores, 'core')}`],
    ],
    it => it,
  )

/** A warning for `list` and `status`; undefined unless space is low. */
export async function lowLine(client: Client): Promise<string | undefined> {
  const { disk, freeable } = await client.space.report.query()
  if (!isLow(disk)) return undefined
  const can = freeable.reduce((sum, it) => sum + it.bytes, 0)
  return `The disk is nearly full: ${diskLine(disk)} ${can ? `Up to ${bytes(can)} can be freed with “instance-manager space free”.` : ''}`.trim()
}
