/**
 * A rebuild that something goes wrong in: the instance serves its old code with its own files and its database as they
 * were, and the same rebuild succeeds as soon as the cause is gone.
 */
import { writeFileSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withConnection } from '../../../src/main/infrastructure/connection'
import type { Problem } from '../../../src/shared/problem'
import { dumpOf } from '../../support/dump'
import { armFaults } from '../../support/faults'
import { until, type TestWorkspace } from '../../support/workspace'
import { withoutPids, world } from '../../support/world'
import {
  answerOf,
  daemonPid,
  job,
  kill9,
  mustDo,
  pidOf,
  refusal,
  statuses,
  tinyWorkspace,
} from '../lifecycle/lifecycle'
import { freePort } from '../../support/ports'

let workspace: TestWorkspace
let port: number
/** Of the base application as it was laid out. */
let server: string, make: string, manifest: string

const inBase = (...path: string[]): string => join(workspace.root, ...path)
const inInstance = (...path: string[]): string => join(workspace.root, 'instances/school', ...path)

/** Statements that keep the rest of the code from running. PM2 tells only its own processes their `pm_id`. */
const deaf = 'return void setInterval(() => undefined, 1000)'
const broken =
  'return void require("node:http").createServer((_, to) => to.writeHead(500).end()).listen(+/^PORT="?(\\d+)/m.exec(require("node:fs").readFileSync(__dirname + "/.env", "utf8"))[1], "127.0.0.1")'

let version = 1
/** Code whose answers begin with its version. @param first runs before all else */
const setCode = (first = ''): Promise<void> =>
  writeFile(inBase('server/index.js'), `${first}\n${server.replace('end(name', `end('v${version} ' + name`)}`)
const setClient = (first = ''): Promise<void> => writeFile(inBase('client/make.cjs'), `${first}\n${make}`)
const setManifest = (change: (it: { server: object; client: object }) => object): Promise<void> =>
  writeFile(inBase('instance-manager.json'), JSON.stringify(change(JSON.parse(manifest) as never)))
/** Sets how long code may take to answer. At once, because an operation may read it next. */
const setBootSeconds = (bootSeconds: number): void => {
  const its = JSON.parse(manifest) as { server: object }
  writeFileSync(inBase('instance-manager.json'), JSON.stringify({ ...its, server: { ...its.server, bootSeconds } }))
}
/** Of code that never comes right, and of code that must be up by then, on a busy machine too. */
const [soon, late] = [1, 10]
const fix = async (): Promise<void> => {
  await Promise.all([setCode(), setClient(), setManifest(it => it)])
  await rm(inBase('server/package-lock.json'), { force: true })
  await writeFile(inBase('server/package.json'), '{"name":"tiny","version":"1.0.0"}')
}

/** All that a rebuild must leave as it is, whether it succeeds or not. */
async function look() {
  const { files, ...rest } = withoutPids(await world(workspace))
  const own = await Promise.all(
    ['uploads/a.txt', 'reports/may.txt', '.env'].map(it => readFile(inInstance('server', it), 'utf8')),
  )
  const around = files.filter(it => !/\/school\/(\.previous|server|client)/.test(it)).map(it => it.replace(/ \d+$/, ''))
  return { ...rest, own, around, database: await dumpOf(workspace, 'school_db') }
}

beforeAll(async () => {
  workspace = await tinyWorkspace()
  await workspace.startInfrastructure()
  ;[server, make, manifest] = (await Promise.all(
    ['server/index.js', 'client/make.cjs', 'instance-manager.json'].map(it => readFile(inBase(it), 'utf8')),
  )) as [string, string, string]
  await setCode()
  ;({ port } = (await workspace.create({ name: 'school' })).plan as unknown as { port: number })
  const database = { ...(await workspace.services.infrastructure.admin()), database: 'school_db' }
  // without a sequence: one skips numbers when PostgreSQL is killed
  const pupils =
    "CREATE TABLE public.pupils (id int PRIMARY KEY, name text); INSERT INTO public.pupils VALUES (1, 'Ada'), (2, 'Bob')"
  await withConnection(database, client => client.query(pupils))
  await mkdir(inInstance('server/reports'))
  await writeFile(inInstance('server/reports/may.txt'), 'a report')
  await writeFile(inInstance('server/uploads/a.txt'), 'an upload')
})
afterAll(() => workspace.remove())

/** Rebuilds with what was prepared, which must fail; then fixed. @returns why it failed */
async function failing(prepare: () => Promise<void>): Promise<Problem | undefined> {
  const before = await look()
  const [was, pid] = [version++, await pidOf(workspace, 'school')]
  await fix()
  await prepare()
  const { phase, turned } = await job(workspace, 'rebuild', { name: 'school' })
  expect(phase).toBe('rolled-back')
  expect(await answerOf(port)).toBe(`v${was} school `)
  await expect.poll(look).toEqual(before)
  const untouched = (await pidOf(workspace, 'school')) === pid
  await fix()
  await mustDo(workspace, 'rebuild', { name: 'school' })
  expect(await answerOf(port)).toBe(`v${version} school `)
  await expect.poll(look).toEqual(before)
  return turned?.problem && { ...turned.problem, details: untouched ? 'before the switch' : 'after it' }
}

describe('before the switch: what runs goes on running', () => {
  it('npm fails', async () => {
    const found = await failing(async () => {
      await setManifest(it => ({ ...it, server: { ...it.server, install: ['npm', 'ci'] } }))
      await writeFile(
        inBase('server/package.json'),
        '{"name":"tiny","version":"1.0.0","dependencies":{"gone":"1.0.0"}}',
      )
      await writeFile(inBase('server/package-lock.json'), '{"name":"tiny","lockfileVersion":3,"packages":{}}')
    })
    expect(found).toMatchObject({
      code: 'command-failed',
      message: expect.stringContaining('npm failed') as string,
      details: 'before the switch',
    })
  })

  it('the client can’t be built', async () => {
    expect(await failing(() => setClient('throw new Error("no such component")'))).toMatchObject({
      code: 'command-failed',
      message: expect.stringContaining('make.cjs') as string,
      details: 'before the switch',
    })
  })

  it.each([
    ['exits', 'process.exit(3)', 'code 3', late],
    ['never listens', `if (!process.env.pm_id) ${deaf}`, 'isn’t listening', soon],
    ['answers 500', `if (!process.env.pm_id) ${broken}`, '500', late],
  ])('the new code %s', async (_, code, cause, bootSeconds) => {
    const found = await failing(async () => {
      setBootSeconds(bootSeconds)
      await setCode(code)
    })
    expect(found).toMatchObject({
      code: 'trial-failed',
      cause: expect.stringContaining(cause) as string,
      details: 'before the switch',
    })
  })
})

describe('after it: the old code is back by itself', () => {
  it.each([
    ['keeps crashing', 'if (process.env.pm_id) process.exit(3)', 'not-online', late],
    ['never listens', `if (process.env.pm_id) ${deaf}`, 'slow-start', soon],
    ['answers 500', `if (process.env.pm_id) ${broken}`, 'http-error', late],
  ])('the new code %s once PM2 runs it', async (_, code, problem, bootSeconds) => {
    const disarm = await armFaults(
      [
        { at: 'before', what: 'done trial' },
        { at: 'after', what: 'turned' },
      ],
      ({ what }) => setBootSeconds(what === 'turned' ? late : bootSeconds),
    )
    const found = await failing(() => setCode(code)).finally(disarm)
    expect(found).toMatchObject({ code: problem, details: 'after it' })
  })
})

describe('while the new code is prepared', () => {
  const gate = (): string => join(workspace.home, 'gate')
  /** Rebuilds, and acts while the client is being built. */
  async function meanwhile(act: () => Promise<void>, bootSeconds?: number) {
    version++
    await fix()
    await rm(gate(), { force: true })
    await setClient(
      `const fs = require("node:fs"); fs.writeFileSync(${JSON.stringify(`${gate()}.reached`)}, ""); while (!fs.existsSync(${JSON.stringify(gate())})) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50)`,
    )
    await rm(`${gate()}.reached`, { force: true })
    if (bootSeconds !== undefined) setBootSeconds(bootSeconds)
    const settled = job(workspace, 'rebuild', { name: 'school' })
    await until(() =>
      readFile(`${gate()}.reached`).then(
        () => true,
        () => false,
      ),
    )
    await act()
    await writeFile(gate(), '')
    return await settled
  }

  it('a job that would take something of it is refused until it has ended', async () => {
    const refused: unknown[] = []
    const { phase } = await meanwhile(async () => {
      for (const [kind, input] of [
        ['rebuild', { name: 'school' }],
        ['rollback', { name: 'school' }],
        ['delete', { name: 'school', confirm: 'DELETE' }],
        ['change-port', { name: 'school', port: await freePort() }],
        ['infrastructure-stop', {}],
      ] as const)
        refused.push((await refusal(workspace, kind, input)).code)
    })
    expect(refused).toEqual(Array(5).fill('operation-open'))
    expect([phase, await answerOf(port)]).toEqual(['succeeded', `v${version} school `])
  })

  it('PM2’s daemon is killed: the lost process is replaced all the same', async () => {
    const before = await look()
    const state = await meanwhile(async () => kill9(await daemonPid(workspace)))
    expect(state.turned?.problem).toBeUndefined()
    expect(await answerOf(port)).toBe(`v${version} school `)
    expect(await statuses(workspace)).toMatchObject({ school: 'online' })
    await expect.poll(look).toEqual(before)
  })

  it('PostgreSQL and PgBouncer are killed: one of the two codes serves, and the same rebuild succeeds', async () => {
    const before = await look()
    const was = version
    const { phase } = await meanwhile(() => workspace.killInfrastructure(), soon) // without PgBouncer it isn't healthy
    const served = phase === 'succeeded' ? version : was
    expect(await until(() => answerOf(port))).toBe(`v${served} school `) // nobody has waited until it is up
    await workspace.startInfrastructure().catch(() => undefined) // it may have been started again already
    await fix()
    await mustDo(workspace, 'rebuild', { name: 'school' })
    expect(await answerOf(port)).toBe(`v${version} school `)
    await expect.poll(look).toEqual(before)
  })
})
