/** The system's dialogs, in front of the main window. */
import { join } from 'node:path'
import { app as electron, dialog } from 'electron'
import { imageFileEndings } from '../../shared/image-files'
import type { Problem } from '../../shared/problem'
import { mainWindow } from './windows'

/** @returns its path; undefined if none was chosen */
export async function chooseFolder(title: string): Promise<string | undefined> {
  const options: Electron.OpenDialogOptions = { title, properties: ['openDirectory', 'createDirectory'] }
  const window = mainWindow()
  const { filePaths } = await (window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options))
  return filePaths[0]
}

/** A file with an image of a container. @returns its path; undefined if none was chosen */
export async function chooseImageFile(title: string): Promise<string | undefined> {
  const filters = [
    { name: 'Images', extensions: [...imageFileEndings] },
    { name: 'All files', extensions: ['*'] },
  ]
  const options: Electron.OpenDialogOptions = { title, properties: ['openFile'], filters }
  const window = mainWindow()
  const { filePaths } = await (window ? dialog.showOpenDialog(window, options) : dialog.showOpenDialog(options))
  return filePaths[0]
}

/** Where to save a file. @returns its path; undefined if none was chosen */
export async function chooseFile(title: string, name: string): Promise<string | undefined> {
  const options: Electron.SaveDialogOptions = { title, defaultPath: join(electron.getPath('home'), name) }
  const window = mainWindow()
  const { filePath, canceled } = await (window
    ? dialog.showSaveDialog(window, options)
    : dialog.showSaveDialog(options))
  return canceled ? undefined : filePath
}

/** Asks what becomes of running operations when the app is closed. @param operations what they do, e.g. “Start “school”” */
export async function askToQuit(operations: readonly string[]): Promise<'finish' | 'roll-back' | 'stay'> {
  const response = await ask({
    type: 'question',
    message: 'An operation is still running.',
    detail: `${operations.join(', ')}\n\nRunning instances keep running.`,
    buttons: ['Finish first', 'Cancel and roll back', 'Keep working'],
    defaultId: 0,
    cancelId: 2,
  })
  return (['finish', 'roll-back'] as const)[response] ?? 'stay'
}

/** Shows why a workspace couldn't be opened. @returns whether to show it through the engine that has it open */
export async function showRefusal({ message, cause, hint }: Problem, elsewhere: boolean): Promise<boolean> {
  const response = await ask({
    type: 'warning',
    message,
    detail: [cause, hint].filter(Boolean).join('\n'),
    buttons: elsewhere ? ['Show it in this window', 'Cancel'] : ['OK'],
  })
  return elsewhere && response === 0
}

async function ask(asked: Electron.MessageBoxOptions): Promise<number> {
  const options = { ...asked, title: 'Instance Manager', noLink: true }
  const window = mainWindow()
  const { response } = await (window ? dialog.showMessageBox(window, options) : dialog.showMessageBox(options))
  return response
}
