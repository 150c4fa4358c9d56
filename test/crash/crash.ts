/** Kills creations and looks at what is left. */
import { execa } from 'execa'
import { expect } from 'vitest'
import type { OperationState } from '../../src/shared/operation'
import { workspacePaths } from '../../src/main/workspace/paths'
import { childCommand } from '../support/child-command'
import type { Moment } from '../support/faults'
import { sealedKeys } from '../support/sealed'
import { createInput, director, login, mustSucceed, until, type TestWorkspace } from '../support/workspace'
import { openOperations, world, type World } from '../support/world'

export const steps = [
  'reserve',
  'prepare-release',
  'create-database',
  'place-files',
  'push-schema',
  'create-director',
  'switch-to-pool',
  'start-process',
  'verify-health',
  'smoke-tests',
] as const

type Order = Parameters<typeof childCommand>[1]

/** An order to create an instance. */
export const creating = (name: string): Order => ({ run: [['create', createInput(name)]] })

/** Starts the process that is to be killed; the workspace must be closed here. */
export function startChild(workspace: TestWorkspace, order: Order) {
  const [file, ...args] = childCommand(workspace, order)
  return execa(file, args, { input: '', reject: false, all: true, timeout: 200_000, killSignal: 'SIGKILL' })
}

/** Runs it to its death at the moment that the order names. */
export async function crash(workspace: TestWorkspace, order: Order): Promise<void> {
  const { signal, exitCode, all } = await startChild(workspace, order)
  expect({ signal, exitCode, all }).toMatchObject({ signal: 'SIGKILL' })
}

/**
 * Opens the workspace again and waits until what was open has settled. @param then done at once, before recovery has
 * come far
 */
export async function recover(
  workspace: TestWorkspace,
  then?: (open: OperationState) => void,
): Promise<OperationState[]> {
  // one that lacks but its last line has settled before anyone can ask
  const open = await openOperations(workspacePaths(workspace.root).operations)
  await workspace.open()
  const { operations } = workspace.services
  const found = operations.list().filter(it => open.includes(`${it.id}.jsonl`))
  for (const it of found) then?.(it)
  return await Promise.all(found.map(it => operations.settled(it.id)))
}

/** Every moment between two lines of the journal of a job with these steps. */
export const moments = (...names: string[]): Moment[] => [
  { at: 'after', what: 'opened' },
  ...names.flatMap((step): Moment[] => [
    { at: 'after', what: `doing ${step}` },
    { at: 'before', what: `done ${step}` },
  ]),
  { at: 'before', what: 'settled' },
]

/** What one operation goes through: each process that goes on with it dies at the next moment. */
export interface Deaths {
  /** For a test's name. */
  readonly killed: string
  readonly moments: readonly [Moment, ...Moment[]]
}

export const deaths = (...its: [Moment, ...Moment[]]): Deaths => ({
  killed: its.map(it => `${it.at} ${it.what}`).join(', then '),
  moments: its,
})

/**
 * The same moments as `moments`, two for each operation: a step is done again after the first death, and found done
 * after the second.
 */
export const inPairs = (...names: string[]): Deaths[] => [
  deaths({ at: 'after', what: 'opened' }, { at: 'before', what: 'settled' }),
  ...names.map(step => deaths({ at: 'after', what: `doing ${step}` }, { at: 'before', what: `done ${step}` })),
]

/** Begins a job in a process of its own that dies, as each further one; then opens the workspace, which finishes it. */
export async function killedAndFinished(
  workspace: TestWorkspace,
  kind: string,
  input: object,
  fatal: Moment | Deaths,
): Promise<void> {
  const [killAt, ...others] = 'moments' in fatal ? fatal.moments : [fatal]
  await workspace.close()
  await crash(workspace, { run: [[kind, input]], killAt })
  for (const it of others) await crash(workspace, { killAt: it })
  const [state] = await recover(workspace)
  expect(state).toMatchObject({ kind, phase: 'succeeded' })
  expect(state?.turned).toBeUndefined()
}

/** Where comparisons begin: one instance that is left alone. Leaves the workspace open. */
export async function makeKeeper(workspace: TestWorkspace): Promise<World> {
  await workspace.open()
  await workspace.startInfrastructure()
  const keeper = mustSucceed(await workspace.create({ name: 'keeper' }))
  await workspace.services.instances.takePassword(keeper.id)
  await secretsForgotten(workspace)
  return await world(workspace)
}

const secretsForgotten = ({ root }: TestWorkspace) =>
  until(
    async () =>
      !(await sealedKeys(workspacePaths(root).secrets)).some(
        it => /^(create|operation):/.test(it) && !it.endsWith(':director-password'),
      ),
  )

/** *Before*: nothing is left, and the keeper still works. */
export async function expectBefore(workspace: TestWorkspace, before: World): Promise<void> {
  await secretsForgotten(workspace)
  await expect.poll(() => world(workspace)).toEqual(before)
  await expectServes(workspace, 'keeper')
}

/**
 * *After*: the instance is whole, works, has the very files that the keeper has; without it, the world is as it was.
 * Takes it away.
 */
export async function expectAfter(workspace: TestWorkspace, before: World, name: string): Promise<void> {
  await secretsForgotten(workspace)
  await expectServes(workspace, name)
  const after = await world(workspace)
  expect(after.dump.filter(it => it.startsWith(`${name} `))).toHaveLength(1)
  expect(after.marked).toEqual([])
  const filesOf = (whose: string): string[] =>
    after.files
      .map(it => it.replace(/ (\d+)( \d+)?$/, ' $1')) // sizes differ with the name
      .filter(it => it.includes(`/instances/${whose}`))
      .map(it => it.replace(`/instances/${whose}`, '/instances/*'))
  expect(filesOf(name)).toEqual(filesOf('keeper'))
  const created = workspace.services.operations.list().filter(it => it.phase === 'succeeded' && it.subject === name)
  for (const { id } of created)
    expect(await workspace.services.instances.takePassword(id)).toEqual({
      email: director.email,
      password: director.password,
    })
  await workspace.discard(name)
  await expect.poll(() => world(workspace)).toEqual(before)
}

async function expectServes({ services }: TestWorkspace, name: string): Promise<void> {
  const { instances, broken } = await services.instances.registry.list()
  expect(broken).toEqual([])
  const found = instances.find(it => it.name === name)
  expect(found).toMatchObject({ status: 'online', pooled: true })
  const page = await fetch(found?.url ?? '')
  expect(await page.text()).toContain('<div id="root">')
  expect((await login(found?.port ?? 0, director.email, director.password)).status).toBe(200)
}
