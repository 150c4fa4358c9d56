/** Which workspace a command is about. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, it, vi } from 'vitest'
import { chooseWorkspace } from '../../../src/main/cli/workspace'
import { temporary } from '../temporary'

afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

it('the option, the environment, the folder or one above it, the one opened last; in this order', async () => {
  const folder = await temporary()
  const [here, deep, last, data] = [
    join(folder, 'here'),
    join(folder, 'here/instances/a'),
    join(folder, 'last'),
    join(folder, 'data'),
  ]
  for (const it of [deep, last, data, join(here, '.instance-manager')]) await mkdir(it, { recursive: true })
  const cwd = vi.spyOn(process, 'cwd')
  vi.stubEnv('INSTANCE_MANAGER_WORKSPACE', '/of/environment')
  expect(await chooseWorkspace('/of/option', data)).toEqual({ path: '/of/option', by: 'option' })
  expect(await chooseWorkspace(undefined, data)).toEqual({ path: '/of/environment', by: 'environment' })
  vi.stubEnv('INSTANCE_MANAGER_WORKSPACE', '')
  cwd.mockReturnValue(deep)
  expect(await chooseWorkspace(undefined, data)).toEqual({ path: here, by: 'folder' })
  cwd.mockReturnValue(folder)
  await expect(chooseWorkspace(undefined, data)).rejects.toMatchObject({ exit: 2, problem: { code: 'usage' } })
  await writeFile(join(data, 'recent.json'), JSON.stringify([{ path: join(folder, 'gone') }, { path: last }]))
  expect(await chooseWorkspace(undefined, data)).toEqual({ path: last, by: 'recent' })
  await writeFile(join(data, 'recent.json'), 'torn')
  await expect(chooseWorkspace(undefined, data)).rejects.toMatchObject({ exit: 2 })
})

it('the layout of the guide is known, opened before or not; ~ is the home', async () => {
  const folder = await temporary()
  for (const it of ['server', 'client']) {
    await mkdir(join(folder, it))
    await writeFile(join(folder, it, 'package.json'), '{}')
  }
  vi.spyOn(process, 'cwd').mockReturnValue(join(folder, 'server'))
  expect(await chooseWorkspace(undefined, folder)).toEqual({ path: folder, by: 'folder' })
  expect((await chooseWorkspace('~/demo', folder)).path).toMatch(/^\/.*\/demo$/)
})
