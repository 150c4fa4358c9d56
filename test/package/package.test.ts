/** The package as an operator uses it: installed on a Debian without Node.js, run by somebody who isn't root. */
import { access, mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { productIn } from '../../src/main/system/product'
import { waitFor } from '../../src/main/system/wait'
import { makeTiny } from '../support/tiny-base'
import { startDebian, type Debian, type Ran } from './debian'
import { startDisplay } from './display'
import { makeLater } from './later'
import { makeKey, publish } from './publishing'

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
    `apt-get -q update && apt-get -qy install --no-install-recommends /tmp/it.deb pgbouncer apparmor systemd curl libgtk-3-bin && useradd -m -s /bin/bash ${user}`,
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

test('bash completes its commands, and systemd knows its units', async () => {
  const completion = '/usr/share/bash-completion/completions/instance-manager'
  expect(await asRoot(`bash -c '. ${completion} && complete -p instance-manager'`)).toMatch(/ instance-manager$/)
  const unit = 'instance-manager@srv-my\\\\x20schools.service'
  for (const [enable, verify] of [
    ['--system', '--system'],
    ['--global', '--user'],
  ]) {
    await asRoot(`systemctl ${enable} enable ${unit}`)
    const verified = await asRoot(
      `XDG_RUNTIME_DIR=/tmp systemd-analyze ${verify} verify --man=no --recursive-errors=no ${unit} 2>&1`,
    )
    expect(verified).not.toContain('instance-manager')
  }
})

test('AppArmor gets a profile only if it can read it, and loses it with the package', async () => {
  const profile = '/etc/apparmor.d/instance-manager'
  const script = (name: string) => `/var/lib/dpkg/info/instance-manager.${name}`
  await expect(access(join(debian.root, profile))).rejects.toThrow('ENOENT') // Debian 12's is too old
  // Ubuntu 24.04's, as far as scripts can tell: they read, and don't load in a chroot.
  const path = 'PATH=/tmp/ubuntu:$PATH'
  const parser = `#!/bin/sh\n[ "$1" = --skip-kernel-load ] && grep -q userns, /usr/lib/instance-manager/apparmor-profile\n`
  await asRoot(`mkdir /tmp/ubuntu && printf '${parser}' > /tmp/ubuntu/apparmor_parser && chmod 755 /tmp/ubuntu/*`)
  await asRoot(`${path} ${script('postinst')} configure`)
  expect(await asRoot(`cat ${profile}`)).toContain('flags=(unconfined)')
  await asRoot(`${path} ${script('prerm')} upgrade && test -e ${profile} && ${path} ${script('prerm')} remove`)
  await expect(access(join(debian.root, profile))).rejects.toThrow('ENOENT')
})

test('an instance, from an empty home to an answer', async () => {
  await makeTiny(join(debian.root, 'home', user, 'work'))
  await asRoot(`chown -R ${user}: /home/${user}`)
  await asUser('instance-manager init ~/work --driver embedded')
  await asUser('instance-manager --workspace ~/work infra up')
  await asUser(`instance-manager --workspace ~/work create school ${director}`)
  expect(await asUser('instance-manager --workspace ~/work list')).toMatch(/school +online/)
  expect(await asUser(`curl -sS http://127.0.0.1:${await portOf('school')}`)).toMatch(/^school/)
})

test('it serves its pages, and commands go through the process that does', async () => {
  await asUser('instance-manager --workspace ~/work serve >/tmp/served 2>&1 </dev/null & echo $! >/tmp/serving')
  const served = (): Promise<string> => asUser('cat /tmp/served')
  const link = await waitFor(async () => /http:\/\/127\.0\.0\.1:\d+\//.exec(await served())?.[0], { timeout: 60_000 })
  expect(link, await served()).toBeDefined()
  expect(await asUser(`curl -sS ${link}`)).toContain('<div id="root">')
  expect(await asUser('instance-manager --workspace ~/work list')).toMatch(/school +online/)
  await asUser(`kill $(cat /tmp/serving); while curl -so /dev/null ${link}; do sleep 0.2; done`)
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

test('as root, it opens without the sandbox, and says so', async () => {
  const display = await startDisplay()
  try {
    await debian.asRoot(`DISPLAY=${display.name} instance-manager </dev/null >/dev/null 2>/tmp/said &`)
    const opened = await waitFor(() => display.window(/"instance manager" "Instance Manager"/), { timeout: 60_000 })
    expect(opened, 'no window').toBeDefined()
    expect(await asRoot('cat /tmp/said')).toContain('Running as root, so without Chromium’s sandbox.')
  } finally {
    await display.close()
  }
})

const later = '99.0.0'
const laterDeb = `/srv/repository/pool/instance-manager_${later}_amd64.deb`

test('a newer version in apt’s sources is reported', async () => {
  const work = await mkdtemp(join(tmpdir(), 'im-later-'))
  const key = await makeKey()
  try {
    const path = join(work, `instance-manager_${later}_amd64.deb`)
    await makeLater(deb, later, path)
    const folder = join(work, 'repository')
    await publish({ folder, paths: [path], signer: key.signer, url: 'file:///srv/repository' })
    await execa('cp', ['-r', folder, join(debian.root, 'srv')])
  } finally {
    await key.remove()
    await rm(work, { recursive: true })
  }
  const source = '/etc/apt/sources.list.d/instance-manager.sources'
  const onlyThis = `-o Dir::Etc::sourcelist=${source} -o Dir::Etc::sourceparts=- -o APT::Get::List-Cleanup=0`
  await asRoot(`cp /srv/repository/instance-manager.sources ${source} && apt-get -q update ${onlyThis}`)
  const report = await debian.as(user, 'instance-manager --workspace ~/work doctor')
  expect(report.stdout).toContain(`Instance Manager ${later} is available.`)
  const { stderr } = await debian.as(user, 'instance-manager --workspace ~/work status')
  expect(stderr).toContain(`Instance Manager ${later} is available.`)
})

const installed = '/usr/lib/instance-manager'

/** As many as an operator has. */
const many = Array.from({ length: 20 }, (_, index) => `school-${index + 1}`)

test('a killed reinstallation leaves a version that works, and another one mends it', async () => {
  const version = await asUser('instance-manager --version')
  await killedOnce(`[ -e ${installed}/resources/app/package.json.dpkg-new ]`, '/tmp/it.deb')
  expect(await stateOf()).toBe('install reinstreq half-installed')
  expect(await asUser('instance-manager --version')).toBe(version)
  // “apt-get -f install” doesn’t: apt takes a version for complete that is the one it would install.
  await asRoot('apt-get -qy --reinstall install /tmp/it.deb')
  await usable(version)
})

test('twenty instances answer through an upgrade that is killed again and again, and mended', async () => {
  const rows = many.map(it => `${it},,Ada,ada@school.example,`)
  await succeeds(
    debian.as(
      user,
      'instance-manager --workspace ~/work create-many -',
      `name,port,director,email,password\n${rows.join('\n')}\n`,
    ),
  )
  const pids = await Promise.all(many.map(pidOf))
  expect(new Set(pids).size).toBe(many.length)
  await whileAnswering(many, async () => {
    await killedOnce(`[ -e ${installed}/LICENSES.chromium.html.dpkg-new ]`) // while it unpacks
    await asRoot('dpkg --configure -a && apt-get -qy -f install')
    await usable()
    await asRoot('apt-get -qy install --allow-downgrades /tmp/it.deb') // so that it is an upgrade again
    await killedOnce(`[ -e ${installed}/resources/app/package.json.dpkg-new ]`) // with most of it unpacked
    await asRoot('dpkg --configure -a && apt-get -qy -f install')
    await usable()
    await asRoot('touch /tmp/hold')
    await killedOnce('[ -e /tmp/held ]') // before it is configured
    await asRoot('rm /tmp/hold')
    expect(await stateOf()).not.toBe('install ok installed')
    await asRoot('dpkg --configure -a')
    await usable()
    expect(await asUser('instance-manager --workspace ~/work list')).toMatch(/school-20 +online/)
  })
  expect(await Promise.all(many.map(pidOf))).toEqual(pids)
  await asUser(`instance-manager --workspace ~/work stop ${many.join(' ')}`)
})

test('a downgrade and a removal leave running instances alone', async () => {
  await comesBackAfterKill('school')
  const { stderr } = await debian.as(user, 'instance-manager --workspace ~/work status')
  expect(stderr).toContain('PM2 still runs from the previous version’s files.')

  await asUser(`instance-manager --workspace ~/work create college ${director}`)
  expect(await asUser('ls ~/.local/share/instance-manager/runtime')).toMatch(/^\w{16}\n\w{16}\nlock$/)

  expect(await nodeOf('school')).not.toBe(await nodeOf('college'))
  await asUser('instance-manager --workspace ~/work pm2 restart')
  expect(await nodeOf('school')).toBe(await nodeOf('college'))
  await comesBackAfterKill('school')
  await whileAnswering(['college'], async () => {
    await asRoot('apt-get -qy install --allow-downgrades /tmp/it.deb')
    const refused = await debian.as(user, 'instance-manager --workspace ~/work list')
    expect(refused.stderr).toContain('was used by a newer version')
    const removed = await asRoot('apt-get -qy remove instance-manager')
    expect(removed).toContain('Instances that are running keep running')
    expect(removed).toContain('“apt-mark manual pgbouncer”')
  })
  await comesBackAfterKill('school')
  await comesBackAfterKill('college')
  await asRoot('dpkg --purge instance-manager')
  expect((await asUser('ls ~/work/instances')).split('\n')).toEqual(['college', 'school', ...many.toSorted()])
  expect(await asRoot('readlink /proc/[0-9]*/exe')).not.toMatch(/(node|postgres) \(deleted\)/)
})

/** Begins to install a package, and kills dpkg with all its children once a condition is met. */
async function killedOnce(condition: string, path = laterDeb): Promise<void> {
  // In a process group of its own, as “set -m” gives it.
  const killing = `set -m; dpkg --install ${path} >/tmp/dpkg.log 2>&1 & pid=$!
    until ${condition}; do kill -0 $pid || { cat /tmp/dpkg.log; exit 1; }; done
    kill -9 -- -$pid; wait $pid; [ $? = 137 ]`
  await asRoot(`bash -c '${killing}'`)
}

const stateOf = (): Promise<string> => asRoot("dpkg-query --show --showformat '${Status}' instance-manager")

/** A version is complete. */
async function usable(version = later): Promise<void> {
  expect(await stateOf()).toBe('install ok installed')
  expect(await asRoot('dpkg --verify instance-manager')).toBe('')
  expect(await asUser('instance-manager --version')).toBe(version)
}

const director = '--director-name Ada --director-email ada@school.example --generate-password'

async function succeeds(ran: Promise<Ran>): Promise<string> {
  const { exitCode, stdout, stderr } = await ran
  if (exitCode !== 0) throw new Error(`${stdout}\n${stderr}`)
  return stdout
}
const asRoot = (command: string): Promise<string> => succeeds(debian.asRoot(command))
const asUser = (command: string): Promise<string> => succeeds(debian.as(user, command))

/** An instance's port, as its own file says. */
async function portOf(name: string): Promise<string> {
  return await asUser(`sed -n 's/^PORT=//p' ~/work/instances/${name}/server/.env | tr -d '"'`)
}

/** An instance's process; empty if there is none. */
async function pidOf(name: string): Promise<string> {
  return await asRoot(
    `for it in /proc/[0-9]*; do [ "$(readlink $it/cwd)" != /home/${user}/work/instances/${name}/server ] || basename $it; done`,
  )
}

/** The program that runs an instance. */
const nodeOf = async (name: string): Promise<string> => asRoot(`readlink /proc/${await pidOf(name)}/exe`)

/** Does something while a user asks instances again and again, one after the other: no request may fail. */
async function whileAnswering(names: readonly string[], during: () => Promise<void>): Promise<void> {
  const ports = await Promise.all(names.map(portOf))
  const requests = ports.map(it => `-o /dev/null http://127.0.0.1:${it}`).join(' ')
  await asRoot('rm -f /tmp/enough')
  const asking = debian.as(user, `while [ ! -e /tmp/enough ]; do curl -fsS -m 5 ${requests} && echo; done`)
  try {
    await during()
  } finally {
    await debian.asRoot('touch /tmp/enough')
  }
  const { stdout, stderr } = await asking
  expect(stderr).toBe('')
  expect(stdout.length).toBeGreaterThan(20)
}

/** PM2 starts an instance again whose process was killed. */
async function comesBackAfterKill(name: string): Promise<void> {
  const [port, pid] = [await portOf(name), await pidOf(name)]
  await asRoot(`kill -9 ${pid}`)
  const back = await waitFor(
    async () => {
      const answered = await debian.as(user, `curl -sS -m 5 http://127.0.0.1:${port}`)
      return answered.stdout.startsWith(name) && (await pidOf(name)) !== pid
    },
    { timeout: 60_000 },
  )
  expect(back, `${name} didn’t come back`).toBe(true)
}
