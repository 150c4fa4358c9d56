/** Which compiled packages another version of Node.js can load, read off their files. */
import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { expect, it } from 'vitest'
import { abiOf, packagesForOthers } from '../../../src/main/releases/native'
import { createRun } from '../../../src/main/system/run'
import { temporary } from '../temporary'

const elf = (names: string): Buffer => Buffer.from(`\x7fELF\x02\x01\0\0${names}\0`, 'latin1')

it.each([
  ['Node-API', elf('napi_create_function\0napi_register_module_v1'), 'any'],
  ['an older Node-API', elf('napi_module_register'), 'any'],
  ['one version', elf('_init\0node_register_module_v115\0_fini'), '115'],
  ['one version that it doesn’t name', elf('node_module_register'), 'unknown'],
  ['macOS', Buffer.from('\xcf\xfa\xed\xfe node_register_module_v115', 'latin1'), undefined],
  ['nothing', elf('some_library'), undefined],
  ['nothing, as it is empty', Buffer.alloc(0), undefined],
])('an addon for %s', (_, file, abi) => expect(abiOf(file)).toBe(abi))

it('a package doesn’t fit if none of its files does', async () => {
  const modules = join(await temporary(), 'node_modules')
  const put = async (path: string, file: Buffer): Promise<void> => {
    await mkdir(join(modules, path, '..'), { recursive: true })
    await writeFile(join(modules, path), file)
  }
  await put('old/build/Release/old.node', elf('node_register_module_v115'))
  await put('@scope/nameless/nameless.node', elf('node_module_register'))
  await put('outer/node_modules/@scope/inner/inner.node', elf('node_register_module_v108'))
  await put('many/prebuilds/linux-x64/node.abi115.node', elf('node_register_module_v115'))
  await put('many/prebuilds/linux-x64/node.abi127.node', elf('node_register_module_v127'))
  await put('api/api.node', elf('napi_register_module_v1'))
  await cp(resolve('node_modules/bcrypt'), join(modules, 'bcrypt'), { recursive: true })
  const run = createRun('native')
  expect(await packagesForOthers(run, modules, '127')).toEqual(['@scope/inner', '@scope/nameless', 'old'])
  expect(await packagesForOthers(run, modules, '115')).toEqual(['@scope/inner', '@scope/nameless'])
  expect(await packagesForOthers(run, join(modules, 'missing'), '127')).toEqual([])
})
