/**
 * Killed with -9 at every moment of `isolate` and `unisolate`, and started again: finished or rolled back, with no
 * owner or mode in between.
 */
import { chmod, lstat, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest'
import { findSystemUser } from '../../src/main/instances/system-user/identity'
import { workspacePaths } from '../../src/main/workspace/paths'
import { layOut, type CliInstance } from '../support/cli-instance'
import type { Moment } from '../support/faults'
import { describeWhere } from '../support/requires'
import { canMakeUsers, whyNoUsers } from '../support/second-user'
import { makeTiny } from '../support/tiny-base'
import { mustSucceed, testWorkspace, until, type TestWorkspace } from '../support/workspace'
import { withoutPids, world } from '../support/world'
import { crash, deaths, inPairs, killedAndFinished, moments, recover } from './crash'

const name = 'its'
const input = { name }
const steps = {
  isolate: ['stop-process', 'create-user', 'give-files', 'start-process'],
  unisolate: ['stop-process', 'take-files', 'start-process', 'remove-user'],
}
type Kind = keyof typeof steps
const kinds: Kind[] = ['isolate', 'unisolate']
const undone = { isolate: steps.isolate, unisolate: steps.unisolate.slice(0, -1) } // up to the pivot

describeWhere(canMakeUsers, whyNoUsers)('a system user of its own', () => {
  let workspace: TestWorkspace
  let its: CliInstance
  const reached = {} as Record<Kind, Awaited<ReturnType<typeof look>>>

  const run = async (kind: string): Promise<void> => {
    const { operations } = workspace.services
    mustSucceed(await operations.settled(await operations.start(kind, input)))
  }
  const other = (kind: Kind): Kind => (kind === 'isolate' ? 'unisolate' : 'isolate')

  /**
   * Who owns what, as whom it runs, and the rest of the world. The user's numbers may change when it is created anew.
   */
  async function look() {
    const user = await findSystemUser(workspacePaths(workspace.root), name)
    const called = (id: number, usersOwn: number | undefined): string => (id === usersOwn ? 'its user' : String(id))
    const files = await Promise.all(
      ['.', ...(await readdir(its.folder, { recursive: true }))].map(async path => {
        const { uid, gid, mode } = await lstat(join(its.folder, path))
        return `${path} ${called(uid, user?.uid)}:${called(gid, user?.gid)} ${(mode & 0o7777).toString(8)}`
      }),
    )
    const pid = (await workspace.processes.list()).find(it => it.name === name)?.pid
    expect(
      await until(() =>
        fetch(`http://127.0.0.1:${its.port}/`).then(
          it => it.text(),
          () => undefined,
        ),
      ),
    ).toBe(`${name} `)
    return {
      hasUser: user !== undefined,
      files: files.toSorted(),
      config: JSON.parse(await readFile(join(its.folder, 'config.json'), 'utf8')) as unknown,
      runsAs: called((await stat(`/proc/${pid ?? 0}`)).uid, user?.uid),
      world: withoutPids(await world(workspace)),
    }
  }

  beforeAll(async () => {
    workspace = await testWorkspace({ prepare: makeTiny })
    await chmod(workspace.home, 0o711) // as /srv: others pass through
    await workspace.open()
    await workspace.startInfrastructure()
    its = await layOut(workspace, name)
    await writeFile(join(its.server, 'uploads/profile-pics/old.png'), 'old')
    await chmod(its.folder, 0o751) // a mode that nothing sets by chance
    await run('start')
    for (const kind of kinds) {
      await run(kind)
      reached[kind] = await look()
    }
  })
  beforeEach(() => workspace.open()) // a test that failed may have left it closed
  afterAll(async () => {
    await workspace.open()
    await run('unisolate').catch(() => undefined)
    await workspace.remove()
  })

  const reachedBy = async (): Promise<Kind> =>
    (JSON.parse(await readFile(join(its.folder, 'config.json'), 'utf8')) as { systemUser?: unknown }).systemUser ===
    undefined
      ? 'unisolate'
      : 'isolate'
  /** So that the job has something to do. */
  const prepare = async (kind: Kind): Promise<void> => {
    if ((await reachedBy()) === kind) await run(other(kind))
  }

  it('what is compared tells them apart', () => {
    expect(reached.isolate.runsAs).toBe('its user')
    expect(reached.unisolate.runsAs).toBe('0')
    expect(reached.unisolate.files).toContain('. 0:0 751')
  })

  it.each(
    kinds.flatMap(kind =>
      [...inPairs(...steps[kind]), deaths({ at: 'writing', what: '"created"' })].map(it => ({ kind, ...it })),
    ),
  )('$kind, killed $killed: it is finished', async ({ kind, ...fatal }) => {
    await prepare(kind)
    await killedAndFinished(workspace, kind, input, fatal)
    await expect.poll(look).toEqual(reached[kind])
  })

  it.each(
    kinds.flatMap(kind =>
      undone[kind].flatMap(step => moments(step).slice(1, -1)).map(moment => ({ kind, ...moment })),
    ),
  )('$kind, killed $at $what, then rolled back: it is as before', async ({ kind, ...moment }) => {
    await prepare(kind)
    await rollBackAfter(kind, moment)
    await expect.poll(look).toEqual(reached[other(kind)])
  })

  it('killed while config.json is written, before any owner changes: the folder is closed until the job is rolled back', async () => {
    await prepare('isolate')
    await rollBackAfter('isolate', { at: 'writing', what: '"created"' }, async () => {
      const { uid, gid, mode } = await stat(its.folder)
      expect([uid, gid, mode & 0o777]).toEqual([0, 0, 0o700])
    })
    await expect.poll(look).toEqual(reached.unisolate)
  })

  it('killed while config.json is written, after all owners have changed back', async () => {
    await prepare('unisolate')
    await rollBackAfter('unisolate', { at: 'writing', what: '"created"' })
    await expect.poll(look).toEqual(reached.isolate)
  })

  /** @param meanwhile after the crash */
  async function rollBackAfter(kind: Kind, killAt: Moment, meanwhile?: () => Promise<void>): Promise<void> {
    await workspace.close()
    await crash(workspace, { run: [[kind, input]], killAt })
    await meanwhile?.()
    const [state] = await recover(workspace, it => workspace.services.operations.rollBack(it.id))
    expect(state).toMatchObject({ kind, phase: 'rolled-back' })
  }
})
