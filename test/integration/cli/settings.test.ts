/** `settings get|set|unset`, on a real workspace with the embedded PostgreSQL and PgBouncer. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { InfrastructureStatus } from '../../../src/shared/infrastructure'
import type { SettingState } from '../../../src/shared/setting-list'
import { podmanForTests } from '../../support/podman/podman'
import { describeWhere } from '../../support/requires'
import { cliHome, type CliHome } from './cli'
import { freePort } from '../../support/ports'

let home: CliHome
beforeAll(async () => {
  home = await cliHome()
  await home.must('init --sample')
}, 300_000)
afterAll(() => home.remove())

const value = async (key: string): Promise<string> => (await home.run(`settings get ${key}`)).out.trim()
const ownFile = async (): Promise<unknown> =>
  JSON.parse(await readFile(join(home.root, '.instance-manager/settings.json'), 'utf8'))

it('shows all settings, a section, or one value; who set each, and the default', async () => {
  const site = await value('ports.firstInstance') // set by the site's defaults of this home
  expect(Number(site)).toBeGreaterThanOrEqual(20_000)
  const all = await home.run('settings get')
  expect(all.out).toMatch(/^SETTING +VALUE +SET BY +DEFAULT\n/)
  expect(all.out).toMatch(new RegExp(`ports\\.firstInstance +${site} +the site +${site}\n`))
  expect(all.out).toMatch(/logs\.maxSizeMB +50 MB +default +50 MB\n/)
  const { data, ok } = await home.run('settings get logs --json')
  expect(ok).toBe(true)
  expect(data).toEqual([
    { key: 'logs.maxSizeMB', value: 50, origin: 'product', fallback: { value: 50, origin: 'product' } },
    { key: 'logs.keep', value: 5, origin: 'product', fallback: { value: 5, origin: 'product' } },
  ])
})

it('sets and takes back, many at once too', async () => {
  const set = await home.run('settings set logs.keep 9 --json')
  expect(set.data as SettingState).toEqual({
    key: 'logs.keep',
    value: 9,
    origin: 'workspace',
    fallback: { value: 5, origin: 'product' },
  })
  expect((await home.run('settings set ports.firstInstance 21000')).out).toContain('Applies to new instances')
  expect(await home.run('settings unset logs.keep')).toMatchObject({
    exit: 0,
    out: expect.stringContaining('logs.keep is 5 per log (default).') as string,
  })
  const changes = ['logs.keep 7', 'logs.maxSizeMB 20', 'ports.firstInstance 22000', 'containers.pgbouncer pool']
  const ended = await Promise.all(changes.map(it => home.run(`settings set ${it}`)))
  expect(ended.map(it => it.exit)).toEqual([0, 0, 0, 0])
  expect(await ownFile()).toEqual({
    logs: { keep: 7, maxSizeMB: 20 },
    ports: { firstInstance: 22_000 },
    containers: { pgbouncer: 'pool' },
  })
})

it('refuses what is unknown, invalid, or changed elsewhere, and changes nothing', async () => {
  const before = await ownFile()
  for (const [line, exit, code] of [
    ['get port', 4, 'setting-unknown'],
    ['set logs.kept 3', 4, 'setting-unknown'],
    ['set logs.keep many', 2, 'input'],
    ['set logs.keep 0', 2, 'input'],
    ['set ports.postgres 80', 2, 'input'],
    ['set containers.postgresImage "a b"', 2, 'input'],
    ['set driver podman', 4, 'setting-elsewhere'],
    ['unset driver', 4, 'setting-elsewhere'],
  ] as const)
    expect({ line, ...(await home.run(`settings ${line} --json`)) }).toMatchObject({ line, exit, problem: { code } })
  expect(await ownFile()).toEqual(before)
})

it('completes keys', async () => {
  expect((await home.run('__complete -- settings set logs.')).out.split('\n')).toEqual([
    'logs.maxSizeMB',
    'logs.keep',
    '',
  ])
})

it('moves PostgreSQL to another port, but only while it is stopped', async () => {
  expect(await home.run('infra up')).toMatchObject({ exit: 0 })
  const port = await freePort()
  const refused = await home.run(`settings set ports.postgres ${port}`)
  expect(refused).toMatchObject({ exit: 4 })
  expect(refused.err).toContain('PostgreSQL’s port can’t be changed until the infrastructure is stopped.')
  expect(await home.run('settings set containers.postgresImage docker.io/library/postgres:17')).toMatchObject({
    exit: 0,
  })

  expect(await home.run('infra down')).toMatchObject({ exit: 0 })
  expect(await home.run(`settings set ports.postgres ${port}`)).toMatchObject({ exit: 0 })
  expect(await home.run('infra up')).toMatchObject({ exit: 0 })
  expect((await home.run('infra status --json')).data as InfrastructureStatus).toMatchObject({
    postgres: { state: 'running', port },
    pgbouncer: { state: 'running' },
  })
}, 120_000)

const podman = await podmanForTests()

describeWhere('images' in podman, 'missing' in podman ? podman.missing : '')('with Podman', () => {
  let place: CliHome
  beforeAll(async () => {
    place = await cliHome({ driver: 'podman', images: 'images' in podman ? podman.images : undefined })
    await place.must('init --sample')
  }, 300_000)
  afterAll(() => place.remove())

  it('creates the containers again with another port and name, over the same data', async () => {
    const [postgres, pooler] = await Promise.all(
      ['postgres', 'pgbouncer'].map(async it => (await place.run(`settings get containers.${it}`)).out.trim()),
    )
    const inspect = async (): Promise<{ id: string; volumes: string[] }> => {
      const [it] = JSON.parse((await execa('podman', ['container', 'inspect', postgres ?? ''])).stdout) as {
        Id: string
        Mounts: { Type: string; Name?: string }[]
      }[]
      return { id: it?.Id ?? '', volumes: it?.Mounts.flatMap(mount => mount.Name ?? []) ?? [] }
    }
    expect(await place.run('infra up')).toMatchObject({ exit: 0 })
    const before = await inspect()
    const refused = await place.run(`settings set containers.pgbouncer ${pooler}-2 --json`)
    expect(refused).toMatchObject({ exit: 4, problem: { code: 'setting-while-running' } })

    expect(await place.run('infra down')).toMatchObject({ exit: 0 })
    const port = await freePort()
    expect(await place.run(`settings set ports.postgres ${port}`)).toMatchObject({ exit: 0 })
    expect(await place.run(`settings set containers.pgbouncer ${pooler}-2`)).toMatchObject({ exit: 0 })
    expect(await place.run('infra up')).toMatchObject({ exit: 0 })
    expect((await place.run('infra status --json')).data as InfrastructureStatus).toMatchObject({
      postgres: { state: 'running', port },
      pgbouncer: { state: 'running' },
    })
    const after = await inspect()
    expect(after.volumes).toEqual(before.volumes)
    expect(after.volumes).toHaveLength(1)
    expect(after.id).not.toBe(before.id)
    expect(await place.run('infra down')).toMatchObject({ exit: 0 })
  }, 240_000)
})
