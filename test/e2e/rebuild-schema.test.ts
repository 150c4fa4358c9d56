/** Rebuilds that change the database's schema, in a real window: rehearsed, consented to, done; of one and of several. */
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

const sql = async <Row extends object>(text: string, instance = 'school'): Promise<Row[]> =>
  withConnection({ ...(await embeddedAdmin(place.root, place.defaults)), database: `${instance}_db` }, async client => {
    await client.query('SET search_path = public')
    return (await client.query<Row>(text)).rows
  })

test.beforeAll(async () => {
  test.setTimeout(240_000)
  prisma = await installPrisma()
  place = await tinyHome({
    infrastructure: true,
    prepare: root => makeSchemaBase(root, prisma),
    create: ['school', 'branch'],
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

test('of several, one consent names what each would lose; one can be left out', async () => {
  await sql("INSERT INTO users (name, phone) VALUES ('a', '1'), ('b', '2'), ('c', '3')", 'branch')
  await setVersion(place, { columns: 'id, name', fields: 'name String' })
  await window.getByRole('checkbox', { name: 'Select all' }).check()
  await list.chosen.getByRole('button', { name: 'Rebuild…' }).click()
  const fleet = window.getByRole('dialog', { name: 'Rebuild 2 instances' })
  await expect(fleet).toContainText('Downtime')
  await fleet.getByRole('radio', { name: 'Change the databases’ schemas' }).check()
  const row = (name: string): Locator =>
    fleet.getByRole('list', { name: 'Rehearsals' }).getByRole('listitem').filter({ hasText: name })
  await expect(row('branch')).toContainText('Loses 3 values of users.phone.', { timeout: 60_000 })
  await expect(row('school')).toContainText('Not rehearsed yet.')
  await expect(fleet).toContainText('One other hasn’t been rehearsed.')
  const rebuild = fleet.getByRole('button', { name: 'Rebuild 2 and lose data' })
  await fleet.getByRole('checkbox', { name: 'Lose 3 values of users.phone in one instance' }).check()
  await expect(rebuild).toBeEnabled()

  await fleet.getByRole('button', { name: 'Rehearse the other' }).click()
  await expect(rebuild).toBeDisabled()
  await expect(row('school')).toContainText('Loses 1,204 values of users.phone.', { timeout: 60_000 })
  await expect(fleet).toContainText('2 of 2 rehearsed.')
  await expect(rebuild).toBeDisabled() // there is more to consent to
  await fleet.getByRole('checkbox', { name: 'Lose 1,207 values of users.phone in 2 instances' }).check()
  await expect(rebuild).toBeEnabled()
  await expect(
    fleet.getByRole('checkbox', { name: 'Also lose what users add there in the meantime' }),
  ).not.toBeChecked()
  await fleet.getByRole('button', { name: 'SQL', exact: true }).click() // the same for both
  await expect(fleet.getByLabel('SQL', { exact: true })).toContainText('DROP COLUMN "phone"')

  await fleet.getByRole('button', { name: 'Leave school out' }).click()
  const one = window.getByRole('dialog', { name: 'Rebuild one instance' })
  await expect(one.getByRole('button', { name: 'Rebuild 1 and lose data' })).toBeDisabled() // another consent
  await one.getByRole('checkbox', { name: 'Lose 3 values of users.phone in one instance' }).check()
  await one.getByRole('button', { name: 'Rebuild 1 and lose data' }).click()
  await expect(list.report).toContainText('Rebuilt 1 of 2, 1 skipped.', { timeout: 90_000 })
  expect(await sql('SELECT * FROM users LIMIT 1', 'branch')).toEqual([
    { id: expect.any(Number), name: expect.any(String) },
  ])
  expect(await sql('SELECT count(phone)::int AS phones FROM users')).toEqual([{ phones: 1204 }])
  await list.report.getByRole('button', { name: 'Dismiss' }).click()
})

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
    ['Rehearse the schema change', 'Renames column phone → mobile of users.'],
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

test('a refused change names the rows, and takes a statement that fixes them', async () => {
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
  expect(await sql("SELECT count(*)::int AS fixed FROM users WHERE mobile = 'none'")).toEqual([{ fixed: 1 }])
})
