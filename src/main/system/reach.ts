/** How other machines reach this one: guesses, as nothing on a machine knows for certain. */
import { hostname, networkInterfaces, userInfo } from 'node:os'

/** Networks of containers and virtual machines. */
const internal = /^(?:br-|cni|docker|podman|veth|virbr|lxc|lxd)/

/**
 * The address that the SSH session was opened to, if there is one; else the first IPv4 address, else the host's name.
 */
export function guessAddress(env: NodeJS.ProcessEnv = process.env, interfaces = networkInterfaces()): string {
  const [, , address] = (env['SSH_CONNECTION'] ?? '').split(' ')
  const found = Object.entries(interfaces)
    .filter(([name]) => !internal.test(name))
    .flatMap(([, its = []]) => its)
    .find(it => it.family === 'IPv4' && !it.internal)
  return address || found?.address || hostname()
}

/** @param address of this machine @returns e.g. `ssh -L 5001:127.0.0.1:5001 ada@203.0.113.5` */
export const tunnelCommand = (port: number, address: string): string =>
  `ssh -L ${port}:127.0.0.1:${port} ${userInfo().username}@${address}`
