/**
 * With each driver: how long the services take to come up, from nothing (but the images) and after a stop, until
 * PgBouncer has passed a query to PostgreSQL; and how long an instance's queries fail while PostgreSQL restarts.
 */
import { Client, type ClientConfig } from 'pg'
import { dockerForTests } from '../../support/docker/docker'
import { podmanForTests } from '../../support/podman/podman'
import { makeTiny } from '../../support/tiny-base'
import { mustSucceed, testWorkspace, type TestWorkspace, type WorkspaceOptions } from '../../support/workspace'
import type { BenchContext, Measured } from '../bench'
import { pooledLogin } from './login'

/** Connections that ask while PostgreSQL restarts, each every `pause` milliseconds. */
const clients = 20
const pause = 10

interface Seen {
  readonly cold: number
  readonly warm: number
  readonly outage: Outage
}

/** In seconds: from the first failed query to the last, and the longest time that a query took. */
interface Outage {
  readonly failing: number
  readonly longest: number
}

export async function comingUp(context: BenchContext): Promise<Measured[]> {
  const [podman, docker] = [await podmanForTests(), await dockerForTests()]
  if ('missing' in podman) throw new Error(podman.missing)
  if ('missing' in docker) throw new Error(docker.missing)
  try {
    return [
      ...(await ofDriver({ driver: 'embedded' }, context)),
      ...(await ofDriver({ driver: 'podman', images: podman.images }, context)),
      ...(await ofDriver({ driver: 'docker', images: docker.images }, context)),
    ]
  } finally {
    await docker.dispose()
  }
}

async function ofDriver(options: WorkspaceOptions, { runs, say }: BenchContext): Promise<Measured[]> {
  const seen: Seen[] = []
  for (let run = 1; run <= runs; run++) {
    const it = await once(options)
    seen.push(it)
    say(
      `${options.driver}, run ${run}: cold ${it.cold.toFixed(1)} s, warm ${it.warm.toFixed(1)} s, queries failed for ${it.outage.failing.toFixed(2)} s`,
    )
  }
  const to = `to a query through PgBouncer, ${options.driver}`
  return [
    { name: `cold start ${to}`, unit: 's', values: seen.map(it => it.cold) },
    { name: `warm start ${to}`, unit: 's', values: seen.map(it => it.warm) },
    {
      name: `queries fail while PostgreSQL restarts, ${options.driver}`,
      unit: 's',
      values: seen.map(it => it.outage.failing),
      goal: '<= 2',
    },
    { name: `longest query then, ${options.driver}`, unit: 's', values: seen.map(it => it.outage.longest) },
  ]
}

async function once(options: WorkspaceOptions): Promise<Seen> {
  const workspace = await testWorkspace({ ...options, prepare: makeTiny })
  try {
    await workspace.open()
    const cold = await seconds(() => workspace.startInfrastructure())
    await workspace.stopInfrastructure()
    const warm = await seconds(() => workspace.startInfrastructure())
    const end = await ask(await pooledLogin(workspace, 'school'))
    await restart(workspace)
    return { cold, warm, outage: await end() }
  } finally {
    await workspace.remove()
  }
}

async function restart({ services: { operations } }: TestWorkspace): Promise<void> {
  mustSucceed(await operations.settled(await operations.start('infrastructure-restart', { service: 'postgres' })))
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return (performance.now() - began) / 1000
}

/**
 * As a connection pool does: a connection that failed is replaced by a new one. @returns what ends it once each has had
 * an answer again
 */
async function ask(login: ClientConfig): Promise<() => Promise<Outage>> {
  const ending = new AbortController()
  let [first, last, longest] = [Infinity, -Infinity, 0]
  const loop = async (warm: () => void): Promise<void> => {
    let client: Client | undefined
    for (let answered = false; !answered || !ending.signal.aborted;) {
      const began = performance.now()
      try {
        client ??= await connected(login)
        await client.query('SELECT 1')
        longest = Math.max(longest, (performance.now() - began) / 1000)
        answered = true
        warm()
      } catch {
        answered = false
        first = Math.min(first, began)
        last = Math.max(last, performance.now())
        await client?.end().catch(() => undefined)
        client = undefined
      }
      await new Promise(resolve => setTimeout(resolve, pause))
    }
    await client?.end()
  }
  const asking: Promise<void>[] = []
  await Promise.all(Array.from({ length: clients }, () => new Promise<void>(resolve => asking.push(loop(resolve)))))
  longest = 0
  return async () => {
    ending.abort()
    await Promise.all(asking)
    return { failing: Math.max(0, (last - first) / 1000), longest }
  }
}

async function connected(login: ClientConfig): Promise<Client> {
  const client = new Client(login)
  client.on('error', () => undefined)
  await client.connect()
  return client
}
