/** How each part of a release is made: the command, its input files, and the packages it needs. */
import { join } from 'node:path'
import { exists } from '../system/files'
import { digestFiles, platform } from '../workspace/fingerprint'
import type { PinnedBase } from './copy-base'
import { buildInputs, generateInputs, installInputs, type Sources } from './inputs'
import type { PartName, Sharing } from './parts'

export interface Recipe {
  readonly kind: 'server-packages' | 'prisma-client' | 'client-packages' | 'client-build'
  readonly name: PartName
  readonly part: 'server' | 'client'
  /** As shown in the progress. */
  readonly what: string
  /** The base application's folder in which the command runs. */
  readonly folder: string
  readonly command: readonly [string, ...string[]]
  /** The base application's files that it gets. */
  readonly inputs: readonly string[]
  /** The packages that it gets, copied if it may write into them. */
  readonly packages?: { readonly name: PartName; readonly how: 'copy' | 'share' }
  /** The folder that it makes, if only that is wanted; absent: everything that it makes or changes. */
  readonly output?: string
  readonly sharing: Sharing
  /** Whether its tools' caches are carried on to the next build with the same packages. */
  readonly cached?: boolean
}

export interface Recipes {
  readonly server: readonly [packages: Recipe, generated: Recipe]
  readonly client: readonly [packages: Recipe, build: Recipe]
}

export async function recipesOf(sources: Sources, base: PinnedBase): Promise<Recipes> {
  const { server, client } = base.manifest
  const named = async (recipe: Omit<Recipe, 'name'>): Promise<Recipe> => {
    const { kind, command, folder, output, packages, inputs } = recipe
    const key = await digestFiles(sources.root, inputs, {
      kind,
      command,
      folder,
      output,
      packages: packages?.name,
      ...platform(base.nodeMajor),
    })
    return { ...recipe, name: `${kind}-${key}` }
  }
  const packagesOf = async (part: 'server' | 'client'): Promise<Recipe> => {
    const { folder, install } = base.manifest[part]
    const command = install ?? (await installCommand(join(sources.root, folder), base.install))
    const inputs = await installInputs(sources, folder, command, part === 'server' ? server.generate : undefined)
    return named({
      kind: `${part}-packages`,
      part,
      what: 'installing packages',
      folder,
      command,
      inputs,
      sharing: 'packages',
    })
  }
  const [serverPackages, clientPackages] = await Promise.all([packagesOf('server'), packagesOf('client')])
  const [generated, build] = await Promise.all([
    named({
      kind: 'prisma-client',
      part: 'server',
      what: 'generating the Prisma client',
      folder: server.folder,
      command: server.generate,
      sharing: 'none',
      inputs: await generateInputs(sources, server.folder, server.generate),
      packages: { name: serverPackages.name, how: 'copy' },
    }),
    named({
      kind: 'client-build',
      part: 'client',
      what: 'building',
      folder: client.folder,
      command: client.build,
      sharing: 'big',
      output: client.output,
      inputs: await buildInputs(sources, client.folder, server.folder),
      packages: { name: clientPackages.name, how: 'share' },
      cached: true,
    }),
  ])
  return { server: [serverPackages, generated], client: [clientPackages, build] }
}

export const hasLockFile = async (folder: string): Promise<boolean> =>
  (await exists(join(folder, 'package-lock.json'))) || exists(join(folder, 'npm-shrinkwrap.json'))

/** `npm ci` installs exactly what the lock file names, so it can use its cache without asking the registry. */
async function installCommand(folder: string, install: PinnedBase['install']): Promise<readonly [string, ...string[]]> {
  const locked = await hasLockFile(folder)
  return [
    'npm',
    ...(locked && install !== 'install' ? ['ci', '--prefer-offline'] : ['install']),
    '--no-audit',
    '--no-fund',
  ]
}
