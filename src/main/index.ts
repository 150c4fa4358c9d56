/** The desktop app: Electron's life cycle, and nothing else. */
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { app as electron, ipcMain, type BrowserWindow } from 'electron'
import { toProblem } from '../shared/problem'
import type { App } from './app'
import { askedBy, choiceOf, passedOn } from './desktop/asked'
import { chooseInMenu, desktop, setMenu } from './desktop/desktop'
import { askToQuit, showRefusal } from './desktop/dialogs'
import { origin, product, registerScheme, servePages } from './desktop/pages'
import { fail, isEnding, letClose, mainWindow, openMainWindow, rememberPlace, show } from './desktop/windows'
import { keepMessages } from './transport/early-messages'

// GTK draws nothing of ours with OpenGL, but checking for it loads all of Mesa: 30 MB if there is no graphics card.
process.env['GDK_GL'] = 'disable'

// Without a graphics card, everything is drawn by the processor without OpenGL, whose software version would take 11 MB.
if (!existsSync('/dev/dri') && !existsSync('/dev/nvidia0')) {
  electron.disableHardwareAcceleration()
  electron.commandLine.appendSwitch('disable-software-rasterizer')
}

// The app is idle most of the time, so unused memory is freed early, in the pages and here. Left to itself, V8 lets a
// page grow by 50 MB first. The full `optimize-for-size` would make pages slower at first.
electron.commandLine.appendSwitch(
  'js-flags',
  '--initial-old-space-size=8,--heap-growing-percent=30,--max-semi-space-size=2',
)
setFlagsFromString('--optimize-for-size')

const asked = askedBy(process.argv.slice(1))

/** One app per user: a second start shows the first one's window, and opens the workspace or screen there that it names. */
if (electron.requestSingleInstanceLock({ ...asked })) start().catch(fail)
else electron.quit()

async function start(): Promise<void> {
  registerScheme()
  await electron.whenReady()
  delete process.env['GDK_GL'] // programs that we start decide for themselves
  servePages()
  setMenu([])
  const engine = loadEngine(openMainWindow(asked.screen))
  electron.on('second-instance', (_event, _arguments, _folder, data) => {
    const { screen, workspace } = passedOn(data)
    const choice = choiceOf(screen)
    const window = mainWindow()
    if (!window) openMainWindow(screen)
    else {
      show(window)
      if (choice !== undefined) chooseInMenu(choice)
    }
    if (workspace !== undefined)
      engine.then(app => app.open(workspace).catch((error: unknown) => warn(app, error))).catch(fail)
  })
  electron.on('window-all-closed', () => electron.quit())
  electron.on('before-quit', event => {
    if (isEnding()) return
    event.preventDefault()
    engine.then(quit).catch(fail)
  })
  const app = await engine
  const wanted = asked.workspace ?? (await app.last())
  if (wanted !== undefined) await app.reopen(wanted)
}

/** Reads most of the code, once the window has painted: while it is being read, no page is served. */
async function loadEngine(shown: BrowserWindow): Promise<App> {
  const passOn = keepMessages(ipcMain)
  await Promise.race([once(shown, 'ready-to-show'), once(shown, 'closed'), delay(longestPaint)])
  const { composeApp, pm2HomeOf, siteDefaults } = await import('./compose')
  const { serveWindows } = await import('./transport/ipc-socket')
  const app = composeApp({
    kind: 'window',
    version: electron.getVersion(),
    home: electron.getPath('home'),
    product,
    data: electron.getPath('userData'),
    defaults: siteDefaults(),
    pm2Home: pm2HomeOf(electron.getPath('home')),
    desktop,
  })
  serveWindows(app, origin)
  passOn()
  return app
}

/** Milliseconds. */
const longestPaint = 2000

/**
 * Ends the app if no operation is running; otherwise as the operator chooses. Interrupted operations are recovered at
 * the next start.
 */
async function quit(app: App): Promise<void> {
  const operations = app.opened?.operations
  if (operations?.running()) {
    const { isOpen } = await import('../shared/operation')
    const { wordsOf } = await import('../shared/jobs/words')
    const open = operations.list().filter(isOpen)
    const choice = await askToQuit(open.map(it => wordsOf(it).asking))
    if (choice === 'stay') return
    await app.finish(choice === 'roll-back')
  }
  await rememberPlace()
  await app.close()
  letClose()
  electron.quit()
}

/** Shows why a second start's workspace couldn't be opened, and offers the way in; the open one stays open. */
async function warn(app: App, error: unknown): Promise<void> {
  const found = toProblem(error)
  const { action, workspace } = found
  const elsewhere = action === 'show-here' || action === 'sign-in-link' ? workspace : undefined
  if ((await showRefusal(found, elsewhere !== undefined)) && elsewhere !== undefined)
    await app.join(elsewhere).catch((failed: unknown) => warn(app, failed))
}
