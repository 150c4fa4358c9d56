/** A rebuild that changes the database's schema, in a real window: rehearsed, consented to, done. */
import type { Locator, Page } from '@playwright/test'
import { withConnection } from '../../src/main/infrastructure/connection'
import { embeddedAdmin } from '../support/infrastructure'
import { installPrisma, type InstalledPrisma } from '../support/prisma'
import { makeSchemaBase, setVersion } from '../support/schema-base'
import { InstanceList } from './pages/instances'
import { OperationPage } from './pages/operation'
import { expect, test } from './support/fixtures'
import { tinyHome, type TinyHome } from './support/tiny-home'

let prisma: InstalledPrisma
let place: TinyHome
let window: Page
let list: InstanceList
let dialog: Locator

const sql = async <Row extends object>(text: string): Promise<Row[]> =>
  withConnection(
    { ...(await embeddedAdmin(place.root, place.defaults)), database: 'school_db' },
    async client => (await client.query<Row>(text)).rows,
  )

test.beforeAll(async () => {
  test.setTimeout(240_000)
  prisma = await installPrisma()
  place = await tinyHome({
    infrastructure: true,
    prepare: root => makeSchemaBase(root, prisma),
    create: ['school'],
  })
  await sql(`INSERT INTO users (name, phone) SELECT 'user ' || n, '555-' || n FROM generate_series(1, 1204) n`)
  ;({ window } = await place.launch({ workspace: place.root }))
  list = new InstanceList(window)
  dialog = window.getByRole('dialog', { name: 'Rebuild school' })
  await expect(list.row('school')).toContainText('Online')
})
test.afterAll(async () => {
  await place.remove()
  await prisma.remove()
})

/** Opens the dialog and waits for the rehearsal. */
async function rehearse(found: string): Promise<void> {
  await list.act('school', 'Rebuild…')
  await expect(dialog.getByRole('button', { name: 'Rebuild', exact: true })).toBeDisabled()
  await dialog.getByRole('radio', { name: 'Change the database’s schema' }).check()
  await expect(dialog).toContainText('Rehearsing on a copy of the database')
  await expect(dialog).toContainText(found, { timeout: 60_000 })
}

test('a column that is dropped has to be consented to, by name; as a rename it loses nothing', async () => {
  await setVersion(place, { columns: 'id, name, mobile', fields: 'name String\n  mobile String?' })
  await rehearse('This loses data:')
  await expect(dialog).toContainText('Drops column phone of users: 1,204 values')
  const rebuild = dialog.getByRole('button', { name: 'Rebuild and lose data' })
  await expect(rebuild).toBeDisabled()
  await dialog.getByRole('checkbox', { name: 'Lose 1,204 values of users.phone' }).check()
  await expect(rebuild).toBeEnabled()

  await dialog.getByRole('checkbox', { name: 'Column phone → mobile of users' }).check()
  await expect(dialog).toContainText('Nothing is lost, but', { timeout: 60_000 })
  await dialog.getByRole('button', { name: 'Rebuild', exact: true }).click()
  await expect(list.row('school')).toContainText('Rebuilding…')
  await expect(list.row('school')).toContainText('Online', { timeout: 90_000 })
  expect(await sql('SELECT count(mobile)::int AS mobile FROM users')).toEqual([{ mobile: 1204 }])
})

test('what a step found and did is kept under it', async () => {
  await list.room.go('Activity')
  await window.getByRole('link', { name: 'Rebuild “school”' }).click()
  const operation = new OperationPage(window)
  for (const [step, text] of [
    ['Rehearse the schema change', 'Renames column `phone` → `mobile` of `users`.'],
    ['Switch over', 'The database’s schema was moved forward.'],
  ] as const) {
    const its = operation.step(step)
    await expect(its).not.toContainText(text)
    await its.getByRole('button', { name: 'Notes', exact: true }).click()
    await expect(its.getByLabel('Notes', { exact: true })).toContainText(text)
  }
  await expect(operation.step('Prepare the new code').getByRole('button', { name: 'Notes', exact: true })).toHaveCount(
    0,
  )
  await list.room.go('Instances')
})

test('a refused change names the rows, and takes a statement that mends them', async () => {
  await sql("INSERT INTO users (name) VALUES ('nobody')")
  await setVersion(place, { columns: 'id, name, mobile', fields: 'name String\n  mobile String' })
  await rehearse('Existing rows don’t allow this change.')
  await expect(dialog).toContainText('one row (1205) would have none')
  await expect(dialog.getByRole('button', { name: 'Rebuild', exact: true })).toBeDisabled()
  await dialog
    .getByRole('textbox', { name: 'Your own SQL statement to make the rows fit' })
    .fill("UPDATE users SET mobile = 'none' WHERE mobile IS NULL")
  await dialog.getByRole('button', { name: 'Rehearse with it' }).click()
  await dialog.getByRole('checkbox', { name: 'Lose 1 value of users.mobile' }).check({ timeout: 60_000 })
  await dialog.getByRole('button', { name: 'SQL', exact: true }).click()
  await expect(dialog.getByLabel('SQL', { exact: true })).toContainText('SET NOT NULL')
  await dialog.getByRole('button', { name: 'Rebuild and lose data' }).click()
  await expect(list.row('school')).toContainText('Rebuilding…')
  await expect(list.row('school')).toContainText('Online', { timeout: 90_000 })
  expect(await sql("SELECT count(*)::int AS mended FROM users WHERE mobile = 'none'")).toEqual([{ mended: 1 }])
})
