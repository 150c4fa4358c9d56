/**
 * From the review's *Create* to *healthy* on the sample application: cold (no release prepared), warm (a second
 * instance of the same base), and the guide's sequence, in turn, on the same PostgreSQL, PgBouncer and PM2, with a warm
 * npm cache.
 */
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { findNode } from '../../src/main/system/node'
import type { OperationState } from '../../src/shared/operation'
import { director, testWorkspace, type TestWorkspace } from '../support/workspace'
import type { Bench, BenchContext, Measured } from './bench'
import { freePort } from '../support/ports'

/** Seconds in total and for each step. */
interface Taken {
  readonly total: number
  readonly steps: Readonly<Record<string, number>>
}

const bench: Bench = {
  name: 'create',
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

async function measure(workspace: TestWorkspace, { runs, say }: BenchContext): Promise<Measured[]> {
  say('warming the npm cache')
  await ours(workspace, 'warm-up')
  const taken = { cold: [] as Taken[], warm: [] as Taken[], guide: [] as Taken[] }
  for (let run = 1; run <= runs; run++) {
    await rm(workspace.services.paths.releases, { recursive: true, force: true, maxRetries: 5 })
    taken.cold.push(await ours(workspace, `cold${run}`))
    taken.warm.push(await ours(workspace, `warm${run}`))
    taken.guide.push(await theirs(workspace, `guide${run}`))
    say(
      `run ${run}: ${Object.entries(taken)
        .map(([way, its]) => `${way} ${its.at(-1)?.total.toFixed(2)} s`)
        .join(', ')}`,
    )
  }
  const ratios = (way: 'cold' | 'warm'): number[] =>
    taken[way].map((it, index) => it.total / (taken.guide[index]?.total ?? NaN))
  return [
    { name: 'cold / guide', unit: 'ratio', values: ratios('cold'), goal: '<= 0.9' },
    { name: 'warm / guide', unit: 'ratio', values: ratios('warm'), goal: '<= 0.2' },
    ...Object.entries(taken).flatMap(([way, its]) => seconds(way, its)),
  ]
}

function seconds(way: string, taken: readonly Taken[]): Measured[] {
  const steps = Object.keys(taken[0]?.steps ?? {})
  return [
    { name: way, unit: 's', values: taken.map(it => it.total) },
    ...steps.map(step => ({ name: `${way}: ${step}`, unit: 's', values: taken.map(it => it.steps[step] ?? NaN) })),
  ]
}

async function ours(workspace: TestWorkspace, name: string): Promise<Taken> {
  const start = performance.now()
  const state = await workspace.create({ name })
  const total = (performance.now() - start) / 1000
  if (state.phase !== 'succeeded') throw new Error(`${name} was not created: ${JSON.stringify(state.turned)}`)
  await workspace.discard(name) // so that its process doesn't affect the next measurement
  return { total, steps: { plan: total - span(state.openedAt, state.settledAt), ...stepsOf(state) } }
}

const stepsOf = ({ steps }: OperationState): Record<string, number> =>
  Object.fromEntries(steps.map(it => [it.name, span(it.startedAt, it.endedAt)]))

const span = (from: string | undefined, to: string | undefined): number =>
  (Date.parse(to ?? '') - Date.parse(from ?? '')) / 1000

async function theirs(workspace: TestWorkspace, name: string): Promise<Taken> {
  const { infrastructure, paths } = workspace.services
  const input = {
    workspace: paths.root,
    name,
    port: await freePort(),
    director,
    admin: await infrastructure.admin(),
    pooledPort: (await infrastructure.status()).pgbouncer.port,
  }
  const start = performance.now()
  const { stdout } = await execa(await findNode(), [join(import.meta.dirname, 'guide-create.mjs')], {
    cwd: paths.root,
    input: JSON.stringify(input),
    env: { PM2_HOME: workspace.host.pm2Home },
  })
  const total = (performance.now() - start) / 1000
  await workspace.discard(name)
  return { total, steps: JSON.parse(stdout) as Record<string, number> }
}
