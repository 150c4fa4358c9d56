/** What can be wrong with a container engine as a whole, and the command that fixes it. */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { driverTitle } from '../../../shared/infrastructure'
import { problem, type Problem, ProblemError } from '../../../shared/problem'

export type EngineKind = 'podman' | 'docker'

const packages = {
  podman: '“sudo apt-get install podman” (Debian, Ubuntu) or “sudo dnf install podman” (Fedora)',
  docker: '“sudo apt-get install docker.io” (Debian, Ubuntu) or “sudo dnf install moby-engine” (Fedora)',
} as const

/** How Docker's command, in its versions, says that nothing answers at its daemon's address. */
const notRunning = /is the docker daemon running|failed to connect to the docker API|error during connect/i
const denied = /permission denied while trying to connect to the docker (daemon socket|API)/i

/**
 * Explains a failed command of the engine if the engine is to blame. Anything else is returned as it is.
 * @param address of Docker's daemon, if known
 */
export function explained(kind: EngineKind, error: unknown, address = ''): unknown {
  if (!(error instanceof ProblemError)) return error
  const { code, details = '' } = error.problem
  if (code === 'command-missing') return problem(missing(kind), error)
  if (code !== 'command-failed') return error
  const lineWith = (what: RegExp): string | undefined => details.split('\n').find(it => what.test(it))
  const [refused, unanswered, unmapped] = [lineWith(denied), lineWith(notRunning), lineWith(/newuidmap.*not found/i)]
  if (kind === 'docker' && refused) return problem({ ...notAllowed(address), details: refused }, error)
  if (kind === 'docker' && unanswered) return problem({ ...stopped(address), details: unanswered }, error)
  if (kind === 'podman' && unmapped) return problem({ ...noMapping, details: unmapped }, error)
  return error
}

const missing = (kind: EngineKind): Problem => ({
  code: 'engine-missing',
  message: `${driverTitle[kind]} isn’t installed.`,
  hint: `Install it: ${packages[kind]}.`,
  action: 'retry',
})

/** @param root the root of the file system */
export function stopped(address: string, root = '/'): Problem {
  const socket = address.replace(/^unix:\/\//, '')
  const start = socket.startsWith('/run/user/')
    ? 'systemctl --user start docker'
    : existsSync(join(root, 'run/systemd/system'))
      ? 'sudo systemctl start docker'
      : 'sudo service docker start'
  return {
    code: 'engine-stopped',
    message: 'Docker is installed, but isn’t running.',
    ...(socket && { cause: `Nothing answers at ${socket}.` }),
    hint: process.env['DOCKER_HOST']
      ? 'Start the daemon at that address, or correct DOCKER_HOST.'
      : `Start it: “${start}”.`,
    action: 'retry',
  }
}

const notAllowed = (address: string, { username } = userInfo()): Problem => ({
  code: 'engine-denied',
  message: `Docker is running, but ${username} isn’t allowed to use it.`,
  cause: `Only root and the group docker may use ${address.replace(/^unix:\/\//, '') || 'its socket'}.`,
  hint: `Join the group: “sudo usermod -aG docker ${username}”. Then log out, log in and start Instance Manager again. The group’s members can do anything that root can.`,
})

const noMapping: Problem = {
  code: 'engine-user-ids',
  message: 'Podman is installed, but can’t run containers for an ordinary user.',
  cause: 'The program newuidmap is missing.',
  hint: 'Install it: “sudo apt-get install uidmap” (Debian, Ubuntu) or “sudo dnf install shadow-utils” (Fedora).',
  action: 'retry',
}

/** A rootless Podman whose containers could have one user only; images have several. @param etc the folder /etc */
export async function noUserIds(etc = '/etc', { username } = userInfo()): Promise<Problem> {
  const taken = await Promise.all(['subuid', 'subgid'].map(it => readFile(join(etc, it), 'utf8').catch(() => '')))
  // Lines are NAME:FIRST:COUNT. The first range is the one that Debian's adduser gives to a machine's first user.
  const ends = [...taken.join('\n').matchAll(/^[^:\n]*:(\d+):(\d+)$/gm)].map(it => Number(it[1]) + Number(it[2]))
  const first = Math.max(100_000, ...ends)
  const range = `${first}-${first + 65_535}`
  return {
    code: 'engine-user-ids',
    message: `Podman is installed, but can’t run containers for ${username}.`,
    cause: 'The user has no range of its own in /etc/subuid and /etc/subgid, which containers need for their users.',
    hint: `Add one: “sudo usermod --add-subuids ${range} --add-subgids ${range} ${username}”. Then stop what Podman has running: “podman system migrate”.`,
    action: 'retry',
  }
}

/** @param timeout milliseconds that it had for a simple question */
export const silent = (kind: EngineKind, timeout: number): Problem => ({
  code: 'engine-silent',
  message: `${driverTitle[kind]} hasn’t answered for ${timeout / 1000} s.`,
  cause: 'It is overloaded or hanging.',
  hint:
    kind === 'docker'
      ? 'Instances keep running. If it stays like this, restart it when convenient: “sudo systemctl restart docker”. That interrupts the database.'
      : 'Instances keep running. Find out what it is waiting for: “podman --log-level debug ps”.',
  action: 'retry',
})

/** @param output all that its command printed: its reason, and perhaps what it knows all the same, as JSON */
export const broken = (kind: EngineKind, output: string | undefined): Problem => ({
  code: 'engine-broken',
  message: `${driverTitle[kind]} is installed, but doesn’t work.`,
  cause: output?.split('\n').findLast(it => /^[^{[]/.test(it)),
  hint: `See what it says: “${kind} info”.`,
  action: 'retry',
  details: output,
})

/**
 * The containers' files and ports must be on this machine.
 * @param address of the engine; empty: its default, which is here
 * @throws Problem `engine-elsewhere`
 */
export function requireHere(kind: EngineKind, address: string): void {
  if (address === '' || address.startsWith('unix://')) return
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url && /^(tcp|https?):$/.test(url.protocol) && /^(localhost|127\.[\d.]+|\[::1\])$/.test(url.hostname)) return
  const variable = kind === 'docker' ? 'DOCKER_HOST' : 'CONTAINER_HOST'
  throw problem({
    code: 'engine-elsewhere',
    message: `${driverTitle[kind]}’s commands go to another machine.`,
    // without a user's name or password
    cause: `${process.env[variable] ? variable : 'Its context'} points to ${shownAddress(address)}, but instances need their database here.`,
    hint: process.env[variable]
      ? `Start Instance Manager without ${variable}, or choose another driver.`
      : 'Use the context of this machine, “docker context use default”, or choose another driver.',
    action: 'choose-driver',
  })
}

/** Without a user's name or password. */
function shownAddress(address: string): string {
  if (address.startsWith('unix://')) return address.slice('unix://'.length)
  const url = URL.canParse(address) ? new URL(address) : undefined
  return url ? `${url.protocol}//${url.host}` : 'an unknown address'
}

/** @param pinned the address of the workspace's containers @param configured where the user's commands go */
export const engineChanged = (pinned: string, configured: string): Problem => ({
  code: 'engine-changed',
  message: 'The docker command now points to a different daemon.',
  cause: `It points to ${shownAddress(configured)}, but this workspace’s containers are at ${shownAddress(pinned)}. Instance Manager keeps using those.`,
  hint: `You don’t have to do anything. To see the containers in a terminal: “docker --host ${pinned} ps”.`,
})
