/**
 * The app inside an Electron that brings no default app: loads the app whose folder is the first argument,
 * as `electron FOLDER` does. Arguments stay as they are for the app to read.
 */
const { app } = require('electron')
const path = require('node:path')

const folder = process.argv.slice(1).find(it => !it.startsWith('-'))
if (!folder) {
  process.stderr.write('usage: electron FOLDER [ARGUMENTS]\n')
  process.exit(2)
}
const appPath = path.resolve(folder)
const { name, productName, version, desktopName } = require(path.join(appPath, 'package.json'))
Object.defineProperty(process, 'defaultApp', { value: true, enumerable: true })
app.setVersion(version)
app.name = productName ?? name
app.setDesktopName(desktopName ?? `${app.name}.desktop`)
app.setAppPath(appPath)
app.setPath('userData', path.join(app.getPath('appData'), app.name))
require(appPath)
