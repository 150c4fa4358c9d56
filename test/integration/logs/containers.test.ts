/** The logs of real containers, spooled. */
import { randomInt } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { ContainerDriver } from '../../../src/main/infrastructure/drivers/container-driver'
import { allServices } from '../../../src/main/infrastructure/services'
import { ContainerLogs } from '../../../src/main/logs/containers'
import { createRun, createStart } from '../../../src/main/system/run'
import { markOf } from '../../../src/main/system/sweep'
import { settingsSchema } from '../../../src/shared/settings'
import { until } from '../../support/pm2'
import { processesIn } from '../../support/processes'
import { describeWhere } from '../../support/requires'
import { podmanForTests } from '../../support/podman/podman'

const podman = await podmanForTests()
const missing = 'missing' in podman ? podman.missing : undefined
const image = 'images' in podman ? podman.images.postgres : ''
const name = `im-test-${randomInt(1e9).toString(36)}-log`
const call = (...args: string[]) => execa('podman', args, { input: '' })

describeWhere(missing === undefined, missing ?? '')('container logs', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'im-spool-'))
    const code = 'echo "to out"; echo "to err" >&2; i=0; while true; do echo "line $i"; i=$((i+1)); sleep 0.05; done'
    await call('create', '--name', name, '--entrypoint', 'sh', '--stop-signal', 'KILL', image, '-c', code)
  })
  afterAll(async () => {
    await call('rm', '--force', '--volumes', name)
    await rm(folder, { recursive: true, force: true })
  })

  it('are a private file that grows, begins anew with the container, and goes with us', async () => {
    const ending = new AbortController()
    const settings = settingsSchema.parse({ containers: { postgres: name, pgbouncer: `${name}-none` } })
    const driver = new ContainerDriver('podman', allServices, {
      paths: { root: folder, state: folder, embedded: folder },
      run: createRun('test-spool'),
      start: createStart('test-spool'),
      mark: markOf('test-spool'),
      settings: { read: () => Promise.resolve(settings) },
      secrets: { get: () => Promise.resolve('secret'), ensure: () => Promise.resolve('secret') },
      pools: () => Promise.resolve(new Map()),
    })
    const logs = new ContainerLogs({
      folder: join(folder, 'spools'),
      signal: ending.signal,
      driver: () => Promise.resolve(driver),
    })
    expect(await logs.path('pgbouncer')).toBeUndefined()
    await call('start', name)
    const [path, again] = (await Promise.all([logs.path('postgres'), logs.path('postgres')])) as [string, string]
    expect(again).toBe(path)
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    const lines = async (): Promise<string[]> => (await readFile(path, 'utf8')).split('\n').slice(0, -1)
    await until(async () => (await lines()).length > 20)
    const first = await lines()
    expect(first.every(it => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d) /.test(it))).toBe(true)
    const texts = first.map(it => it.slice(it.indexOf(' ') + 1))
    expect(texts).toContain('to err') // the engine reads the two streams one after the other
    const out = texts.filter(it => it !== 'to err')
    expect(out).toEqual(out.map((_, index) => (index === 0 ? 'to out' : `line ${index - 1}`)))

    const { ino } = await stat(path)
    await call('restart', name)
    await until(
      async () => (await stat(path)).ino !== ino && (await lines()).filter(it => it.endsWith(' to out')).length === 2,
    )
    ending.abort()
    await logs.ended()
    await expect(stat(join(folder, 'spools'))).rejects.toThrow('ENOENT')
    const commands = async (): Promise<string[]> =>
      Promise.all((await processesIn(name)).map(pid => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
    await until(async () => !(await commands()).some(it => it.includes('--follow')))
  })
})
