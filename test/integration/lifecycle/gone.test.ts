/**
 * A job is interrupted, and what it works on is taken away by hand before it goes on: the folder alone, or the process
 * and the database too. What is gone is undone, and cannot be done: every job ends, finished or rolled back, and none
 * is stuck.
 */
import { chmod, copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { execa } from 'execa'
import { escapeIdentifier } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withConnection } from '../../../src/main/infrastructure/connection'
import { removeSystemUser } from '../../../src/main/instances/system-user/identity'
import { createRun } from '../../../src/main/system/run'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { isOpen, type OperationState } from '../../../src/shared/operation'
import { withBootSeconds } from '../../support/boot-time'
import { layOut, makeDatabase, type CliInstance } from '../../support/cli-instance'
import { toProblem } from '../../../src/shared/problem'
import { armFaults } from '../../support/faults'
import { canMakeUsers } from '../../support/second-user'
import { createInput, director, until, type TestWorkspace } from '../../support/workspace'
import { world, type World } from '../../support/world'
import { mustDo, tinyWorkspace } from './lifecycle'
import { freePort } from '../../support/ports'

let workspace: TestWorkspace
beforeAll(async () => {
  workspace = await tinyWorkspace()
  await chmod(workspace.home, 0o711) // system users pass through
  await workspace.startInfrastructure()
  await mustDo(workspace, 'create', createInput('first')) // the release is made, and stays
})
afterAll(() => workspace.remove())

interface Job {
  readonly steps: readonly string[]
  input(name: string): object | Promise<object>
  /** How it is before the job. */
  readonly before: 'absent' | 'stopped' | 'running' | 'isolated' | 'copied' | 'half-made'
}
const jobs: Record<string, Job> = {
  create: {
    before: 'absent',
    input: createInput,
    steps: [
      'reserve',
      'prepare-release',
      'create-database',
      'place-files',
      'push-schema',
      'create-director',
      'switch-to-pool',
      'start-process',
      'verify-health',
    ],
  },
  start: { before: 'stopped', input: name => ({ name, stopOther: false }), steps: ['start-process', 'verify-health'] },
  stop: { before: 'running', input: name => ({ name }), steps: ['stop-process'] },
  restart: { before: 'running', input: name => ({ name }), steps: ['restart-process', 'verify-health'] },
  'change-port': {
    before: 'running',
    input: async name => ({ name, port: await freePort(), allowSharedPort: false }),
    steps: ['stop-process', 'write-port', 'start-process'],
  },
  ...(canMakeUsers &&
    ({
      isolate: {
        before: 'running',
        input: (name: string) => ({ name }),
        steps: ['stop-process', 'create-user', 'give-files', 'start-process'],
      },
      unisolate: {
        before: 'isolated',
        input: (name: string) => ({ name }),
        steps: ['stop-process', 'take-files', 'start-process', 'remove-user'],
      },
    } satisfies Record<string, Job>)),
  rename: {
    before: 'running',
    input: name => ({ name, to: newNameOf(name) }),
    steps: ['stop-process', 'rename-database', 'rename-files', 'rename-logs', 'start-process'],
  },
  delete: {
    before: 'running',
    input: name => ({ name, confirm: 'DELETE' }),
    steps: ['stop-process', 'set-aside', 'drop-database', 'remove-process'],
  },
  'remove-leftovers': {
    before: 'half-made',
    input: name => ({ name, confirm: 'DELETE' }),
    steps: ['stop-process', 'set-aside', 'drop-database', 'remove-process'],
  },
  adopt: {
    before: 'copied',
    input: name => ({ name, as: newNameOf(name), director }),
    steps: ['create-database', 'adopt-files', 'push-schema', 'create-director', 'switch-to-pool'],
  },
}

/** The name that an adoption or a renaming gives. */
const newNameOf = (name: string): string => `${name}-own`

async function makeBefore(how: Job['before'], name: string): Promise<void> {
  if (how === 'absent') return
  const its = await layOut(workspace, name)
  if (how === 'copied') return makeCopy(its)
  await makeDatabase(workspace, its)
  if (how !== 'stopped') await mustDo(workspace, 'start', { name })
  if (how === 'isolated') await mustDo(workspace, 'isolate', { name })
  if (how === 'half-made') await rm(join(its.folder, 'config.json'))
}

/** As a copy of `first`, with a Prisma client. */
async function makeCopy({ folder, server }: CliInstance): Promise<void> {
  const config = await readFile(join(folder, 'config.json'), 'utf8')
  await writeFile(join(folder, 'config.json'), config.replaceAll(folder, join(workspace.root, 'instances/first')))
  await mkdir(server, { recursive: true })
  for (const it of ['package.json', 'generate.cjs'])
    await copyFile(join(workspace.root, 'server', it), join(server, it))
  await execa(process.execPath, ['generate.cjs'], { cwd: server })
}

/** Begins the job and closes the workspace as soon as the step is on its way. @returns the operation's id */
async function interrupt(kind: string, input: object, step: string): Promise<string> {
  let closing: Promise<void> | undefined
  const disarm = await armFaults([{ at: 'after', what: `doing ${step}` }], () => {
    closing = workspace.close()
  })
  const id = await workspace.services.operations.start(kind, input)
  await until(() => closing !== undefined)
  await closing
  disarm()
  return id
}

/** As by someone who tidies up by hand. */
async function takeAway(name: string, all: boolean, login: Parameters<typeof withConnection>[0]): Promise<void> {
  const { root, processes } = workspace
  for (const each of [name, newNameOf(name)]) {
    const folder = join(root, 'instances', each)
    if (all) {
      await processes.remove({ name: each, cwd: join(folder, 'server') })
      await processes.dump.save()
      await withConnection(login, async client => {
        await client.query(`DROP DATABASE IF EXISTS ${escapeIdentifier(`${each}_db`)} WITH (FORCE)`)
        await client.query(`DROP ROLE IF EXISTS ${escapeIdentifier(`${each}_user`)}`)
      })
    }
    await rm(folder, { recursive: true, force: true })
  }
}

/** Opens again and lets the job go on, or rolls it back where that is allowed. */
async function goOn(id: string, back: boolean): Promise<OperationState> {
  await workspace.open()
  const { operations } = workspace.services
  const open = operations.list().find(it => it.id === id && isOpen(it))
  if (back && open) {
    try {
      operations.rollBack(id)
    } catch (error) {
      if (!['operation-past-pivot', 'operation-settled'].includes(toProblem(error).code)) throw error
    }
  }
  return operations.rested(id)
}

/**
 * Nothing is left of a deletion, nor of a creation that came to nothing. What is freed in the background may take a
 * moment.
 */
const untilWorldIs = (before: World) => until(async () => isDeepStrictEqual(await world(workspace), before))

const left = async (name: string): Promise<string[]> =>
  (await readdir(join(workspace.root, 'instances'))).filter(it => it === name || it === newNameOf(name))

const cases = Object.entries(jobs).flatMap(([kind, { steps }]) => steps.map((step, index) => ({ kind, step, index })))
describe.each([
  { what: 'the folder', all: false, back: false, next: 'goes on' },
  { what: 'folder, process and database', all: true, back: true, next: 'is rolled back' },
])('$what taken away, and the job $next', ({ all, back }) => {
  it.each(cases)('$kind, interrupted at $step', async ({ kind, step, index }) => {
    const job = jobs[kind]
    if (!job) throw new Error(kind)
    const name = `${kind}-${index}-${all ? 'a' : 'f'}${back ? 'b' : 'g'}`
    await workspace.open() // after a test that failed
    const before = await world(workspace)
    await makeBefore(job.before, name)
    const login = await workspace.services.infrastructure.admin()
    const id = await interrupt(kind, await job.input(name), step)
    await takeAway(name, all, login)
    const state = await withBootSeconds(workspace.root, 3, () => goOn(id, back)) // what is gone never answers
    expect(state.steps.find(it => it.status === 'stuck')).toBeUndefined()
    expect(state.phase).toMatch(/^(succeeded|rolled-back)$/)
    expect(await left(name)).toEqual(state.kind === 'create' && state.phase === 'succeeded' ? [name] : [])
    const nothingLeft =
      state.phase === (['create', 'adopt'].includes(kind) ? 'rolled-back' : 'succeeded') &&
      ['create', 'adopt', 'delete', 'remove-leftovers'].includes(kind)
    if (nothingLeft) await untilWorldIs(before)
    for (const it of [name, newNameOf(name)]) await workspace.discard(it)
    await removeSystemUser(createRun('test'), workspacePaths(workspace.root), name)
  })
})
