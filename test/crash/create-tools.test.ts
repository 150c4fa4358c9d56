/**
 * Killed with -9 in the middle of the long steps, with the sample application's real tools; and the daemons that
 * creation relies on, killed under it.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OperationState } from '../../src/shared/operation'
import { workingIn } from '../../src/main/infrastructure/drivers/daemons'
import { withConnection } from '../../src/main/infrastructure/connection'
import { pm2Paths } from '../../src/main/processes/daemon'
import { appsOf } from '../../src/main/processes/leftovers'
import { workspacePaths } from '../../src/main/workspace/paths'
import { withBootSeconds } from '../support/boot-time'
import { embeddedAdmin } from '../support/infrastructure'
import { director, isInstalling, login, testWorkspace, until, type TestWorkspace } from '../support/workspace'
import { markedIn, world, type World } from '../support/world'
import { creating, expectAfter, expectBefore, makeKeeper, recover, startChild } from './crash'

let workspace: TestWorkspace
let before: World

beforeAll(async () => {
  workspace = await testWorkspace({ prepared: 'sample' })
  before = await makeKeeper(workspace)
})
afterAll(() => workspace.remove())

/** Kills the process that creates as soon as the condition holds. Tools that it started go on. */
async function killWhen(order: Parameters<typeof startChild>[1], condition: () => Promise<boolean>): Promise<void> {
  const child = startChild(workspace, order)
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`it ended too early: ${(await child).all}`)
    return await condition()
  }, 240)
  child.kill('SIGKILL')
  expect((await child).signal).toBe('SIGKILL')
}

const commandLines = async (): Promise<string[]> =>
  Promise.all(
    (await markedIn(workspace.root)).map(async it =>
      (await readFile(`/proc/${it.split(' ')[0]}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' '),
    ),
  )
const runs = (text: string) => async (): Promise<boolean> => (await commandLines()).some(it => it.includes(text))

/** Whether the role has a connection: its tool is in the middle of its work. */
async function connected(role: string): Promise<boolean> {
  const admin = await embeddedAdmin(workspace.root, workspace.host.defaults)
  return withConnection(
    admin,
    async client => ((await client.query('SELECT FROM pg_stat_activity WHERE usename = $1', [role])).rowCount ?? 0) > 0,
  )
}

/** Where the releases keep the schema's SQL. */
async function schemaFiles(): Promise<string[]> {
  const { releases } = workspacePaths(workspace.root)
  return (await readdir(releases))
    .filter(it => it !== 'parts' && !it.startsWith('.'))
    .map(it => join(releases, it, 'schema.sql'))
}
/** Then Prisma writes it anew. */
async function forgetSchema(): Promise<void> {
  for (const it of await schemaFiles()) await rm(it, { force: true })
}

const killAll = (pids: readonly number[]): void => {
  for (const pid of pids)
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      /* it is gone already */
    }
}

describe('killed in the middle of', () => {
  it("npm ci, the client's build and generating, one after the other: it waits for a decision, and is finished", async () => {
    await workspace.close()
    const { releases } = workspacePaths(workspace.root)
    await rm(releases, { recursive: true }) // the release is prepared anew
    await killWhen(creating('often-killed'), () => isInstalling(releases, 'server'))
    await killWhen({}, runs('vite build'))
    await killWhen({}, runs('prisma generate'))
    const [state] = await recover(workspace, open => {
      expect(open.steps.find(it => it.name === 'prepare-release')).toMatchObject({
        status: 'stuck',
        problem: { code: 'step-interrupted' },
      }) // three ends in one step
      workspace.services.operations.retry(open.id)
    })
    expect(state?.turned).toBeUndefined()
    await expectAfter(workspace, before, 'often-killed')
  })

  it.each([
    ['writing the schema', 'pushed', runs('migrate diff'), forgetSchema],
    ['creating the director', 'directed', runs('director.cjs'), undefined],
    [
      'waiting for health',
      'waiting',
      async () => (await workspace.processes.list()).some(it => it.name === 'waiting'),
      undefined,
    ],
  ])('%s: it is finished all the same', async (_, name, condition, prepare) => {
    await workspace.close()
    await prepare?.()
    await killWhen(creating(name), condition)
    const [state] = await recover(workspace)
    expect(state?.turned).toBeUndefined()
    await expectAfter(workspace, before, name)
  })
})

describe('under a creation', () => {
  const stateOf = (id: string): OperationState => {
    const found = workspace.services.operations.list().find(it => it.id === id)
    if (!found) throw new Error(`there is no operation ${id}`)
    return found
  }

  it("PM2's daemon is killed while it starts the process: whole or nothing", async () => {
    const { pm2Home } = workspace.host
    const daemon = Number(await readFile(pm2Paths(pm2Home).pid, 'utf8'))
    const { id, phase, turned, plan } = await withBootSeconds(workspace.root, 10, async () => {
      const begun = await workspace.begin({ name: 'orphaned' })
      await until(async () => (await appsOf(pm2Home)).some(it => it.name === 'orphaned')) // it was forked just now
      killAll([daemon])
      return workspace.services.operations.settled(begun)
    })
    expect([undefined, 'pm2-died', 'not-online']).toContain(turned?.problem?.code)
    const logins =
      phase === 'succeeded'
        ? [(await login((plan as { port: number }).port, director.email, director.password)).status]
        : []
    expect(logins).not.toContain(401)
    if (phase === 'succeeded') {
      await workspace.services.instances.takePassword(id)
      await workspace.discard('orphaned')
    }
    await until(async () => !(await appsOf(pm2Home)).some(it => it.name === 'orphaned'))
    // The keeper lives on without a daemon that knows it; it is started again as an operator would.
    const keeper = { name: 'keeper', cwd: join(workspace.root, 'instances/keeper/server') }
    expect((await appsOf(pm2Home)).map(it => it.name)).toEqual(['keeper'])
    await workspace.processes.start({ ...keeper, script: join(keeper.cwd, 'index.js') })
    await until(async () => (await world(workspace)).ports.length === before.ports.length)
    const { pm2, processes, ...now } = await world(workspace)
    expect({ ...now, pm2: before.pm2, processes: before.processes }).toEqual(before)
    before = { ...now, pm2, processes }
  })

  it('PostgreSQL is killed in the middle of the push: it ends as it was before, at the latest when PostgreSQL is back and it is tried again', async () => {
    for (const it of await schemaFiles()) await writeFile(it, 'SELECT pg_sleep(600)')
    const id = await workspace.begin({ name: 'headless' })
    await until(() => connected('headless_user'))
    await forgetSchema()
    killAll(await workingIn(join(workspacePaths(workspace.root).embedded, 'postgres'), 'postgres'))
    await until(() => ['stuck', 'rolled-back'].includes(stateOf(id).phase))
    expect(stateOf(id).turned?.problem).toMatchObject({ code: 'command-failed' })
    await workspace.startInfrastructure()
    if (stateOf(id).phase === 'stuck') workspace.services.operations.retry(id)
    expect((await workspace.services.operations.settled(id)).phase).toBe('rolled-back')
    await until(() =>
      fetch(`http://127.0.0.1:${(stateOf(id).plan as { port: number }).port}`).then(
        () => false,
        () => true,
      ),
    )
    await until(async () => (await world(workspace)).pm2.length === before.pm2.length)
    await expectBefore(workspace, before)
  })
})
