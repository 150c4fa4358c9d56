/** Maintains the database of one instance, while it runs. Nothing is undone: a vacuumed table has nothing to put back. */
import { DatabaseError } from 'pg'
import { bytes, capital, count, enumerate } from '../../shared/amounts'
import { databaseNames } from '../../shared/instance'
import { maintainJob, type MaintainPlan } from '../../shared/jobs/maintenance'
import { ProblemError, type Problem } from '../../shared/problem'
import { hasCode } from '../infrastructure/connection'
import { difference, targetContradiction } from '../instances/lifecycle/derived'
import { findOwn } from '../instances/lifecycle/target'
import { implement, type StepActions } from '../operations/implement'
import type { AnyOperation, Context } from '../operations/operation'
import { bloatedIndexes, dropLeftovers, rebuild, type Index } from './indexes'
import { tenantLogin } from '../instances/tenant-login'
import { requirePostgres, type MaintenanceServices } from './services'
import { isLocked, statementTimeout, withTenant, type TenantSession } from './session'
import { changedTables, measure, vacuum, type Table } from './tables'

type Actions = StepActions<MaintainPlan>

export const maintaining = (services: MaintenanceServices): AnyOperation =>
  implement(maintainJob, {
    async plan({ name }) {
      await requirePostgres(services)
      const { target } = await findOwn(services, name)
      return { target, ...databaseNames(name) }
    },
    contradiction: async ({ target, database, role }, subject) =>
      difference({ database, role }, databaseNames(target.name)) ??
      (await targetContradiction(services, subject, target)),
    ready: () => requirePostgres(services),
    steps: { vacuum: vacuumAll(services), reindex: reindexBloated(services) },
  })

const inDatabase = async <T>(
  services: MaintenanceServices,
  { plan, signal }: Context<MaintainPlan>,
  work: (session: TenantSession) => Promise<T>,
): Promise<T> => {
  const login = await tenantLogin(services, plan.target.name)
  return await withTenant(login, () => services.infrastructure.admin(), signal, work)
}

const again = (): Promise<boolean> => Promise.resolve(false)

const vacuumAll = (services: MaintenanceServices): Actions => ({
  do: context =>
    inDatabase(services, context, async session => {
      const dropped = await leftoversDropped(session)
      if (dropped.length > 0) context.note(`Removed the remains of an interrupted rebuild: ${named(dropped)}.`)
      const before = await measure(session)
      const tables = await changedTables(session)
      const failures = await each(tables, context, it => vacuum(session, it))
      const after = await measure(session)
      return {
        figures: {
          tables: tables.length - failures.length,
          deadBefore: before.dead,
          deadAfter: after.dead,
          bytesBefore: before.bytes,
        },
        ...failed('vacuumed', 'table', failures),
      }
    }),
  verify: again,
})

const reindexBloated = (services: MaintenanceServices): Actions => ({
  do: context =>
    inDatabase(services, context, async session => {
      const indexes = await bloatedIndexes(session)
      const failures = await each(indexes, context, async it => {
        await services.space.require('rebuilding an index', it.needed * 2, true) // the index, and its write-ahead log
        const size = await rebuild(session, it)
        context.note(`Rebuilt \`${it.name}\`: ${bytes(it.bytes)}, now ${bytes(size)}.`)
      })
      const { bytes: bytesAfter } = await measure(session)
      return {
        figures: { indexes: indexes.length - failures.length, bytesAfter },
        ...failed('rebuilt', 'index', failures),
      }
    }),
  verify: again,
})

interface Failure {
  readonly name: string
  readonly why: string
}

/** Works on one after the other. If one fails, the others still get their turn. @returns those that failed */
async function each<Thing extends Table | Index>(
  things: readonly Thing[],
  { report, signal }: Context<MaintainPlan>,
  work: (thing: Thing) => Promise<void>,
): Promise<readonly Failure[]> {
  const failures: Failure[] = []
  for (const [index, it] of things.entries()) {
    report({ fraction: index / things.length, text: `${it.name} (${index + 1} of ${things.length})` })
    try {
      await work(it)
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof DatabaseError || error instanceof ProblemError)) throw error // the connection is gone
      if (hasCode(error, '42P01') || hasCode(error, '42704')) continue // it was dropped meanwhile
      failures.push({ name: it.name, why: whyOf(error) })
    }
  }
  return failures
}

/** Leaves those whose table another session has locked to the next run. */
const leftoversDropped = (session: TenantSession): Promise<readonly string[]> =>
  dropLeftovers(session).catch((error: unknown) => {
    if (isLocked(error)) return []
    throw error
  })

function whyOf(error: unknown): string {
  if (isLocked(error)) return 'another session had it locked for too long'
  if (hasCode(error, '57014')) return `it took longer than ${statementTimeout / 60_000} minutes`
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
}

/** What a step failed to do, as part of its result. */
function failed(done: string, noun: string, failures: readonly Failure[]): { readonly problem?: Problem } {
  if (failures.length === 0) return {}
  return {
    problem: {
      code: 'maintenance-incomplete',
      message: `${capital(several(failures.length, noun))} couldn’t be ${done}.`,
      cause: `${enumerate(failures.map(it => `\`${it.name}\` (${it.why})`))}.`,
      hint: 'Everything else was done. If this keeps happening, look for long queries and locks under Connections.',
    },
  }
}

const several = (number: number, noun: string): string =>
  number > 1 && noun === 'index' ? `${number} indexes` : count(number, noun)

const named = (names: readonly string[]): string => enumerate(names.map(it => `\`${it}\``))
