/**
 * An instance's system user. It is named after workspace and instance, and marked, so that no other user is ever
 * mistaken for it and only our own users are ever deleted.
 */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { problem } from '../../../shared/problem'
import {
  addUser,
  deleteUser,
  endProcessesOf,
  findUser,
  isWhole,
  lockAccount,
  type SystemUser,
} from '../../system/users'
import type { Run } from '../../system/run'
import { readInstanceConfig } from '../../workspace/instance-config'
import type { WorkspacePaths } from '../../workspace/paths'

const maxNameLength = 32 // useradd's limit

/** The name and mark of an instance's user. Names that differ only by case share it, as they share a database. */
export function identityOf(
  { root }: Pick<WorkspacePaths, 'root'>,
  name: string,
): { readonly name: string; readonly comment: string } {
  const digest = createHash('sha256').update(`${root}\0${name.toLowerCase()}`).digest('hex')
  return {
    name: `im-${digest.slice(0, 8)}-${name.toLowerCase()}`.slice(0, maxNameLength),
    comment: `Instance Manager ${digest.slice(0, 32)}`,
  }
}

/** The instance's own user, if there is one. @throws Problem `system-user-foreign` if another user has its name */
export async function findSystemUser(
  paths: Pick<WorkspacePaths, 'root'>,
  name: string,
): Promise<SystemUser | undefined> {
  const identity = identityOf(paths, name)
  const found = await findUser(identity.name)
  if (!found || (found.comment === identity.comment && found.uid > 0)) return found
  throw problem({
    code: 'system-user-foreign',
    message: `The user ${identity.name} already exists and isn’t this instance’s.`,
    cause: 'It doesn’t have the mark of users that Instance Manager creates.',
    hint: `Find out what it is for: getent passwd ${identity.name}`,
  })
}

/** @throws Problem `system-user-missing` */
export async function requireSystemUser(paths: Pick<WorkspacePaths, 'root'>, name: string): Promise<SystemUser> {
  const found = await findSystemUser(paths, name)
  if (found) return found
  throw problem({
    code: 'system-user-missing',
    message: `The system user of “${name}” is missing.`,
    cause: `There is no user ${identityOf(paths, name).name} on this machine: it was deleted, or the workspace was moved or copied.`,
    hint: `Give it a new one: instance-manager isolate ${name}`,
  })
}

/**
 * The user as which PM2 runs an instance; undefined means our own. If an instance's user is missing, it is never run as
 * root instead.
 * @throws Problem `system-user-missing`, `system-user-foreign`, `file-corrupt`
 */
export async function runAs(
  paths: Pick<WorkspacePaths, 'root' | 'instances'>,
  name: string,
): Promise<SystemUser | undefined> {
  const config = await readInstanceConfig(join(paths.instances, name, 'config.json'))
  return config?.systemUser && requireSystemUser(paths, name)
}

/**
 * Creates the instance's user if necessary, and locks its account. Its home is the instance's folder, which it can't
 * write to.
 */
export async function ensureSystemUser(
  run: Run,
  paths: Pick<WorkspacePaths, 'root' | 'instances'>,
  name: string,
): Promise<void> {
  const identity = identityOf(paths, name)
  const found = await findSystemUser(paths, name)
  if (!found || !(await isWhole(found))) {
    if (found) await deleteUser(run, found) // left incomplete by a crash
    await addUser(run, { ...identity, home: join(paths.instances, name) })
  }
  await lockAccount(run, identity.name)
}

/** Ends the user's processes and deletes the user. Does nothing if there is none, or it isn't ours. */
export async function removeSystemUser(run: Run, paths: Pick<WorkspacePaths, 'root'>, name: string): Promise<void> {
  const identity = identityOf(paths, name)
  const found = await findUser(identity.name)
  if (found?.comment !== identity.comment) return
  for (const end = performance.now() + deleteWithin; ;) {
    await endProcessesOf(run, found)
    try {
      return await deleteUser(run, found)
    } catch (error) {
      if (performance.now() > end) throw error
    } // a new process of the user has started meanwhile
  }
}

/** Milliseconds. PM2 gives up on a crashing application after 16 starts, which take a few seconds. */
const deleteWithin = 15_000
