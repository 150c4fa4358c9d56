/**
 * What the tests of the life cycle share: a workspace of the tiny base application, jobs on its instances, and what
 * came of them.
 */
import { appendFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'dotenv'
import { expect } from 'vitest'
import type { InstanceStatus } from '../../../src/shared/status'
import { resultsOf, type BulkAction } from '../../../src/shared/jobs/many'
import type { OperationState } from '../../../src/shared/operation'
import { toProblem, type Problem } from '../../../src/shared/problem'
import { pm2Paths } from '../../../src/main/processes/daemon'
import { isAlive } from '../../../src/main/system/proc'
import { sealedNames } from '../../support/sealed'
import { makeTiny } from '../../support/tiny-base'
import { testWorkspace, until, type TestWorkspace } from '../../support/workspace'

export async function tinyWorkspace(): Promise<TestWorkspace> {
  const workspace = await testWorkspace({ prepare: makeTiny })
  await workspace.open()
  return workspace
}

/** Runs a job to its end. @throws the Problem that it was refused with */
export const job = async (
  { services: { operations } }: TestWorkspace,
  kind: string,
  input: object,
): Promise<OperationState> => operations.settled(await operations.start(kind, input))

export async function mustDo(workspace: TestWorkspace, kind: string, input: object): Promise<OperationState> {
  const state = await job(workspace, kind, input)
  expect(state.turned).toBeUndefined()
  expect(state.phase).toBe('succeeded')
  return state
}

/** A job on many, to its end. @returns what came of each, by name: a failure of one fails nothing here */
export async function bulk(
  { services: { operations } }: Pick<TestWorkspace, 'services'>,
  action: BulkAction,
  names: readonly string[],
) {
  const state = await operations.settled(await operations.start('many', { action, names }))
  expect(state.turned).toBeUndefined()
  return resultsOf(state).map(({ name, result }) => ({ name, ...result }))
}

/** As `bulk`, and it must work for each. */
export async function mustBulk(workspace: TestWorkspace, action: BulkAction, names: readonly string[]): Promise<void> {
  for (const { name, problem } of await bulk(workspace, action, names)) expect({ name, problem }).toEqual({ name })
}

/** Why a job was refused before it began. */
export async function refusal(workspace: TestWorkspace, kind: string, input: object): Promise<Problem> {
  const before = workspace.services.operations.list().length
  const found = await workspace.services.operations.start(kind, input).then(() => {
    throw new Error(`${kind} was not refused`)
  }, toProblem)
  expect(workspace.services.operations.list()).toHaveLength(before) // no trace of it
  return found
}

export async function statuses({ services }: TestWorkspace): Promise<Record<string, InstanceStatus>> {
  return Object.fromEntries((await services.instances.registry.list()).instances.map(it => [it.name, it.status]))
}

/** What the server on the port says, on a new connection: a kept one may be its predecessor's. Undefined: nobody answers. */
export const answerOf = (port: number): Promise<string | undefined> =>
  fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } }).then(
    it => it.text(),
    () => undefined,
  )

export const desired = async ({ root }: TestWorkspace): Promise<string[]> =>
  (await sealedNames(join(root, '.instance-manager/desired.json'))).toSorted()

export const dumped = async ({ host }: TestWorkspace): Promise<string[]> =>
  (JSON.parse(await readFile(pm2Paths(host.pm2Home).dump, 'utf8')) as { name: string; status: string }[])
    .map(it => `${it.name} ${it.status}`)
    .toSorted()

export const envOf = async (server: string): Promise<Record<string, string>> =>
  parse(await readFile(join(server, '.env')))
export const addEnv = (server: string, line: string): Promise<void> => appendFile(join(server, '.env'), `\n${line}\n`)

export async function pidOf({ processes }: TestWorkspace, name: string): Promise<number> {
  const pid = (await processes.list()).find(it => it.name === name)?.pid
  if (pid === undefined) throw new Error(`${name} does not run`)
  return pid
}

export const daemonPid = async ({ host }: TestWorkspace): Promise<number> =>
  Number(await readFile(pm2Paths(host.pm2Home).pid, 'utf8'))

/** kill -9, and waits until it is gone. */
export async function kill9(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL')
  await until(async () => !(await isAlive(pid)))
}
