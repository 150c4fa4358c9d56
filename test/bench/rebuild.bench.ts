/**
 * A rebuild of the sample application to changed code, a request every 5 ms all the while, beside the guide's sequence:
 * how long it takes, and how long nobody answers, at the instance and at another one.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { findNode } from '../../src/main/system/node'
import { mustSucceed, testWorkspace, type TestWorkspace } from '../support/workspace'
import type { Bench, BenchContext, Measured } from './bench'
import { probe, type Probed } from './prober'

const bench: Bench = {
  name: 'rebuild',
  async run(context) {
    const workspace = await testWorkspace()
    try {
      await workspace.open()
      await workspace.startInfrastructure()
      return await measure(workspace, context)
    } finally {
      await workspace.remove()
    }
  },
}
export default bench

interface Taken extends Probed {
  readonly seconds: number
  readonly other: Probed
}

async function measure(workspace: TestWorkspace, { runs, say }: BenchContext): Promise<Measured[]> {
  const portOf = async (name: string): Promise<number> =>
    (mustSucceed(await workspace.create({ name })).plan as unknown as { port: number }).port
  const ports = {
    ours: await portOf('ours'),
    seamless: await portOf('seamless'),
    guide: await portOf('guide'),
    other: await portOf('other'),
  }
  await done(workspace, 'seamless', 'seamless')
  const quiet = () => new Promise<void>(resolve => setTimeout(resolve, 3000))
  const alone = (await probed(ports.ours, ports.other, quiet)).other // with as many probers
  const taken = { server: [] as Taken[], client: [] as Taken[], seamless: [] as Taken[], guide: [] as Taken[] }
  const boots: number[] = []
  for (let run = 1; run <= runs; run++) {
    for (const changed of ['server', 'client'] as const) {
      await change(workspace, changed, run)
      taken[changed].push(await probed(ports.ours, ports.other, () => done(workspace, 'rebuild', 'ours')))
    }
    taken.seamless.push(await probed(ports.seamless, ports.other, () => done(workspace, 'rebuild', 'seamless')))
    boots.push(await boot(workspace, ports.ours))
    taken.guide.push(await probed(ports.guide, ports.other, () => theirs(workspace, ports.guide)))
    say(
      `run ${run}: ${Object.entries(taken)
        .map(([way, its]) => `${way} ${its.at(-1)?.seconds.toFixed(1)} s, gap ${its.at(-1)?.longestGap.toFixed(0)} ms`)
        .join('; ')}; restart alone ${boots.at(-1)?.toFixed(0)} ms`,
    )
  }
  const values = (way: keyof typeof taken, what: (taken: Taken) => number): number[] => taken[way].map(what)
  const gaps = values('server', it => it.longestGap)
  return [
    {
      name: 'gap, guide / ours',
      unit: 'ratio',
      values: values('guide', it => it.longestGap).map((it, at) => it / (gaps[at] ?? NaN)),
      goal: '>= 100',
    },
    { name: 'gap beyond a restart', unit: 'ms', values: gaps.map((it, at) => it - (boots[at] ?? NaN)), goal: '<= 300' },
    { name: 'a line of the server changed', unit: 's', values: values('server', it => it.seconds), goal: '<= 10' },
    { name: 'a line of the client changed', unit: 's', values: values('client', it => it.seconds) },
    { name: 'the guide’s sequence', unit: 's', values: values('guide', it => it.seconds) },
    ...(['server', 'guide'] as const).flatMap((way): Measured[] => [
      { name: `${way}: gap`, unit: 'ms', values: values(way, it => it.longestGap) },
      { name: `${way}: failed requests`, unit: '', values: values(way, it => it.failed) },
    ]),
    { name: 'seamless: gap', unit: 'ms', values: values('seamless', it => it.longestGap), goal: '<= 50' },
    { name: 'seamless: failed requests', unit: '', values: values('seamless', it => it.failed), goal: '<= 1' },
    {
      name: 'gap, guide / seamless',
      unit: 'ratio',
      values: values('guide', it => it.longestGap).map((it, at) => it / (taken.seamless[at]?.longestGap ?? NaN)),
      goal: '>= 100',
    },
    // What the machine's own hitches leave: the probers alone take most of a core.
    {
      name: 'seamless: gap beyond an untouched instance’s',
      unit: 'ms',
      values: values('seamless', it => it.longestGap - it.other.longestGap),
      goal: '<= 50',
    },
    { name: 'others: gap meanwhile', unit: 'ms', values: values('seamless', it => it.other.longestGap) },
    { name: 'others: gap while nothing is rebuilt', unit: 'ms', values: [alone.longestGap] },
    { name: 'others: failed requests', unit: '', values: values('server', it => it.other.failed), goal: '<= 0' },
    ...(['server', 'client'] as const).map((way): Measured => ({
      name: `others, ${way} changed: p95 / before`,
      unit: 'ratio',
      values: values(way, it => it.other.p95 / alone.p95),
      goal: '<= 1.5',
    })),
  ]
}

async function probed(port: number, otherPort: number, work: () => Promise<void>): Promise<Taken> {
  const [own, other] = [await probe(port), await probe(otherPort)]
  const start = performance.now()
  await work()
  const seconds = (performance.now() - start) / 1000
  return { ...(await own()), seconds, other: await other() }
}

/** How long nobody answers when PM2 only restarts it: the application's own boot. */
async function boot(workspace: TestWorkspace, port: number): Promise<number> {
  const end = await probe(port)
  await done(workspace, 'restart', 'ours')
  return (await end()).longestGap
}

async function change({ services }: TestWorkspace, what: 'server' | 'client', run: number): Promise<void> {
  const file = join(services.paths.root, what === 'server' ? 'server/index.js' : 'client/index.html')
  const line = what === 'server' ? `\n// change ${run}\n` : `\n<!-- change ${run} -->\n`
  await writeFile(file, (await readFile(file, 'utf8')) + line)
}

async function done({ services: { operations } }: TestWorkspace, kind: string, name: string): Promise<void> {
  mustSucceed(await operations.settled(await operations.start(kind, { name })))
}

async function theirs(workspace: TestWorkspace, port: number): Promise<void> {
  const { paths } = workspace.services
  await execa(await findNode(), [join(import.meta.dirname, 'guide-rebuild.mjs')], {
    cwd: paths.root,
    input: JSON.stringify({ workspace: paths.root, name: 'guide', port }),
    env: { PM2_HOME: workspace.host.pm2Home },
  })
}
