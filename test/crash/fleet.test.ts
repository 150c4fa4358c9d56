/**
 * A rebuild of several instances that is killed with -9, at the lines of its own journal and at those of the rebuilds
 * that it began, and started again: each instance has the new code, exchanged once, or, after a failure, the old one.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { resultsOf } from '../../src/shared/jobs/many'
import { layOut, makeDatabase } from '../support/cli-instance'
import type { Moment } from '../support/faults'
import { makeTiny } from '../support/tiny-base'
import { mustSucceed, testWorkspace, type TestWorkspace } from '../support/workspace'
import { crash, recover } from './crash'

const input = { canary: 'a', names: ['b', 'c'] }
const all = ['a', 'b', 'c']
let workspace: TestWorkspace
let code: string
let version = 0

const setBase = (fails = ''): Promise<void> =>
  writeFile(
    join(workspace.root, 'server/index.js'),
    `${code}\nif (name === '${fails}') process.exit(3)\n// version ${++version}\n`,
  )
const versions = (slot = ''): Promise<number[]> =>
  Promise.all(
    all.map(async it =>
      Number(
        /version (\d+)/.exec(
          await readFile(join(workspace.root, 'instances', it, slot, 'server/index.js'), 'utf8'),
        )?.[1],
      ),
    ),
  )

/** Killed at each of the moments in turn, and then let go on to its end. @returns the codes of what failed, and which instances were rebuilt: each once, however often it was killed */
async function killedAt(...moments: readonly Moment[]) {
  await workspace.close()
  const [first, ...others] = moments
  await crash(workspace, { run: [['rebuild-many', input]], killAt: first })
  for (const killAt of others) await crash(workspace, { killAt })
  const states = await recover(workspace)
  const state = states.find(it => it.kind === 'rebuild-many')
  expect(state?.phase).toBe('succeeded')
  const rebuilt = workspace.services.operations
    .list()
    .filter(it => it.kind === 'rebuild' && it.openedAt >= (state?.openedAt ?? ''))
    .map(it => it.subject)
  return {
    codes: state && resultsOf(state).map(it => it.result?.problem?.code ?? ''),
    rebuilt: rebuilt.toSorted(),
  }
}

beforeAll(async () => {
  workspace = await testWorkspace({ prepare: makeTiny })
  await workspace.open()
  await workspace.startInfrastructure()
  code = await readFile(join(workspace.root, 'server/index.js'), 'utf8')
  await setBase()
  for (const it of all) await makeDatabase(workspace, await layOut(workspace, it))
  const { operations } = workspace.services
  await setBase()
  mustSucceed(await operations.settled(await operations.start('rebuild-many', input)))
})
beforeEach(() => workspace.open()) // a test that failed may have left it closed
afterAll(() => workspace.remove())

describe('all get the new code, each once', () => {
  it.each<Moment[][]>([
    [[{ at: 'after', what: 'opened' }]],
    [[{ at: 'before', what: 'done prepare-release' }]],
    [[{ at: 'after', what: 'doing instance/a' }]],
    [[{ at: 'after', what: 'doing switch' }]],
    [[{ at: 'before', what: 'done instance/a' }]],
    [
      [
        { at: 'after', what: 'done instance/a' },
        { at: 'after', what: 'doing trial' },
      ],
    ],
    [[{ at: 'torn', what: 'done instance/b' }]],
    [[{ at: 'after', what: 'done instance/c' }]],
  ])('killed at %o', async moments => {
    const was = await versions()
    await setBase()
    expect(await killedAt(...moments)).toEqual({ codes: ['', '', ''], rebuilt: all })
    expect(await versions()).toEqual(all.map(() => version))
    expect(await versions('.previous')).toEqual(was)
  })
})

describe('the canary fails: it goes back, and the others are left alone', () => {
  it.each<Moment[][]>([
    [[{ at: 'after', what: 'turned' }]],
    [[{ at: 'before', what: 'done instance/a' }]],
    [[{ at: 'after', what: 'done instance/b' }]],
  ])('killed at %o', async moments => {
    const was = await versions()
    await setBase('a')
    const codes = ['trial-failed', 'left-alone', 'left-alone']
    expect(await killedAt(...moments)).toEqual({ codes, rebuilt: ['a'] })
    expect(await versions()).toEqual(was)
  })
})
