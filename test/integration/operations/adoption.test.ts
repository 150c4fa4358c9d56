/**
 * Journals that 0.1 left open at a kill -9 (test/fixtures/journals-0.1) are finished by this version, so no update
 * strands one. Each is put into the world as it was just before the step in doubt. Going forward, the world must end as
 * the real job leaves it; turned, as it was before.
 */
import { chmod, mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { z } from 'zod'
import { Databases } from '../../../src/main/infrastructure/databases'
import { signalTo, workingIn } from '../../../src/main/infrastructure/drivers/daemons'
import { findSystemUser } from '../../../src/main/instances/system-user/identity'
import { readJson } from '../../../src/main/system/files'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { layOut, layOutCopy, makeDatabase, type CliInstance } from '../../support/cli-instance'
import { plantOldJournal, readOldJournal, type OldJournal } from '../../support/old-journals'
import { requires } from '../../support/requires'
import { canMakeUsers, whyNoUsers } from '../../support/second-user'
import { director, until, type TestWorkspace } from '../../support/workspace'
import { withoutPids, world } from '../../support/world'
import { addEnv, answerOf, mustDo, pidOf, tinyWorkspace } from '../lifecycle/lifecycle'
import { freePort } from '../../support/ports'

type Settled = ReturnType<typeof withoutPids>

interface Case {
  /** The fixture. */
  readonly name: string
  readonly ends: 'succeeded' | 'rolled-back'
  readonly asRoot?: boolean
  /**
   * Makes the world that the journal left behind. @returns what it must be once the operation has settled, if it can be
   * compared
   */
  arrange(journal: OldJournal): Promise<Settled | undefined>
  /** What is left to arrange once the workspace is closed. */
  arrangeClosed?(): Promise<void>
  /** What the comparison of worlds doesn't show. */
  check?(id: string): Promise<void>
}

let workspace: TestWorkspace
/** What differs from the recording in the journals: ports and the release. */
const here = new Map<string, string>()

beforeAll(async () => {
  workspace = await tinyWorkspace()
  await chmod(workspace.home, 0o711) // as /srv: a system user passes through
  await workspace.startInfrastructure()
  const { postgres, pgbouncer } = await workspace.services.infrastructure.status()
  here.set('31001', String(postgres.port)).set('31002', String(pgbouncer.port))
})
afterAll(() => workspace.remove())

const run = (kind: string, name: string, more: object = {}) => mustDo(workspace, kind, { name, ...more })
const look = async (): Promise<Settled> => withoutPids(await world(workspace))
const folderOf = (name: string): string => join(workspace.root, 'instances', name)
const userOf = (name: string) => findSystemUser(workspacePaths(workspace.root), name)
/** The port here of one in the recording. */
const port = async (recorded: number): Promise<number> => {
  const known = here.get(String(recorded)) ?? String(await freePort())
  here.set(String(recorded), known)
  return Number(known)
}
const add = async (name: string, recorded: number): Promise<CliInstance> =>
  layOut(workspace, name, await port(recorded))
const running = async (name: string, recorded: number): Promise<CliInstance> => {
  const its = await add(name, recorded)
  await run('start', name)
  return its
}
const answers = async (recorded: number): Promise<string | undefined> => answerOf(await port(recorded))

/** Database and role as an operation makes them, with its mark. */
async function makeMarked(name: string, { token, secrets }: OldJournal): Promise<void> {
  const { id } = (await readJson(workspacePaths(workspace.root).identity, z.looseObject({ id: z.string() }))) ?? {
    id: '',
  }
  const password = Object.entries(secrets).find(([key]) => key.endsWith(':database'))?.[1] ?? ''
  await new Databases(() => workspace.services.infrastructure.admin(), id).create({
    database: `${name}_db`,
    role: `${name}_user`,
    token,
    password,
  })
}

async function reserve(name: string, { token }: OldJournal): Promise<void> {
  await mkdir(folderOf(name), { recursive: true, mode: 0o700 })
  await writeFile(join(folderOf(name), '.operation'), token, { mode: 0o600 })
}

const takesPassword = async (id: string): Promise<void> => {
  expect(await workspace.services.instances.takePassword(id)).toEqual({
    email: director.email,
    password: director.password,
  })
}

/** PostgreSQL runs and PgBouncer doesn't. */
async function killPgbouncer(): Promise<void> {
  const its = join(workspacePaths(workspace.root).embedded, 'pgbouncer')
  await until(async () => {
    const pids = await workingIn(its, 'pgbouncer')
    for (const pid of pids) signalTo(pid, 'SIGKILL')
    return pids.length === 0
  })
}
const services = async (): Promise<string[]> => {
  const { postgres, pgbouncer } = await workspace.services.infrastructure.status()
  return [postgres.state, pgbouncer.state]
}

const cases: readonly Case[] = [
  {
    name: 'infrastructure-start',
    ends: 'succeeded',
    arrange: look,
    arrangeClosed: killPgbouncer,
    async check() {
      expect(await services()).toEqual(['running', 'running'])
    },
  },
  {
    name: 'infrastructure-stop',
    ends: 'succeeded',
    arrange: () => Promise.resolve(undefined),
    arrangeClosed: killPgbouncer,
    async check() {
      expect(await services()).toEqual(['stopped', 'stopped'])
      await workspace.startInfrastructure()
    },
  },
  {
    name: 'create',
    ends: 'succeeded',
    async arrange(journal) {
      const { id, plan } = await run('create', 'created', { port: await port(31010), director })
      here.set('15723379e311f50ed9f23d71ca14dadc', (plan as { fingerprint: string }).fingerprint)
      await takesPassword(id)
      const after = await look()
      await run('delete', 'created', { confirm: 'DELETE' })
      await reserve('created', journal)
      return after
    },
    async check(id) {
      await takesPassword(id)
      expect(await answers(31010)).toBe('created ')
    },
  },
  {
    name: 'create-turned',
    ends: 'rolled-back',
    async arrange(journal) {
      const after = await look()
      await add('uncreated', 31011)
      await reserve('uncreated', journal)
      await makeMarked('uncreated', journal)
      return after
    },
  },
  {
    name: 'create-not-started',
    ends: 'succeeded',
    async arrange(journal) {
      await running('holder', 31034)
      const { id } = await run('create', 'shared', { port: await port(31034), allowSharedPort: true, director })
      await takesPassword(id)
      const after = await look()
      await reserve('shared', journal) // all that is left to do is to take this away
      return after
    },
    check: takesPassword,
  },
  {
    name: 'adopt',
    ends: 'succeeded',
    async arrange(journal) {
      await makeDatabase(workspace, await layOutCopy(workspace, 'copy'))
      const { id, plan } = await run('adopt', 'copy', { as: 'adopted', director })
      here.set('31100', String((plan as { port: number }).port))
      await takesPassword(id)
      await run('start', 'adopted')
      const after = await look()
      await run('delete', 'adopted', { confirm: 'DELETE' })
      await layOutCopy(workspace, 'copy')
      await makeMarked('adopted', journal)
      return after
    },
    async check(id) {
      await takesPassword(id)
      await run('start', 'adopted')
      expect(await answers(31100)).toBe('adopted ')
    },
  },
  {
    name: 'adopt-turned',
    ends: 'rolled-back',
    async arrange(journal) {
      const { folder, server } = await layOutCopy(workspace, 'stray')
      const after = await look()
      const originals = folderOf(`.trash-${journal.token}`)
      await mkdir(join(originals, 'server'), { recursive: true, mode: 0o700 })
      for (const it of ['config.json', 'db-config.json', 'server/.env'])
        await rename(join(folder, it), join(originals, it))
      await writeFile(join(server, '.env'), 'INSTANCE_NAME=unadopted\n', { mode: 0o600 })
      await rename(folder, folderOf('unadopted'))
      await makeMarked('unadopted', journal)
      return after
    },
  },
  {
    name: 'start',
    ends: 'succeeded',
    async arrange() {
      await running('started', 31014)
      const after = await look()
      await run('stop', 'started')
      return after
    },
    async check() {
      expect(await answers(31014)).toBe('started ')
    },
  },
  {
    name: 'start-turned',
    ends: 'rolled-back',
    async arrange() {
      await running('unstarted', 31015)
      await run('stop', 'unstarted')
      const after = await look()
      await run('start', 'unstarted')
      return after
    },
    async check() {
      expect(await answers(31015)).toBeUndefined()
    },
  },
  {
    name: 'start-stop-other',
    ends: 'succeeded',
    async arrange() {
      await running('other', 31016)
      await add('switched', 31016)
      await run('start', 'switched', { stopOther: true })
      const after = await look()
      await run('stop', 'switched')
      return after
    },
    async check() {
      expect(await answers(31016)).toBe('switched ')
    },
  },
  {
    name: 'start-stop-other-turned',
    ends: 'rolled-back',
    async arrange() {
      await running('unswitched', 31017)
      await add('another', 31017)
      await run('start', 'another', { stopOther: true })
      const after = await look()
      await run('stop', 'another')
      return after
    },
    async check() {
      expect(await answers(31017)).toBe('another ')
    },
  },
  {
    name: 'stop',
    ends: 'succeeded',
    async arrange() {
      await running('stopped', 31018)
      await run('stop', 'stopped')
      const after = await look()
      await run('start', 'stopped')
      return after
    },
    async check() {
      expect(await answers(31018)).toBeUndefined()
    },
  },
  {
    name: 'restart',
    ends: 'succeeded',
    async arrange() {
      const { server } = await running('restarted', 31019)
      await addEnv(server, 'GREETING=anew')
      return await look()
    },
    async check() {
      expect(await answers(31019)).toBe('restarted anew')
    },
  },
  {
    name: 'change-port',
    ends: 'succeeded',
    async arrange() {
      await running('moved', 31020)
      return await movedAndBack('moved', await port(31021), await port(31020))
    },
    async check() {
      expect([await answers(31020), await answers(31021)]).toEqual([undefined, 'moved '])
    },
  },
  {
    name: 'change-port-turned',
    ends: 'rolled-back',
    async arrange() {
      await running('unmoved', 31023)
      return await movedAndBack('unmoved', await port(31022), await port(31023))
    },
    async check() {
      expect([await answers(31022), await answers(31023)]).toEqual(['unmoved ', undefined])
    },
  },
  {
    name: 'change-port-not-running',
    ends: 'succeeded',
    async arrange() {
      await add('resting', 31032)
      await run('change-port', 'resting', { port: await port(31033) })
      const after = await look()
      await run('change-port', 'resting', { port: await port(31032) })
      return after
    },
  },
  {
    name: 'delete',
    ends: 'succeeded',
    async arrange() {
      const after = await look()
      await makeDatabase(workspace, await running('deleted', 31024))
      await run('stop', 'deleted')
      return after
    },
  },
  {
    name: 'delete-turned',
    ends: 'rolled-back',
    async arrange({ token }) {
      const its = await running('undeleted', 31025)
      await makeDatabase(workspace, its)
      await run('restart', 'undeleted')
      const after = await look()
      await run('stop', 'undeleted')
      await rename(its.folder, folderOf(`.trash-${token}`))
      return after
    },
    async check() {
      expect(await answers(31025)).toBe('undeleted ')
    },
  },
  {
    name: 'delete-past-pivot',
    ends: 'succeeded',
    async arrange({ token }) {
      const after = await look()
      const its = await running('gone', 31026)
      await makeDatabase(workspace, its)
      await run('stop', 'gone')
      await rename(its.folder, folderOf(`.trash-${token}`))
      return after
    },
  },
  {
    name: 'remove-leftovers',
    ends: 'succeeded',
    async arrange() {
      const after = await look()
      const its = await add('half', 31027)
      await makeDatabase(workspace, its)
      await rm(join(its.folder, 'config.json'))
      return after
    },
  },
  {
    name: 'isolate',
    ends: 'succeeded',
    asRoot: true,
    async arrange() {
      await running('isolated', 31028)
      await run('isolate', 'isolated')
      const after = await look()
      await run('stop', 'isolated')
      await run('unisolate', 'isolated')
      return after
    },
    async check() {
      expect(await uidOf('isolated')).toBe((await userOf('isolated'))?.uid)
      expect(await answers(31028)).toBe('isolated ')
    },
  },
  {
    name: 'isolate-turned',
    ends: 'rolled-back',
    asRoot: true,
    async arrange() {
      await add('unisolated', 31029)
      await run('isolate', 'unisolated')
      await run('unisolate', 'unisolated')
      await run('start', 'unisolated')
      const after = await look()
      await run('isolate', 'unisolated')
      return after
    },
    async check() {
      expect([await uidOf('unisolated'), await userOf('unisolated')]).toEqual([0, undefined])
      expect(await answers(31029)).toBe('unisolated ')
    },
  },
  {
    name: 'unisolate',
    ends: 'succeeded',
    asRoot: true,
    async arrange() {
      await add('rejoined', 31030)
      await run('isolate', 'rejoined')
      await run('unisolate', 'rejoined')
      await run('start', 'rejoined')
      const after = await look()
      await run('stop', 'rejoined')
      await run('isolate', 'rejoined')
      return after
    },
    async check() {
      expect([await uidOf('rejoined'), await userOf('rejoined')]).toEqual([0, undefined])
      expect(await answers(31030)).toBe('rejoined ')
    },
  },
]

/** Runs it on the first port, then leaves it stopped with the second one written. @returns the world while it ran */
async function movedAndBack(name: string, first: number, second: number): Promise<Settled> {
  await run('change-port', name, { port: first })
  const after = await look()
  await run('stop', name)
  await run('change-port', name, { port: second })
  return after
}

const uidOf = async (name: string): Promise<number> => (await stat(`/proc/${await pidOf(workspace, name)}`)).uid

it.for(cases)('$name: $ends', async ({ name, ends, asRoot = false, arrange, arrangeClosed, check }, context) => {
  requires(context, !asRoot || canMakeUsers, whyNoUsers)
  const journal = await readOldJournal(name)
  await workspace.open() // a test that failed may have left it closed
  const after = await arrange(journal)
  await workspace.close()
  await arrangeClosed?.()
  await plantOldJournal(workspace.root, journal, here)
  await workspace.open()
  const { operations } = workspace.services
  expect(operations.unreadable()).toEqual([])
  const { phase, steps } = await operations.rested(journal.id)
  expect({ phase, problems: steps.map(it => it.problem).filter(it => it !== undefined) }).toEqual({
    phase: ends,
    problems: [],
  })
  await check?.(journal.id)
  // Secrets are forgotten and the trash is emptied a moment after the end.
  await expect.poll(after ? look : () => undefined).toEqual(after)
})
