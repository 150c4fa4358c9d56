/** Lays out the files of a package as they will lie on the system, with fixed times and modes. */
import { chmod, cp, mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { installedPaths } from '../lib/licenses.mjs'
import { fetchPackage } from '../lib/npm-package.mjs'
import { cache, modules, packageFiles, project } from '../lib/places.mjs'
import { Failure, run } from '../lib/say.mjs'
import { about, architectures, home, name, npm } from './description.mjs'
import { metainfo } from './metainfo.mjs'
import { put, settle, sums, write, zip } from './tree.mjs'

/**
 * @typedef {object} Making
 * @property {string} root the folder that stands for `/`
 * @property {'x64' | 'arm64'} architecture
 * @property {string} version as dpkg and rpm compare it
 * @property {number} epoch of all files, in seconds
 * @property {string} electron path of its binary
 * @property {{ url: string, publicKey: string }} [source] the repository that the .deb offers to add to apt's sources, and
 *   that has the pictures for software centres
 */

/** @param {Making} making */
export async function stage(making) {
  const { root, electron, architecture } = making
  const program = join(root, home)
  await stageElectron(dirname(electron), program)
  await stageApp(join(program, 'resources', 'app'), making)
  await stageNode(join(program, 'node'), architecture)
  await stageSums(program)
  await put(join(packageFiles, 'apparmor-profile'), join(program, 'apparmor-profile'))
  await put(join(packageFiles, 'instance-manager.sh'), join(program, 'bin', name))
  await chmod(join(program, 'bin', name), 0o755)
  await stageSystem(making)
  await settle(root, making.epoch)
  // Chromium's sandbox, where user namespaces are restricted.
  await chmod(join(program, 'chrome-sandbox'), 0o4755)
}

/** Electron without another one's app, in English like ours. Its fuses let it run this app only, and nothing else. */
async function stageElectron(from, program) {
  const dropped = path => /^(resources\/|version$|locales\/(?!en-US\.pak$))./.test(path)
  await cp(from, program, { recursive: true, filter: source => !dropped(relative(from, source)) })
  const binary = join(program, name)
  await rename(join(program, 'electron'), binary)
  const { flipFuses, FuseV1Options, FuseVersion } = createRequire(join(modules, '@electron', 'fuses', 'package.json'))(
    '@electron/fuses',
  )
  await flipFuses(binary, {
    version: FuseVersion.V1,
    [FuseV1Options.RunAsNode]: false,
    [FuseV1Options.EnableNodeOptionsEnvironmentVariable]: false,
    [FuseV1Options.EnableNodeCliInspectArguments]: false,
    [FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
    // Node reads the same files for the command line, so they can't be in an archive that only Electron reads.
    [FuseV1Options.OnlyLoadAppFromAsar]: false,
  })
}

/** What runs of the project: not its sources, and of its dependencies only those that run. */
async function stageApp(app, { architecture, version }) {
  const {
    scripts: _,
    devDependencies: __,
    allowScripts: ___,
    bin: ____,
    ...rest
  } = JSON.parse(await readFile(join(project, 'package.json'), 'utf8'))
  await mkdir(app, { recursive: true })
  // src/main/updates.ts compares it with what apt has
  await writeFile(join(app, 'package.json'), `${JSON.stringify({ ...rest, versionInPackages: version }, null, 2)}\n`)
  const built = /\/(\.stamp|bundled-licenses\.json)$/
  await cp(join(project, 'out'), join(app, 'out'), { recursive: true, filter: source => !built.test(source) })
  const made = /\/(node_modules|build|uploads)$/
  await cp(join(project, 'resources'), join(app, 'resources'), {
    recursive: true,
    filter: source => !made.test(source),
  })
  for (const path of installedPaths()) {
    const from = join(project, path)
    await cp(from, join(app, path), {
      recursive: true,
      verbatimSymlinks: true,
      filter: source => !unused(relative(from, source), architecture),
    })
  }
}

/**
 * What a package contains but never runs here: other packages inside it, which are copied by themselves, its tests and
 * notes, builds for other systems, and what is needed to compile against it.
 */
const unused = (path, architecture) =>
  /(^|\/)node_modules$|^(\.github|docs?|examples?|player|tests?)$|\/pgxs$|\.(a|h|map|d\.[cm]?ts)$|(^|\/)\.(eslintrc.*|npmignore)$/.test(
    path,
  ) ||
  path.endsWith('.musl.node') ||
  (/^prebuilds\/[^/]+$/.test(path) && basename(path) !== `linux-${architecture}`)

/** The official layout, in which npm finds itself. */
async function stageNode(folder, architecture) {
  await unpack(architectures[architecture].node, folder, ['bin/node', 'LICENSE'])
  await unpack(npm, join(folder, 'lib', 'node_modules', 'npm'))
  for (const it of ['npm', 'npx']) await symlink(`../lib/node_modules/npm/bin/${it}-cli.js`, join(folder, 'bin', it))
}

/** The checksums of what outlives the app, and is therefore copied before it runs (src/main/system/runtime.ts). */
async function stageSums(program) {
  const app = join(program, 'resources', 'app')
  const lines = [...(await sums(program, 'node', 'sha256')), ...(await sums(app, 'node_modules', 'sha256'))]
  await writeFile(join(app, 'SHA256SUMS'), lines.join(''))
}

/** Unpacks a package of the npm registry, which is fetched once per machine. */
async function unpack(pinned, folder, wanted = ['.']) {
  const store = join(cache, 'packages')
  await mkdir(store, { recursive: true })
  const tarball = await fetchPackage(pinned, store)
  await mkdir(folder, { recursive: true })
  const { code, output } = await run(
    'tar',
    [
      '-xzf',
      tarball,
      '-C',
      folder,
      '--strip-components=1',
      '--exclude=__pycache__',
      '--exclude=package/docs', // npm's manual
      '--exclude=package/man',
      ...wanted.map(it => join('package', it)),
    ],
    { quiet: true },
  )
  if (code !== 0) throw new Failure(`Couldn’t unpack ${tarball}:\n${output}`, 'check the free disk space (1 GB).')
}

/** What the system finds by itself: command, desktop entry, icons, man page, completions, notices. */
async function stageSystem({ root, version, epoch, source }) {
  const share = (...path) => join(root, 'usr', 'share', ...path)
  const date = new Date(epoch * 1000)
  await mkdir(join(root, 'usr', 'bin'), { recursive: true })
  await symlink(join(relative('usr/bin', home), 'bin', name), join(root, 'usr', 'bin', name))
  await put(join(packageFiles, 'lintian-overrides'), share('lintian', 'overrides', name))
  await put(join(packageFiles, 'instance-manager.desktop'), share('applications', `${name}.desktop`))
  const icons = join(project, 'scripts', 'package', 'icons')
  for (const it of await readdir(icons)) {
    const size = basename(it, '.png')
    await put(join(icons, it), share('icons', 'hicolor', `${size}x${size}`, 'apps', `${name}.png`))
  }
  await put(
    join(project, 'resources', 'icons', 'icon.svg'),
    share('icons', 'hicolor', 'scalable', 'apps', `${name}.svg`),
  )
  await write(
    share('metainfo', 'local.instance_manager.InstanceManager.metainfo.xml'),
    await metainfo({ version, date, url: source?.url }),
  )
  for (const it of ['user', 'system']) {
    await write(join(root, 'usr', 'lib', 'systemd', it, `${name}@.service`), await printed('__docs', `${it}-unit`))
  }
  await write(share('man', 'man1', `${name}.1.gz`), zip(await printed('__docs', 'man')))
  await write(share('bash-completion', 'completions', name), await printed('completion', 'bash'))
  await write(share('zsh', 'vendor-completions', `_${name}`), await printed('completion', 'zsh'))
  await write(share('fish', 'vendor_completions.d', `${name}.fish`), await printed('completion', 'fish'))
  await write(share('doc', name, 'copyright'), await copyright())
  await put(join(project, 'CHANGELOG.md'), share('doc', name, 'CHANGELOG.md'))
  const day = date.toUTCString().replace('GMT', '+0000')
  await write(
    share('doc', name, 'changelog.gz'),
    zip(`${name} (${version}) stable; urgency=medium\n\n  * See CHANGELOG.md.\n\n -- ${about.maintainer}  ${day}\n`),
  )
}

/** Everything we ship, with its notice. */
async function copyright() {
  const notices = await readFile(join(project, 'out', 'licenses.md'), 'utf8')
  return `Instance Manager\nAll rights reserved.\n\nIt comes with the software below, each under its own licence.\n
Electron and Chromium: /${home}/LICENSE.electron.txt and /${home}/LICENSES.chromium.html
Node.js: /${home}/node/LICENSE
npm and its dependencies: /${home}/node/lib/node_modules/npm/LICENSE, and beside each of them

${notices}`
}

/** The output of a command of ours. */
async function printed(...args) {
  const { code, output } = await run(process.execPath, [join(project, 'out', 'main', 'cli.cjs'), ...args], {
    quiet: true,
    timeout: 60_000,
  })
  if (code !== 0) throw new Failure(`The command ${args.join(' ')} failed:\n${output}`, 'fix it, then try again.')
  return output
}
