/** A window that is closed, reloaded or killed in the middle of a creation. */
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { LaunchedApp } from '../support/electron'
import { ControlRoom } from './pages/control-room'
import { Setup } from './pages/first-run'
import { OperationPage, patience } from './pages/operation'
import { person, Wizard } from './pages/wizard'
import { answerDialogs, askedDialogs } from './support/dialogs'
import { expect, test, testHome, type TestHome } from './support/fixtures'
import { atTheGate, openGate } from './support/gated-base'

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
test.beforeEach(async () => { launched = await place.launch() })
test.afterEach(() => launched.kill())

/** Creates up to the gate, where the creation waits for as long as the test likes. */
async function createToTheGate(name: string): Promise<OperationPage> {
  const { window } = launched
  await new ControlRoom(window).newInstance.click()
  const wizard = new Wizard(window)
  await wizard.answer(name)
  await wizard.create.click()
  const operation = new OperationPage(window)
  await expect(operation.running).toContainText('Set up the tables', { timeout: patience })
  await expect(operation.output).toContainText(atTheGate)
  return operation
}

/** Closes the window as its frame's button does. */
const closeWindow = (): Promise<void> => launched.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close())

async function ended(): Promise<void> {
  const child = launched.app.process()
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
}

const instances = async (): Promise<string[]> => readdir(join(place.root, 'instances'))

test('keep working: nothing ends, and the creation goes on', async () => {
  const operation = await createToTheGate('gated-keep')
  await answerDialogs(launched.app, 'Keep working')
  await closeWindow()
  await expect.poll(() => askedDialogs(launched.app)).toHaveLength(1)
  const [asked] = await askedDialogs(launched.app)
  expect(asked).toMatchObject({ message: 'An operation is still running.', buttons: ['Finish first', 'Cancel and roll back', 'Keep working'] })
  expect(asked?.detail).toContain('gated-keep')
  await openGate(place.root, 'gated-keep')
  await operation.succeeded('gated-keep')
})

test('finish first: the app ends when the instance is made', async () => {
  await createToTheGate('gated-finish')
  await answerDialogs(launched.app, 'Finish first')
  await closeWindow()
  await expect.poll(() => askedDialogs(launched.app)).toHaveLength(1)
  await openGate(place.root, 'gated-finish')
  await ended()
  expect(await place.processes()).toContainEqual(expect.objectContaining({ name: 'gated-finish', status: 'online' }))
  launched = await place.launch()
  await expect(new ControlRoom(launched.window).instance('gated-finish')).toContainText('Online')
})

test('cancel and roll back: the app ends and leaves nothing', async () => {
  await createToTheGate('gated-cancel')
  await answerDialogs(launched.app, 'Cancel and roll back')
  await closeWindow()
  await ended()
  expect(await instances()).not.toContain('gated-cancel')
  expect((await place.databases()).filter(it => it.startsWith('gated-cancel'))).toEqual([])
  expect((await place.processes()).map(it => it.name)).not.toContain('gated-cancel')
})

test('killed in the middle: the next start shows it where it stands, and it ends', async () => {
  await createToTheGate('gated-killed')
  await launched.kill()
  launched = await place.launch()
  const { window } = launched
  const room = new ControlRoom(window)
  await expect(room.instance('gated-killed')).toContainText('Creating…')
  await room.instance('gated-killed').getByRole('link', { name: 'Show' }).click()
  const operation = new OperationPage(window)
  await expect(operation.running).toContainText('Set up the tables')
  await expect(operation.mark('Create the database', 'done')).toBeVisible()
  await openGate(place.root, 'gated-killed')
  await operation.succeeded('gated-killed')
  await operation.showPassword.click()
  await expect(operation.password).toHaveText(person.password)
})

test('a reloaded window shows the running creation and what it printed', async () => {
  const operation = await createToTheGate('gated-reload')
  await launched.window.reload()
  await expect(operation.title('Creating ‘gated-reload’…')).toBeVisible()
  await expect(operation.output).toContainText(atTheGate)
  await openGate(place.root, 'gated-reload')
  await operation.succeeded('gated-reload')
})

test('cancelled in the window: what goes is said first, and then it is gone', async () => {
  const operation = await createToTheGate('gated-undone')
  await operation.cancel.click()
  const dialog = new ControlRoom(launched.window).dialog('Cancel: Create ‘gated-undone’?')
  await expect(dialog).toContainText('the database and its role, the files, the process')
  await expect(dialog.getByRole('button', { name: 'Let it run' })).toBeFocused()
  await dialog.getByRole('button', { name: 'Cancel and undo' }).click()
  await operation.undone('gated-undone')
  await expect(launched.window.getByText('You cancelled it.')).toBeVisible()
  expect(await instances()).not.toContain('gated-undone')
  expect((await place.databases()).filter(it => it.startsWith('gated-undone'))).toEqual([])
})
