/**
 * The full list of instances with real PM2 processes, against `pm2 jlist` once per instance, as the guide's command
 * line asks for each status; and what it costs to watch a hundred instances of which nothing happens: first the engine
 * alone, in this process, with PM2's daemon apart; then the whole app, all of Electron's processes with the window open
 * and shown. PM2, PostgreSQL, PgBouncer and the instances are none of them.
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { pm2Paths } from '../../src/main/processes/daemon'
import { usageOf } from '../../src/main/system/proc'
import { pm2 } from '../support/cli-instance'
import type { TestWorkspace } from '../support/workspace'
import type { Bench, BenchContext, Measured } from './bench'
import { addInstance, busyWorkspace, cpuTimes, inOwnWindow, memoryOf, nameOf } from './window'

const counts = [1, 20, 100]
/** Each `pm2 jlist` takes equally long, so only this many are measured and multiplied. */
const sample = 5
const idleSeconds = 60

const bench: Bench = {
  name: 'status',
  async run(context) {
    const workspace = await busyWorkspace()
    try {
      return await measure(workspace, context)
    } finally {
      await workspace.remove()
    }
  },
}
export default bench

async function measure(workspace: TestWorkspace, { runs, say }: BenchContext): Promise<Measured[]> {
  const measured: Measured[] = []
  let made = 0
  for (const count of counts) {
    for (; made < count; made++) await addInstance(workspace, made, { run: true })
    const [ours, theirs]: [number[], number[]] = [[], []]
    for (let run = 0; run < runs; run++) {
      ours.push(
        await taken(async () => {
          const { instances } = await workspace.services.instances.registry.list()
          if (instances.filter(it => it.status === 'online').length !== count) throw new Error('not all of them run')
        }),
      )
      const asked = Math.min(count, sample)
      theirs.push(
        ((await taken(async () => {
          for (let it = 0; it < asked; it++) await pm2(workspace, 'jlist')
        })) /
          asked) *
          count,
      )
    }
    say(`${count}: ${ours.at(-1)?.toFixed(0)} ms against ${theirs.at(-1)?.toFixed(0)} ms`)
    const ratio = {
      name: `list of ${count}, the guide's way / ours`,
      unit: 'ratio',
      values: theirs.map((it, index) => it / (ours[index] ?? NaN)),
    }
    measured.push(
      count === 100 ? { ...ratio, goal: '>= 100' } : ratio,
      { name: `list of ${count}, ours`, unit: 'ms', values: ours },
      { name: `list of ${count}, the guide's way`, unit: 'ms', values: theirs },
    )
  }
  return [
    ...measured,
    ...(await idle(workspace, say)),
    ...(await crashes(workspace, runs)),
    ...(await idleApp(workspace, runs, say)),
  ]
}

async function taken(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

/** One run each, because it takes a minute. */
async function idle(workspace: TestWorkspace, say: (text: string) => void): Promise<Measured[]> {
  const daemon = Number(await readFile(pm2Paths(workspace.host.pm2Home).pid, 'utf8'))
  const measured: Measured[] = []
  for (const how of ['unwatched', 'watched'] as const) {
    say(`${idleSeconds} s of nothing, ${how}`)
    const stop = how === 'watched' ? watch(workspace, () => undefined) : () => undefined
    await delay(5000) // start-up work settles
    const [engine = NaN, pm2s = NaN] = await percentOf([process.pid, daemon])
    stop()
    measured.push(
      {
        name: `idle CPU of the engine, 100 instances ${how} for 60 s`,
        unit: '% of a core',
        values: [engine],
        goal: '<= 1',
      },
      { name: "the same of PM2's daemon", unit: '% of a core', values: [pm2s] },
    )
  }
  const megabytes = process.memoryUsage().rss / 1e6
  return [...measured, { name: "memory of the engine's process, benches included", unit: 'MB', values: [megabytes] }]
}

/** CPU use of idle processes, each as a percentage of a core. */
async function percentOf(pids: readonly number[]): Promise<number[]> {
  const times = (): number[] => pids.map(it => usageOf(it)?.cpuTime ?? NaN)
  const before = times()
  await delay(idleSeconds * 1000)
  return times().map((it, index) => (it - (before[index] ?? NaN)) / (idleSeconds * 10))
}

/** Measured minute by minute, after the window's start-up work. Commands that the app waited for count as the app. */
function idleApp(workspace: TestWorkspace, runs: number, say: (text: string) => void): Promise<Measured[]> {
  return inOwnWindow(workspace, 100, async pids => {
    await delay(20_000)
    const [percent, megabytes]: [number[], number[]] = [[], []]
    for (let run = 0; run < runs; run++) {
      say(`${idleSeconds} s of nothing, with the window`)
      const before = await cpuTimes(pids)
      await delay(idleSeconds * 1000)
      const after = await cpuTimes(pids)
      percent.push(
        pids.reduce((sum, pid) => sum + (after.get(pid) ?? NaN) - (before.get(pid) ?? NaN), 0) / (idleSeconds * 10),
      )
      megabytes.push((await Promise.all(pids.map(memoryOf))).reduce((sum, it) => sum + it, 0) / 1e6)
    }
    return [
      {
        name: 'idle CPU of the app, its window showing 100 instances for 60 s',
        unit: '% of a core',
        values: percent,
        goal: '<= 1',
      },
      { name: 'memory of the app then, all its processes (PSS)', unit: 'MB', values: megabytes, goal: '<= 300' },
    ]
  })
}

/** From kill -9 of a process to the push of a list that shows it; the window's share is measured elsewhere. */
async function crashes(workspace: TestWorkspace, runs: number): Promise<Measured[]> {
  let restarts = new Map<string, number>()
  let tell = (): void => undefined
  const stop = watch(workspace, it => {
    restarts = it
    tell()
  })
  await delay(3000)
  const values: number[] = []
  for (let run = 0; run < runs * 3; run++) {
    const name = nameOf((run * 7) % 100)
    const found = (await workspace.processes.list()).find(it => it.name === name)
    const before = restarts.get(name)
    values.push(
      await taken(
        () =>
          new Promise(resolve => {
            tell = () => {
              if (restarts.get(name) !== before) resolve()
            }
            if (found?.pid) process.kill(found.pid, 'SIGKILL')
          }),
      ),
    )
    await delay(2000)
  }
  stop()
  return [{ name: 'kill -9 to push, 100 instances', unit: 'ms', values, goal: '<= 250' }]
}

/** Subscribes as a window does. @returns a function that stops it */
function watch({ services }: TestWorkspace, see: (restarts: Map<string, number>) => void): () => void {
  const stop = new AbortController()
  void (async () => {
    for await (const { instances } of services.instances.registry.watch(stop.signal)) {
      see(new Map(instances.map(it => [it.name, it.status === 'online' ? (it.restarts ?? 0) : -1])))
    }
  })()
  return () => stop.abort()
}
