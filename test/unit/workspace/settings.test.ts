import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { SettingsFile } from '../../../src/main/workspace/settings'
import { allSettings, invalid, settingOf, settingsSections, valueOf } from '../../../src/shared/setting-list'
import { temporary } from '../temporary'

let own: string, site: string, settings: SettingsFile
beforeEach(async () => {
  const folder = await temporary()
  own = join(folder, 'settings.json')
  site = join(folder, 'defaults.json')
  settings = new SettingsFile(own, site)
})
const ownFile = async (): Promise<unknown> => JSON.parse(await readFile(own, 'utf8'))
const write = (path: string, data: unknown): Promise<void> => writeFile(path, JSON.stringify(data))

describe('SettingsFile', () => {
  it("has the guide's defaults", async () => {
    expect(await settings.read()).toMatchObject({
      ports: { postgres: 15_432, pgbouncer: 16_432, firstInstance: 5000 },
      containers: { postgres: 'postgres' },
      logs: { maxSizeMB: 50, keep: 5 },
    })
    expect((await settings.read()).driver).toBeUndefined()
  })

  it("puts the workspace's own over the site's, key by key", async () => {
    await write(site, {
      driver: 'docker',
      ports: { postgres: 2000, pgbouncer: 2001 },
      containers: { pgbouncer: 'theirs' },
      logs: { keep: 2 },
    })
    await write(own, { driver: 'embedded', ports: { postgres: 3000 }, logs: { maxSizeMB: 7 } })
    expect(await settings.read()).toMatchObject({
      driver: 'embedded',
      ports: { postgres: 3000, pgbouncer: 2001, firstInstance: 5000 },
      containers: { postgres: 'postgres', pgbouncer: 'theirs' },
      logs: { maxSizeMB: 7, keep: 2 },
    })
  })

  it.each([
    { ports: { postgres: 80 } },
    { driver: 'vmware' },
    { access: { browserTerminal: 'yes' } },
    { containers: { postgres: '-x' } },
    { ports: { firstInstance: '5000' } },
    { logs: { maxSizeMB: 0 } },
    { logs: { keep: 0 } },
    { logs: { maxSizeMB: 1.5 } },
  ])('refuses %j and names the key', async wrong => {
    await write(own, wrong)
    const [key] = Object.keys(wrong)
    await expect(settings.read()).rejects.toMatchObject({
      problem: { code: 'file-corrupt', cause: expect.stringContaining(key as string) as string },
    })
  })

  it('refuses what is not JSON or no object, in either file', async () => {
    await writeFile(own, '{"driver":')
    await expect(settings.read()).rejects.toMatchObject({ problem: { code: 'file-corrupt' } })
    await write(own, ['driver'])
    await expect(settings.read()).rejects.toMatchObject({ problem: { code: 'file-corrupt' } })
    await write(own, {})
    await writeFile(site, 'oops')
    await expect(settings.read()).rejects.toMatchObject({ problem: { code: 'file-corrupt' } })
    expect(await readFile(site, 'utf8')).toBe('oops')
  })

  it.each([{ ports: 5 }, { ports: [] }, { containers: 'mine' }, { logs: 50 }])(
    'refuses a section that is none: %j',
    async wrong => {
      await write(own, wrong)
      await expect(settings.read()).rejects.toMatchObject({ problem: { code: 'file-corrupt' } })
    },
  )

  it.each([
    [{ prots: { postgres: 3000 } }, 'prots isn’t a known key; did you mean ports?'],
    [{ ports: { postgress: 3000 } }, 'ports.postgress isn’t a known key; did you mean ports.postgres?'],
    [{ logs: { MaxSizeMB: 7 } }, 'logs.MaxSizeMB isn’t a known key; did you mean logs.maxSizeMB?'],
    [{ theirs: true }, 'theirs isn’t a known key'],
  ])('names an unknown key and the nearest known one, in either file: %j', async (wrong, cause) => {
    await write(own, wrong)
    await expect(settings.read()).rejects.toMatchObject({
      problem: { code: 'file-corrupt', message: expect.stringContaining(own) as string, cause },
    })
    await expect(settings.change({ driver: 'podman' })).rejects.toMatchObject({ problem: { cause } })
    await write(own, {})
    await write(site, wrong)
    await expect(settings.read()).rejects.toMatchObject({
      problem: { code: 'file-corrupt', message: expect.stringContaining(site) as string, cause },
    })
  })

  it('changes one setting, keeps the others, and writes no default down', async () => {
    await write(own, { logs: { keep: 3 }, ports: { postgres: 3000 } })
    await write(site, { containers: { postgres: 'site' } })
    await settings.change({ driver: 'podman', 'logs.maxSizeMB': 7 })
    expect(await ownFile()).toEqual({ logs: { keep: 3, maxSizeMB: 7 }, ports: { postgres: 3000 }, driver: 'podman' })
  })

  it('takes a value back, and a section that is empty then', async () => {
    await write(own, { logs: { keep: 3, maxSizeMB: 7 } })
    await settings.change({ 'logs.keep': null, 'ports.postgres': null })
    expect(await ownFile()).toEqual({ logs: { maxSizeMB: 7 } })
    await settings.change({ 'logs.maxSizeMB': null })
    expect(await ownFile()).toEqual({})
  })

  it('loses nothing when many changes are made at once', async () => {
    const changes = {
      'ports.postgres': 2000,
      'ports.pgbouncer': 2001,
      'logs.keep': 7,
      'logs.maxSizeMB': 8,
      driver: 'docker',
    }
    await Promise.all(Object.entries(changes).map(([key, value]) => settings.change({ [key]: value })))
    expect(await ownFile()).toEqual({
      driver: 'docker',
      ports: { postgres: 2000, pgbouncer: 2001 },
      logs: { keep: 7, maxSizeMB: 8 },
    })
  })

  it('changes all or nothing', async () => {
    await write(own, { logs: { keep: 3 } })
    const refused = [
      [
        { 'logs.keep': 4, 'logs.maxSizeMB': 0 },
        { code: 'input', field: 'logs.maxSizeMB' },
      ],
      [
        { 'logs.keep': 4, 'logs.maxSize': 5 },
        { code: 'setting-unknown', hint: 'Did you mean logs.maxSizeMB?' },
      ],
      [{ 'logs.keep': 4, logs: 5 }, { code: 'setting-unknown' }],
      [{ 'logs.keep': 4, '__proto__.keep': 5 }, { code: 'setting-unknown' }],
      [
        { 'logs.keep': 4, 'ports.postgres': '5433' },
        { code: 'input', message: 'Enter a whole number.' },
      ],
    ] as const
    for (const [changes, problem] of refused) await expect(settings.change(changes)).rejects.toMatchObject({ problem })
    expect(await ownFile()).toEqual({ logs: { keep: 3 } })
  })

  it('asks the guards with what is and what would be, site defaults included, and goes on after a refusal', async () => {
    await write(site, { ports: { postgres: 3000 } })
    const asked: [number, number][] = []
    settings.guard((before, after) => {
      asked.push([before.ports.postgres, after.ports.postgres])
      return after.ports.postgres === 3001 ? Promise.reject(new Error('no')) : Promise.resolve()
    })
    await expect(settings.change({ 'ports.postgres': 3001 })).rejects.toThrow('no')
    expect(await settings.read()).toMatchObject({ ports: { postgres: 3000 } })
    await settings.change({ 'ports.postgres': 3002 })
    await settings.change({ 'ports.postgres': null })
    expect(asked).toEqual([
      [3000, 3001],
      [3000, 3002],
      [3002, 3000],
    ])
  })

  it('says who set each, and what it would be otherwise', async () => {
    await write(site, { logs: { keep: 2, maxSizeMB: 9 } })
    await write(own, { logs: { keep: 3 } })
    const list = await settings.list()
    expect(list).toEqual(
      expect.arrayContaining([
        { key: 'logs.keep', value: 3, origin: 'workspace', fallback: { value: 2, origin: 'site' } },
        { key: 'logs.maxSizeMB', value: 9, origin: 'site', fallback: { value: 9, origin: 'site' } },
        { key: 'ports.firstInstance', value: 5000, origin: 'product', fallback: { value: 5000, origin: 'product' } },
        { key: 'driver', value: undefined, origin: 'product', fallback: { value: undefined, origin: 'product' } },
      ]),
    )
    expect(list.map(it => it.key)).toEqual(allSettings.map(it => it.key))
  })

  it('tells those who watch of each change', async () => {
    const stop = new AbortController()
    const seen: unknown[] = []
    for await (const list of settings.watch(stop.signal)) {
      seen.push(list.find(it => it.key === 'logs.keep')?.value)
      if (seen.length === 1) await settings.change({ 'logs.keep': 8 })
      else stop.abort()
    }
    expect(seen).toEqual([5, 8])
  })
})

it('every setting is described, and its typed value is read', () => {
  for (const it of allSettings) for (const text of [it.title, it.explanation, it.effect]) expect(text).toMatch(/\S/)
  expect(settingsSections.map(it => it.name)).toEqual(['ports', 'access', 'node', 'containers', 'logs'])
  const keep = settingOf('logs.keep')
  expect(valueOf(keep, ' 12 ')).toBe(12)
  for (const wrong of ['', 'x', '1e3', '0x10', '1.5', '0', '1001', 'Infinity'])
    expect([wrong, invalid(keep, valueOf(keep, wrong))]).toEqual([wrong, 'Enter a whole number from 1 to 1,000.'])
  expect(valueOf(settingOf('containers.postgres'), ' 5 ')).toBe('5')
})
