/**
 * What one instance does to the others by way of the shared PostgreSQL and PgBouncer: five instances ask, first alone,
 * then while a sixth has 1,000 connections open whose queries fill its pool; in turn, on the same services.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { Client, type ClientConfig } from 'pg'
import { makeTiny } from '../../support/tiny-base'
import { testWorkspace, type TestWorkspace } from '../../support/workspace'
import type { BenchContext, Measured } from '../bench'
import { pooledLogin } from './login'

const crowd = 1000
const others = 5
/** Of each of them, and in each run. */
const queries = 400
const logins = 60

export async function besideACrowd(context: BenchContext): Promise<Measured[]> {
  const workspace = await testWorkspace({ prepare: makeTiny })
  try {
    await workspace.open()
    await workspace.startInfrastructure()
    return await measure(workspace, context)
  } finally {
    await workspace.remove()
  }
}

/** The 95th of 100, in milliseconds. */
interface Asked {
  readonly query: number
  readonly login: number
}

async function measure(workspace: TestWorkspace, { runs, say }: BenchContext): Promise<Measured[]> {
  const greedy = await pooledLogin(workspace, 'greedy')
  const quiet = await Promise.all(
    Array.from({ length: others }, (_, index) => pooledLogin(workspace, `quiet-${index}`)),
  )
  await ask(quiet) // PgBouncer's connections to PostgreSQL are made
  const [alone, beside]: [Asked[], Asked[]] = [[], []]
  for (let run = 1; run <= runs; run++) {
    alone.push(await ask(quiet))
    const end = await beginCrowd(greedy)
    beside.push(await ask(quiet))
    await end()
    say(
      `run ${run}: queries ${alone.at(-1)?.query.toFixed(2)} ms alone, ${beside.at(-1)?.query.toFixed(2)} ms beside it`,
    )
  }
  const ratio = (of: keyof Asked): number[] => beside.map((it, index) => it[of] / (alone[index]?.[of] ?? NaN))
  const name = `${crowd} connections of another instance / alone`
  return [
    { name: `p95 of a pooled query, ${name}`, unit: 'ratio', values: ratio('query'), goal: '<= 2' },
    { name: `p95 of a pooled login and query, ${name}`, unit: 'ratio', values: ratio('login'), goal: '<= 2' },
    { name: 'p95 of a pooled query, alone', unit: 'ms', values: alone.map(it => it.query) },
    { name: 'p95 of a pooled login and query, alone', unit: 'ms', values: alone.map(it => it.login) },
  ]
}

/** All of them at the same time; each asks as soon as it has its answer. */
async function ask(instances: readonly ClientConfig[]): Promise<Asked> {
  const taken = await Promise.all(
    instances.map(async login => {
      const client = new Client(login)
      await client.connect()
      const [query, whole]: [number[], number[]] = [[], []]
      for (let it = 0; it < queries; it++) query.push(await timed(() => client.query('SELECT 1')))
      await client.end()
      for (let it = 0; it < logins; it++) {
        const fresh = new Client(login)
        whole.push(
          await timed(async () => {
            await fresh.connect()
            await fresh.query('SELECT 1')
          }),
        )
        await fresh.end()
      }
      return { query, whole }
    }),
  )
  return { query: p95(taken.flatMap(it => it.query)), login: p95(taken.flatMap(it => it.whole)) }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work()
  return performance.now() - began
}

const p95 = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.95)] ?? NaN

/** Resolves once all its connections are open. @returns what ends it */
async function beginCrowd(connection: ClientConfig): Promise<() => Promise<void>> {
  const child = fork(join(import.meta.dirname, 'crowd.mjs'), [], { execArgv: [] })
  child.send({ connection, count: crowd })
  await once(child, 'message')
  return async () => {
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
}
