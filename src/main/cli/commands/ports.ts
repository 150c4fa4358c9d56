/** `ports`: moves several instances to free ports. */
import { urlOf } from '../../../shared/address'
import { changePortManyJob } from '../../../shared/jobs/ports'
import { many, resultOfMany, withOperations } from '../operate'
import { cleanLine } from '../print/clean'
import { pairs } from '../print/table'
import type { CommandSession, Result } from '../session'
import { requireOneWay } from './lifecycle'
import { instancesOf } from './list'

export interface PortsOptions {
  readonly all?: boolean
  readonly dryRun?: boolean
}

export async function ports(
  session: CommandSession,
  first: number,
  given: readonly string[],
  { all, dryRun }: PortsOptions,
): Promise<Result> {
  requireOneWay(given, { all })
  const { client } = await session.engine('look')
  const names = all
    ? (await instancesOf(client)).instances.filter(it => it.foreign === undefined).map(it => it.name)
    : [...new Set(given)]
  if (names.length === 0) return { data: [], lines: ['Nothing to do.'] }
  const free = await client.instances.suggestPorts.query({ from: first, count: names.length })
  const items = names.flatMap((name, index) => ({ name, port: free[index] ?? first }))
  const lines = pairs(
    items.map(it => [cleanLine(it.name), urlOf(it)]),
    it => it,
  )
  if (dryRun) return { data: items, lines }
  return withOperations(session, async services =>
    resultOfMany(session, await many(services, { kind: changePortManyJob.kind, items }), lines),
  )
}
