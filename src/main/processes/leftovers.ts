/**
 * Apps that PM2 lost: they outlive a killed daemon and keep their ports, but a new daemon doesn't know them. They are
 * recognised by what PM2 put into their environment when it started them.
 */
import { readlink, realpath } from 'node:fs/promises'
import { problem } from '../../shared/problem'
import { environmentOf, isAlive, allPids, startTime } from '../system/proc'
import { waitFor } from '../system/wait'
import { pm2Paths } from './daemon'

/** Identifies a process in PM2 by name and working folder: another app with the same name isn't ours. */
export interface ProcessRef {
  readonly name: string
  readonly cwd: string
}

/**
 * Whether a folder that PM2 recorded is this one, even through symbolic links. A folder that is gone counts if its path
 * ends the same way (`instances/NAME/server`): the workspace was moved. @param pid the process, if it is running: it
 * may be in another workspace that was moved
 */
export async function sameFolder(recorded: string, folder: string, pid?: number): Promise<boolean> {
  if (recorded === folder) return true
  const [was, is] = await Promise.all([recorded, folder].map(it => realpath(it).catch(() => undefined)))
  if (was !== undefined) return was === (is ?? folder)
  if (ending(recorded) !== ending(folder)) return false
  const now = pid ? await readlink(`/proc/${pid}/cwd`).catch(() => undefined) : undefined
  return now === undefined || now.endsWith(' (deleted)') || now === (is ?? folder)
}

const ending = (path: string): string => path.split('/').slice(-3).join('/')

export interface PM2App extends ProcessRef {
  readonly pid: number
}

/**
 * Every process that PM2 with this home started in fork mode, and its children, whether a daemon lists it or not.
 * @param but processes to leave out: most of the cost is reading each process's environment
 */
export async function appsOf(home: string, but: ReadonlySet<number> = new Set()): Promise<PM2App[]> {
  const recorded = `${pm2Paths(home).pids}/`
  const apps = await Promise.all(
    (await allPids())
      .filter(it => !but.has(it))
      .map(async pid => {
        const environment = await environmentOf(pid)
        const name = environment.get('name')
        const cwd = environment.get('pm_cwd')
        return name && cwd && environment.get('pm_pid_path')?.startsWith(recorded) ? { pid, name, cwd } : undefined
      }),
  )
  return apps.filter(it => it !== undefined)
}

const killAfter = 2000 // ms after SIGTERM; PM2 waits 1600

/** Ends an app's processes that no daemon lists. @throws Problem `process-not-stopped` */
export async function endLeftovers(home: string, { name, cwd }: ProcessRef): Promise<void> {
  const named = (await appsOf(home)).filter(it => it.name === name)
  await Promise.all(
    named.map(async it => {
      if (await sameFolder(it.cwd, cwd, it.pid)) await end(it.pid)
    }),
  )
}

async function end(pid: number): Promise<void> {
  const started = await startTime(pid)
  // not a later process with the same pid
  const runs = async (): Promise<boolean> => (await startTime(pid)) === started && (await isAlive(pid))
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!(await runs())) return
    try {
      process.kill(pid, signal)
    } catch {
      return
    } // it has already ended
    await waitFor(async () => !(await runs()), { every: 20, timeout: killAfter })
  }
  if (!(await runs())) return
  throw problem({
    code: 'process-not-stopped',
    message: `Process ${pid} can’t be stopped.`,
    cause: 'It survived SIGKILL: it is waiting for a disk or a network file system.',
    hint: 'Try again later, or restart the machine.',
  })
}
