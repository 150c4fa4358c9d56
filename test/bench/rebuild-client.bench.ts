/**
 * Preparations of a base application whose client is a create-react-app of real size: the first one, after a line of
 * the client changed, and after a line of the server changed. With a warm npm cache, on an instance that is rebuilt.
 */
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { OperationState } from '../../src/shared/operation'
import { mustSucceed, testWorkspace, type TestWorkspace } from '../support/workspace'
import type { Bench, BenchContext, Measured } from './bench'
import { changedFile, writeCraClient } from './cra-client'

const bench: Bench = {
  name: 'rebuild-client',
  async run(context) {
    const workspace = await testWorkspace({
      prepare: async root => {
        await rm(join(root, 'client'), { recursive: true })
        await writeCraClient(join(root, 'client'))
      },
    })
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

/** Seconds. */
interface Taken {
  readonly prepared: number
  readonly total: number
}

async function measure(workspace: TestWorkspace, { runs, say }: BenchContext): Promise<Measured[]> {
  const { paths } = workspace.services
  const taken = { first: [] as Taken[], client: [] as Taken[], server: [] as Taken[] }
  for (let run = 1; run <= runs; run++) {
    await rm(paths.releases, { recursive: true, force: true, maxRetries: 5 })
    taken.first.push(timesOf(await workspace.create({ name: `school${run}` })))
    const panel = join(paths.root, 'client', changedFile)
    await writeFile(panel, (await readFile(panel, 'utf8')).replace(/label="Name.*?"/, `label="Name ${run}"`))
    taken.client.push(timesOf(await rebuild(workspace, `school${run}`)))
    await appendFile(join(paths.root, 'server/index.js'), `\n// change ${run}\n`)
    taken.server.push(timesOf(await rebuild(workspace, `school${run}`)))
    say(
      `run ${run}, preparation: ${Object.entries(taken)
        .map(([way, its]) => `${way} ${its.at(-1)?.prepared.toFixed(1)} s`)
        .join(', ')}`,
    )
    await workspace.discard(`school${run}`)
  }
  const total = (way: keyof typeof taken): number[] => taken[way].map(it => it.total)
  const prepared = (way: keyof typeof taken): number[] => taken[way].map(it => it.prepared)
  const first = prepared('first')
  return [
    {
      name: 'rebuild after a line of the client / first preparation',
      unit: 'ratio',
      values: total('client').map((it, at) => it / (first[at] ?? NaN)),
      goal: '<= 0.3',
    },
    { name: 'rebuild after a line of the server', unit: 's', values: total('server'), goal: '<= 10' },
    { name: 'first preparation', unit: 's', values: first },
    { name: 'rebuild after a line of the client', unit: 's', values: total('client') },
    { name: 'of it, preparation', unit: 's', values: prepared('client') },
  ]
}

const rebuild = async ({ services: { operations } }: TestWorkspace, name: string): Promise<OperationState> =>
  operations.settled(await operations.start('rebuild', { name }))

function timesOf(state: OperationState): Taken {
  const { openedAt, settledAt, steps } = mustSucceed(state)
  const step = steps.find(it => it.name === 'prepare-release')
  return { prepared: span(step?.startedAt, step?.endedAt), total: span(openedAt, settledAt) }
}

const span = (from: string | undefined, to: string | undefined): number =>
  (Date.parse(to ?? '') - Date.parse(from ?? '')) / 1000
