/** Commands that run a job on an existing instance. */
import { urlOf } from '../../../shared/address'
import type { InstanceHost } from '../../../shared/instance'
import type { SimpleKind } from '../../../shared/jobs'
import { changePortJob, startJob, stopJob } from '../../../shared/jobs/lifecycle'
import { bulkOf, manyJob, type BulkAction } from '../../../shared/jobs/many'
import type { rollbackJob } from '../../../shared/jobs/rebuild'
import { renameJob } from '../../../shared/jobs/rename'
import { wordsOf } from '../../../shared/jobs/words'
import { isOpen, waitsForInfrastructure } from '../../../shared/operation'
import { exitCodes } from '../exit-codes'
import { wrongUsage } from '../failure'
import {
  endedOf,
  many,
  mustSucceed,
  notesOf,
  notesOfAll,
  one,
  resultOfMany,
  succeed,
  withOperations,
  type Each,
  type FollowServices,
} from '../operate'
import { cleanLine } from '../print/clean'
import type { Result, CommandSession } from '../session'

export interface LifecycleOptions {
  readonly all?: boolean
  readonly stopOther?: boolean
  readonly confirm?: string
}

export type RenameOptions = Pick<LifecycleOptions, 'confirm'>

export function lifecycle(
  session: CommandSession,
  action: BulkAction,
  names: readonly string[],
  options: LifecycleOptions,
): Promise<Result> {
  requireOneWay(names, options)
  return withOperations(session, async services => {
    const { instances } = await services.client.instances.list.query()
    const { passesOver, needsInfrastructure } = bulkOf(action)
    const chosen = options.all
      ? instances
          .filter(
            it => it.foreign === undefined && it.status !== passesOver && !(action === stopJob.kind && it.protected),
          )
          .map(it => it.name)
      : names
    if (needsInfrastructure && instances.some(it => chosen.includes(it.name))) await bringUp(services)
    return run(session, services, action, chosen, options)
  })
}

export function resurrect(
  session: CommandSession,
  names: readonly string[],
  options: LifecycleOptions,
): Promise<Result> {
  if (names.length && options.all) throw wrongUsage('Use either instance names or --all, not both.')
  return withOperations(session, async services => {
    await bringUp(services) // even if every instance is running: after a reboot, PM2 may have started them already
    await finishInterrupted(services)
    const chosen = names.length ? names : (await services.client.instances.list.query()).down
    return run(session, services, startJob.kind, chosen, {})
  })
}

export function port(
  session: CommandSession,
  name: string,
  to: number,
  { allowSharedPort = false, host }: { readonly allowSharedPort?: boolean; readonly host?: InstanceHost },
): Promise<Result> {
  return withOperations(session, async services => {
    const operation = endedOf(
      await succeed(services, { kind: changePortJob.kind, name, port: to, allowSharedPort, host }),
    )
    return { data: { operation }, lines: [`${cleanLine(name)}  ${urlOf({ port: to })}`] }
  })
}

export function rename(session: CommandSession, name: string, to: string, { confirm }: RenameOptions): Promise<Result> {
  return withOperations(session, async services => {
    const operation = await succeed(services, { kind: renameJob.kind, name, to, typed: confirm })
    return { data: { operation: endedOf(operation) }, lines: [cleanLine(wordsOf(operation).done)] }
  })
}

/** Starts PostgreSQL and PgBouncer first, as a visible operation. @throws Failure if they can't be started */
async function bringUp({ follower }: FollowServices): Promise<void> {
  const state = await follower.runIfAny(client => client.infrastructure.bringUp.mutate())
  if (state) mustSucceed(state)
}

/**
 * Waits for what a crash or a power cut interrupted. What stopped because PostgreSQL wasn't running yet is continued:
 * a command doesn't watch the infrastructure, as a window does, and after a reboot there may be no window for days.
 */
async function finishInterrupted({ client, joined, follower }: FollowServices): Promise<void> {
  const left = follower.states.filter(it => isOpen(it) && (!joined || it.phase === 'stuck'))
  for (const { id } of left) {
    const state = await follower.follow(id, () => undefined)
    if (waitsForInfrastructure(state)) await follower.follow(id, () => client.operations.retry.mutate({ id }))
  }
}

/** Runs a job that only needs a name. */
export function simple(
  session: CommandSession,
  kind: SimpleKind | typeof rollbackJob.kind,
  name: string,
): Promise<Result> {
  return withOperations(session, async services => {
    const operation = await succeed(services, { kind, name })
    return { data: { operation: endedOf(operation) }, lines: notesOf(operation) }
  })
}

/** @throws Failure: neither names nor `--all`, or both */
export function requireOneWay(names: readonly string[], { all }: Pick<LifecycleOptions, 'all'>): void {
  if (names.length && all) throw wrongUsage('Use either instance names or --all, not both.')
  if (!names.length && !all) throw wrongUsage('Which instances?', 'Name one or more, or use --all.')
}

async function run(
  session: CommandSession,
  services: FollowServices,
  action: BulkAction,
  names: readonly string[],
  { stopOther = false, confirm }: LifecycleOptions,
): Promise<Result> {
  if (names.length === 0 && !session.json) session.say('Nothing to do.')
  const [name] = names
  const results =
    name !== undefined && names.length === 1
      ? [asAskedFor(session, await one(services, name, { kind: action, name, stopOther, typed: confirm }))]
      : names.length > 0
        ? await many(services, { kind: manyJob.kind, action, names: [...names], stopOther })
        : []
  return resultOfMany(session, results, notesOfAll(services, results))
}

/** Turns “already running” into a success when starting. */
function asAskedFor(session: CommandSession, each: Each): Each {
  if (each.problem?.code !== 'instance-running') return each
  if (!session.json) session.say(cleanLine(each.problem.message))
  return { name: each.name, exit: exitCodes.done }
}
