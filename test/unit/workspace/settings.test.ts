import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { SettingsFile } from '../../../src/main/workspace/settings'
import { temporary } from '../temporary'

let own: string, site: string, settings: SettingsFile
beforeEach(async () => {
  const folder = await temporary()
  own = join(folder, 'settings.json')
  site = join(folder, 'defaults.json')
  settings = new SettingsFile(own, site)
})
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
    [{ prots: { postgres: 3000 } }, 'prots is not a known key; did you mean ports?'],
    [{ ports: { postgress: 3000 } }, 'ports.postgress is not a known key; did you mean ports.postgres?'],
    [{ logs: { MaxSizeMB: 7 } }, 'logs.MaxSizeMB is not a known key; did you mean logs.maxSizeMB?'],
    [{ theirs: true }, 'theirs is not a known key'],
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
    await settings.change({ driver: 'podman' })
    expect(JSON.parse(await readFile(own, 'utf8'))).toEqual({
      logs: { keep: 3 },
      ports: { postgres: 3000 },
      driver: 'podman',
    })
  })
})
