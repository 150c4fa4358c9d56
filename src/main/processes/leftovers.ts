/**
 * Apps that PM2 lost: they outlive a daemon that was killed, keep their port, and a new daemon knows nothing of them.
 * Each is known by what PM2 wrote into its environment when it started it.
 */
import { readlink, realpath } from 'node:fs/promises'
import { problem } from '../../shared/problem'
import { environmentOf, isAlive, allPids, startTime } from '../system/proc'
import { waitFor } from '../system/wait'
import { pm2Paths } from './daemon'

/** A process of PM2 by name and working folder: another app of the same name is not ours. */
export interface ProcessRef {
  readonly name: string
  readonly cwd: string
}

/**
 * Whether a folder that PM2 recorded is this one, through symbolic links too. One that is gone counts if it ended alike
 * (`instances/NAME/server`): the workspace was moved. @param pid of the process, if it runs: it may work in another
 * workspace that was moved
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

/** Every process that PM2 with this home started in fork mode, listed by a daemon or not; their own children too. */
export async function appsOf(home: string): Promise<PM2App[]> {
  const recorded = `${pm2Paths(home).pids}/`
  const apps = await Promise.all(
    (await allPids()).map(async pid => {
      const environment = await environmentOf(pid)
      const name = environment.get('name')
      const cwd = environment.get('pm_cwd')
      return name && cwd && environment.get('pm_pid_path')?.startsWith(recorded) ? { pid, name, cwd } : undefined
    }),
  )
  return apps.filter(it => it !== undefined)
}

const patience = 2000 // ms between SIGTERM and SIGKILL; PM2 waits 1600

/** Ends what still runs of an app that no daemon lists. @throws Problem `process-not-stopped` */
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
  // not a later process with its number
  const runs = async (): Promise<boolean> => (await startTime(pid)) === started && (await isAlive(pid))
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!(await runs())) return
    try {
      process.kill(pid, signal)
    } catch {
      return
    } // it is gone already
    await waitFor(async () => !(await runs()), { every: 20, timeout: patience })
  }
  if (!(await runs())) return
  throw problem({
    code: 'process-not-stopped',
    message: `Process ${pid} can’t be stopped.`,
    cause: 'It survived SIGKILL: it is waiting for a disk or a network file system.',
    hint: 'Try again later, or restart the machine.',
  })
}
