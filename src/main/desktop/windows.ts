/** The app's windows: the main one, which remembers its place, and those of single logs. */
import { join } from 'node:path'
import { app as electron, BrowserWindow, dialog, nativeTheme, screen } from 'electron'
import { origin, product } from './pages'
import { placeOn, readPlace, type Place } from './window-place'

/** Developer tools are only for developing the app itself; any other start counts as a release, packaged or not. */
export const developing = process.env['NODE_ENV'] === 'development'

let main: BrowserWindow | undefined
/** True once the app must end, whatever its windows say. */
let ending = false

export const mainWindow = (): BrowserWindow | undefined => main

export const isEnding = (): boolean => ending

/** From now on, the main window closes without a question. */
export function letClose(): void {
  ending = true
}

/** @param path the first screen */
export function openMainWindow(path = ''): BrowserWindow {
  const last = readPlace(placeFile())
  nativeTheme.themeSource = last?.theme ?? 'system'
  const areas = screen.getAllDisplays().map(it => it.workArea)
  const place = last ? placeOn(areas, last) : { width: 1280, height: 820 }
  const opened = openWindow(path, { ...place, minWidth: 900, minHeight: 600 })
  main = opened
  if (last?.maximized) opened.maximize()
  opened.on('close', event => {
    if (ending) return
    event.preventDefault() // ask about running operations first
    electron.quit()
  })
  opened.once('closed', () => {
    main = undefined
  })
  return opened
}

/** @param path the first screen */
export function openWindow(path: string, size: Electron.BrowserWindowConstructorOptions): BrowserWindow {
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

export function show(shown: BrowserWindow): void {
  if (shown.isMinimized()) shown.restore()
  shown.show()
  shown.focus()
}

/** The main window's size and place. */
const placeFile = (): string => join(electron.getPath('userData'), 'window.json')

export async function rememberPlace(): Promise<void> {
  if (!main) return
  const place: Place = { ...main.getNormalBounds(), maximized: main.isMaximized(), theme: nativeTheme.themeSource }
  const { writeJson } = await import('../system/files')
  await writeJson(placeFile(), place).catch(() => undefined) // the next window has the usual size
}

/** Shows an unexpected error at start-up, and ends the app. */
export function fail(error: unknown): void {
  dialog.showErrorBox(
    'Instance Manager can’t continue',
    error instanceof Error ? (error.stack ?? error.message) : String(error),
  )
  letClose()
  electron.exit(1)
}
