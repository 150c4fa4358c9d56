/** A private PM2 home with its daemon and apps; nothing outlives `cleanUp`. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Processes, type NewProcess } from '../../src/main/processes/client'
import { pm2Paths } from '../../src/main/processes/daemon'
import { appsOf } from '../../src/main/processes/leftovers'
import { allPids, descendants, environmentOf, isAlive } from '../../src/main/system/proc'
import { packageFile } from '../../src/main/system/product'

export interface PrivatePm2 {
  /** PM2_HOME. Short: a socket's path has at most 107 bytes. */
  readonly home: string
  readonly processes: Processes
  /** Writes an app's index.js into a folder of its own. */
  app(name: string, code: string): Promise<NewProcess>
  /** The pid in PM2's pid file; undefined if there is none. */
  daemonPid(): Promise<number | undefined>
  /** Kills the daemon as a crash would: its apps keep running. */
  killDaemon(): Promise<void>
  /** Every daemon process of this home. */
  daemons(): Promise<number[]>
  /** Ends the daemon and every app by pid and removes the folder. */
  cleanUp(): Promise<void>
}

export async function privatePm2(): Promise<PrivatePm2> {
  const folder = await mkdtemp(join(tmpdir(), 'im-'))
  const home = join(folder, 'pm2')
  const daemonPid = async (): Promise<number | undefined> =>
    Number(await readFile(pm2Paths(home).pid, 'utf8').catch(() => '')) || undefined
  return {
    home,
    daemonPid,
    daemons: () => daemonsOf(home),
    processes: new Processes(home),
    async app(name, code) {
      const cwd = join(folder, 'apps', name)
      await mkdir(cwd, { recursive: true })
      const script = join(cwd, 'index.js')
      await writeFile(script, code)
      return { name, cwd, script }
    },
    async killDaemon() {
      const pid = await daemonPid()
      if (pid === undefined) throw new Error('no daemon to kill')
      await kill(pid)
    },
    async cleanUp() {
      await endPm2(home)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Every daemon process of a home. */
async function daemonsOf(home: string): Promise<number[]> {
  const all = await Promise.all(
    (await allPids()).map(async pid => {
      const environment = await environmentOf(pid)
      const isApp = environment.has('pm_id') || environment.has('pm2_env') // in cluster mode
      return environment.get('PM2_HOME') === home && !isApp && pid !== process.pid ? pid : undefined
    }),
  )
  return all.filter(it => it !== undefined)
}

/** Ends a home's daemons and apps by pid. */
export async function endPm2(home: string): Promise<void> {
  const daemon = await daemonsOf(home)
  const workers = (await Promise.all(daemon.map(descendants))).flat()
  await Promise.all(daemon.map(kill)) // first, or it restarts the apps
  await Promise.all([...workers, ...(await appsOf(home)).map(it => it.pid)].map(kill))
}

/** Starts a daemon that says it is of an older version: today's PM2 with another number. */
export async function startOldDaemon(home: string): Promise<void> {
  await Promise.all(['logs', 'pids'].map(it => mkdir(join(home, it), { recursive: true, mode: 0o700 })))
  const older = join(home, 'older.cjs')
  await writeFile(older, `require(${JSON.stringify(packageFile('pm2/package.json'))}).version = '${oldVersion}'`)
  const daemon = spawn(process.execPath, ['--require', older, packageFile('pm2/lib/Daemon.js')], {
    cwd: home,
    detached: true,
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { PATH: process.env['PATH'], HOME: dirname(home), PM2_HOME: home },
  })
  await once(daemon, 'message')
  daemon.disconnect()
  daemon.unref()
}
export const oldVersion = '6.0.1'

async function kill(pid: number): Promise<void> {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    return
  }
  await until(async () => !(await isAlive(pid)))
}

/** Waits for a condition. @throws if it isn't met within 60 s */
export async function until(condition: () => Promise<boolean> | boolean): Promise<void> {
  for (const end = performance.now() + 60_000; !(await condition()); await delay(20)) {
    if (performance.now() > end) throw new Error(`condition not met: ${condition.toString()}`)
  }
}

/** A value that the test knows to be defined. @throws if it isn't */
export function sure<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('expected a value')
  return value
}

/** Code of an HTTP server on 127.0.0.1. */
export const httpApp = (port: number, answer = 'response.end("ok")'): string =>
  `require('node:http').createServer((request, response) => { ${answer} }).listen(${port}, '127.0.0.1')`
