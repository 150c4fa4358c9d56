/** A window that is closed, reloaded or killed in the middle of a creation. */
import { once } from 'node:events'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { LaunchedApp } from '../support/electron'
import { ControlRoom } from './pages/control-room'
import { Setup } from './pages/first-run'
import { OperationPage, patience } from './pages/operation'
import { person, Wizard } from './pages/wizard'
import { answerDialogs, askedDialogs } from './support/dialogs'
import { expect, test, testHome, type TestHome } from './support/fixtures'
import { hold, release, waiting } from './support/obedient-base'

let place: TestHome
let launched: LaunchedApp

test.beforeAll(async ({ prepared }) => {
  place = await testHome()
  await place.placeWorkspace(prepared)
  launched = await place.launch({ workspace: place.root })
  await new Setup(launched.window).complete()
  await launched.close()
})
test.afterAll(() => place.remove())
test.beforeEach(async () => {
  launched = await place.launch()
})
test.afterEach(() => launched.kill())

/** Creates up to its middle, where it waits for as long as the test likes. */
async function createHalf(name: string): Promise<OperationPage> {
  await hold(place.root, name)
  const { window } = launched
  await new ControlRoom(window).newInstance.click()
  const wizard = new Wizard(window)
  await wizard.answer(name)
  await wizard.create.click()
  const operation = new OperationPage(window)
  await expect(operation.running).toContainText('Set up the tables', { timeout: patience })
  await expect(operation.output).toContainText(waiting)
  return operation
}

/** Closes the window as its frame's button does. */
const closeWindow = (): Promise<void> =>
  launched.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close())

async function ended(): Promise<void> {
  const child = launched.app.process()
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

const instances = async (): Promise<string[]> => readdir(join(place.root, 'instances'))

test('keep working: nothing ends, and the creation goes on', async () => {
  const operation = await createHalf('half-keep')
  await answerDialogs(launched.app, 'Keep working')
  await closeWindow()
  await expect.poll(() => askedDialogs(launched.app)).toHaveLength(1)
  const [asked] = await askedDialogs(launched.app)
  expect(asked).toMatchObject({
    message: 'An operation is still running.',
    buttons: ['Finish first', 'Cancel and roll back', 'Keep working'],
  })
  expect(asked?.detail).toContain('half-keep')
  await release(place.root, 'half-keep')
  await operation.succeeded('half-keep')
})

test('finish first: the app ends when the instance is made', async () => {
  await createHalf('half-finish')
  await answerDialogs(launched.app, 'Finish first')
  await closeWindow()
  await expect.poll(() => askedDialogs(launched.app)).toHaveLength(1)
  await release(place.root, 'half-finish')
  await ended()
  expect(await place.processes()).toContainEqual(expect.objectContaining({ name: 'half-finish', status: 'online' }))
  launched = await place.launch()
  await expect(new ControlRoom(launched.window).instance('half-finish')).toContainText('Online')
})

test('cancel and roll back: the app ends and leaves nothing', async () => {
  await createHalf('half-cancel')
  await answerDialogs(launched.app, 'Cancel and roll back')
  await closeWindow()
  await ended()
  expect(await instances()).not.toContain('half-cancel')
  expect((await place.databases()).filter(it => it.startsWith('half-cancel'))).toEqual([])
  expect((await place.processes()).map(it => it.name)).not.toContain('half-cancel')
})

test('killed in the middle: the next start shows it where it stands, and it ends', async () => {
  await createHalf('half-killed')
  await launched.kill()
  launched = await place.launch()
  const { window } = launched
  const room = new ControlRoom(window)
  await expect(room.instance('half-killed')).toContainText('Creating…')
  await room.instance('half-killed').getByRole('link', { name: 'Show' }).click()
  const operation = new OperationPage(window)
  await expect(operation.running).toContainText('Set up the tables')
  await expect(operation.mark('Create the database', 'done')).toBeVisible()
  await release(place.root, 'half-killed')
  await operation.succeeded('half-killed')
  await operation.showPassword.click()
  await expect(operation.password).toHaveText(person.password)
})

test('a reloaded window shows the running creation and what it printed', async () => {
  const operation = await createHalf('half-reload')
  await launched.window.reload()
  await expect(operation.title('Creating “half-reload”…')).toBeVisible()
  await expect(operation.output).toContainText(waiting)
  await release(place.root, 'half-reload')
  await operation.succeeded('half-reload')
})

test('cancelled in the window: what goes is said first, and then it is gone', async () => {
  const operation = await createHalf('half-undone')
  await operation.cancel.click()
  const dialog = new ControlRoom(launched.window).dialog('Cancel creating “half-undone”?')
  await expect(dialog).toContainText('the database and its role, the files, the process')
  await expect(dialog.getByRole('button', { name: 'Keep running' })).toBeFocused()
  await dialog.getByRole('button', { name: 'Cancel and undo' }).click()
  await operation.undone('half-undone')
  await expect(launched.window.getByText('You cancelled it.')).toBeVisible()
  expect(await instances()).not.toContain('half-undone')
  expect((await place.databases()).filter(it => it.startsWith('half-undone'))).toEqual([])
})

test('an operation from an unknown version keeps its instance, until it is abandoned', async () => {
  await launched.kill()
  const id = '20260101T120000000Z-0a1b2c3d'
  const journal = {
    id,
    at: '2026-01-01T12:00:00.000Z',
    type: 'opened',
    kind: 'teleport',
    version: 7,
    subject: 'half-later',
    plan: {},
    steps: ['vanish'],
  }
  await writeFile(join(place.root, '.instance-manager/operations', `${id}.jsonl`), `${JSON.stringify(journal)}\n`)
  launched = await place.launch()
  const room = new ControlRoom(launched.window)
  await room.go('Activity')
  const refused = room.problem('teleport half-later')
  await refused.getByRole('button', { name: 'Abandon…' }).click()
  const dialog = room.dialog('Abandon this operation?')
  await expect(dialog.getByRole('button', { name: 'Keep it' })).toBeFocused()
  await dialog.getByRole('button', { name: 'Abandon', exact: true }).click()
  await expect(refused).toBeHidden()
  expect(await readdir(join(place.root, '.instance-manager/operations/abandoned'))).toEqual([`${id}.jsonl`])
})
