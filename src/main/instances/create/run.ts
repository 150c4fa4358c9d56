/** The steps that get the instance running: the pooled URL, the process, its health, its smoke tests. */
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parse } from 'dotenv'
import { problem } from '../../../shared/problem'
import { exists, isFolder, readIfExists, removeTemporary, syncFolder, writeFileAtomic } from '../../system/files'
import { setEnv, writeEnv } from '../../workspace/env-file'
import { ownProcess } from '../lifecycle/own-process'
import { startTarget, waitForTarget } from '../lifecycle/process-steps'
import { handOver } from '../system-user/hand-over'
import { testInstance } from '../smoke'
import { ensureSystemUser, removeSystemUser } from '../system-user/identity'
import { databaseConfig } from './files'
import type { Context } from '../../operations/operation'
import type { CreatePlan } from '../../../shared/jobs/create'
import { isReserved } from './place'
import type { CreateServices } from './services'
import { folderOf, takenAway, type CreateStep } from './step'

/** Set-up needs a direct connection; the running application gets a pooled one. */
export const switchToPool: CreateStep = services => {
  const urls = async ({ plan, secret }: Context<CreatePlan>) => databaseConfig(plan, await secret('database'))
  return {
    async do(context) {
      const { env } = folderOf(services, context.plan)
      const text = await readIfExists(env)
      if (text === undefined) throw takenAway(context.plan)
      await writeEnv(env, setEnv(text, { DATABASE_URL: (await urls(context)).url }))
    },
    async verify(context) {
      const { url } = await urls(context)
      return parse((await readIfExists(folderOf(services, context.plan).env)) ?? '')['DATABASE_URL'] === url
    },
    /** Uses only the file itself, so it works even if the secret is lost, and does nothing if the file is gone. */
    async undo({ plan }) {
      const { env } = folderOf(services, plan)
      const text = await readIfExists(env)
      const { DIRECT_URL } = parse(text ?? '')
      if (text !== undefined && DIRECT_URL) await writeEnv(env, setEnv(text, { DATABASE_URL: DIRECT_URL }))
    },
  }
}

/** If another instance is running on the port, this one is left stopped: the operator chose to share it. */
export const startProcess: CreateStep = services => ({
  async do({ plan, signal, report }) {
    if (plan.systemUser) await isolate(services, plan, signal)
    if (plan.heldBy !== undefined) return // only the user is needed
    const { server } = folderOf(services, plan)
    // an earlier instance of this name may have left logs, if its folder was deleted by hand
    await services.processes.remove({ name: plan.name, cwd: server })
    await startTarget(
      services,
      { name: plan.name, port: plan.port, script: join(server, plan.manifest.server.entry), cwd: server },
      { signal, report },
    )
  },
  async verify({ plan }) {
    if (plan.heldBy !== undefined) return false
    const app = { name: plan.name, cwd: folderOf(services, plan).server }
    const process = await ownProcess(await services.processes.list(), app)
    return (
      process?.status === 'online' &&
      (await services.processes.dump.saved(app)) &&
      (await services.desired.names()).includes(plan.name)
    )
  },
  async undo({ plan }) {
    await services.processes.remove({ name: plan.name, cwd: folderOf(services, plan).server })
    await services.processes.dump.save()
    await services.desired.remove(plan.name)
    // the files are deleted when place-files is undone
    if (plan.systemUser) await removeSystemUser(services.run, services.paths, plan.name)
  },
})

/** Runs before any of the application's code, except its set-up. */
async function isolate(services: CreateServices, plan: CreatePlan, signal: AbortSignal): Promise<void> {
  const [folder, readable] = [
    { uid: 0, gid: 0, mode: 0o700 },
    { uid: 0, gid: 0, mode: 0o755 },
  ]
  const { server, client } = plan.manifest
  const data = server.dataFolders.map(it => join(server.folder, it))
  const before = Object.fromEntries([
    ...[server.folder, client.folder, ...data].map(it => [it, readable] as const),
    ['.', folder],
    [join(server.folder, '.env'), { ...folder, mode: 0o600 }],
  ])
  await ensureSystemUser(services.run, services.paths, plan.name)
  await handOver(services, plan.name, before, signal)
}

/** Once the instance is healthy, its folder no longer counts as being created. */
export const verifyHealth: CreateStep = services => ({
  async do({ plan, signal, report }) {
    if (!(await isReserved(services, plan))) throw takenAway(plan)
    if (plan.heldBy === undefined)
      await waitForTarget(
        services,
        { name: plan.name, port: plan.port, cwd: folderOf(services, plan).server },
        { signal, report },
      )
    const { reservation, folder, env } = folderOf(services, plan)
    for (const it of [folder, dirname(env)]) await removeTemporary(it) // left by a crash
    await rm(reservation, { force: true })
    await syncFolder(folder)
  },
  verify: async ({ plan }) =>
    (await exists(folderOf(services, plan).config)) &&
    (await readIfExists(folderOf(services, plan).reservation)) === undefined,
  /** Restores the folder's token, by which the undo of `reserve` recognises it. */
  async undo({ plan }) {
    const { folder, reservation } = folderOf(services, plan)
    if (await isFolder(folder)) await writeFileAtomic(reservation, plan.token, 0o600)
  },
})

/**
 * The instance is healthy and running, so nothing is undone automatically: the operator inspects it, corrects the
 * manifest's tests if they are wrong, and decides.
 */
export const smokeTests: CreateStep = services => ({
  async do({ plan, ...context }) {
    const found = await testInstance(services, plan, context)
    if (found) throw problem({ ...found, action: 'test-again' })
  },
  verify: () => Promise.resolve(false), // nothing shows that they were run
})
