/** Steps that bring the instance to life: the pooled URL, the process, its health. */
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parse } from 'dotenv'
import { exists, isFolder, readIfExists, removeTemporary, syncFolder, writeFileAtomic } from '../../system/files'
import { setEnv, writeEnv } from '../../workspace/env-file'
import { ownProcess } from '../lifecycle/own-process'
import { startTarget, waitForTarget } from '../lifecycle/process-steps'
import { handOver } from '../system-user/hand-over'
import { ensureSystemUser, removeSystemUser } from '../system-user/identity'
import { databaseConfig } from './files'
import type { Context } from '../../operations/operation'
import type { CreatePlan } from '../../../shared/jobs/create'
import { isReserved } from './place'
import type { CreateServices } from './services'
import { folderOf, takenAway, type CreateStep } from './step'

/** Set-up needs a direct connection, the running application gets a pooled one. */
export const switchToPool: CreateStep = to => {
  const urls = async ({ plan, secret }: Context<CreatePlan>) => databaseConfig(plan, await secret('database'))
  return {
    async do(context) {
      const { env } = folderOf(to, context.plan)
      const text = await readIfExists(env)
      if (text === undefined) throw takenAway(context.plan)
      await writeEnv(env, setEnv(text, { DATABASE_URL: (await urls(context)).url }))
    },
    async verify(context) {
      const { url } = await urls(context)
      return parse((await readIfExists(folderOf(to, context.plan).env)) ?? '')['DATABASE_URL'] === url
    },
    /** From the file itself: it needs no secret, which may be lost, and no file, which may be gone. */
    async undo({ plan }) {
      const { env } = folderOf(to, plan)
      const text = await readIfExists(env)
      const { DIRECT_URL } = parse(text ?? '')
      if (text !== undefined && DIRECT_URL) await writeEnv(env, setEnv(text, { DATABASE_URL: DIRECT_URL }))
    },
  }
}

/** An instance whose port another one holds is made complete and left stopped: the operator chose to share. */
export const startProcess: CreateStep = to => ({
  async do({ plan, signal, report }) {
    if (plan.systemUser) await isolate(to, plan, signal)
    if (plan.heldBy !== undefined) return // only its user was to be made
    const { server } = folderOf(to, plan)
    // logs of an earlier one of its name, whose folder was deleted by hand, are not its own
    await to.processes.remove({ name: plan.name, cwd: server })
    await startTarget(
      to,
      { name: plan.name, port: plan.port, script: join(server, plan.manifest.server.entry), cwd: server },
      { signal, report },
    )
  },
  async verify({ plan }) {
    if (plan.heldBy !== undefined) return false
    const app = { name: plan.name, cwd: folderOf(to, plan).server }
    const process = await ownProcess(await to.processes.list(), app)
    return (
      process?.status === 'online' && (await to.processes.saved(app)) && (await to.desired.names()).includes(plan.name)
    )
  },
  async undo({ plan }) {
    await to.processes.remove({ name: plan.name, cwd: folderOf(to, plan).server })
    await to.processes.save()
    await to.desired.remove(plan.name)
    // the undo of place-files deletes its files
    if (plan.systemUser) await removeSystemUser(to.run, to.paths, plan.name)
  },
})

/** Before anything of the application runs but its own set-up. */
async function isolate(to: CreateServices, plan: CreatePlan, signal: AbortSignal): Promise<void> {
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
  await ensureSystemUser(to.run, to.paths, plan.name)
  await handOver(to, plan.name, before, signal)
}

/** Healthy at last, the folder is no longer in the making. */
export const verifyHealth: CreateStep = to => ({
  async do({ plan, signal, report }) {
    if (!(await isReserved(to, plan))) throw takenAway(plan)
    if (plan.heldBy === undefined)
      await waitForTarget(to, { name: plan.name, port: plan.port, cwd: folderOf(to, plan).server }, { signal, report })
    const { reservation, folder, env } = folderOf(to, plan)
    for (const it of [folder, dirname(env)]) await removeTemporary(it) // a crash may have left some of a file
    await rm(reservation, { force: true })
    await syncFolder(folder)
  },
  verify: async ({ plan }) =>
    (await exists(folderOf(to, plan).config)) && (await readIfExists(folderOf(to, plan).reservation)) === undefined,
  /** The folder gets its mark back, by which the undo of `reserve` knows it. */
  async undo({ plan }) {
    const { folder, reservation } = folderOf(to, plan)
    if (await isFolder(folder)) await writeFileAtomic(reservation, plan.token, 0o600)
  },
})
