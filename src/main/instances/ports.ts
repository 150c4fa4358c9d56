/** Which port an instance may have. It looks at nothing itself: its services say who holds what. */
import type { PortCheck, PortHolder } from '../../shared/ports'
import { maxPort } from '../../shared/instance'
import { problem } from '../../shared/problem'
import { waitFor } from '../system/wait'

export interface PortKnowledge {
  /** Ports that no instance may have: PostgreSQL's, PgBouncer's and our own web server's. */
  own(): Promise<readonly { readonly title: string; readonly port: number }[]>
  /** Every instance with its configured port, and whether it is running. */
  instances(): Promise<readonly { readonly name: string; readonly port: number; readonly running: boolean }[]>
  /** Ports that open operations have chosen, with the operations' subjects. */
  reservations(): Promise<readonly { readonly subject: string; readonly port: number }[]>
  /** Whether a server could listen on it now. */
  portFree(port: number): Promise<boolean>
  /** The processes listening on it now. */
  portHolders(port: number): Promise<readonly { readonly pid?: number; readonly program?: string }[]>
}

type Free = Pick<PortKnowledge, 'own' | 'instances' | 'reservations' | 'portFree'>

/**
 * The first port from `first` on that isn't our own, isn't configured for any instance (running or not), hasn't been
 * chosen by an open operation, and on which a server could listen now.
 * @throws Problem `no-free-port`
 */
export const choosePort = async (first: number, services: Free): Promise<number> =>
  (await choosePorts(first, 1, services))[0] ?? noFreePort(first)

/** As `choosePort`: that one and the next ones, ascending. @throws Problem `no-free-port` if there aren't as many */
export async function choosePorts(first: number, count: number, services: Free): Promise<number[]> {
  const known = await Promise.all([services.own(), services.instances(), services.reservations()])
  const taken = new Set(known.flat().map(it => it.port))
  const found: number[] = []
  for (let port = first; found.length < count; port++) {
    if (port > maxPort) noFreePort(first)
    if (!taken.has(port) && (await services.portFree(port))) found.push(port)
  }
  return found
}

function noFreePort(first: number): never {
  throw problem({
    code: 'no-free-port',
    message: `There is no free port from ${first} to ${maxPort}.`,
    hint: 'Choose a lower first port in the settings.',
    field: 'port',
  })
}

/**
 * The holders of a port: ourselves, instances configured for it, open operations that chose it, and a process listening
 * on it, unless one of those instances is running.
 */
export async function checkPort(port: number, services: PortKnowledge): Promise<PortCheck> {
  const listening = await listeners(port, services) // first: whatever listens by now is known to be running below
  const [own, instances, reservations] = await Promise.all([
    services.own(),
    services.instances(),
    services.reservations(),
  ])
  const ours: PortHolder[] = own.filter(it => it.port === port).map(({ title }) => ({ type: 'own', title }))
  const named: PortHolder[] = instances
    .filter(it => it.port === port)
    .map(({ name, running }) => ({ type: 'instance', name, running }))
  const reserved: PortHolder[] = reservations
    .filter(it => it.port === port && !instances.some(other => other.port === port && sameName(other.name, it.subject)))
    .map(({ subject }) => ({ type: 'operation', subject }))
  const explained = named.some(it => it.type === 'instance' && it.running)
  return { port, holders: [...ours, ...named, ...reserved, ...(explained ? [] : listening)] }
}

/** Milliseconds that a process may take to free its port once it has been killed: its memory is freed first. */
const ending = 1000

/**
 * A port can be taken without a visible listener, e.g. by another user's container; the holder is then nameless. A
 * process that is just ending, even an instance's own, looks the same for a moment, so this waits for it.
 */
async function listeners(port: number, services: PortKnowledge): Promise<PortHolder[]> {
  let found: PortHolder[] = []
  await waitFor(
    async () => {
      found = await listenersNow(port, services)
      return found.every(it => it.type !== 'process' || it.pid !== undefined)
    },
    { timeout: ending },
  )
  return found
}

async function listenersNow(port: number, services: PortKnowledge): Promise<PortHolder[]> {
  const found = await services.portHolders(port)
  if (found.length === 0 && !(await services.portFree(port))) return [{ type: 'process' }]
  return found.map(({ pid, program }) => ({ type: 'process', pid, program }))
}

const sameName = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase()

/**
 * No instance can share our own ports.
 * @param next the port to propose instead @throws Problem `port-taken`
 */
export async function requireNotOurs({ port, holders }: PortCheck, next: () => Promise<number>): Promise<void> {
  const own = holders.find(it => it.type === 'own')
  if (!own) return
  throw problem({
    code: 'port-taken',
    field: 'port',
    message: `Port ${port} belongs to ${own.title}.`,
    hint: `Use another port, e.g. ${await next()}, which is free.`,
  })
}

/** A port's holder, as part of a sentence. */
export function describeHolder(holder: PortHolder): string {
  switch (holder.type) {
    case 'own':
      return `it belongs to ${holder.title}`
    case 'instance':
      return `“${holder.name}” is ${holder.running ? 'running on it' : 'configured for it'}`
    case 'operation':
      return `an open operation on “${holder.subject}” has it`
    case 'process':
      return holder.program
        ? `${holder.program} (pid ${holder.pid ?? 'unknown'}) is listening on it`
        : 'another user’s process is listening on it'
  }
}
