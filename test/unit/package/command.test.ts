/** The installed command: what it starts, and on which Node.js. */
import { chmod, copyFile, mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { expect, it } from 'vitest'
import { temporary } from '../temporary'

const source = resolve(import.meta.dirname, '../../../scripts/package/files/instance-manager.sh')

/** An installation whose programs say how they were started. */
async function installed() {
  const home = await temporary()
  const program = async (path: string, text: string): Promise<void> => {
    await mkdir(join(home, path, '..'), { recursive: true })
    await writeFile(join(home, path), `#!/bin/sh\n${text}\n`)
    await chmod(join(home, path), 0o755)
  }
  await mkdir(join(home, 'bin'))
  await copyFile(source, join(home, 'bin/instance-manager'))
  await chmod(join(home, 'bin/instance-manager'), 0o755)
  await program('instance-manager', 'echo "window $*"')
  await program('node/bin/node', 'shift; echo "command $*; node is $(command -v node)"')
  return {
    home,
    ownNode: (version: string) => program('own/node', `echo ${version}`),
    run: async (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
      const { stdout } = await execa(join(home, 'bin/instance-manager'), args, {
        env: { PATH: `${join(home, 'own')}:/usr/bin:/bin`, ...env },
        extendEnv: false,
      })
      return stdout
    },
  }
}

it.each([
  [[], { DISPLAY: ':1' }, /^window --log-level=3/],
  [[], { WAYLAND_DISPLAY: 'wayland-0' }, /^window .*--ozone-platform=wayland/],
  [[], {}, /^command --help;/],
  [['list', '--json'], { DISPLAY: ':1' }, /^command list --json;/],
])('%j with %j starts %s', async (args, env, expected) => {
  expect(await (await installed()).run(args, env)).toMatch(expected)
})

it.each([
  ['v18.20.4', 'node/bin/node'],
  ['v20.18.3', 'node/bin/node'],
  ['v20.19.0', 'own/node'],
  ['v24.1.0', 'own/node'],
  ['nonsense', 'node/bin/node'],
])('beside the operator’s Node.js %s, instances run on %s', async (version, expected) => {
  const { home, ownNode, run } = await installed()
  await ownNode(version)
  expect(await run(['list'])).toBe(`command list; node is ${join(home, expected)}`)
})
