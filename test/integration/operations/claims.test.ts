/**
 * Operations never work against each other: a job claims all that its steps touch, forward and back, and what one holds
 * another doesn't get.
 */
import { execa } from 'execa'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { Databases } from '../../../src/main/infrastructure/databases'
import { Infrastructure } from '../../../src/main/infrastructure/infrastructure'
import { Desired } from '../../../src/main/instances/desired'
import { Trash } from '../../../src/main/instances/trash'
import { Processes } from '../../../src/main/processes/client'
import { Releases } from '../../../src/main/releases/releases'
import { databaseNames } from '../../../src/shared/instance'
import type { OperationState } from '../../../src/shared/operation'
import { owns, things, uses, type Claim } from '../../../src/shared/things'
import { layOut, layOutCopy, makeDatabase } from '../../support/cli-instance'
import { armFaults } from '../../support/faults'
import { canMakeUsers } from '../../support/second-user'
import { createInput, director, type TestWorkspace, mustSucceed, until } from '../../support/workspace'
import { answerOf, desired, mustDo, refusal, statuses, tinyWorkspace } from '../lifecycle/lifecycle'
import { freePort } from '../../support/ports'

let workspace: TestWorkspace
beforeAll(async () => {
  workspace = await tinyWorkspace()
  await execa('chmod', ['711', workspace.home]) // as /srv: a system user passes through
  await workspace.startInfrastructure()
  await mustDo(workspace, 'create', createInput('first')) // the release is made, and stays
})
afterAll(() => workspace.remove())
afterEach(() => {
  vi.restoreAllMocks()
})

/** An instance that runs, or has run before. */
async function instance(name: string, { port, runs = false }: { port?: number; runs?: boolean } = {}): Promise<number> {
  const its = await layOut(workspace, name, port)
  await makeDatabase(workspace, its)
  if (runs) await mustDo(workspace, 'start', { name })
  return its.port
}

describe('what one operation holds, another does not get', () => {
  it('the instance that a start has stopped: it is neither deleted nor started meanwhile, and runs again when the start fails', async () => {
    const port = await instance('beta', { runs: true })
    await instance('deaf', { port })
    await instance('third', { port })
    const { operations } = workspace.services
    const id = await operations.start('start', { name: 'deaf', stopOther: true })
    expect(await refusal(workspace, 'delete', { name: 'beta', confirm: 'DELETE' })).toMatchObject({
      code: 'operation-open',
      cause: expect.stringContaining(id) as string,
    })
    expect(await refusal(workspace, 'start', { name: 'third', stopOther: true })).toMatchObject({
      code: 'operation-open',
    })
    expect(await refusal(workspace, 'infrastructure-stop', {})).toMatchObject({ code: 'operation-open' })
    operations.cancel(id)
    expect(await operations.settled(id)).toMatchObject({ phase: 'rolled-back' })
    expect([await answerOf(port), await desired(workspace)]).toEqual(['beta ', expect.arrayContaining(['beta'])])
    await mustDo(workspace, 'delete', { name: 'beta', confirm: 'DELETE' })
    expect(await statuses(workspace)).not.toHaveProperty('beta')
  })

  it('the infrastructure that a creation uses: it is stopped neither while that is planned nor while it runs', async () => {
    const { operations } = workspace.services
    const answers = await Promise.allSettled([
      operations.start('create', createInput('planned')),
      operations.start('infrastructure-stop', {}),
    ])
    const begun = answers.filter(it => it.status === 'fulfilled')
    expect(begun).toHaveLength(1) // whichever was quicker
    expect(await operations.settled(begun[0]?.value ?? '')).toMatchObject({ phase: 'succeeded' })
    await workspace.startInfrastructure()
  })
})

describe('a job claims what its steps touch', () => {
  interface Job {
    readonly kind: string
    /** Makes the world that it needs. @returns its input */
    arrange(name: string): Promise<object>
    /** The last step before its pivot, or its last: cancelled there, all is undone. None: it can't be undone. */
    readonly last?: string
  }
  const named = async (name: string, runs: boolean) => {
    await instance(name, { runs })
    return { name }
  }
  const created = async (name: string) => {
    mustSucceed(await workspace.create({ name }))
    return { name }
  }
  const jobs: readonly Job[] = [
    // first, while few instances run
    { kind: 'infrastructure-stop', last: 'stop-postgres', arrange: () => Promise.resolve({ stopInstances: true }) },
    { kind: 'create', last: 'verify-health', arrange: name => Promise.resolve(createInput(name)) },
    {
      kind: 'adopt',
      last: 'create-director',
      arrange: async name => {
        await layOutCopy(workspace, name)
        return { name, as: `${name}-own`, director }
      },
    },
    { kind: 'start', last: 'verify-health', arrange: name => named(name, false) },
    {
      kind: 'start',
      last: 'verify-health',
      arrange: async name => ({
        ...(await named(name, false)),
        stopOther: true,
        ...(await instance(`${name}-other`, { port: await portOf(name), runs: true }).then(() => ({}))),
      }),
    },
    { kind: 'stop', arrange: name => named(name, true) },
    { kind: 'restart', last: 'verify-health', arrange: name => named(name, true) },
    {
      kind: 'change-port',
      last: 'start-process',
      arrange: async name => ({ ...(await named(name, true)), port: await freePort() }),
    },
    {
      kind: 'rename',
      last: 'start-process',
      arrange: async name => ({ ...(await named(name, true)), to: `${name}-new` }),
    },
    { kind: 'rebuild', last: 'verify-health', arrange: name => created(name) },
    {
      kind: 'rollback',
      last: 'verify-health',
      arrange: async name => {
        const input = await created(name)
        await mustDo(workspace, 'rebuild', input)
        return input
      },
    },
    { kind: 'delete', last: 'set-aside', arrange: async name => ({ ...(await named(name, true)), confirm: 'DELETE' }) },
    {
      kind: 'remove-leftovers',
      last: 'set-aside',
      arrange: async name => {
        const input = await named(name, true)
        await execa('rm', [`${workspace.root}/instances/${name}/config.json`])
        return { ...input, confirm: 'DELETE' }
      },
    },
    ...(canMakeUsers
      ? [
          { kind: 'isolate', last: 'start-process', arrange: (name: string) => named(name, true) },
          {
            kind: 'unisolate',
            last: 'start-process',
            arrange: async (name: string) => {
              const input = await named(name, true)
              await mustDo(workspace, 'isolate', input)
              return input
            },
          },
        ]
      : []),
    { kind: 'infrastructure-restart', last: 'start-pgbouncer', arrange: () => Promise.resolve({}) },
    {
      kind: 'infrastructure-start',
      last: 'start-pgbouncer',
      arrange: async () => {
        await workspace.stopInfrastructure()
        return {}
      },
    },
  ]
  const portOf = async (name: string): Promise<number> =>
    (await workspace.services.instances.registry.list()).instances.find(it => it.name === name)?.port ?? 0

  it.each(
    jobs.flatMap((job, index) =>
      [false, ...(job.last === undefined ? [] : [true])].map(undone => ({ ...job, index, undone })),
    ),
  )('$kind, undone: $undone ($index)', async ({ kind, arrange, last, index, undone }) => {
    const { operations } = workspace.services
    const input = await arrange(`${kind}-${index}${undone ? 'u' : ''}`.slice(0, 20))
    const before = await folders()
    const touched = watchTouches()
    const disarm = await armFaults(undone ? [{ at: 'after', what: `doing ${last ?? ''}` }] : [], () => {
      for (const it of operations.list())
        try {
          operations.cancel(it.id)
        } catch {
          /* settled */
        }
    })
    const state = await operations.settled(await operations.start(kind, input))
    disarm()
    vi.restoreAllMocks()
    expect(state.phase).toBe(undone ? 'rolled-back' : 'succeeded')
    const all = [...touched, ...(await changedSince(before))]
    expect(all.length).toBeGreaterThan(0)
    expect(all.filter(it => !isClaimed(state, it)).map(it => `${it.how} ${it.on}`)).toEqual([])
    if (!kind.startsWith('infrastructure')) return
    await workspace.startInfrastructure()
    await until(() => operations.list().every(it => it.settledAt)) // the instances are started again
  })
})

/** What is owned may be used too. */
const isClaimed = ({ claims }: OperationState, touch: Claim): boolean =>
  claims.some(it => it.on === touch.on && (it.how === 'own' || touch.how === 'use'))

/** From now on, what calls of our services touch. */
function watchTouches(): Claim[] {
  const touched: Claim[] = []
  const spy = <Service extends object>(
    service: { readonly prototype: Service },
    method: keyof Service & string,
    touches: (...given: never[]) => Claim[],
  ): void => {
    const real = service.prototype[method] as (...given: unknown[]) => unknown
    vi.spyOn(service.prototype as Record<string, (...given: unknown[]) => unknown>, method).mockImplementation(
      function called(this: unknown, ...given) {
        touched.push(...touches(...(given as never[])))
        return real.apply(this, given)
      },
    )
  }
  const instanceOf = ({ name }: { readonly name: string }) => [owns(things.instance(name))]
  spy(Processes, 'start', (app: { readonly name: string; readonly port: number }) => [
    ...instanceOf(app),
    ...(app.port ? [owns(things.port(app.port))] : []),
    uses(things.infrastructure), // of a half-made one nobody knows the port
  ])
  for (const it of ['stop', 'unlist', 'remove'] as const) spy(Processes, it, instanceOf)
  for (const it of ['add', 'remove'] as const) spy(Desired, it, (name: string) => instanceOf({ name }))
  for (const it of ['create', 'drop', 'remove', 'markSchema'] as const) {
    spy(Databases, it, ({ database }: { readonly database: string }) => [
      owns(ownerOf(database)),
      uses(things.infrastructure),
    ])
  }
  spy(Databases, 'rename', (...both: { readonly database: string }[]) => [
    ...both.map(it => owns(ownerOf(it.database))),
    uses(things.infrastructure),
  ])
  spy(Processes, 'renameLogs', (...both: string[]) => both.map(it => owns(things.instance(it))))
  for (const it of ['start', 'stop', 'provision'] as const) spy(Infrastructure, it, () => [owns(things.services)])
  for (const it of ['prepare', 'place'] as const)
    spy(Releases, it, ({ fingerprint }: { readonly fingerprint: string }) => [uses(things.release(fingerprint))])
  spy(Trash, 'put', (_path: string, token: string) => [owns(things.trash(token))])
  spy(Trash, 'restore', (token: string) => [owns(things.trash(token))])
  return touched
}

/** The instance whose database it is, by its name. */
function ownerOf(database: string): string {
  const name = database.slice(0, -'_db'.length)
  if (databaseNames(name).database !== database) throw new Error(`whose is ${database}?`)
  return things.instance(name)
}

/** Every instance's files with what changes when they are written, or get other owners. */
async function folders(): Promise<Map<string, string>> {
  const { stdout } = await execa(
    'find',
    // what is set aside is removed in the background
    [
      '.',
      '-ignore_readdir_race',
      '-path',
      './.*',
      '-prune',
      '-o',
      '-not',
      '-path',
      '*/node_modules/*',
      '-printf',
      '%P %y %m %U %s %T@\n',
    ],
    { cwd: `${workspace.root}/instances` },
  )
  const found = new Map<string, string>()
  for (const line of stdout.split('\n').toSorted()) {
    const [name = ''] = line.split(/[ /]/, 1)
    if (name && !name.startsWith('.')) found.set(name, `${found.get(name) ?? ''}${line}\n`)
  }
  return found
}

async function changedSince(before: ReadonlyMap<string, string>): Promise<Claim[]> {
  const now = await folders()
  return [...new Set([...before.keys(), ...now.keys()])]
    .filter(it => before.get(it) !== now.get(it))
    .map(it => owns(things.instance(it)))
}
