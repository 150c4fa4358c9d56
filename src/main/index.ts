/** The desktop app: Electron's life cycle, and nothing else. */
import { EventEmitter, on, once } from 'node:events'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import {
  app as electron,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  nativeTheme,
  protocol,
  screen,
  session,
  shell,
} from 'electron'
import type { MenuEntry } from '../shared/menu'
import { problem, toProblem } from '../shared/problem'
import type { App } from './app'
import type { Desktop } from './faces'
import { menuTemplate } from './menu'
import { pageResponse } from './pages'
import { productIn } from './system/product'
import { openTerminal } from './system/terminal'
import { keepMessages } from './transport/early-messages'
import { placeOn, readPlace, type Place } from './window-place'

/** The pages' own scheme: with `file:` they could read other files. */
const scheme = 'app'
const origin = `${scheme}://instance-manager`
const product = productIn(electron.getAppPath())
const { pages } = product

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

/** Developer tools are only for developing the app itself; any other start counts as a release, packaged or not. */
const developing = process.env['NODE_ENV'] === 'development'

/**
 * The browser permissions that the pages need: for copy buttons, and for notifications while the window is in the
 * background. @param asking a URL or an origin
 */
const permitted = (permission: string, asking: string): boolean =>
  ['clipboard-sanitized-write', 'notifications'].includes(permission) && `${asking}/`.startsWith(`${origin}/`)

const menuChoices = new EventEmitter()

function setMenu(entries: readonly MenuEntry[]): void {
  const onChoose = (id: string): void => {
    if (window) show(window) // the menu may have been another window's
    menuChoices.emit('choice', id)
  }
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(entries, { developing, onChoose })))
}

let window: BrowserWindow | undefined
/** True once the app must end, whatever its windows say. */
let quitting = false

const desktop: Desktop = {
  async chooseFolder(title) {
    const options: Electron.OpenDialogOptions = { title, properties: ['openDirectory', 'createDirectory'] }
    const { filePaths } = await (window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options))
    return filePaths[0]
  },
  async chooseFile(title, name) {
    const options: Electron.SaveDialogOptions = { title, defaultPath: join(electron.getPath('home'), name) }
    const { filePath, canceled } = await (window
      ? dialog.showSaveDialog(window, options)
      : dialog.showSaveDialog(options))
    return canceled ? undefined : filePath
  },
  openExternal: url => shell.openExternal(url),
  openTerminal,
  async openFolder(path) {
    const failure = await shell.openPath(path)
    if (failure === '') return
    throw problem({ code: 'folder-unopened', message: `${path} couldn’t be shown.`, cause: failure })
  },
  openLogs: path => {
    newWindow(path, { width: 1000, height: 700, minWidth: 480, minHeight: 360 })
  },
  setTheme(theme) {
    nativeTheme.themeSource = theme
  },
  setMenu,
  async *menuChoices(signal) {
    for await (const [id] of on(menuChoices, 'choice', { signal }) as AsyncIterable<[string]>) yield id
  },
}

/** The screens that a start can ask for, e.g. by the actions of the desktop entry: the id of each in the menus. */
const screens: ReadonlyMap<string, string> = new Map([
  ['/create', 'create'],
  ['/logs', 'go-/logs'],
])

/** The workspace and the screen that this start was asked to open. */
const { values } = parseArgs({
  args: process.argv.slice(1),
  options: { workspace: { type: 'string' }, screen: { type: 'string' } },
  strict: false,
})
const asked = typeof values['workspace'] === 'string' ? resolve(values['workspace']) : undefined
const askedScreen = typeof values['screen'] === 'string' && screens.has(values['screen']) ? values['screen'] : undefined

/** One app per user: a second start shows the first one's window, and opens the workspace or screen there that it names. */
if (electron.requestSingleInstanceLock({ workspace: asked, screen: askedScreen } satisfies SecondStart))
  start().catch(fail)
else electron.quit()

async function start(): Promise<void> {
  // The page's code is compiled once, not at every start.
  protocol.registerSchemesAsPrivileged([{ scheme, privileges: { standard: true, secure: true, codeCache: true } }])
  await electron.whenReady()
  delete process.env['GDK_GL'] // programs that we start decide for themselves
  protocol.handle(scheme, ({ url }) => pageResponse(pages, origin, new URL(url)))
  session.defaultSession.setPermissionRequestHandler((asking, permission, answer) =>
    answer(permitted(permission, asking.getURL())),
  )
  session.defaultSession.setPermissionCheckHandler((_, permission, asking) => permitted(permission, asking))
  setMenu([])
  const engine = loadEngine(openWindow(askedScreen))
  electron.on('second-instance', (_event, _arguments, _folder, data) => {
    const { screen: wantedScreen = '', workspace: path } = isSecondStart(data) ? data : {}
    const choice = screens.get(wantedScreen)
    if (!window) openWindow(choice === undefined ? '' : wantedScreen)
    else {
      show(window)
      if (choice !== undefined) menuChoices.emit('choice', choice)
    }
    if (path !== undefined) engine.then(app => app.open(path).catch((error: unknown) => warn(app, error))).catch(fail)
  })
  electron.on('window-all-closed', () => electron.quit())
  electron.on('before-quit', event => {
    if (quitting) return
    event.preventDefault()
    engine.then(quit).catch(fail)
  })
  const app = await engine
  const wanted = asked ?? (await app.last())
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

/** What a second start passes on. */
interface SecondStart {
  readonly workspace?: string
  readonly screen?: string
}

const isSecondStart = (data: unknown): data is SecondStart =>
  typeof data === 'object' &&
  data !== null &&
  ['workspace', 'screen'].every(it => ['string', 'undefined'].includes(typeof (data as Record<string, unknown>)[it]))

/** @param path the first screen */
function openWindow(path = ''): BrowserWindow {
  const last = readPlace(placeFile())
  nativeTheme.themeSource = last?.theme ?? 'system'
  const areas = screen.getAllDisplays().map(it => it.workArea)
  const place = last ? placeOn(areas, last) : { width: 1280, height: 820 }
  const opened = newWindow(path, { ...place, minWidth: 900, minHeight: 600 })
  window = opened
  if (last?.maximized) opened.maximize()
  opened.on('close', event => {
    if (quitting) return
    event.preventDefault() // ask about running operations first
    electron.quit()
  })
  opened.once('closed', () => {
    window = undefined
  })
  return opened
}

/** @param path the first screen */
function newWindow(path: string, size: Electron.BrowserWindowConstructorOptions): BrowserWindow {
  const opened = new BrowserWindow({
    ...size,
    // Until the page has painted; as in theme.css.
    backgroundColor: nativeTheme.shouldUseDarkColors ? '#131519' : '#f5f6f8',
    autoHideMenuBar: true,
    title: 'Instance Manager',
    icon: product.icon,
    webPreferences: {
      preload: product.preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      spellcheck: false,
      devTools: developing,
    },
  })
  const { webContents } = opened
  webContents.setWindowOpenHandler(() => ({ action: 'deny' }))
  webContents.on('will-navigate', event => event.preventDefault())
  webContents.on('will-attach-webview', event => event.preventDefault())
  opened.loadURL(`${origin}/index.html#${path}`).catch((error: unknown) => {
    // Reloaded or closed before it had loaded.
    if (!opened.isDestroyed() && !isAborted(error)) fail(error)
  })
  return opened
}

const isAborted = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ERR_ABORTED'

function show(shown: BrowserWindow): void {
  if (shown.isMinimized()) shown.restore()
  shown.show()
  shown.focus()
}

/** The main window's size and place. */
const placeFile = (): string => join(electron.getPath('userData'), 'window.json')

async function rememberPlace(): Promise<void> {
  if (!window) return
  const place: Place = { ...window.getNormalBounds(), maximized: window.isMaximized(), theme: nativeTheme.themeSource }
  const { writeJson } = await import('./system/files')
  await writeJson(placeFile(), place).catch(() => undefined) // the next window has the usual size
}

/**
 * Ends the app if no operation is running; otherwise as the operator chooses. Interrupted operations are recovered at
 * the next start.
 */
async function quit(app: App): Promise<void> {
  const operations = app.opened?.operations
  if (operations?.running()) {
    const { isOpen } = await import('../shared/operation')
    const { wordsOf } = await import('../shared/jobs/words')
    const names = operations
      .list()
      .filter(isOpen)
      .map(it => wordsOf(it).asking)
      .join(', ')
    const options: Electron.MessageBoxOptions = {
      type: 'question',
      title: 'Instance Manager',
      message: 'An operation is still running.',
      detail: `${names}\n\nRunning instances keep running.`,
      buttons: ['Finish first', 'Cancel and roll back', 'Keep working'],
      defaultId: 0,
      cancelId: 2,
      noLink: true,
    }
    const { response } = await (window ? dialog.showMessageBox(window, options) : dialog.showMessageBox(options))
    if (response === 2) return
    await app.finish(response === 1)
  }
  await rememberPlace()
  await app.close()
  quitting = true
  electron.quit()
}

/** Shows why a second start's workspace couldn't be opened, and offers the way in; the open one stays open. */
async function warn(app: App, error: unknown): Promise<void> {
  const { message, cause, hint, action, workspace } = toProblem(error)
  const elsewhere = workspace !== undefined && (action === 'show-here' || action === 'sign-in-link')
  const options: Electron.MessageBoxOptions = {
    type: 'warning',
    title: 'Instance Manager',
    message,
    detail: [cause, hint].filter(Boolean).join('\n'),
    buttons: elsewhere ? ['Show it in this window', 'Cancel'] : ['OK'],
    noLink: true,
  }
  const { response } = await (window ? dialog.showMessageBox(window, options) : dialog.showMessageBox(options))
  if (elsewhere && response === 0) await app.join(workspace).catch((failed: unknown) => warn(app, failed))
}

/** Shows an unexpected error at start-up, and ends the app. */
function fail(error: unknown): void {
  dialog.showErrorBox(
    'Instance Manager can’t continue',
    error instanceof Error ? (error.stack ?? error.message) : String(error),
  )
  quitting = true
  electron.exit(1)
}
