/** What every move of PostgreSQL must keep, whatever it leads from and to. */
import { join } from 'node:path'
import { expect } from 'vitest'
import type { DriverKind } from '../../../src/shared/infrastructure'
import { moveJob, removeFormerJob } from '../../../src/shared/jobs/move'
import type { OperationState } from '../../../src/shared/operation'
import { exists } from '../../../src/main/system/files'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { expectNoTrap, kept, layOutTenant, type Tenant } from '../../support/moved'
import { makeTiny } from '../../support/tiny-base'
import { mustSucceed, testWorkspace, type TestWorkspace, type WorkspaceOptions } from '../../support/workspace'

/** A workspace with a running instance, `busy`, and a tenant's database. */
export interface Movable {
  readonly workspace: TestWorkspace
  readonly tenant: Tenant
  /** Everything that a move must keep. */
  readonly before: Awaited<ReturnType<typeof kept>>
}

export async function movable(options: Pick<WorkspaceOptions, 'driver' | 'images' | 'engines'>): Promise<Movable> {
  const workspace = await testWorkspace({ ...options, prepare: makeTiny })
  await workspace.open()
  await workspace.startInfrastructure()
  mustSucceed(await workspace.create({ name: 'busy' }))
  const tenant = await layOutTenant(workspace, 'Old-one')
  return { workspace, tenant, before: await kept(workspace) }
}

/** @returns the operation, which has settled */
export async function run({ services }: TestWorkspace, kind: string, input: object = {}): Promise<OperationState> {
  return await services.operations.settled(await services.operations.start(kind, input))
}

interface Place {
  readonly driver: DriverKind
  /** PostgreSQL's. */
  readonly image?: string
}

/** Moves PostgreSQL, and removes the old one. @returns the new one's version */
export async function moveWhole(it: Movable, wanted: Place): Promise<string | undefined> {
  const { services } = it.workspace
  const { driver } = await services.infrastructure.status()
  const { containers } = await services.settings.read()
  const review = await services.moving.review(wanted)
  expect(review).toMatchObject({ from: driver, to: wanted.driver, instances: ['busy'], own: true, refused: [] })
  expect(review.databases.map(one => one.name)).toEqual(['busy_db', 'old-one_db'])
  mustSucceed(await run(it.workspace, moveJob.kind, wanted))
  return await expectWhole(it, { driver, image: containers.postgresImage })
}

/**
 * All is there after a move, and instances run again. The old PostgreSQL is kept, and removed at the end.
 * @param from where it was @returns its version
 */
export async function expectWhole({ workspace, tenant, before }: Movable, from: Place): Promise<string | undefined> {
  const { services } = workspace
  const status = await services.infrastructure.status()
  const running = { state: 'running' }
  expect(status).toMatchObject({ postgres: running, pgbouncer: running, former: { driver: from.driver } })
  expect(await kept(workspace)).toEqual(before)
  await expectNoTrap(workspace)
  expect(await tenant.query('SELECT count(*)::int AS all FROM seen')).toEqual([{ all: 1715 }])
  // Autovacuum never analyzes a partitioned table.
  const analyzed = "SELECT DISTINCT tablename AS it FROM pg_stats WHERE tablename IN ('parts', 'bait') ORDER BY it"
  expect(await tenant.query(analyzed)).toEqual([{ it: 'bait' }, { it: 'parts' }])
  const { instances } = await services.instances.registry.list()
  expect(instances.filter(one => one.status === 'online').map(one => one.name)).toEqual(['busy'])
  if (from.driver !== status.driver)
    expect(await services.moving.review(from)).toMatchObject({
      refused: [{ code: 'place-taken' }, { code: 'former-kept' }],
    })
  mustSucceed(await run(workspace, removeFormerJob.kind))
  expect((await services.infrastructure.status()).former).toBeUndefined()
  expect(await tenant.query('SELECT count(*)::int AS all FROM seen')).toEqual([{ all: 1715 }])
  // where Docker is, is forgotten with the last that was there
  const place = join(workspacePaths(workspace.root).state, 'docker.json')
  expect(await exists(place)).toBe(status.driver === 'docker')
  return status.postgres.version
}
