/**
 * PM2's daemon for one PM2_HOME. PM2 itself would start it with `process.execPath`, which isn't Node in Electron, and
 * pass our whole environment to it (and so to every app in cluster mode).
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, open, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { problem } from '../../shared/problem'
import { withoutInherited } from '../system/clean-exec'
import { makeFolder, readIfExists } from '../system/files'
import { holdLock } from '../system/kernel-lock'
import { packageVersion } from '../system/product'
import { runtime, runtimeVariable, type Runtime } from '../system/runtime'

/**
 * PM2's own names inside its home, except `start` (whoever holds this lock starts, exchanges or ends daemons), `moving`
 * (hand-over.ts) and `former` (exchange.ts).
 */
export const pm2Paths = (home: string) => ({
  start: join(home, 'instance-manager.lock'),
  moving: join(home, 'instance-manager.moving.json'),
  former: { rpc: join(home, 'rpc.old'), bus: join(home, 'pub.old'), pid: join(home, 'pm2.old') },
  rpc: join(home, 'rpc.sock'),
  bus: join(home, 'pub.sock'),
  log: join(home, 'pm2.log'),
  pid: join(home, 'pm2.pid'),
  logs: join(home, 'logs'),
  pids: join(home, 'pids'),
  dump: join(home, 'dump.pm2'),
  dumpBackup: join(home, 'dump.pm2.bak'),
})

/** Variables that the daemon and its apps get; everything else comes from the app's own `.env`. */
const passed = [
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'XDG_RUNTIME_DIR',
  'NODE_EXTRA_CA_CERTS',
] as const

/**
 * The few of our variables that a long-lived process needs. Not `NODE_ENV` or `PORT`, which would override those in
 * `.env`.
 */
export const processEnvironment = ({ path }: Runtime): Record<string, string> => ({
  ...Object.fromEntries(passed.flatMap(name => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))),
  PATH: path,
})

const maxSocketPath = 107 // bytes, Linux's sockaddr_un
const startTimeout = 20_000 // ms; it usually takes about 400

export class Daemon {
  readonly #home: string
  #starting: Promise<void> | undefined

  /** @param home PM2_HOME */
  constructor(home: string) {
    this.#home = home
  }

  /**
   * Starts the daemon unless it is running. Any number of callers, in any number of processes, start only one.
   * @throws Problem `pm2-not-started`, `pm2-home-too-long`, `pm2-home-foreign`; as `runtime`
   */
  ensure(): Promise<void> {
    this.#starting ??= this.#ensure().finally(() => {
      this.#starting = undefined
    })
    return this.#starting
  }

  async #ensure(): Promise<void> {
    const { rpc } = pm2Paths(this.#home)
    if (Buffer.byteLength(rpc) > maxSocketPath) {
      throw problem({
        code: 'pm2-home-too-long',
        message: `PM2 can’t use the folder ${this.#home}.`,
        cause: `A socket’s path can have at most ${maxSocketPath} bytes.`,
        hint: 'Choose a PM2_HOME with a shorter path.',
      })
    }
    if (await listens(rpc)) return
    await makeHome(this.#home)
    await this.exclusively(async () => {
      if (!(await listens(rpc))) await this.start()
    })
  }

  /** Only one process at a time starts, exchanges or ends daemons. @throws Problem `pm2-not-started` */
  async exclusively<T>(work: () => Promise<T>): Promise<T> {
    const { log, start } = pm2Paths(this.#home)
    const lock = await holdLock(start, { waitMs: startTimeout })
    if (!lock) throw notStarted(log, new Error('another process has been starting it for too long'))
    try {
      return await work()
    } finally {
      await lock.release()
    }
  }

  /** Call it `exclusively`, while none is running. @throws as `ensure` */
  async start(): Promise<void> {
    const { rpc, log, pid } = pm2Paths(this.#home)
    const from = await runtime()
    const output = await open(log, 'a', 0o600)
    const child = spawn(...withoutInherited(from.node, [from.file('pm2/lib/Daemon.js')]), {
      cwd: this.#home,
      detached: true,
      stdio: ['ignore', output.fd, output.fd, 'ipc'],
      env: {
        ...processEnvironment(from),
        PM2_HOME: this.#home,
        ...(from.copy !== undefined && { [runtimeVariable]: from.copy }),
      },
    })
    try {
      const failed = new AbortController()
      child.once('exit', () => failed.abort())
      // PM2 sends one message when both sockets are listening; 'error' (Node can't be run) rejects too
      await once(child, 'message', { signal: AbortSignal.any([failed.signal, AbortSignal.timeout(startTimeout)]) })
    } catch (error) {
      child.kill('SIGKILL')
      throw notStarted(log, error)
    } finally {
      await output.close()
      if (child.connected) child.disconnect()
      child.unref()
    }
    // The `pm2` command doesn't use our lock. If it started a daemon at the same moment, the one that owns the pid file
    // stays.
    if ((await readIfExists(pid))?.trim() === String(child.pid)) return
    child.kill('SIGKILL')
    if (!(await listens(rpc))) throw notStarted(log, new Error('another daemon took its place and ended'))
  }
}

const notStarted = (log: string, error: unknown) =>
  problem(
    {
      code: 'pm2-not-started',
      message: 'PM2’s daemon couldn’t be started.',
      cause: 'It ended, or wasn’t ready in time.',
      hint: `See ${log}, then try again.`,
    },
    error,
  )

/** Whether a daemon accepts connections; a socket file without one is stale. */
export function listens(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    // it belongs to another user, which `request` reports
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EACCES'))
  })
}

/**
 * Creates PM2's home and its folders, closed to other users: anyone who can write there can place sockets, and a list
 * of programs to start.
 * @throws Problem `pm2-home-foreign` if it is another user's
 */
async function makeHome(home: string): Promise<void> {
  const { logs, pids } = pm2Paths(home)
  await makeFolder(home, 0o700)
  const { uid } = await stat(home)
  if (uid !== process.getuid?.()) {
    throw problem({
      code: 'pm2-home-foreign',
      message: `PM2’s folder ${home} belongs to another user.`,
      cause: `Its owner (user id ${uid}) could run programs as you through it.`,
      hint: 'Set PM2_HOME to a folder of your own, or run Instance Manager as that user.',
    })
  }
  await chmod(home, 0o700)
  await Promise.all([makeFolder(logs), makeFolder(pids)])
}

export const pm2Version = (): string => packageVersion('pm2')
