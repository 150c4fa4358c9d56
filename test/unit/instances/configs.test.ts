import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { readConfigs, type Configs } from '../../../src/main/instances/configs'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { manifestSchema } from '../../../src/shared/workspace'
import { temporary } from '../temporary'

let root: string
beforeEach(async () => {
  root = await temporary()
})

const config = (name: string) => ({
  name,
  port: 5000,
  created: '2026-01-01T00:00:00.000Z',
  theirs: { kept: true },
  database: {
    name: `${name}_db`,
    user: `${name}_user`,
    password: 'canary',
    host: '127.0.0.1',
    port: 16_432,
    directPort: 15_432,
    url: 'x',
    directUrl: 'x',
  },
  paths: { instance: '/etc', server: '/etc', client: '/etc', uploads: '/etc' },
})
async function place(folder: string, files: Readonly<Record<string, unknown>>): Promise<void> {
  await mkdir(join(root, 'instances', folder), { recursive: true })
  for (const [name, content] of Object.entries(files)) {
    await writeFile(
      join(root, 'instances', folder, name),
      typeof content === 'string' ? content : JSON.stringify(content),
    )
  }
}
const read = (...creating: string[]): Promise<Configs> =>
  readConfigs(workspacePaths(root), manifestSchema.parse({}), new Set(creating))
const brokenOf = async (): Promise<string[]> => (await read()).broken.map(it => `${it.folder}: ${it.problem.code}`)

describe('readConfigs', () => {
  it('finds none where there is no folder', async () => {
    expect(await read()).toMatchObject({ configs: [], broken: [], taken: [] })
  })

  it('reads what the CLI left, sorted, unknown keys included', async () => {
    for (const it of ['b', 'a-1']) await place(it, { 'config.json': config(it) })
    const { configs, broken } = await read()
    expect(configs).toEqual([config('a-1'), config('b')])
    expect(broken).toEqual([])
  })

  it('shows each broken one with the reason, quotes no secret, and none of them is free', async () => {
    await place('nothing', {})
    await place('half', { 'config.json': '{"name":"half","database":{"password":"canary"' })
    await place('wrong', { 'config.json': { ...config('wrong'), port: 'canary' } })
    await place('copy', { 'config.json': config('original') })
    await place('with space', { 'config.json': config('with space') })
    await place('ok', { 'config.json': config('ok') })
    const { broken, configs, taken } = await read()
    expect(await brokenOf()).toEqual([
      'copy: config-name',
      'half: file-corrupt',
      'nothing: config-missing',
      'with space: instance-name',
      'wrong: file-corrupt',
    ])
    expect(JSON.stringify(broken)).not.toContain('canary')
    expect(configs.map(it => it.name)).toEqual(['ok'])
    expect(taken).toEqual(['copy', 'half', 'nothing', 'ok', 'with space', 'wrong'])
  })

  it('shows one whose config.json is far too large, without reading it', async () => {
    await place('big', { 'config.json': '' })
    await truncate(join(root, 'instances/big/config.json'), 450e6) // takes no room
    await place('ok', { 'config.json': config('ok') })
    const { configs } = await read()
    expect(await brokenOf()).toEqual(['big: file-too-large'])
    expect(configs.map(it => it.name)).toEqual(['ok'])
  })

  it.each(['__proto__', '-rf', '$(id)', 'a\nb', 'é', 'constructor.', 'x'.repeat(41)])(
    'leaves a folder of a hostile name alone: %j',
    async name => {
      await place(name, { 'config.json': config(name) })
      expect(await brokenOf()).toEqual([`${name}: instance-name`])
    },
  )

  it('hides the folder of an open creation, and only that', async () => {
    await place('making', { '.operation': 'token-1' })
    await place('left', { '.operation': 'token-2', 'config.json': config('left') })
    const { configs, broken, taken } = await read('making')
    expect(configs.map(it => it.name)).toEqual(['left'])
    expect(broken).toEqual([])
    expect(taken).toEqual(['left', 'making'])
    expect(await brokenOf()).toEqual(['making: config-missing'])
  })

  it('passes over files and our hidden folders', async () => {
    await place('.0f-beside', { '.operation': 'token' })
    await place('a', { 'config.json': config('a') })
    await writeFile(join(root, 'instances/note.txt'), '')
    expect((await read()).taken).toEqual(['a'])
  })

  it('reads an instance that is a link to another disk, and shows a link to nowhere', async () => {
    await place('../elsewhere', { 'config.json': config('a') })
    await mkdir(join(root, 'instances'))
    await symlink('../elsewhere', join(root, 'instances/a'))
    await symlink('/nowhere', join(root, 'instances/b'))
    const { configs, taken } = await read()
    expect(configs.map(it => it.name)).toEqual(['a'])
    expect(await brokenOf()).toEqual(['b: config-missing'])
    expect(taken).toEqual(['a', 'b'])
  })

  it('names the folder that a copied config.json belongs to: one that exists and is another', async () => {
    const named = (name: string, instance: string) => ({
      'config.json': { ...config(name), paths: { instance, server: '', client: '', uploads: '' } },
    })
    const here = (name: string): string => join(root, 'instances', name)
    await place('own', named('own', here('own')))
    await place('moved', named('moved', '/nowhere/instances/moved'))
    await place('relative', named('relative', '../own'))
    await place('copied', named('copied', here('own')))
    await symlink('.', join(root, 'alias'))
    await place('aliased', named('aliased', join(root, 'alias/instances/aliased')))
    await place('../disk', named('linked', here('linked'))) // an instance on another disk
    await symlink('../disk', here('linked'))
    // another workspace's, by a link
    await place('../theirs/instances/reached', named('reached', join(root, 'theirs/instances/reached')))
    await symlink('../theirs/instances/reached', here('reached'))
    expect([...(await read()).foreign]).toEqual([
      ['copied', here('own')],
      ['reached', join(root, 'theirs/instances/reached')],
    ])
  })
})
