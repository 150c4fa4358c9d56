/** What goes wrong on machines: it is said what and why, nothing typed is lost, and there is a way on. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Page } from '@playwright/test'
import type { LaunchedApp } from '../support/electron'
import { ControlRoom } from './pages/control-room'
import { FirstRun, Setup } from './pages/first-run'
import { OperationPage, patience } from './pages/operation'
import { person, Wizard } from './pages/wizard'
import { expect, test, testHome, type TestHome } from './support/fixtures'
import { lockHolders } from './support/lock'

let place: TestHome
let launched: LaunchedApp
let window: Page
let room: ControlRoom
let wizard: Wizard
let operation: OperationPage

test.beforeAll(async ({ prepared }) => {
  place = await testHome()
  await place.placeWorkspace(prepared)
  launched = await place.launch({ workspace: place.root })
  window = launched.window
  room = new ControlRoom(window)
  wizard = new Wizard(window)
  operation = new OperationPage(window)
  await new Setup(window).complete()
  await room.newInstance.click()
  await wizard.answer('Alpha')
  await wizard.create.click()
  await operation.succeeded('Alpha')
})
test.afterAll(() => place.remove())
/** What was typed survives a reload, but each test has a wizard of its own. */
test.beforeEach(async () => {
  await window.evaluate(() => sessionStorage.clear())
  await window.reload()
  await room.go('Instances')
})

async function startWizard(): Promise<void> {
  await room.newInstance.click()
  await expect(wizard.name).toBeFocused()
}

test('names: the rule, the taken, the reserved', async () => {
  await startWizard()
  const refused: readonly (readonly [string, string])[] = [
    ['two words', 'Letters, digits, hyphens and underscores'],
    ['-begins', 'starting with a letter or digit'],
    ['x'.repeat(41), 'At most 40 characters'],
    ['ALPHA', 'There is already an instance “Alpha”.'],
    ['all', 'PM2'],
    ['42', 'PM2'],
  ]
  for (const [name, why] of refused) {
    await wizard.name.fill(name)
    await wizard.next.click()
    await expect(wizard.name).toHaveAccessibleDescription(new RegExp(why))
    await expect(wizard.name).toBeFocused()
    await expect(wizard.form('name')).toBeVisible()
  }
  await wizard.name.fill('free-one')
  await expect(wizard.form('name')).toContainText('free-one_db')
  await wizard.next.click()
  await expect(wizard.form('port')).toBeVisible()
})

test('a port that a foreign program has: it is named, and can be taken knowingly', async () => {
  const foreign = createServer().listen(0, '127.0.0.1')
  try {
    const port = await new Promise<number>(done => {
      foreign.once('listening', () => done((foreign.address() as AddressInfo).port))
    })
    await startWizard()
    await wizard.name.fill('sharing')
    await wizard.next.click()
    await wizard.ownPort.check()
    await wizard.port.fill('80')
    await wizard.next.click()
    await expect(wizard.port).toHaveAccessibleDescription(/At least 1024/)
    await wizard.port.fill(String(port))
    await expect(wizard.form('port')).toContainText(`(pid ${process.pid}) is listening on it`)
    await wizard.next.click()
    await expect(wizard.form('port')).toContainText('Choose another port, or use this one anyway.')
    await wizard.useAnyway.check()
    await wizard.next.click()
    await wizard.fillDirector()
    await wizard.next.click()
    await expect(wizard.form('review')).toContainText(`${port}, shared`)
    await wizard.create.click()
    await operation.madeOnly('sharing')
    await expect(operation.ready).toContainText(/Its port was taken: .*pid/)
    await expect(operation.ready).not.toContainText('Online')
    await room.go('Instances')
    await expect(room.instance('sharing')).not.toContainText('Online')
  } finally {
    foreign.close()
  }
})

test('PostgreSQL’s port is refused, and the next free one is offered', async () => {
  await startWizard()
  await wizard.name.fill('greedy')
  await wizard.next.click()
  await wizard.ownPort.check()
  await wizard.port.fill(String(place.ports.postgres))
  await expect(wizard.form('port')).toContainText('It belongs to PostgreSQL, so no instance can use it.')
  await wizard.next.click()
  await expect(wizard.port).toHaveAccessibleDescription('Choose another port.')
  await expect(wizard.useAnyway).toHaveCount(0)
  await wizard
    .form('port')
    .getByRole('button', { name: /the next free port/ })
    .click()
  await expect(wizard.form('port')).toContainText('Available.')
})

test('npm fails: its own words, and the same answers again', async () => {
  const file = join(place.root, 'server', 'package.json')
  const whole = await readFile(file, 'utf8')
  await writeFile(file, whole.replace('{', '{{'))
  try {
    await startWizard()
    await wizard.answer('unlucky')
    await wizard.create.click()
    await operation.undone('unlucky')
    const problem = room.problem(/npm/)
    await expect(problem).toBeVisible()
    await problem.getByRole('button', { name: 'Details', exact: true }).click()
    await expect(problem.locator('pre')).toContainText(/npm (error|ERR!)/)
    await expect(operation.mark('Prepare the application', 'failed, undone')).toBeVisible()
  } finally {
    await writeFile(file, whole)
  }
  await operation.tryAgain.click()
  await expect(wizard.directorName).toHaveValue(person.name)
  await expect(wizard.email).toHaveValue(person.email)
  await expect(wizard.password).toHaveValue('')
  await wizard.password.fill(person.password)
  await wizard.next.click()
  await expect(wizard.form('review')).toContainText('unlucky')
  await wizard.create.click()
  await operation.succeeded('unlucky')
})

test('PostgreSQL ends in the middle: it is started again, the rollback continues by itself, and nothing is left', async () => {
  await startWizard()
  await wizard.answer('slow-push-cut')
  const portShown = async (): Promise<string | undefined> =>
    /\b2\d{4}\b/.exec(await wizard.form('review').innerText())?.[0]
  await expect.poll(portShown).toBeDefined() // it is looked for until then
  const port = await portShown()
  await wizard.create.click()
  await expect(operation.running).toContainText('Set up the tables', { timeout: patience })
  const config = join(place.root, '.instance-manager', 'embedded', 'postgres', 'postgresql.conf')
  const good = await readFile(config, 'utf8')
  await writeFile(config, `${good}shared_buffers = much\n`) // so that it isn't back before the rollback needs it
  await endPostgres()
  await operation.title('Create “slow-push-cut”: waiting for the database').waitFor({ timeout: patience })
  await expect(room.problem('PostgreSQL isn’t answering').first()).toContainText(
    'the rollback will continue on its own',
  )
  await writeFile(config, good)
  await operation.undone('slow-push-cut')
  await expect(room.service('PostgreSQL')).toHaveAccessibleName('PostgreSQL: Running', { timeout: patience })
  expect((await place.databases()).filter(it => it.startsWith('slow-push-cut'))).toEqual([])
  expect(await readdir(join(place.root, 'instances'))).not.toContain('slow-push-cut')
  expect((await place.processes()).map(it => it.name)).not.toContain('slow-push-cut')
  await room.go('Instances')
  await expect(room.instance('slow-push-cut')).toHaveCount(0)
  await startWizard() // with its name and its port
  await wizard.name.fill('slow-push-cut')
  await wizard.next.click()
  await expect(wizard.form('port')).toContainText(port ?? 'a port')
})

test('the infrastructure is stopped: the list and the wizard say so, with the button that starts it', async () => {
  await room.go('Infrastructure')
  await window.getByRole('main').getByRole('button', { name: 'Stop both…' }).click()
  await room.dialog('Stop PostgreSQL and PgBouncer?').getByRole('button', { name: 'Stop both' }).click()
  await room.told('The infrastructure is stopped.').waitFor({ timeout: patience })
  await room.go('Instances')
  await expect(
    room.problem('PostgreSQL isn’t running.').getByRole('button', { name: 'Start the infrastructure' }),
  ).toBeVisible()
  await startWizard()
  await wizard.answer('too-early')
  await wizard.create.click()
  const problem = room.problem('PostgreSQL and PgBouncer aren’t running.')
  await problem.getByRole('button', { name: 'Start the infrastructure' }).click()
  await operation.title('The infrastructure is running').waitFor({ timeout: patience })
  await window.getByRole('link', { name: 'Continue with the new instance' }).click()
  await expect(wizard.form('review')).toContainText('too-early')
  await wizard.create.click()
  await operation.succeeded('too-early')
})

test('a folder that is no workspace: what is missing, each with what to do', async () => {
  const folder = join(place.home.path, 'half')
  await mkdir(join(folder, 'server'), { recursive: true })
  await writeFile(join(folder, 'server', 'package.json'), '{}')
  const { window: page, close } = await place.launch({ data: join(place.home.path, 'fresh') })
  const first = new FirstRun(page)
  await first.type(folder)
  await expect(first.check('found')).toHaveText(['server/package.json'])
  await expect(first.check('missing')).toContainText([
    'server/index.js',
    'server/prisma/schema.prisma',
    'client/package.json',
  ])
  await expect(first.check('missing').first()).toContainText('PM2 starts this file.')
  await expect(first.open).toBeDisabled()
  await first.type(join(folder, 'nowhere'))
  await expect(first.check('missing')).toContainText(['There is no such folder.'])
  await first.type('relative')
  await expect(first.existing).toContainText('Enter the full path, starting with /.')
  await first.createSample(folder)
  await expect(first.sample.getByRole('alert')).toContainText('isn’t empty')
  await close()
})

test('a workspace that another process has: told who, and it can be opened when that one has ended', async () => {
  const other = await place.launch({ workspace: place.root, data: join(place.home.path, 'other') })
  const first = new FirstRun(other.window)
  await expect(first.title).toBeVisible()
  const locked = other.window
    .getByRole('alert')
    .filter({ hasText: 'This workspace is already open in another Instance Manager.' })
  await expect(locked).toContainText(`a window, process ${launched.app.process().pid}`)
  await launched.kill()
  await expect.poll(() => lockHolders(place.root)).toEqual([])
  await first.type(place.root)
  await first.open.click()
  await expect(new ControlRoom(other.window).instance('Alpha')).toContainText('Online')
  await other.close()
})

async function endPostgres(): Promise<void> {
  const text = await readFile(join(place.root, '.instance-manager', 'embedded', 'postgres', 'postmaster.pid'), 'utf8')
  process.kill(Number(text.split('\n')[0]), 'SIGINT') // PostgreSQL's fast shutdown
}
