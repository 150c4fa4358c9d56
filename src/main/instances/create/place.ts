/** Steps that put the instance on the disk: its folder, the release, its files. */
import { rename, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { problem } from '../../../shared/problem'
import { makeFolder, readIfExists, syncFolder, writeFileAtomic } from '../../system/files'
import type { InstancePaths } from '../../workspace/paths'
import { writeInstanceFiles } from './files'
import type { CreatePlan } from '../../../shared/jobs/create'
import type { CreateServices } from './services'
import { folderOf, takenAway, type CreateStep } from './step'

/** Whether the folder carries this operation's mark. */
export const isReserved = async (to: CreateServices, plan: CreatePlan): Promise<boolean> =>
  (await readIfExists(folderOf(to, plan).reservation)) === plan.token

/** Beside the target: the folder before it gets its name, and after it lost it. */
const besideOf = (to: CreateServices, plan: CreatePlan): string => join(to.paths.instances, `.${plan.token}`)

/** The instance's folder is the reservation of its name; its port is reserved by the open operation's plan. */
export const reserve: CreateStep = to => ({
  async do({ plan }) {
    const { folder } = folderOf(to, plan)
    const beside = besideOf(to, plan)
    await makeFolder(beside, 0o700)
    await writeFileAtomic(join(beside, basename(folderOf(to, plan).reservation)), plan.token, 0o600)
    await rename(beside, folder).catch((error: unknown) => {
      throw problem(
        {
          code: 'name-taken',
          field: 'name',
          message: `The folder ${folder} exists already.`,
          hint: 'Choose another name.',
        },
        error,
      )
    })
    await syncFolder(to.paths.instances)
  },
  verify: ({ plan }) => isReserved(to, plan),
  async undo({ plan }) {
    const beside = besideOf(to, plan)
    await rm(beside, { recursive: true, force: true })
    if (!(await isReserved(to, plan))) return
    await rename(folderOf(to, plan).folder, beside) // gone in one step; the disk is freed after
    await syncFolder(to.paths.instances)
    await rm(beside, { recursive: true, force: true })
  },
})

const baseOf = (to: CreateServices, { manifest, fingerprint, install }: CreatePlan) => ({
  root: to.paths.root,
  nodeMajor: to.node.major,
  manifest,
  fingerprint,
  install,
})

/**
 * A release once made stays: it is a cache that the next instance uses. What is half made is removed by the release
 * store itself.
 */
export const prepareRelease: CreateStep = to => ({
  do: ({ plan, signal, report, output }) => to.releases.prepare(baseOf(to, plan), { signal, report, output }),
  verify: ({ plan }) => to.releases.has(plan.fingerprint),
})

/** config.json comes last: where it is, all is. */
export const placeFiles: CreateStep = to => ({
  async do({ plan, signal, report, output, secret }) {
    const paths = folderOf(to, plan)
    if (!(await isReserved(to, plan))) throw takenAway(plan)
    await clear(paths)
    await to.releases.place(baseOf(to, plan), paths.folder, { signal, report, output })
    await writeInstanceFiles(to, { plan, secret }, paths)
  },
  verify: async ({ plan }) => (await readIfExists(folderOf(to, plan).config)) !== undefined,
  undo: ({ plan }) => clear(folderOf(to, plan)),
})

async function clear(paths: InstancePaths): Promise<void> {
  for (const path of [paths.config, paths.databaseConfig, paths.server, paths.client])
    await rm(path, { recursive: true, force: true })
}
