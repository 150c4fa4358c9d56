/**
 * npm run test:package: makes the package, checks it with Debian's tools, installs it on a Debian of its own, and uses
 * it there. Needs root. A part of no other test, because it takes minutes.
 */
import { join } from 'node:path'
import { dependencies } from './lib/dependencies.mjs'
import { packages } from './lib/packages.mjs'
import { modules, project } from './lib/places.mjs'
import { run, script } from './lib/say.mjs'
import { makePackages } from './package/make.mjs'

await script(async () => {
  await dependencies()
  await packages(['debianTools', 'debootstrap', 'display', 'pictures', 'repositoryTools', 'createrepo'])
  await makePackages({ anyElectron: true }) // Electron's downloads may be out of reach
  const vitest = join(modules, 'vitest', 'vitest.mjs')
  const { code } = await run(process.execPath, [vitest, 'run', '--project', 'package'], { cwd: project })
  process.exitCode = code ?? 1
})
