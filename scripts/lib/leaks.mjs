/**
 * What tests left behind. The whole run has one temporary folder as TMPDIR: a process that mentions it in its
 * environment, command or working folder is the tests'; containers and the user's own folders are compared with before.
 * Linux only: it reads /proc.
 */
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { hasCommand } from './packages.mjs'
import { run } from './say.mjs'

/** What only a test that forgot its own home would make. */
const usersOwn = ['.pm2', '.config/Instance Manager', '.config/instance-manager'].map(it => join(homedir(), it))

/** Call before the tests; the function returned says what is left of them, a line each. @param folder their TMPDIR */
export async function watchLeaks(folder) {
  const before = new Set([...(await podmans()), ...users()])
  const absent = usersOwn.filter(it => !existsSync(it))
  return async () => {
    const sockets = await listening()
    return [
      ...processes(folder).map(({ pid, command }) => `process ${pid}${ports(sockets, pid)}: ${command}`),
      ...[...(await podmans()), ...users()].filter(it => !before.has(it)),
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
 * Podman's name server, one for all networks of the machine: Podman starts it, with the environment of whoever needs it
 * first, and ends it.
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
 * Containers, volumes and networks, a line each, that tests may have made: their names contain `im-`, or are none (a
 * volume that an image wants).
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

/** System users of instances, and those that attacks are made as. */
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
