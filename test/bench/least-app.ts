/** The least Electron app of this kind: one window with React and Mantine, built and loaded as ours is. */
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import react from '@vitejs/plugin-react'
import { build } from 'vite'

const main = `
const { app, BrowserWindow } = require('electron')
app.whenReady().then(() => {
  const window = new BrowserWindow({ width: 1280, height: 820, show: false, webPreferences: { sandbox: true } })
  window.once('ready-to-show', () => window.show())
  window.loadFile(require('node:path').join(__dirname, 'out', 'index.html'))
})
app.on('window-all-closed', () => app.quit())
`
const html = '<!doctype html><title>Empty</title><div id="root"></div><script type="module" src="./main.jsx"></script>'
const page = `
import '@mantine/core/styles.css'
import { MantineProvider, Title } from '@mantine/core'
import { createRoot } from 'react-dom/client'
createRoot(document.getElementById('root')).render(<MantineProvider><Title>Empty</Title></MantineProvider>)
`

/** @returns its folder, to be given to Electron */
export async function buildLeast(folder: string): Promise<string> {
  await mkdir(folder)
  await symlink(resolve(import.meta.dirname, '..', '..', 'node_modules'), join(folder, 'node_modules'))
  const files = {
    'package.json': '{ "name": "least", "version": "0.0.0", "main": "main.cjs" }',
    'main.cjs': main,
    'index.html': html,
    'main.jsx': page,
  }
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  await build({
    configFile: false,
    root: folder,
    base: './',
    logLevel: 'error',
    plugins: [react()],
    resolve: { preserveSymlinks: true },
    build: { target: 'chrome130', outDir: join(folder, 'out') },
  })
  return folder
}
