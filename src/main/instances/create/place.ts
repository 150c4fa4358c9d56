/** The steps that put the instance on disk: its folder, the release, its files. */
import { rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { problem } from '../../../shared/problem'
import { makeFolder, readIfExists, syncFolder, writeFileAtomic } from '../../system/files'
import type { InstancePaths } from '../../workspace/paths'
import { writeInstanceFiles } from './files'
import type { CreatePlan } from '../../../shared/jobs/create'
import type { CreateServices } from './services'
import { folderOf, takenAway, type CreateStep } from './step'

/** Whether the folder carries this operation's token. */
export const isReserved = async (services: CreateServices, plan: CreatePlan): Promise<boolean> =>
  (await readIfExists(folderOf(services, plan).reservation)) === plan.token

/** Where the folder is before it gets its name, and while it is deleted. */
const besideOf = (services: CreateServices, plan: CreatePlan): string =>
  join(services.paths.instances, `.${plan.token}`)

/** The folder itself reserves the instance's name; the open operation's plan reserves its port. */
export const reserve: CreateStep = services => ({
  async do({ plan }) {
    const { folder } = folderOf(services, plan)
    const beside = besideOf(services, plan)
    await makeFolder(beside, 0o700)
    await writeFileAtomic(join(beside, basename(folderOf(services, plan).reservation)), plan.token, 0o600)
    await rename(beside, folder).catch((error: unknown) => {
      throw problem(
        {
          code: 'name-taken',
          field: 'name',
          message: `The folder ${folder} already exists.`,
          hint: 'Choose another name.',
        },
        error,
      )
    })
    await syncFolder(services.paths.instances)
  },
  verify: ({ plan }) => isReserved(services, plan),
  async undo({ plan }) {
    const beside = besideOf(services, plan)
    await rm(beside, { recursive: true, force: true })
    if (!(await isReserved(services, plan))) return
    await rename(folderOf(services, plan).folder, beside) // gone at once; the space is freed afterwards
    await syncFolder(services.paths.instances)
    await rm(beside, { recursive: true, force: true })
  },
})

const baseOf = (services: CreateServices, { manifest, fingerprint, install }: CreatePlan) => ({
  root: services.paths.root,
  nodeMajor: services.node.major,
  manifest,
  fingerprint,
  install,
})

/**
 * Not undone: a prepared release is a cache for the next instance. The release store itself removes incomplete ones.
 */
export const prepareRelease: CreateStep = services => ({
  do: ({ plan, signal, report, output }) =>
    services.releases.prepare(baseOf(services, plan), { signal, report, output }),
  verify: ({ plan }) => services.releases.kept.has(plan.fingerprint),
})

/** config.json comes last: if it exists, everything does. */
export const placeFiles: CreateStep = services => ({
  async do({ plan, signal, report, output, secret }) {
    const paths = folderOf(services, plan)
    if (!(await isReserved(services, plan))) throw takenAway(plan)
    await clear(paths)
    await services.releases.place(baseOf(services, plan), paths.folder, { signal, report, output })
    await writeInstanceFiles(services, { plan, secret }, paths)
  },
  verify: async ({ plan }) => (await readIfExists(folderOf(services, plan).config)) !== undefined,
  undo: ({ plan }) => clear(folderOf(services, plan)),
})

async function clear(paths: InstancePaths): Promise<void> {
  for (const path of [paths.config, paths.databaseConfig, paths.server, paths.client])
    await rm(path, { recursive: true, force: true })
}
