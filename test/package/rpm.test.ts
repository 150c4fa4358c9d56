/** The package for Fedora, read and installed by rpm. Fedora itself isn't needed for that: any system's libraries do. */
import { access, readdir, readFile, readlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startDebian, type Debian } from './debian'

const dist = resolve(import.meta.dirname, '../../dist')
let rpm: string
let debian: Debian

beforeAll(async () => {
  rpm = join(dist, (await readdir(dist)).find(it => it.endsWith('.rpm')) ?? 'no .rpm in dist')
  debian = await startDebian()
})
afterAll(() => debian.remove())

const ask = async (...query: string[]): Promise<string[]> =>
  (await execa('rpm', ['--query', '--package', ...query, rpm])).stdout.split('\n')

async function asRoot(command: string): Promise<string> {
  const { exitCode, stdout, stderr } = await debian.asRoot(command)
  if (exitCode !== 0) throw new Error(`${stdout}\n${stderr}`)
  return stdout
}

/** This machine's rpm, in Debian's mounts: Debian has none. */
async function inDebian(...args: string[]): Promise<string> {
  const [pid = '', root] = [debian.root.split('/')[2], await readlink(debian.root)]
  const rpmIn = ['rpm', '--force-debian', '--root', root, '--dbpath', '/var/lib/rpm']
  return (await execa('nsenter', ['--target', pid, '--mount', ...rpmIn, ...args])).stdout
}

test('it says what it needs, and provides nothing but itself', async () => {
  expect(await ask('--requires')).toEqual(expect.arrayContaining(['gtk3', 'nss', 'glibc >= 2.34', '/bin/sh']))
  expect(await ask('--recommends')).toEqual(['pgbouncer'])
  expect((await ask('--provides')).filter(it => !it.startsWith('instance-manager'))).toEqual([])
})

test('its files are where Fedora looks for them, and belong to root', async () => {
  const files = new Map(
    (await ask('--queryformat', String.raw`[%{FILENAMES}\t%{FILEMODES:perms} %{FILEUSERNAME} %{FILEGROUPNAME}\n]`))
      .map(it => it.split('\t'))
      .map(([path = '', rest = '']) => [path, rest]),
  )
  expect(files.get('/usr/lib/instance-manager/chrome-sandbox')).toBe('-rwsr-xr-x root root')
  expect(files.get('/usr/bin/instance-manager')).toBe('lrwxrwxrwx root root')
  expect(files.get('/usr/share/zsh/site-functions/_instance-manager')).toBe('-rw-r--r-- root root')
  expect(new Set([...files.values()].map(it => it.slice(11)))).toEqual(new Set(['root root']))
  expect([...files.keys()].filter(it => /lintian|vendor-completions|\.build-id/.test(it))).toEqual([])
  // Folders of other packages aren't ours.
  expect([...files].filter(([path, it]) => it.startsWith('d') && !path.includes('/instance-manager'))).toEqual([])
})

test('it installs, runs, and is removed completely', async () => {
  await inDebian('--install', '--nodeps', rpm)
  const { version } = JSON.parse(await readFile(resolve(import.meta.dirname, '../../package.json'), 'utf8')) as {
    readonly version: string
  }
  expect(await asRoot('instance-manager --version')).toBe(version)
  await asRoot('INSTANCE_MANAGER_RUNTIME=/tmp sleep 300 >/dev/null 2>&1 &') // as if PM2 ran for somebody
  expect(await inDebian('--erase', 'instance-manager')).toContain('Instances that are running keep running')
  await expect(access(join(debian.root, 'usr/lib/instance-manager'))).rejects.toThrow('ENOENT')
})
