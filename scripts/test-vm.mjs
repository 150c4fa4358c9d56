/**
 * npm run test:vm: makes the package, reboots a virtual machine that has it, and cuts the power in the middle of jobs.
 * Needs root. A part of no other test, because it takes half an hour or more.
 *   --cuts N   power cuts; 20 by default
 *   --seed N   decides when; otherwise a new one each time, which it says
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { dependencies } from './lib/dependencies.mjs'
import { packages } from './lib/packages.mjs'
import { modules, project } from './lib/places.mjs'
import { Failure, run, script } from './lib/say.mjs'
import { makePackages } from './package/make.mjs'

await script(async () => {
  for (const [name, value] of Object.entries(options()))
    process.env[`INSTANCE_MANAGER_TEST_${name.toUpperCase()}`] = value
  await dependencies()
  await packages(['debootstrap', 'qemu'])
  await makePackages({ anyElectron: true }) // Electron's downloads may be out of reach
  const vitest = join(modules, 'vitest', 'vitest.mjs')
  const { code } = await run(process.execPath, [vitest, 'run', '--project', 'vm'], { cwd: project })
  process.exitCode = code ?? 1
})

function options() {
  try {
    const { values } = parseArgs({ options: { cuts: { type: 'string' }, seed: { type: 'string' } } })
    for (const it of Object.values(values)) if (!/^\d+$/.test(it)) throw new Error(`“${it}” isn’t a number.`)
    return values
  } catch ({ message }) {
    throw new Failure(message, 'npm run test:vm -- [--cuts N] [--seed N]')
  }
}
