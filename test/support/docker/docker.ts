/**
 * A Docker daemon of its own for a test file: its own data, sockets and control groups, and no firewall rules. Installs
 * nothing, and leaves nothing behind.
 */
import { mkdtemp, readdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { execa, type ResultPromise } from 'execa'
import { imageRoot, importImages, type Images } from '../images/images'

/** How long the daemon may take to start or to end, on a busy machine. Milliseconds. */
const limit = 60_000
/** Daemons are in sbin, which isn't in every user's PATH. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`

export class TestDocker {
  readonly images: Images
  readonly #folder: string
  #daemon: ResultPromise | undefined

  constructor(folder: string, images: Images) {
    this.#folder = folder
    this.images = images
  }

  /** Its address, to be in the environment of whoever calls docker. */
  get host(): string {
    return `unix://${join(this.#folder, 'docker.sock')}`
  }

  /** @throws its last words if it doesn't start */
  async start(): Promise<void> {
    const name = basename(this.#folder)
    // TERM if this process is killed: the daemon then ends its containers, and its containerd.
    const daemon = execa(
      'setpriv',
      [
        '--pdeathsig',
        'TERM',
        'dockerd',
        '--config-file',
        join(this.#folder, 'daemon.json'),
        // not another daemon's containers, if the machine has a containerd
        '--containerd-namespace',
        name,
        '--containerd-plugins-namespace',
        `${name}-plugins`,
      ],
      {
        env: { PATH },
        stdio: ['ignore', 'ignore', { file: join(this.#folder, 'log'), append: true }],
        reject: false,
      },
    )
    this.#daemon = daemon
    for (const end = performance.now() + limit; performance.now() < end && !ended(daemon); await delay(100))
      if (!(await execa('docker', ['version'], { env: this.#env, reject: false, timeout: 5000, input: '' })).failed)
        return
    throw new Error((await readFile(join(this.#folder, 'log'), 'utf8')).trim().split('\n').at(-1))
  }

  /** Makes it answer no command, or answer again; containers go on running. */
  freeze(): void {
    this.#daemon?.kill('SIGSTOP')
  }
  thaw(): void {
    this.#daemon?.kill('SIGCONT')
  }

  /** Ends the daemon with all of its containers and networks, and removes everything. */
  async dispose(): Promise<void> {
    await this.#removeAll('container', ['ls', '--all', '--quiet'], ['rm', '--force', '--volumes'])
    await this.#removeAll('network', ['ls', '--quiet', '--filter', 'type=custom'], ['rm'])
    this.#daemon?.kill('SIGTERM')
    const ending = setTimeout(() => this.#daemon?.kill('SIGKILL'), limit)
    await this.#daemon
    clearTimeout(ending)
    // Version 1 of control groups has a tree for each kind of resource.
    const trees = await readdir('/sys/fs/cgroup')
    for (const it of ['', ...trees])
      await rmdir(join('/sys/fs/cgroup', it, basename(this.#folder))).catch(() => undefined)
    await rm(this.#folder, { recursive: true, force: true })
  }

  get #env(): { readonly DOCKER_HOST: string } {
    return { DOCKER_HOST: this.host }
  }

  async #removeAll(kind: string, list: readonly string[], remove: readonly string[]): Promise<void> {
    const docker = async (...args: string[]): Promise<string[]> =>
      (await execa('docker', [kind, ...args], { env: this.#env, input: '', timeout: limit })).stdout
        .split('\n')
        .filter(Boolean)
    const found = await docker(...list)
    if (found.length > 0) await docker(...remove, ...found)
  }
}

const ended = (daemon: ResultPromise): boolean => daemon.exitCode !== null || daemon.signalCode !== null

/**
 * Starts the daemon, with its address in this process's environment, and makes the images in it (about 10 s; a minute
 * more at the first call on a machine). Says what is missing if it can't. The caller disposes of it.
 */
export async function dockerForTests(): Promise<TestDocker | { readonly missing: string }> {
  for (const program of ['dockerd', 'docker', 'containerd', 'runc'])
    if ((await execa(program, ['--version'], { env: { PATH }, reject: false })).code === 'ENOENT')
      return { missing: `${program} is not installed (apt-get install docker.io)` }
  const root = await imageRoot()
  if ('missing' in root) return root
  const folder = await mkdtemp(join(tmpdir(), 'im-docker-'))
  const docker = new TestDocker(folder, root.images)
  await writeFile(join(folder, 'daemon.json'), JSON.stringify(configuration(folder)))
  try {
    await docker.start()
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    return { missing: `dockerd does not start here: ${error instanceof Error ? error.message : String(error)}` }
  }
  process.env['DOCKER_HOST'] = docker.host
  try {
    await importImages('docker', root)
  } catch (error) {
    await docker.dispose()
    throw error
  }
  return docker
}

/** Nothing of it is shared with another daemon, or outlives it. */
const configuration = (folder: string): Readonly<Record<string, unknown>> => ({
  hosts: [`unix://${join(folder, 'docker.sock')}`],
  pidfile: join(folder, 'pid'),
  'data-root': join(folder, 'data'),
  'exec-root': join(folder, 'exec'),
  'exec-opts': ['native.cgroupdriver=cgroupfs'],
  'max-download-attempts': 2,
  'cgroup-parent': `/${basename(folder)}`,
  // Ports on 127.0.0.1 go through its proxy anyway; our services need nothing else of the firewall.
  bridge: 'none',
  iptables: false,
  'ip-forward': false,
  'ip-masq': false,
  // For virtual machines without CAP_SYS_RESOURCE, where the default limits fail.
  'default-ulimits': Object.fromEntries(['nofile', 'nproc'].map(it => [it, { Name: it, Soft: 20_000, Hard: 20_000 }])),
})
