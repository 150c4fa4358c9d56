/**
 * npm run package: makes the packages in dist/. With “-- --repository DIR --key ID”, also adds them to a signed
 * repository; with “--repository-url URL --key ID”, the .deb asks whether to add that to apt's sources.
 */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { dependencies } from './lib/dependencies.mjs'
import { packages } from './lib/packages.mjs'
import { Failure, script } from './lib/say.mjs'
import { makePackages } from './package/make.mjs'
import { publish } from './package/repository.mjs'
import { signer } from './package/signer.mjs'

await script(async () => {
  const { 'any-electron': anyElectron = false, repository, 'repository-url': url, key } = options()
  await dependencies()
  if (repository === undefined && url === undefined) return void (await makePackages({ anyElectron }))
  await packages(['repositoryTools'])
  const signing = await signer(key)
  const source = url === undefined ? undefined : { url, publicKey: signing.publicKey }
  const paths = await makePackages({ anyElectron, source })
  if (repository === undefined) return
  // npm runs scripts in the project's folder; paths are given from where it was called.
  const folder = resolve(process.env.INIT_CWD ?? '', repository)
  await publish({ folder, paths, signer: signing, url })
})

function options() {
  try {
    const { values } = parseArgs({
      options: {
        'any-electron': { type: 'boolean' },
        repository: { type: 'string' },
        'repository-url': { type: 'string' },
        key: { type: 'string' },
      },
    })
    const url = values['repository-url']
    if (url === undefined || /^(https?|file):\/\/[\w.~:/@%+-]*[\w.~:@%+-]$/.test(url)) return values
    throw new Error(`“${url}” isn’t the address of a folder, such as https://packages.example.org/instance-manager.`)
  } catch ({ message }) {
    throw new Failure(
      message,
      'npm run package -- [--any-electron] [--repository DIR] [--repository-url URL] [--key ID]',
    )
  }
}
