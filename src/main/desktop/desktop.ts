/** What the app asks of the desktop. */
import { EventEmitter, on } from 'node:events'
import { Menu, nativeTheme, shell } from 'electron'
import type { MenuEntry } from '../../shared/menu'
import { problem } from '../../shared/problem'
import type { Desktop } from '../faces'
import { openTerminal } from '../system/terminal'
import { chooseFile, chooseFolder, chooseImageFile } from './dialogs'
import { menuTemplate } from './menu'
import { developing, mainWindow, openWindow, show } from './windows'

const choices = new EventEmitter()

/** As if this entry had been chosen in the menus. */
export function chooseInMenu(id: string): void {
  choices.emit('choice', id)
}

export function setMenu(entries: readonly MenuEntry[]): void {
  const onChoose = (id: string): void => {
    const window = mainWindow()
    if (window) show(window) // the menu may have been another window's
    chooseInMenu(id)
  }
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate(entries, { developing, onChoose })))
}

export const desktop: Desktop = {
  chooseFolder,
  chooseFile,
  chooseImageFile,
  openExternal: url => shell.openExternal(url),
  openTerminal,
  async openFolder(path) {
    const failure = await shell.openPath(path)
    if (failure === '') return
    throw problem({ code: 'folder-unopened', message: `${path} couldn’t be shown.`, cause: failure })
  },
  openLogs: path => {
    openWindow(path, { width: 1000, height: 700, minWidth: 480, minHeight: 360 })
  },
  setTheme(theme) {
    nativeTheme.themeSource = theme
  },
  setMenu,
  async *menuChoices(signal) {
    for await (const [id] of on(choices, 'choice', { signal }) as AsyncIterable<[string]>) yield id
  },
}
