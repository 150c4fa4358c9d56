/** npm run package: makes the packages in dist/. */
import { dependencies } from './lib/dependencies.mjs'
import { script } from './lib/say.mjs'
import { makePackages } from './package/make.mjs'

await script(async () => {
  await dependencies()
  await makePackages({ anyElectron: process.argv.includes('--any-electron') })
})
