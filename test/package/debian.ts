/** A Debian 12 of its own for tests of the package. It shares nothing with this machine but the kernel and a display. */
import { spawn, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa, type Options } from 'execa'

const script = join(import.meta.dirname, 'debian.sh')
const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'instance-manager', 'debian')
/** A minute of debootstrap, or five on a busy machine. Milliseconds. */
const makeLimit = 900_000

export interface Ran {
  readonly exitCode: number | undefined
  readonly stdout: string
  readonly stderr: string
}

export interface Debian {
  /** Its file system, as seen from here. */
  readonly root: string
  /** Runs a shell command as root, with this machine's network. */
  asRoot(command: string): Promise<Ran>
  /** Runs a shell command after signing in as a user, without a network. @param input for its standard input */
  as(user: string, command: string, input?: string): Promise<Ran>
  /** Ends everything that runs in it, and makes a disk of what is left, for a virtual machine. @param path of a file */
  toDisk(path: string): Promise<void>
  /** Ends everything that runs in it, and removes it. */
  remove(): Promise<void>
}

/** Starts it; made at the first call on a machine. @param packages that it has besides the essential ones */
export async function startDebian(packages: readonly string[] = []): Promise<Debian> {
  await mkdir(cache, { recursive: true })
  const key = createHash('sha256')
    .update(await readFile(script))
    .update(packages.join(' '))
    .digest('hex')
    .slice(0, 12)
  const lower = join(cache, key)
  await execa('flock', [join(cache, 'lock'), script, 'make', lower, ...packages], { timeout: makeLimit })
  const work = await mkdtemp(join(tmpdir(), 'im-debian-'))
  const namespaces = ['--mount', '--pid', '--net', '--ipc', '--uts', '--fork', '--kill-child']
  const unshare = spawn('unshare', [...namespaces, script, 'run', lower, work, join(cache, 'archives')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(unshare.stdout, 'data')
  const init = await firstChild(unshare)
  const root = join('/proc', init, 'root')
  // Those that run at the same time share what apt has downloaded, where only one of them could hold its lock.
  await writeFile(join(root, 'etc/apt/apt.conf.d/90shared'), 'Debug::NoLocking "true";\n')
  const enter = ['--target', init, '--mount', '--pid', '--root', '--wd']
  const run = async (file: string, args: string[], options: Options = {}): Promise<Ran> => {
    const { exitCode, stdout, stderr } = await execa(file, args, {
      reject: false,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive' },
      extendEnv: false,
      timeout: 600_000,
      ...options,
    })
    return { exitCode, stdout: String(stdout), stderr: String(stderr) }
  }
  async function end(): Promise<void> {
    if (unshare.exitCode !== null || unshare.signalCode !== null) return
    const ended = once(unshare, 'exit')
    unshare.kill('SIGKILL') // and with it the first process, and with that all others
    await ended
  }
  return {
    root,
    asRoot: command => run('nsenter', [...enter, 'sh', '-c', command]),
    as: (user, command, input = '') =>
      run('nsenter', [...enter, '--net', '--ipc', '--uts', 'su', '-', user, '-c', command], { input }),
    async toDisk(path) {
      await end()
      await execa('unshare', ['--mount', script, 'disk', lower, work, path], { timeout: makeLimit })
    },
    async remove() {
      await end()
      await rm(work, { recursive: true, force: true })
    },
  }
}

/** The pid of the first process of the new namespaces. */
async function firstChild({ pid }: ChildProcess): Promise<string> {
  return (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim()
}
