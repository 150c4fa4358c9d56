/** The package as an operator uses it: installed on a Debian without Node.js, run by somebody who isn't root. */
import { access, readFile, readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { productIn } from '../../src/main/system/product'
import { waitFor } from '../../src/main/system/wait'
import { makeTiny } from '../support/tiny-base'
import { startDebian, type Debian } from './debian'
import { startDisplay } from './display'

const dist = resolve(import.meta.dirname, '../../dist')
const user = 'ada'
let deb: string
let debian: Debian

beforeAll(async () => {
  deb = join(dist, (await readdir(dist)).find(it => it.endsWith('.deb')) ?? 'no .deb in dist')
  debian = await startDebian()
})
afterAll(() => debian.remove())

test('it installs with everything that it needs, and is among the applications', async () => {
  await execa('cp', [deb, join(debian.root, 'tmp', 'it.deb')])
  const installed = await debian.asRoot(
    `apt-get -q update && apt-get -qy install --no-install-recommends /tmp/it.deb libgtk-3-bin && useradd -m -s /bin/bash ${user}`,
  )
  expect(installed.exitCode, installed.stderr).toBe(0)
  const share = join(debian.root, 'usr/share')
  await execa('desktop-file-validate', [join(share, 'applications/instance-manager.desktop')])
  const metainfo = 'metainfo/local.instance_manager.InstanceManager.metainfo.xml'
  await execa('appstreamcli', ['validate', '--no-net', join(share, metainfo)])
  const missing = await debian.asRoot('find /usr/lib/instance-manager -maxdepth 1 -type f -perm -100 | xargs ldd')
  expect(missing.stdout).not.toContain('not found')
})

test('the command line works from PATH, on the Node.js that comes with it', async () => {
  const { version } = JSON.parse(await readFile(resolve(import.meta.dirname, '../../package.json'), 'utf8')) as {
    readonly version: string
  }
  expect((await debian.as(user, 'command -v node')).exitCode).not.toBe(0)
  expect(await debian.as(user, 'instance-manager --version')).toMatchObject({ exitCode: 0, stdout: version })
  expect((await debian.as(user, 'instance-manager')).stdout).toContain('Usage: instance-manager')
})

test('every file of the product is there, and what runs terminals can be loaded', async () => {
  const { cliSource: _, ...paths } = productIn('/usr/lib/instance-manager/resources/app')
  for (const it of Object.values(paths)) await access(join(debian.root, it))
  const loaded = await debian.as(
    user,
    `/usr/lib/instance-manager/node/bin/node -e 'require("${paths.root}/node_modules/@lydell/node-pty")'`,
  )
  expect(loaded.exitCode, loaded.stderr).toBe(0)
})

test('an instance, from an empty home to an answer', async () => {
  await makeTiny(join(debian.root, 'home', user, 'work'))
  await debian.asRoot(`chown -R ${user}: /home/${user}`)
  const steps = [
    'instance-manager init ~/work --driver embedded',
    'cd ~/work && instance-manager infra up',
    'cd ~/work && instance-manager create school --director-name Ada --director-email ada@school.example --generate-password',
  ]
  for (const step of steps) {
    const { exitCode, stdout, stderr } = await debian.as(user, step)
    expect(exitCode, `${step}\n${stdout}\n${stderr}`).toBe(0)
  }
  const listed = await debian.as(user, 'instance-manager --workspace ~/work list')
  expect(listed.stdout).toMatch(/school +online/)
  const port = /school +online +(\d+)/.exec(listed.stdout)?.[1]
  const answer = await debian.as(
    user,
    `/usr/lib/instance-manager/node/bin/node -e 'fetch("http://127.0.0.1:${port}").then(it => it.text()).then(console.log)'`,
  )
  expect(answer.stdout).toMatch(/^school/)
})

test('a double click opens the window, in Chromium’s sandbox', async () => {
  const display = await startDisplay()
  try {
    await debian.as(user, `DISPLAY=${display.name} gtk-launch instance-manager >/dev/null 2>&1`)
    const opened = await waitFor(() => display.window(/"instance manager" "Instance Manager"/), { timeout: 60_000 })
    expect(opened, 'no window').toBeDefined()
    await display.settled()
    await display.picture(join(dist, 'window.png'))
    const renderer = await debian.asRoot('grep -l -e --type=renderer /proc/[0-9]*/cmdline | head -1')
    const status = await readFile(join(debian.root, renderer.stdout.replace('cmdline', 'status')), 'utf8')
    expect(status).toMatch(/^Seccomp:\s+2$/m)
    expect(status).toMatch(/^NSpid:(\s+\d+){2,}$/m) // in a namespace of its own, below Debian's
  } finally {
    await display.close()
  }
})
