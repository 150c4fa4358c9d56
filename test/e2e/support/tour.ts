/**
 * A walk through every screen in each of its states that a reader should see, with a stop at each. It is walked for
 * accessibility and for pictures, so that no screen is in one and not in the other.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import type { Client } from 'pg'
import { beginLockWait, connectAs, loginOf, type InstanceLogin } from '../../support/instance-client'
import { ControlRoom } from '../pages/control-room'
import { FirstRun, Setup } from '../pages/first-run'
import { OperationPage, patience } from '../pages/operation'
import { Wizard } from '../pages/wizard'
import { expect, type Prepared, type TestHome } from './fixtures'
import { foreignServer } from './tiny-home'
import { instancesTour } from './instances-tour'
import { rebuildTour } from './rebuild-tour'
import { hold, letFail, release, waiting } from './obedient-base'

/** @param show call it after each change of the window's size, which hides what is to be looked at */
export type Look = (name: string, show?: () => Promise<void>) => Promise<void>

/** @param window a fresh app that has no workspace yet @param look called at each stop, with the screen's name */
export async function tour(window: Page, place: TestHome, prepared: Prepared, look: Look): Promise<void> {
  const room = new ControlRoom(window)
  const wizard = new Wizard(window)
  const operation = new OperationPage(window)
  const loaded = (): Promise<void> => expect(window.getByRole('progressbar', { name: 'Loading' })).toHaveCount(0)
  await firstRun(window, place, prepared, look)

  await room.go('Activity')
  await room.go('Infrastructure')
  await window.getByRole('main').getByRole('link', { name: 'Maintenance' }).click()
  await expect(window.getByRole('heading', { name: 'No databases to maintain yet' })).toBeVisible()
  await look('maintenance-empty')
  await room.go('Instances')
  await look('instances-empty')
  await createWithStops(window, place, look)

  await make(room, wizard, operation, 'Riverside')
  await window.getByRole('link', { name: 'New instance' }).click()
  await window.getByRole('link', { name: 'Create several…' }).click()
  await window
    .getByRole('textbox', { name: 'The list' })
    .fill('name,director,email\nOakwood,Ada Lovelace,ada@oakwood.example\nriverside,Alan Turing,alan')
  await expect(window.getByText('Not a valid email address.')).toBeVisible()
  await look('create-several')
  await room.go('Instances')
  await rebuildTour(window, place, look)
  const load = await busyDatabases(place) // from here on, Lakeside's tables can't be copied
  await instancesTour(window, place, look)
  await room.service('PostgreSQL').click()
  await expect(window.getByRole('dialog', { name: 'PostgreSQL' })).toBeVisible()
  await look('services')
  await window.keyboard.press('Escape')
  await room.go('Infrastructure')
  await expect(window.getByRole('radio', { name: 'Embedded' })).toBeVisible()
  await look('infrastructure')
  await window.getByRole('button', { name: 'Settings of PostgreSQL…' }).click()
  const settings = room.dialog('Settings of PostgreSQL')
  await settings.getByRole('textbox', { name: 'Connections' }).fill('400')
  await expect(settings).toContainText('the old settings are put back')
  await look('infrastructure-settings')
  await settings.getByRole('button', { name: 'Cancel' }).click()
  await window.getByRole('main').getByRole('link', { name: 'Connections' }).click()
  await expect(window.getByRole('table', { name: 'Long queries' })).toContainText('pg_sleep', { timeout: patience })
  await loaded()
  await look('connections')
  await load.end()
  await window.getByRole('main').getByRole('link', { name: 'Maintenance' }).click()
  await window.getByRole('button', { name: 'Run now' }).click()
  const results = window.getByRole('table', { name: 'Results of maintenance' })
  await expect(results.getByRole('row', { name: /^Riverside .* s$/ })).toBeVisible({ timeout: patience })
  await expect(window.getByRole('button', { name: 'Run now' })).toBeVisible({ timeout: patience })
  await look('maintenance')
  await room.go('Health')
  await expect(window.getByRole('status').filter({ hasText: 'are wrong' })).toBeVisible({ timeout: patience })
  await look('health')
  await letFail(place.root, 'Hillside')
  await fail(room, wizard, operation, look)
  await room.go('Activity')
  await look('activity')
  const filter = window.getByRole('main').getByRole('combobox', { name: 'Filter by instance' })
  await filter.click()
  await expect(window.getByRole('option', { name: 'Riverside' })).toBeVisible()
  await look('activity-filter')
  await window.getByRole('option', { name: 'Lakeside' }).click()
  await look('activity-filtered')
  await room.go('Settings')
  await loaded()
  await look('settings')
  const ports = window.getByRole('form', { name: 'Ports' })
  await ports.getByRole('textbox', { name: 'PgBouncer' }).fill('4321')
  await ports.getByRole('button', { name: 'Save' }).click()
  await expect(ports.getByText(/instances need it/)).toBeVisible()
  await look('settings-refused')
  await ports.getByRole('button', { name: 'Discard' }).click()
  await window.keyboard.press('Control+k')
  await expect(room.palette).toBeVisible()
  await look('palette')
  await window.keyboard.type('harb')
  await expect(room.palette.getByText('Delete Harbour…')).toBeVisible()
  await look('palette-found')
  await window.keyboard.press('Escape')
  await room.go('Infrastructure')
  await window.getByRole('main').getByRole('button', { name: 'Stop both…' }).click()
  const stop = room.dialog('Stop PostgreSQL and PgBouncer?')
  await expect(stop).toBeVisible()
  await look('infrastructure-stop')
  await stop.getByRole('button', { name: 'Stop both' }).click()
  await room.told('The infrastructure is stopped.').waitFor({ timeout: patience })
  await look('infrastructure-stopped')
  await room.go('Instances')
  await expect(room.problem('PostgreSQL isn’t running.')).toContainText('can’t reach their databases')
  await look('instances-no-database')
  await room.switchWorkspace()
  await expect(new FirstRun(window).recent).toBeVisible()
  await look('first-run-recent')
}

async function firstRun(window: Page, place: TestHome, prepared: Prepared, look: Look): Promise<void> {
  const first = new FirstRun(window)
  await expect(first.title).toBeVisible()
  await look('first-run')
  const half = join(place.home.path, 'half')
  await mkdir(join(half, 'server'), { recursive: true })
  await writeFile(join(half, 'server', 'package.json'), '{}')
  await first.type(half)
  await expect(first.check('missing').first()).toBeVisible()
  await look('first-run-missing')
  await place.placeWorkspace(prepared)
  await first.type(place.root)
  await first.open.click()
  const setup = new Setup(window)
  await expect(setup.driver('Embedded')).toBeVisible()
  await look('setup')
  await setup.start.click()
  await expect(setup.goOn).toBeVisible({ timeout: patience })
  await look('setup-done')
  await setup.goOn.click()
}

/** A query that runs and one that waits for a lock, both for long until they are looked at. */
async function busyDatabases({ root, ports }: TestHome): Promise<{ end(): Promise<void> }> {
  const [lakeside, riverside] = await Promise.all(['Lakeside', 'Riverside'].map(it => loginOf(root, it)))
  const open = (login: InstanceLogin | undefined): Promise<Client> => connectAs(login as InstanceLogin, ports.postgres)
  const [holder, waiter, reporter] = [await open(lakeside), await open(lakeside), await open(riverside)]
  await beginLockWait(holder, waiter)
  void reporter.query("SELECT pg_sleep(600), relname FROM pg_class WHERE relname <> 'alice'").catch(() => undefined)
  return {
    async end() {
      await holder.end()
      await waiter.end()
      const other = await open(riverside) // without a client, the query would run on
      await other.query(`SELECT pg_cancel_backend(pid) FROM pg_stat_activity
        WHERE usename = current_user AND query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()`)
      await Promise.all([other, reporter].map(it => it.end()))
    },
  }
}

/** The wizard, a creation in its middle, and its end. */
async function createWithStops(window: Page, place: TestHome, look: Look): Promise<void> {
  const wizard = new Wizard(window)
  const operation = new OperationPage(window)
  const room = new ControlRoom(window)
  await hold(place.root, 'Lakeside')
  await room.newInstance.click()
  await wizard.name.fill('two words')
  await wizard.next.click()
  await look('wizard-name-refused')
  await wizard.name.fill('Lakeside')
  await expect(wizard.form('name')).toContainText('Available.')
  await look('wizard-name')
  await wizard.next.click()
  const foreign = await foreignServer(place.ports.firstInstance + 80)
  try {
    await wizard.ownPort.check()
    await wizard.port.fill(String((foreign.address() as AddressInfo).port))
    await expect(wizard.useAnyway).toBeVisible()
    await look('wizard-port-taken')
  } finally {
    foreign.close()
  }
  await window.getByRole('radio', { name: 'Automatic' }).check()
  await look('wizard-port')
  await wizard.next.click()
  await wizard.next.click()
  await look('wizard-director-refused')
  await wizard.fillDirector()
  await look('wizard-director')
  await wizard.next.click()
  await expect(wizard.create).toBeVisible()
  await look('wizard-review')
  await wizard.create.click()
  await expect(operation.output).toContainText(waiting, { timeout: patience })
  await look('create-running')
  await operation.cancel.click()
  const dialog = room.dialog(/^Cancel creating /)
  await expect(dialog).toBeVisible()
  await look('create-cancel')
  await dialog.getByRole('button', { name: 'Keep running' }).click()
  await room.go('Instances')
  await look('instances-creating')
  await room.instance('Lakeside').getByRole('link', { name: 'Show' }).click()
  await release(place.root, 'Lakeside')
  await operation.succeeded('Lakeside')
  await look('create-done')
  await operation.showPassword.click()
  await expect(operation.password).toBeVisible()
  await look('create-password')
}

async function make(room: ControlRoom, wizard: Wizard, operation: OperationPage, name: string): Promise<void> {
  await room.newInstance.click()
  await wizard.answer(name)
  await wizard.create.click()
  await operation.succeeded(name)
}

async function fail(room: ControlRoom, wizard: Wizard, operation: OperationPage, look: Look): Promise<void> {
  await room.newInstance.click()
  await wizard.answer('Hillside')
  await wizard.create.click()
  await operation.undone('Hillside')
  await look('create-failed')
}
