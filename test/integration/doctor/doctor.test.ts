/**
 * The health report on a real instance: broken in each way, exactly that is found; fixed, nothing is. On real
 * PostgreSQL, PgBouncer and PM2.
 */
import { appendFile, chmod, mkdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { parse } from 'dotenv'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Client } from 'pg'
import { isWrong, safeFixes, summary, type CheckId, type Examined, type Fix } from '../../../src/shared/doctor'
import { toProblem } from '../../../src/shared/problem'
import { layOut, layOutCopy } from '../../support/cli-instance'
import { mustSucceed, until, type TestWorkspace } from '../../support/workspace'
import { answerOf, daemonPid, job, kill9, pidOf, refusal, statuses, tinyWorkspace } from '../lifecycle/lifecycle'

let workspace: TestWorkspace
let password: string
/** What a change must never lose. */
let originals: { readonly env: string; readonly index: string; readonly config: string }
/** All reports of this file: none may contain a secret. */
const reports: string[] = []

const place = (...path: string[]): string => join(workspace.root, 'instances/school', ...path)
const env = (): string => place('server/.env')
const index = (): string => place('server/index.js')

async function examine(name?: string): Promise<Examined[]> {
  const found: Examined[] = []
  for await (const it of workspace.services.doctor.examine(name, AbortSignal.timeout(60_000)))
    if (it.type === 'examined') found.push({ name: it.name, findings: it.findings })
  reports.push(JSON.stringify(found))
  return found
}

const wrongIn = (found: readonly Examined[]) => found.flatMap(it => it.findings.filter(isWrong))
/** What is wrong with school and all that it shares. */
const wrong = async () => wrongIn(await examine('school'))
const checksOf = (all: Awaited<ReturnType<typeof wrong>>): CheckId[] => all.map(it => it.check)

async function apply({ request: { kind, ...input } }: Pick<Fix, 'request'>): Promise<void> {
  mustSucceed(await workspace.services.operations.settled(await workspace.services.operations.start(kind, input)))
}

/** Expects exactly these findings, does the fix of the first that has one, and expects none. */
async function fixOne(...ids: CheckId[]): Promise<{ because: string; fix: Fix }> {
  const found = await wrong()
  expect(checksOf(found)).toEqual(ids)
  const first = found.find(it => it.fix)
  if (!first?.fix) throw new Error('no finding has a fix')
  await apply(first.fix)
  expect(await wrong()).toEqual([])
  return { because: first.because, fix: first.fix }
}

const setPassword = (its: string): Promise<unknown> => workspace.sql(`ALTER ROLE school_user PASSWORD '${its}'`)
const replaceIn = async (path: string, from: string | RegExp, to: string): Promise<void> => {
  const text = await readFile(path, 'utf8')
  expect(text).toMatch(from)
  await writeFile(path, text.replace(from, to))
}
const restart = async (): Promise<void> => {
  mustSucceed(await job(workspace, 'restart', { name: 'school' }))
}

beforeAll(async () => {
  workspace = await tinyWorkspace()
  await workspace.startInfrastructure()
  mustSucceed(await workspace.create({ name: 'school' }))
  password = (JSON.parse(await readFile(place('db-config.json'), 'utf8')) as { password: string }).password
  const [text, code, config] = await Promise.all([env(), index(), place('config.json')].map(it => readFile(it, 'utf8')))
  originals = { env: text ?? '', index: code ?? '', config: config ?? '' }
})
afterAll(() => workspace.remove())

it('everything is fine, and each check was made', async () => {
  const found = await examine()
  expect(found.map(it => it.name)).toEqual([undefined, 'school'])
  expect(found.flatMap(it => it.findings.filter(({ is }) => is !== 'good'))).toEqual([])
  expect(found[1]?.findings.map(it => it.check)).toEqual([
    'config',
    'operation',
    'listed',
    'status',
    'restarts',
    'port',
    'http',
    'direct',
    'pooled',
    'rights',
    'env',
    'database-config',
    'modes',
    'code',
    'prisma',
    'client',
  ])
  expect(summary(found)).toBe('Everything is fine.')
})

it('an instance that doesn’t exist', async () => {
  await expect(examine('nobody')).rejects.toMatchObject({ problem: { code: 'instance-unknown' } })
})

describe('files', () => {
  it('.env names another port and password', async () => {
    await replaceIn(env(), /^PORT=.*$/m, 'PORT=1')
    await replaceIn(env(), password, 'changed')
    await appendFile(env(), 'GREETING=hello\n')
    const { because, fix } = await fixOne('env')
    expect(because).toBe('DATABASE_URL and PORT differ from config.json.')
    expect(fix.warning).toBeUndefined()
    expect(parse(await readFile(env(), 'utf8'))).toEqual({ ...parse(originals.env), GREETING: 'hello' })
  })

  it('options that somebody added to the URL are no fault, and survive a fix', async () => {
    await replaceIn(env(), '?pgbouncer=true', '?pgbouncer=true&connection_limit=7')
    expect(await wrong()).toEqual([])
    await replaceIn(env(), password, 'changed')
    await fixOne('env')
    expect(parse(await readFile(env(), 'utf8'))['DATABASE_URL']).toMatch(/\?pgbouncer=true&connection_limit=7$/)
    await writeFile(env(), originals.env)
  })

  it('.env is gone', async () => {
    await rm(env())
    expect((await fixOne('env')).because).toBe('There is no .env.')
    expect((await stat(env())).mode & 0o777).toBe(0o600)
    await writeFile(env(), originals.env)
  })

  it('db-config.json differs, is no JSON, is gone; other keys stay', async () => {
    const file = place('db-config.json')
    const its = JSON.parse(await readFile(file, 'utf8')) as object
    await writeFile(file, JSON.stringify({ ...its, password: 'changed', note: 'kept' }))
    expect((await fixOne('database-config')).because).toBe('password differs from config.json.')
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual({ ...its, note: 'kept' })
    await writeFile(file, '{')
    await fixOne('database-config')
    await rm(file)
    await fixOne('database-config')
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(its)
  })

  it('other users can read them', async () => {
    await chmod(env(), 0o644)
    await chmod(place('config.json'), 0o660)
    await writeFile(place('.env-previous.json'), '{}', { mode: 0o644 })
    expect((await fixOne('modes')).because).toBe(
      'Other users can read or change files with passwords: config.json (0660), .env-previous.json (0644), .env (0644).',
    )
    for (const it of [env(), place('.env-previous.json')]) expect((await stat(it)).mode & 0o777).toBe(0o600)
    await rm(place('.env-previous.json'))
  })

  it('code, the Prisma client and the client’s build are gone: they come back from the release', async () => {
    await rm(place('server/generate.cjs'))
    await rm(place('server/node_modules/@prisma'), { recursive: true })
    await rm(place('client/build/index.html'))
    const { fix } = await fixOne('code', 'prisma', 'client')
    expect(fix.warning).toContain('rebuilt')
    expect(fix.request).toMatchObject({ name: 'school' })
  })
})

describe('database', () => {
  it('the role has another password; the running application isn’t interrupted by the fix', async () => {
    const pid = await pidOf(workspace, 'school')
    await setPassword('changed-by-hand')
    const { because, fix } = await fixOne('direct')
    expect(because).toBe('PostgreSQL refuses the password of school_user in config.json.')
    expect(fix.warning).toBeUndefined()
    expect(await pidOf(workspace, 'school')).toBe(pid)
  })

  it('somebody changed it in PostgreSQL and .env: that works, so the fix isn’t called safe, and fixes both', async () => {
    await setPassword('changed-on-purpose')
    await replaceIn(env(), new RegExp(password, 'g'), 'changed-on-purpose')
    expect(safeFixes(await examine('school'))).toEqual([])
    const { fix } = await fixOne('direct', 'env')
    expect(fix.warning).toContain('works now')
  })

  it('rights: another owner, open to every role, a table of another role', async () => {
    await workspace.sql('ALTER DATABASE school_db OWNER TO CURRENT_USER; GRANT CONNECT ON DATABASE school_db TO PUBLIC')
    const admin = new Client({ ...(await adminOf('school_db')) })
    await admin.connect()
    await admin.query('CREATE TABLE public."a table" (id int)')
    await admin.end()
    const { because } = await fixOne('rights')
    expect(because).toContain('school_user doesn’t own its database. Every role can connect to its database.')
    expect(because).toContain('a table')
  })

  it('a role that can’t log in, and is a superuser', async () => {
    await workspace.sql('ALTER ROLE school_user NOLOGIN SUPERUSER')
    const found = await wrong()
    expect(checksOf(found)).toEqual(['direct', 'rights'])
    await apply(found.find(it => it.check === 'rights')?.fix as Fix)
    await until(async () => (await wrong()).length === 0)
  })

  it('a pool that refuses although PostgreSQL doesn’t', async () => {
    const login = await workspace.services.infrastructure.throughPool('pgbouncer')
    const client = new Client({ ...login, host: '127.0.0.1' })
    await client.connect()
    await client.query('KILL school_db') // and pauses it
    await client.end()
    const found = await wrong()
    expect(checksOf(found)).toEqual(['pooled'])
    expect(found[0]?.because).toContain('PostgreSQL lets it in, but PgBouncer refuses')
    await apply(found[0]?.fix as Fix)
    expect(await wrong()).toEqual([])
  })

  it('a config.json that names another instance’s database: nothing there is fixed', async () => {
    const config = await readFile(place('config.json'), 'utf8')
    await workspace.sql(`CREATE ROLE other_user LOGIN PASSWORD 'x'`)
    await replaceIn(place('config.json'), /school_user/g, 'other_user')
    const found = await wrong()
    expect(found.find(it => it.check === 'rights')?.hint).toContain('may belong to another instance')
    expect(
      found.flatMap(it => it.fix?.request ?? []).filter(it => 'parts' in it && it.parts.includes('password')),
    ).toEqual([])
    expect(await refusal(workspace, 'fix', { name: 'school', parts: ['password'] })).toMatchObject({
      code: 'database-foreign',
    })
    await writeFile(place('config.json'), config)
    await workspace.sql('DROP ROLE other_user')
    expect(await wrong()).toEqual([])
  })

  it('a fix that fails half-way puts back the password and the files', async () => {
    await setPassword('changed-by-hand')
    await replaceIn(env(), password, 'changed')
    const before = await stored()
    await rm(env())
    await symlink(place('nowhere'), env()) // writing is refused
    const state = await job(workspace, 'fix', { name: 'school', parts: ['password', 'env'] })
    expect([state.phase, state.turned?.problem?.code]).toEqual(['rolled-back', 'env-link'])
    expect(await stored()).toBe(before)
    const secrets = await readFile(join(workspace.root, '.instance-manager/secrets.json'), 'utf8')
    expect(secrets).not.toContain('SCRAM')
    await rm(env())
    await writeFile(env(), originals.env, { mode: 0o600 })
    await setPassword(password)
    expect(await wrong()).toEqual([])
  })

  const stored = async (): Promise<string | undefined> =>
    (await workspace.sql<{ its: string }>("SELECT rolpassword AS its FROM pg_authid WHERE rolname = 'school_user'"))[0]
      ?.its
  const adminOf = async (database: string) => {
    const { port, user, password: its, sockets } = await workspace.services.infrastructure.admin()
    return { host: sockets ?? '127.0.0.1', port, user, password: its, database }
  }
})

describe('process', () => {
  it('not in PM2’s list, although it should run', async () => {
    await workspace.processes.unlist({ name: 'school', cwd: place('server') })
    const { because, fix } = await fixOne('listed')
    expect(because).toBe('It should be running, but isn’t in PM2’s list.')
    expect(fix.warning).toBeUndefined()
  })

  it('PM2’s daemon was killed: its process is taken over', async () => {
    const pid = await pidOf(workspace, 'school')
    await kill9(await daemonPid(workspace))
    const { because, fix } = await fixOne('listed')
    expect(because).toContain(`It runs as process ${pid}, which PM2 has lost`)
    expect(fix.warning).toContain('briefly unavailable')
    expect(await pidOf(workspace, 'school')).not.toBe(pid)
  })

  it('PM2 gave up on it; then its code is right again', async () => {
    await writeFile(index(), 'throw new Error("I cannot go on")')
    await job(workspace, 'restart', { name: 'school' })
    await until(async () => (await statuses(workspace))['school'] === 'errored')
    const found = await wrong()
    expect(checksOf(found)).toEqual(['status'])
    await writeFile(index(), originals.index)
    await apply(found[0]?.fix as Fix)
    expect(await wrong()).toEqual([])
  })

  it('nothing listens: first it may be booting, then that is wrong; it answers with an error', async () => {
    await writeFile(index(), 'setInterval(() => undefined, 1000)')
    mustSucceed(await job(workspace, 'stop', { name: 'school' }))
    await workspace.processes.start({ name: 'school', cwd: place('server'), script: index() })
    const school = async () => (await examine('school')).at(-1)?.findings.find(it => it.check === 'port')
    expect(await school()).toMatchObject({
      is: 'unchecked',
      because: expect.stringContaining('may take 20 s') as string,
    })
    await workspace.services.instances.setBootTime({ name: 'school', seconds: 1 })
    const port = await until(async () => {
      const it = await school()
      return it?.is === 'wrong' && it
    })
    expect(port).toMatchObject({ because: expect.stringContaining('isn’t listening on port') as string })
    const failing = originals.index.replace('response.end(', '(response.statusCode = 500, response).end(')
    await writeFile(index(), failing)
    // not by a job, which would wait for a decision if it took longer than that second
    await workspace.processes.start({ name: 'school', cwd: place('server'), script: index() })
    await until(async () => checksOf(await wrong()).join() === 'http')
    await writeFile(index(), originals.index)
    await workspace.services.instances.setBootTime({ name: 'school', seconds: null })
    await restart()
    expect(await wrong()).toEqual([])
  })

  it('another program has the port of one that is stopped', async () => {
    mustSucceed(await job(workspace, 'stop', { name: 'school' }))
    expect(await wrong()).toEqual([])
    const { port } = JSON.parse(originals.config) as { port: number }
    const server = createServer().listen(port, '127.0.0.1')
    await once(server, 'listening')
    const found = await wrong()
    expect(checksOf(found)).toEqual(['port'])
    expect(found[0]?.because).toContain(`held by node (pid ${process.pid})`)
    server.close()
    await once(server, 'close')
    mustSucceed(await job(workspace, 'start', { name: 'school' }))
    expect(await answerOf(port)).toContain('school')
  })
})

describe('others', () => {
  it('a folder that can’t be used, a copy, one that the older tool left: each says so', async () => {
    await mkdir(join(workspace.root, 'instances/empty'))
    await layOutCopy(workspace, 'copy')
    await layOut(workspace, 'older')
    const found = await examine()
    expect(found.map(it => it.name)).toEqual([undefined, 'copy', 'empty', 'older', 'school'])
    const of = (name: string) => wrongIn(found.filter(it => it.name === name))
    expect(of('copy')).toMatchObject([{ check: 'config', because: expect.stringContaining('a copy') as string }])
    expect(of('empty')).toMatchObject([{ check: 'config', because: 'empty has no config.json.' }])
    expect(of('older').map(it => it.check)).toEqual(['rights', 'env', 'modes'])
    expect(of('school')).toEqual([])
    expect(summary(found)).toMatch(/^5 things are wrong with copy, empty and older\./)
    for (const it of ['empty', 'copy', 'older']) await rm(join(workspace.root, 'instances', it), { recursive: true })
  })

  it('the infrastructure is down: what needs it can’t be checked; the fixes start it, then all the rest', async () => {
    mustSucceed(await job(workspace, 'stop', { name: 'school' }))
    await workspace.stopInfrastructure()
    await chmod(env(), 0o644)
    const found = await examine()
    expect(checksOf(wrongIn(found))).toEqual(['postgres', 'pgbouncer', 'modes'])
    const school = found.at(-1)?.findings ?? []
    expect(school.filter(it => it.is === 'unchecked').map(it => it.check)).toEqual(['direct', 'pooled', 'rights'])
    const fixes = safeFixes(found)
    expect(fixes.map(it => it.kind)).toEqual(['infrastructure-start', 'fix'])
    for (const request of fixes) await apply({ request })
    expect(wrongIn(await examine())).toEqual([])
  })
})

it('diagnostics tell of everything, and mask even a secret in the app’s own log', async () => {
  workspace.services.log.info(`A planted line: ${password}, postgresql://someone:${password}@127.0.0.1/x`)
  await workspace.services.log.settled()
  const text = await workspace.services.doctor.diagnostics(AbortSignal.timeout(60_000))
  reports.push(text)
  expect(text).toContain('A planted line: ***, postgresql://someone:***@127.0.0.1/x')
  const { made: _, ...found } = JSON.parse(text) as Record<string, unknown>
  expect(Object.keys(found)).toEqual([
    'versions',
    'system',
    'machine',
    'settings',
    'infrastructure',
    'instances',
    'health',
    'operations',
    'unreadable',
    'log',
  ])
  expect(Object.entries(found).filter(([, it]) => typeof it === 'object' && it !== null && 'problem' in it)).toEqual([])
  expect(found).toMatchObject({
    instances: { instances: expect.arrayContaining([expect.objectContaining({ name: 'school' })]) as unknown },
  })
})

it('no report and no operation contains a secret', () => {
  expect(reports.length).toBeGreaterThan(20)
  reports.push(JSON.stringify(workspace.services.operations.list()))
  const secrets = [password, parse(originals.env)['JWT_SECRET'] ?? '', 'changed-on-purpose', 'changed-by-hand']
  for (const it of secrets) {
    expect(it).not.toBe('')
    expect(reports.filter(report => report.includes(it))).toEqual([])
  }
})

it('an unreachable name is a Problem, not a crash', async () => {
  expect(toProblem(await examine('../school').catch((error: unknown) => error)).code).toBe('instance-unknown')
})
