/** What maintenance would do now. Changes nothing. */
import type { MaintenanceReview } from '../../shared/maintenance'
import { toProblem } from '../../shared/problem'
import { bloatedIndexes } from './indexes'
import { ownNames } from './maintenance'
import { tenantLogin } from '../instances/tenant-login'
import { requirePostgres, type MaintenanceServices } from './services'
import { withTenant } from './session'
import { changedTables, measure } from './tables'

/** Of these instances, or all; one database at a time. @throws Problem `infrastructure-stopped` */
export async function reviewMaintenance(
  services: MaintenanceServices,
  names: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<readonly MaintenanceReview[]> {
  await requirePostgres(services)
  const found: MaintenanceReview[] = []
  for (const name of names ?? (await ownNames(services))) found.push(await reviewOne(services, name, signal))
  return found
}

async function reviewOne(services: MaintenanceServices, name: string, signal: AbortSignal): Promise<MaintenanceReview> {
  try {
    const login = await tenantLogin(services, name)
    return await withTenant(
      login,
      () => services.infrastructure.admin(),
      signal,
      async session => {
        const [{ dead }, tables, indexes] = [
          await measure(session),
          await changedTables(session),
          await bloatedIndexes(session),
        ]
        const bloated = indexes.map(it => ({ name: it.name, bytes: it.bytes, needed: it.needed }))
        return { name, tables: tables.length, dead, bloated }
      },
    )
  } catch (error) {
    signal.throwIfAborted()
    return { name, problem: toProblem(error) }
  }
}
