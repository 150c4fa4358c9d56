/**
 * What it costs to look at a hundred instances' databases with five connections each: the engine (this process) and the
 * services, while nobody looks and while one screen does. The connections do nothing.
 */
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Client } from 'pg'
import { workingIn } from '../../src/main/infrastructure/drivers/daemons'
import { workspacePaths } from '../../src/main/workspace/paths'
import { layOut, makeDatabase } from '../support/cli-instance'
import { connectAs } from '../support/instance-client'
import type { TestWorkspace } from '../support/workspace'
import type { Bench, Measured } from './bench'
import { busyWorkspace, cpuTimes, nameOf } from './window'

const instances = 100
const connections = 5
const seconds = 60
const looks = 50

const bench: Bench = {
  name: 'activity',
  async run({ runs, say }) {
    const workspace = await busyWorkspace()
    const open: Client[] = []
    try {
      const { port } = (await workspace.services.infrastructure.status()).postgres
      for (let it = 0; it < instances; it++) {
        const { database, role: user, password, ...its } = await layOut(workspace, nameOf(it))
        await makeDatabase(workspace, { database, role: user, password, ...its })
        for (let more = 0; more < connections; more++) open.push(await connectAs({ database, user, password }, port))
      }
      return await measure(workspace, runs, say)
    } finally {
      await Promise.all(open.map(it => it.end()))
      await workspace.remove()
    }
  },
}
export default bench

async function measure(workspace: TestWorkspace, runs: number, say: (text: string) => void): Promise<Measured[]> {
  const { activity } = workspace.services.infrastructure
  const groups = [() => Promise.resolve([process.pid]), () => serversOf(workspace)]
  const found = await activity.look()
  if (found.databases.length !== instances || found.problem) throw new Error('not all of them are seen')
  const times: number[] = []
  for (let it = 0; it < looks; it++) {
    const start = performance.now()
    await activity.look()
    times.push(performance.now() - start)
  }
  const without: number[][] = []
  const more: number[][] = []
  for (let run = 0; run < runs; run++) {
    say(`${seconds} s while nobody looks, and ${seconds} s while one screen does`)
    const alone = await percents(groups)
    const stop = new AbortController()
    void (async () => {
      for await (const it of activity.watch(stop.signal)) JSON.stringify(it) // as a page gets it
    })()
    const watched = await percents(groups)
    stop.abort()
    without.push(alone)
    more.push(watched.map((it, index) => it - (alone[index] ?? NaN)))
  }
  const of = (all: readonly number[][], group: number): number[] => all.map(it => it[group] ?? NaN)
  const unit = '% of a core'
  return [
    { name: `a look at ${instances} databases and ${instances * connections} connections`, unit: 'ms', values: times },
    { name: 'what is pushed then', unit: 'kB', values: [JSON.stringify(await activity.look()).length / 1000] },
    { name: 'CPU that a screen takes, the engine', unit, values: of(more, 0), goal: '<= 1' },
    { name: 'CPU that a screen takes, PostgreSQL and PgBouncer', unit, values: of(more, 1), goal: '<= 1' },
    { name: 'CPU of the engine without it', unit, values: of(without, 0) },
    { name: 'CPU of PostgreSQL and PgBouncer without it', unit, values: of(without, 1) },
  ]
}

const serversOf = async ({ root }: TestWorkspace): Promise<number[]> => {
  const { embedded } = workspacePaths(root)
  return (await Promise.all((['postgres', 'pgbouncer'] as const).map(it => workingIn(join(embedded, it), it)))).flat()
}

/** CPU use of each group of processes. One that ends is counted in its parent's time from then on. */
async function percents(groups: readonly (() => Promise<readonly number[]>)[]): Promise<number[]> {
  const timeOf = async (pid: number): Promise<number> => (await cpuTimes([pid]).catch(() => undefined))?.get(pid) ?? 0
  const sums = () =>
    Promise.all(groups.map(async pids => (await Promise.all((await pids()).map(timeOf))).reduce((a, b) => a + b, 0)))
  const before = await sums()
  await delay(seconds * 1000)
  return (await sums()).map((it, index) => (it - (before[index] ?? NaN)) / (seconds * 10))
}
