/** Containers as the guide leaves them, hardened in a real window. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import { openWorkspace } from '../../src/main/compose'
import { settingsSchema } from '../../src/shared/settings'
import { makeDatabase, type CliInstance } from '../support/cli-instance'
import { GuideContainers } from '../support/guide-containers'
import { podmanForTests } from '../support/podman/podman'
import { mustSucceed, product, version } from '../support/workspace'
import { withConnection } from '../../src/main/infrastructure/connection'
import { ControlRoom } from './pages/control-room'
import { violations } from './support/accessible'
import { expect, test } from './support/fixtures'
import { settled } from './support/looks'
import { answerOf, tinyHome, type TinyHome } from './support/tiny-home'

let place: TinyHome
let school: CliInstance
let guide: GuideContainers
let window: Page
let room: ControlRoom

const podman = await podmanForTests()
test.skip('missing' in podman, 'missing' in podman ? podman.missing : '')

const name = `im-test-harden-${process.pid}`
const containers = { postgres: `${name}-postgres`, pgbouncer: `${name}-pgbouncer` }

test.beforeAll(async () => {
  if ('missing' in podman) return
  place = await tinyHome()
  const images = { postgresImage: podman.images.postgres, pgbouncerImage: podman.images.pgbouncer }
  const settings = { driver: 'podman', ports: place.ports, containers: { ...containers, ...images } }
  await writeFile(place.defaults, JSON.stringify(settings))
  guide = new GuideContainers('podman', podman.images, settingsSchema.parse(settings))
  await guide.run()
  const home = place.home.path
  const services = await openWorkspace(
    {
      kind: 'command',
      version,
      home,
      product,
      data: join(home, 'data'),
      defaults: place.defaults,
      pm2Home: join(home, '.pm2'),
    },
    place.root,
  )
  mustSucceed(await services.operations.settled(await services.operations.start('infrastructure-start', {})))
  await services.close()
  school = await place.layOut('School')
  await makeDatabase({ sql: async text => (await guide.psql(text), []) }, school)
  await place.startByCli(school)
  ;({ window } = await place.launch({ workspace: place.root }))
  room = new ControlRoom(window)
})
test.afterAll(async () => {
  await place.remove()
  await guide.remove()
})

test('the warning’s button shows what changes and what it costs; refused while an instance is the superuser', async () => {
  const env = join(school.server, '.env')
  const text = await readFile(env, 'utf8')
  await writeFile(env, text.replaceAll(school.role, 'postgres'))
  await room.go('Infrastructure')
  await room.problem('accepts some connections without').getByRole('button', { name: 'Harden…' }).click()
  const dialog = room.dialog('Harden PostgreSQL and PgBouncer?')
  await expect(dialog).toContainText('“School” logs in as postgres, which is a superuser.')
  await expect(dialog.getByRole('button', { name: 'Harden' })).toBeDisabled()
  await dialog.getByRole('button', { name: 'Cancel' }).click()
  await writeFile(env, text)
})

test('step by step, and the warning is gone', async () => {
  await room.problem('accepts some connections without').getByRole('button', { name: 'Harden…' }).click()
  const dialog = room.dialog('Harden PostgreSQL and PgBouncer?')
  await expect(dialog.getByRole('region', { name: 'What it costs' })).toContainText('up to 5 seconds: School')
  await settled(window)
  expect(await violations(window)).toEqual([])
  await dialog.getByRole('button', { name: 'Harden' }).click()
  await expect(window.getByRole('region', { name: 'Progress' })).toContainText('Replace PgBouncer')
  await expect(room.told('The infrastructure is hardened.')).toBeVisible({ timeout: 120_000 })
  await expect(room.problem('accepts some connections without')).toBeHidden()
  await expect(window.getByText('Podman, adopted')).toHaveCount(1) // PostgreSQL, which stays
  const security = window.getByRole('region', { name: 'Security' })
  await expect(security).toContainText('Every connection needs a password')
  await expect(security).not.toContainText('127.0.0.1 only') // of PostgreSQL’s container, that isn’t so
  expect(await answerOf(school.port)).toContain('School')
  const { role: user, database } = school
  for (const port of [place.ports.postgres, place.ports.pgbouncer]) {
    await withConnection({ port, user, database, password: school.password }, () => Promise.resolve())
    await expect(
      withConnection({ port, user, database, password: 'any password' }, () => Promise.resolve()),
    ).rejects.toThrow()
  }
})
