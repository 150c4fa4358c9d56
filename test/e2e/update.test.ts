/** The window tells that a newer version is in apt's sources, and then that it is installed. With an apt of our own. */
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { createSample } from '../../src/main/workspace/sample'
import { resources } from '../support/workspace'
import { expect, test, testHome, type TestHome } from './support/fixtures'

const project = resolve(import.meta.dirname, '../..')
const newer = '99.0.0'

let place: TestHome
test.beforeAll(async () => {
  place = await testHome()
})
test.afterAll(() => place.remove())

/** A folder like a package's: it has checksums. @returns what gives it another version, as an upgrade does */
async function installIn(folder: string) {
  await mkdir(folder)
  for (const it of ['out', 'resources', 'node_modules']) await symlink(join(project, it), join(folder, it))
  await cp(join(project, 'package.json'), join(folder, 'package.json'))
  await writeFile(join(folder, 'SHA256SUMS'), '')
  const described = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as { readonly version: string }
  const install = (version: string): Promise<void> =>
    writeFile(join(folder, 'package.json'), JSON.stringify({ ...described, version, versionInPackages: version }))
  await install(described.version)
  return { version: described.version, install }
}

test('a newer version is told with the command for it, can be dismissed, and is told again once it is installed', async () => {
  const [folder, bin] = ['installed', 'bin'].map(it => join(place.home.path, it)) as [string, string]
  const { version, install } = await installIn(folder)
  await mkdir(bin)
  const policy = `instance-manager:\n  Installed: ${version}\n  Candidate: ${newer}\n  Version table:\n`
  await writeFile(join(bin, 'apt-cache'), `#!/bin/sh\ncat <<'END'\n${policy}END\n`, { mode: 0o755 })
  await createSample(join(resources, 'sample-app'), place.root)
  const { window } = await place.launch({ workspace: place.root, folder, bin })
  const later = window.getByRole('button', { name: 'Later' }) // of the set-up, which covers the rest
  await later.click()

  const available = window.getByRole('group', { name: `Instance Manager ${newer} is available.` })
  await expect(available).toContainText('sudo apt update && sudo apt install instance-manager')
  await available.getByRole('button', { name: 'Dismiss' }).click()
  await expect(available).toBeHidden()

  await install(newer)
  await window.reload() // otherwise it looks once a minute
  await later.click()
  const installed = window.getByRole('group', { name: `Instance Manager ${newer} is installed.` })
  await expect(installed).toContainText('Restart Instance Manager to use it. Running instances keep running.')
  await expect(available).toBeHidden()
})
