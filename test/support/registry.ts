/**
 * A real image registry on this machine (Debian's `docker-registry`), which can end in the middle of a download.
 * Installs nothing, and leaves nothing behind.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import { execa, type ResultPromise } from 'execa'
import { freePort } from './ports'
import { until } from './workspace'

/** Bytes of each layer that a test image adds to its base. */
const layerSize = 6_000_000
const layers = ['first', 'second', 'third'] as const

export class TestRegistry {
  /** As the beginning of an image's name. */
  readonly address: string
  readonly #folder: string
  readonly #ports: { readonly registry: number; readonly shown: number }
  readonly #sockets = new Set<Socket>()
  #process: ResultPromise | undefined
  #server: Server | undefined
  /** Bytes that it still sends before it ends. */
  #left = Infinity

  constructor(folder: string, ports: { readonly registry: number; readonly shown: number }) {
    this.#folder = folder
    this.#ports = ports
    this.address = `127.0.0.1:${ports.shown}`
  }

  /** @param bytes that it sends before it ends as if its machine had been switched off; absent: any number */
  async start(bytes = Infinity): Promise<void> {
    this.#left = bytes
    const { registry, shown } = this.#ports
    this.#process = execa(
      'setpriv',
      ['--pdeathsig', 'KILL', 'docker-registry', 'serve', join(this.#folder, 'config')],
      {
        stdio: ['ignore', 'ignore', { file: join(this.#folder, 'log'), append: true }],
        reject: false,
      },
    )
    await until(async () =>
      fetch(`http://127.0.0.1:${registry}/v2/`).then(
        it => it.ok,
        () => false,
      ),
    )
    const server = createServer(client => this.#pass(client))
    this.#server = server
    await new Promise<void>(resolve => void server.listen(shown, '127.0.0.1', resolve))
  }

  #pass(client: Socket): void {
    const upstream = connect(this.#ports.registry, '127.0.0.1')
    for (const it of [client, upstream]) {
      this.#sockets.add(it)
      it.on('error', () => undefined).on('close', () => {
        this.#sockets.delete(it)
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream)
    upstream.on('data', chunk => {
      this.#left -= chunk.length
      if (this.#left < 0) return void this.stop()
      if (client.write(chunk)) return
      upstream.pause()
      client.once('drain', () => upstream.resume())
    })
  }

  /** At once. */
  async stop(): Promise<void> {
    this.#server?.close()
    for (const it of this.#sockets) it.destroy()
    this.#process?.kill('SIGKILL')
    await this.#process
  }

  /**
   * Pushes an image that adds layers to another, which nothing here has any more afterwards. Uses Podman.
   * @param base an image of Podman @returns its name
   */
  async give(name: string, base: string): Promise<string> {
    const image = `${this.address}/im-test/${name}`
    const content = await mkdtemp(join(this.#folder, 'image-'))
    await Promise.all(layers.map(it => writeFile(join(content, it), randomBytes(layerSize))))
    const file = [`FROM ${base}`, ...layers.map(it => `COPY ${it} /im-test-${it}`)].join('\n')
    await writeFile(join(content, 'Containerfile'), file)
    await execa('podman', ['build', '--layers', '--pull=never', '--tag', image, content], { input: '' })
    await execa('podman', ['push', '--tls-verify=false', image], { input: '' })
    await execa('podman', ['rmi', image], { input: '' })
    return image
  }

  async dispose(): Promise<void> {
    await this.stop()
    await rm(this.#folder, { recursive: true, force: true })
  }
}

/**
 * Starts it, and lets this process's Podman use it without TLS; Docker does so with any on 127.0.0.1. Says what is
 * missing if it can't. The caller disposes of it.
 */
export async function registryForTests(): Promise<TestRegistry | { readonly missing: string }> {
  if ((await execa('docker-registry', ['--version'], { reject: false })).code === 'ENOENT')
    return { missing: 'docker-registry is not installed (apt-get install docker-registry)' }
  const folder = await mkdtemp(join(tmpdir(), 'im-registry-'))
  const ports = { registry: await freePort(), shown: await freePort() }
  const it = new TestRegistry(folder, ports)
  const configuration = {
    version: 0.1,
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(folder, 'data') } },
    http: { addr: `127.0.0.1:${ports.registry}` },
  }
  await writeFile(join(folder, 'config'), JSON.stringify(configuration)) // YAML, too
  const insecure = join(folder, 'registries.conf')
  await writeFile(insecure, `[[registry]]\nlocation = "${it.address}"\ninsecure = true\n`)
  process.env['CONTAINERS_REGISTRIES_CONF'] = insecure
  await it.start()
  return it
}
