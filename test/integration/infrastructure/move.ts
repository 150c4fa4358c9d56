/** What every move must do, whatever it leads from and to. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DriverKind } from '../../../src/shared/infrastructure'
import { moveJob, removeFormerJob } from '../../../src/shared/jobs/move'
import { exists } from '../../../src/main/system/files'
import { workspacePaths } from '../../../src/main/workspace/paths'
import type { Images } from '../../support/images/images'
import { expectNoTrap, kept, layOutTenant, type Tenant } from '../../support/moved'
import { makeTiny } from '../../support/tiny-base'
import { mustSucceed, testWorkspace, type TestWorkspace } from '../../support/workspace'

/** @param to one after the other; with an image: of PostgreSQL */
export function moveSuite(
  name: string,
  {
    images,
    from,
    to,
  }: {
    readonly images: Images
    readonly from: DriverKind
    readonly to: readonly { readonly driver: DriverKind; readonly image?: string; readonly version: string }[]
  },
): void {
  describe(`moving ${name}`, () => {
    let workspace: TestWorkspace
    let tenant: Tenant
    let before: Awaited<ReturnType<typeof kept>>

    const run = async (kind: string, input: object = {}) =>
      await workspace.services.operations.settled(await workspace.services.operations.start(kind, input))
    const running = async (): Promise<string[]> =>
      (await workspace.services.instances.registry.list()).instances
        .filter(found => found.status === 'online')
        .map(found => found.name)

    beforeAll(async () => {
      const engines = [from, ...to.map(one => one.driver)].filter(one => one !== 'embedded')
      workspace = await testWorkspace({ driver: from, images, engines, prepare: makeTiny })
      await workspace.open()
      await workspace.startInfrastructure()
      mustSucceed(await workspace.create({ name: 'busy' }))
      tenant = await layOutTenant(workspace, 'Old-one')
      before = await kept(workspace)
    })
    afterAll(() => workspace.remove())

    it.each(to)(
      'to $driver, PostgreSQL $version: all is there, and instances run again',
      async ({ version, ...wanted }) => {
        const { services } = workspace
        const { driver: left } = await services.infrastructure.status()
        const review = await services.moving.review(wanted)
        expect(review).toMatchObject({ from: left, to: wanted.driver, instances: ['busy'], own: true, refused: [] })
        expect(review.databases.map(one => one.name)).toEqual(['busy_db', 'old-one_db'])
        mustSucceed(await run(moveJob.kind, wanted))
        const status = await services.infrastructure.status()
        expect(status).toMatchObject({
          driver: wanted.driver,
          postgres: { state: 'running' },
          pgbouncer: { state: 'running' },
          former: { driver: left },
        })
        expect(status.postgres.version).toMatch(new RegExp(`^${version}\\.`))
        expect(await kept(workspace)).toEqual(before)
        await expectNoTrap(workspace)
        expect(await tenant.query('SELECT count(*)::int AS all FROM seen')).toEqual([{ all: 1715 }])
        expect(await running()).toEqual(['busy'])
        // Only one is kept, and its place isn't free.
        const back = await services.moving
          .review({ driver: left, image: images.postgres })
          .catch((error: unknown) => error)
        if (left !== wanted.driver)
          expect(back).toMatchObject({ refused: [{ code: 'place-taken' }, { code: 'former-kept' }] })
        mustSucceed(await run(removeFormerJob.kind))
        expect(await kept(workspace)).toEqual(before)
        expect((await services.infrastructure.status()).former).toBeUndefined()
        // where Docker is, is forgotten with the last that was there
        expect(await exists(join(workspacePaths(workspace.root).state, 'docker.json'))).toBe(wanted.driver === 'docker')
        await workspace.stopInfrastructure()
        await workspace.startInfrastructure()
        expect(await tenant.query('SELECT count(*)::int AS all FROM seen')).toEqual([{ all: 1715 }])
      },
    )
  })
}
