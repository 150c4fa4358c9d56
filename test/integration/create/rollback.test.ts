/** Creations that fail or are cancelled, with the real tools: each tells why, and the world is as it was before. */
import { once } from 'node:events'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { OperationState } from '../../../src/shared/operation'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { withBootSeconds } from '../../support/boot-time'
import { freePort } from '../../support/ports'
import { behaviour, makeQuick } from '../../support/quick-base'
import { sealedKeys } from '../../support/sealed'
import {
  director,
  isInstalling,
  login,
  mustSucceed,
  testWorkspace,
  until,
  type TestWorkspace,
} from '../../support/workspace'
import { markedIn, world, type World } from '../../support/world'

let workspace: TestWorkspace
let before: World

beforeAll(async () => {
  workspace = await testWorkspace({ prepare: makeQuick, prepared: 'quick' })
  await workspace.open()
  await workspace.startInfrastructure()
  const keeper = mustSucceed(await workspace.create({ name: 'keeper' }))
  await workspace.services.instances.takePassword(keeper.id)
  await secretsForgotten()
  before = await world(workspace)
})
afterAll(() => workspace.remove())

/** The last thing that happens after an operation has settled. */
const secretsForgotten = () =>
  until(async () => !(await sealedKeys(workspacePaths(workspace.root).secrets)).some(it => it.startsWith('create:')))

/** Rolled back, and nothing is left; the world is what it was. @returns why */
async function expectNothingLeft(state: OperationState): Promise<NonNullable<OperationState['turned']>> {
  expect(state.phase).toBe('rolled-back')
  await secretsForgotten()
  expect(await world(workspace)).toEqual(before)
  expect(
    (
      await login(
        (await workspace.services.instances.registry.list()).instances[0]?.port ?? 0,
        director.email,
        director.password,
      )
    ).status,
  ).toBe(200)
  if (!state.turned) throw new Error('it never turned')
  return state.turned
}

/** The packages are then installed anew. */
const anotherVersion = (text: string): string => text.replace('"version": "1', '"version": "2')

/** Changes a file of the base application for as long as the work takes. */
async function withChanged(path: string, change: (text: string) => string, work: () => Promise<void>): Promise<void> {
  const file = join(workspace.root, path)
  const text = await readFile(file, 'utf8')
  await writeFile(file, change(text))
  try {
    await work()
  } finally {
    await writeFile(file, text)
  }
}

const statesOf = (id: string): OperationState => {
  const found = workspace.services.operations.list().find(it => it.id === id)
  if (!found) throw new Error(`there is no operation ${id}`)
  return found
}

/** Our tools that run in a folder whose path has this in it. */
const running = async (text: string): Promise<string[]> =>
  (await markedIn(workspace.root)).filter(it => it.includes(text))

const sleeping = (role: string) =>
  until(
    async () =>
      (await workspace.sql("SELECT FROM pg_stat_activity WHERE usename = $1 AND query LIKE '%pg_sleep%'", [role]))
        .length > 0,
  )

describe('a creation that fails', () => {
  it("because the schema's push fails: its words are in the details", async () => {
    const { problem } = await expectNothingLeft(await workspace.create({ name: behaviour.failingPush }))
    expect(problem).toMatchObject({
      code: 'command-failed',
      details: expect.stringContaining('the schema has a mistake on line 7') as string,
    })
  })

  it("because the director's email address has an account already", async () => {
    const { problem } = await expectNothingLeft(await workspace.create({ name: behaviour.seeded }))
    expect(problem).toMatchObject({
      code: 'director-email-taken',
      field: 'director.email',
      hint: expect.stringContaining('email') as string,
    })
  })

  it('because the server does not listen in time: it waits for a decision, and rolled back, nothing is left', async () => {
    const { operations } = workspace.services
    const { id, phase, steps } = await withBootSeconds(workspace.root, 2, async () =>
      operations.rested(await workspace.begin({ name: behaviour.deaf })),
    )
    expect(phase).toBe('stuck')
    expect(steps.find(it => it.name === 'verify-health')?.problem).toMatchObject({
      code: 'slow-start',
      cause: expect.stringContaining('isn’t listening') as string,
      action: 'keep-waiting',
    })
    operations.rollBack(id)
    expect((await expectNothingLeft(await operations.settled(id))).reason).toBe('asked')
  })

  it('because the server ends at once: its last words are in the details', async () => {
    const { problem } = await expectNothingLeft(await workspace.create({ name: behaviour.mortal }))
    expect(problem).toMatchObject({ code: 'not-online', details: expect.stringContaining('I cannot go on') as string })
  })

  it('because the lock file does not fit: the Problem says what is missing, and npm install is offered', async () => {
    await withChanged(
      'server/package.json',
      it => it.replace('"dependencies": {', '"dependencies": { "left-pad": "1.3.0",'),
      async () => {
        const { problem } = await expectNothingLeft(await workspace.create({ name: 'no-npm' }))
        expect(problem).toMatchObject({
          code: 'lock-file-differs',
          cause: 'Missing: left-pad@1.3.0 from lock file',
          action: 'use-npm-install',
          details: expect.stringContaining('in sync') as string,
        })
      },
    )
  })

  it("because the client's build fails while the server's packages are still being installed", async () => {
    const broken = (text: string): string =>
      JSON.stringify({
        ...(JSON.parse(text) as object),
        client: { install: ['true'], build: ['node', '-e', 'console.error("no such component"); process.exit(3)'] },
      })
    await withChanged('server/package.json', anotherVersion, () =>
      withChanged('instance-manager.json', broken, async () => {
        const id = await workspace.begin({ name: 'no-build' })
        const { problem } = await expectNothingLeft(await workspace.services.operations.settled(id))
        expect(problem).toMatchObject({
          code: 'command-failed',
          cause: expect.stringContaining('3') as string,
          details: expect.stringContaining('no such component') as string,
        })
        const output = workspace.services.operations
          .output(id)
          .map(it => it.chunk)
          .join('')
        expect(output).toContain('[server] $ npm ci')
        expect(output).not.toContain('[server] added') // it was stopped
      }),
    )
  })

  it('because the build leaves no folder', async () => {
    const nothing = (text: string): string =>
      JSON.stringify({
        server: { ...(JSON.parse(text) as { server: object }).server, install: ['true'], generate: ['true'] },
        client: { install: ['true'], build: ['true'] },
      })
    await withChanged('instance-manager.json', nothing, async () => {
      expect((await expectNothingLeft(await workspace.create({ name: 'empty' }))).problem).toMatchObject({
        code: 'client-build-missing',
      })
    })
  })
})

describe('a creation that is cancelled', () => {
  it('in the middle of npm ci: nothing is left of it, and another that waited for the same release makes it itself', async () => {
    await withChanged(
      'server/package.json',
      it => it.replace('"version": "1', '"version": "3'),
      async () => {
        const { operations } = workspace.services
        const [one, two] = [await workspace.begin({ name: 'one' }), await workspace.begin({ name: 'two' })]
        const { releases } = workspacePaths(workspace.root)
        await until(() => isInstalling(releases, 'server'))
        expect(await running('releases')).not.toEqual([])
        operations.cancel(one)
        const cancelled = await operations.settled(one)
        expect(cancelled).toMatchObject({ phase: 'rolled-back', turned: { reason: 'cancelled' } })
        expect(cancelled.turned?.problem).toBeUndefined()
        expect(await readdir(join(workspace.root, 'instances'))).not.toContain('one')

        const made = await operations.settled(two)
        expect(made.turned).toBeUndefined()
        expect(made.phase).toBe('succeeded')
        expect((await login((made.plan as { port: number }).port, director.email, director.password)).status).toBe(200)
        await workspace.services.instances.takePassword(two)
        await workspace.discard('two')
        await secretsForgotten()
        expect(await world(workspace)).toEqual(before)
      },
    )
  })

  it('in the middle of the push: its process and its connection end', async () => {
    const id = await workspace.begin({ name: behaviour.slowPush })
    await sleeping('slow-push_user')
    expect(await running('slow-push')).not.toEqual([])
    workspace.services.operations.cancel(id)
    const { reason } = await expectNothingLeft(await workspace.services.operations.settled(id))
    expect(reason).toBe('cancelled')
    expect(
      await workspace.sql("SELECT FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()"),
    ).toEqual([])
  })

  it('while it waits for health: the process is gone from PM2', async () => {
    const id = await workspace.begin({ name: `${behaviour.deaf}-2` })
    await until(() => statesOf(id).steps.find(it => it.name === 'verify-health')?.status === 'doing')
    workspace.services.operations.cancel(id)
    expect((await expectNothingLeft(await workspace.services.operations.settled(id))).reason).toBe('cancelled')
  })
})

describe('PostgreSQL in the middle of a creation', () => {
  it('is not stopped by us, and ended by another it leaves the creation stuck with a clear Problem, and a retry after the start settles it', async () => {
    const { operations } = workspace.services
    const id = await workspace.begin({ name: `${behaviour.slowPush}-2` })
    await sleeping('slow-push-2_user')
    await expect(workspace.stopInfrastructure()).rejects.toMatchObject({
      problem: { code: 'operation-open', message: expect.stringContaining('slow-push-2') as string },
    })
    await workspace.killInfrastructure()
    await until(() => statesOf(id).phase === 'stuck')
    const stuck = statesOf(id).steps.find(it => it.status === 'stuck')
    expect(stuck).toMatchObject({
      name: 'create-database',
      problem: { code: 'postgres-unreachable', action: 'start-infrastructure' },
    })
    expect(statesOf(id).turned?.problem).toMatchObject({ code: 'command-failed' })

    operations.retry(id) // too early: it is stuck again, with the same Problem
    await until(() => statesOf(id).phase === 'stuck')

    await workspace.startInfrastructure()
    operations.retry(id)
    await operations.settled(id)
    await until(() =>
      fetch((statesOf(id).plan as { url: string }).url).then(
        () => false,
        () => true,
      ),
    )
    await expectNothingLeft(statesOf(id))
  })
})

describe('a port that is shared knowingly', () => {
  it('gets a whole instance that is not started, and the one that has the port is untouched', async () => {
    const port = await freePort() // one that no outgoing connection gets when it is free again
    const holder = createServer().listen(port, '0.0.0.0')
    await once(holder, 'listening')
    const state = await workspace.create({ name: 'sharing', port, allowSharedPort: true })
    expect(state).toMatchObject({
      phase: 'succeeded',
      plan: { heldBy: expect.stringContaining(`pid ${process.pid}`) as string },
    })
    const { instances } = await workspace.services.instances.registry.list()
    expect(instances.find(it => it.name === 'sharing')).toMatchObject({ port, status: 'not in PM2' })
    expect(holder.listening).toBe(true)
    expect((await workspace.processes.list()).map(it => it.name)).toEqual(['keeper'])
    holder.close()
    await once(holder, 'close')

    const server = join(workspace.root, 'instances/sharing/server') // it is complete: it runs once the port is free
    await workspace.processes.start({ name: 'sharing', cwd: server, script: join(server, 'index.js') })
    await until(() =>
      login(port, director.email, director.password).then(
        it => it.status === 200,
        () => false,
      ),
    )
    await workspace.services.instances.takePassword(state.id)
    await workspace.discard('sharing')
    await secretsForgotten()
    expect(await world(workspace)).toEqual(before)
  })
})
