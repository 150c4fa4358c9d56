/**
 * Finds what tests left behind. The whole run uses one temporary folder as TMPDIR, and a process with that folder in
 * its environment, command or working directory belongs to the tests. Containers, what container engines make in the
 * kernel, and the user's own folders are compared with the state before. Linux only: it reads /proc.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { hasCommand } from './packages.mjs'
import { run } from './say.mjs'

/** Folders that only a test without its own home would create. */
const usersOwn = ['.pm2', '.config/Instance Manager', '.config/instance-manager'].map(it => join(homedir(), it))

/**
 * Call before the tests. @returns a function that lists what they left behind, one line each. @param folder their
 * TMPDIR
 */
export async function watchLeaks(folder) {
  const others = async () => [...(await podmans()), ...(await dockers(folder)), ...users()]
  const before = new Set(await others())
  const absent = usersOwn.filter(it => !existsSync(it))
  return async () => {
    const sockets = await listening()
    return [
      ...processes(folder).map(({ pid, command }) => `process ${pid}${ports(sockets, pid)}: ${command}`),
      ...(await others()).filter(it => !before.has(it)),
      ...readdirSync(folder)
        .filter(it => it.startsWith('im-'))
        .map(it => `folder ${join(folder, it)}`),
      ...absent.filter(it => existsSync(it)).map(it => `folder ${it}, in the user's own home`),
    ]
  }
}

function processes(folder) {
  return readdirSync('/proc')
    .filter(it => /^\d+$/.test(it) && Number(it) !== process.pid)
    .flatMap(pid => {
      const command = proc(pid, 'cmdline').replaceAll('\0', ' ').trim()
      const texts = [command, proc(pid, 'environ'), link(`/proc/${pid}/cwd`)]
      return texts.some(it => it.includes(folder)) && !podmansOwn.test(command)
        ? [{ pid, command: command.slice(0, 120) }]
        : []
    })
}

/**
 * Podman's name server, one for all of the machine's networks. Podman starts it, with the environment of its first
 * user, and stops it.
 */
const podmansOwn = /^\S*\/aardvark-dns /

function proc(pid, name) {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'latin1')
  } catch {
    return ''
  }
}

function link(path) {
  try {
    return readlinkSync(path)
  } catch {
    return ''
  }
}

/**
 * Containers, volumes and networks that tests may have created, one line each: those with `im-` in their names, and
 * anonymous volumes, which images create.
 */
async function podmans() {
  if (!hasCommand('podman')) return []
  const kinds = {
    container: ['ps', '--all', '--format', '{{.Names}}'],
    volume: ['volume', 'ls', '--quiet'],
    network: ['network', 'ls', '--quiet'],
  }
  const found = await Promise.all(
    Object.entries(kinds).map(async ([kind, words]) => {
      const { code, output } = await run('podman', words, { quiet: true, timeout: 30_000 })
      return code === 0
        ? output
            .split('\n')
            .filter(it => /(^|-)im-|^[0-9a-f]{64}$/.test(it))
            .map(it => `${kind} ${it}`)
        : []
    }),
  )
  return found.flat()
}

/**
 * What Docker daemons of tests made in the kernel, one line each: mounts, control groups, network interfaces, firewall
 * rules.
 */
async function dockers(folder) {
  const groups = ['', ...names('/sys/fs/cgroup')].flatMap(tree =>
    names(join('/sys/fs/cgroup', tree))
      .filter(it => it.startsWith('im-docker-'))
      .map(it => `control group ${join('/sys/fs/cgroup', tree, it)}`),
  )
  const mounts = proc('self', 'mounts')
    .split('\n')
    .map(it => it.split(' ')[1] ?? '')
    .filter(it => it.startsWith(folder))
    .map(it => `mount ${it}`)
  const interfaces = names('/sys/class/net')
    .filter(it => /^(br-[0-9a-f]{12}|docker\d+)$/.test(it))
    .map(it => `network interface ${it}`)
  const rules = hasCommand('iptables-save')
    ? (await run('iptables-save', [], { quiet: true, timeout: 10_000 })).output
        .split('\n')
        .filter(it => /^(-A|:)\S*DOCKER/.test(it))
        .map(it => `firewall rule ${it}`)
    : []
  return [...groups, ...mounts, ...interfaces, ...rules]
}

const names = path => {
  try {
    return readdirSync(path)
  } catch {
    return [] // no such folder, or not a folder
  }
}

/** System users of instances, and those that the attack tests run as. */
const users = () =>
  readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .filter(it => it.startsWith('im-'))
    .map(it => `user ${it.split(':')[0]}`)

const listening = async () => (await run('ss', ['-Htlnp'], { quiet: true, timeout: 10_000 })).output.split('\n')

function ports(sockets, pid) {
  const own = sockets.filter(it => it.includes(`pid=${pid},`)).map(it => it.trim().split(/\s+/)[3])
  return own.length > 0 ? ` (listens on ${own.join(', ')})` : ''
}
