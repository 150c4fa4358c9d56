/**
 * The sample application on a real PostgreSQL, pooled by PgBouncer; its director is made by
 * resources/director.cjs.
 */
import { copyFile, mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import bcrypt from 'bcrypt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withConnection } from '../../../src/main/infrastructure/connection'
import { baseEnvironment } from '../../../src/main/system/environment'
import { formatEnv } from '../../../src/main/workspace/env-file'
import { testInfrastructure, type TestInfrastructure } from '../../support/infrastructure'
import {
  createDirector,
  installSampleApp,
  startServer,
  type RunningServer,
  type SampleApp,
} from '../../support/sample-app'
import { freePort } from '../../support/ports'

const director = {
  name: 'Zoë O\'Brien "$HOME" \\ `x` 木',
  email: "o'brien+$1@example.org",
  password: 'pä$$ w"ord\'\\`#!',
}
const database = {
  database: 'sample-app_db',
  role: 'sample-app_user',
  password: 'canaryDatabasePassword24',
  token: 'sample',
}
const jwtSecret = 'canary-jwt-secret'
let passwordHash: string
let direct: string
let pooled: string
let instanceName: string
let infrastructure: TestInfrastructure
let app: SampleApp
let running: RunningServer

beforeAll(async () => {
  infrastructure = await testInfrastructure({ driver: 'embedded' })
  ;[app] = await Promise.all([
    installSampleApp(),
    infrastructure.up().then(() => infrastructure.databases.create(database)),
  ])
  const url = (port: number) =>
    `postgresql://${database.role}:${database.password}@127.0.0.1:${port}/${database.database}`
  direct = url(infrastructure.settings.ports.postgres)
  pooled = `${url(infrastructure.settings.ports.pgbouncer)}?pgbouncer=true`
  passwordHash = await bcrypt.hash(director.password, 10)
  const port = await freePort()
  instanceName = 'Schule "Ä" $HOME # 1'
  await writeFile(
    join(app.server, '.env'),
    formatEnv({
      DATABASE_URL: pooled,
      DIRECT_URL: direct,
      PORT: String(port),
      HOST: '127.0.0.1',
      JWT_SECRET: jwtSecret,
      INSTANCE_NAME: instanceName,
    }),
  )
  // Without a URL in the environment: prisma.config.ts takes DIRECT_URL from .env.
  await app.run('npx', ['prisma', 'db', 'push', '--skip-generate', '--accept-data-loss'], {
    cwd: app.server,
    timeout: 120_000,
  })
  const { answer } = await createDirector(app.server, direct, account())
  if (answer.created !== true) throw new Error(JSON.stringify(answer))
  running = await startServer(app.server, port)
})
afterAll(async () => {
  await running?.stop()
  await infrastructure?.dispose()
  await app?.remove()
})

const account = (more: object = {}) => ({
  name: director.name,
  email: director.email,
  passwordHash,
  model: 'user',
  role: 'DIRECTOR',
  status: 'Approved',
  ...more,
})

async function call(
  method: string,
  path: string,
  { token, body }: { token?: string; body?: object } = {},
): Promise<{ status: number; data: Record<string, unknown> }> {
  const form = body instanceof FormData
  const response = await fetch(`${running.url}${path}`, {
    method,
    body: form ? body : body && JSON.stringify(body),
    headers: {
      ...(token && { Authorization: `Bearer ${token}` }),
      ...(body && !form && { 'Content-Type': 'application/json' }),
    },
  })
  return { status: response.status, data: (await response.json()) as Record<string, unknown> }
}
const login = (password = director.password) =>
  call('POST', '/api/login', { body: { email: director.email, password } })
const token = async (): Promise<string> => String((await login()).data['token'])

describe('prisma db push', () => {
  test("says that nothing is left to do, and does not wait for the engine's timer of 60 s", async () => {
    const output = await app.run('npx', ['prisma', 'db', 'push', '--skip-generate'], {
      cwd: app.server,
      timeout: 45_000,
    })
    expect(output).toContain('already in sync')
  })
  test('writes the SQL of the schema, which makes the same tables', async () => {
    const second = { ...database, database: 'sql_db', role: 'sql_user' }
    await infrastructure.databases.create(second)
    const sql = await app.run(
      'npx',
      ['prisma', 'migrate', 'diff', '--from-empty', '--to-schema-datamodel', 'prisma/schema.prisma', '--script'],
      { cwd: app.server, timeout: 60_000 },
    )
    const { postgres } = infrastructure.settings.ports
    await withConnection(
      { port: postgres, user: second.role, password: second.password, database: second.database },
      client => client.query(sql),
    )
    const env = {
      ...baseEnvironment(),
      DIRECT_URL: direct.replace(database.role, second.role).replace(database.database, second.database),
    }
    expect(
      await app.run('npx', ['prisma', 'db', 'push', '--skip-generate'], { cwd: app.server, timeout: 60_000, env }),
    ).toContain('already in sync')
  })
})

describe('the server', () => {
  test('serves the page, also at deep addresses, and its assets', async () => {
    const page = await (await fetch(running.url)).text()
    expect(page).toContain('<div id="root">')
    expect(await (await fetch(`${running.url}/samples/1`)).text()).toBe(page)
    const script = /src="(\/assets\/[^"]+\.js)"/.exec(page)?.[1] ?? ''
    expect((await fetch(running.url + script)).headers.get('content-type')).toContain('javascript')
    expect((await fetch(`${running.url}/assets/none.js`)).status).toBe(404)
  })
  test('tells its health and name', async () => {
    expect(await call('GET', '/api/health')).toEqual({ status: 200, data: { status: 'ok', instance: instanceName } })
  })
  test('logs the director in, and nobody with a wrong password', async () => {
    expect(await login()).toMatchObject({
      status: 200,
      data: {
        token: expect.any(String),
        user: { name: director.name, email: director.email, role: 'director', picture: null },
      },
    })
    expect(await login('wrong')).toEqual({ status: 401, data: { error: 'This e-mail and password do not match.' } })
    expect((await call('POST', '/api/login', { body: { email: 'x@example.org', password: 'x' } })).status).toBe(401)
    expect((await call('POST', '/api/login', { body: { email: { not: '' }, password: 'x' } })).status).toBe(400)
  })
  test('refuses whoever is not logged in', async () => {
    for (const path of ['/api/me', '/api/samples', '/api/classes']) expect((await call('GET', path)).status).toBe(401)
    expect((await call('GET', '/api/me', { token: `${await token()}x` })).status).toBe(401)
  })
  test('records a sample with its analysis, and lists it', async () => {
    const session = await token()
    const {
      data: { class: opened },
    } = await call('POST', '/api/classes', { token: session, body: { name: '10b "Bio"' } })
    expect((await call('POST', '/api/classes', { token: session, body: { name: '10b "Bio"' } })).status).toBe(409)
    const { id } = opened as { id: number }
    const created = await call('POST', '/api/samples', {
      token: session,
      body: { name: 'Leaf', organism: 'Drosera', classId: id, sequence: 'atg gcn' },
    })
    expect(created).toMatchObject({
      status: 201,
      data: {
        sample: {
          name: 'Leaf',
          status: 'analysed',
          schoolClass: { id },
          analysis: { sequence: 'ATGGCN', length: 6, gcContent: 0.6 },
        },
      },
    })
    expect((await call('GET', '/api/samples', { token: session })).data).toEqual({ samples: [created.data['sample']] })
  })
  test('names the field that is wrong', async () => {
    const session = await token()
    const wrong = async (body: object) => (await call('POST', '/api/samples', { token: session, body })).data['field']
    expect(await wrong({ name: ' ', organism: 'x' })).toBe('name')
    expect(await wrong({ name: 'x' })).toBe('organism')
    expect(await wrong({ name: 'x', organism: 'x', classId: 99 })).toBe('classId')
    expect(await wrong({ name: 'x', organism: 'x', classId: '1 OR 1' })).toBe('classId')
    expect(await wrong({ name: 'x', organism: 'x', sequence: 'ATX' })).toBe('sequence')
  })
  test('takes a picture, replaces it, and refuses what is none', async () => {
    const session = await token()
    const send = (bytes: Uint8Array<ArrayBuffer>, name: string) => {
      const form = new FormData()
      form.append('picture', new Blob([bytes], { type: 'image/png' }), name)
      return call('PUT', '/api/me/picture', { token: session, body: form })
    }
    const png = Uint8Array.from(
      Buffer.from(
        'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNg+M9QDwADggGAr+cqOQAAAABJRU5ErkJggg==',
        'base64',
      ),
    )
    expect((await send(png, '../../a.png')).status).toBe(200)
    const {
      data: { user },
    } = await send(png, 'b.png')
    const picture = await fetch(running.url + (user as { picture: string }).picture)
    expect(picture.headers.get('content-type')).toBe('image/png')
    expect(new Uint8Array(await picture.arrayBuffer())).toEqual(png)
    expect((await send(new TextEncoder().encode('<script>alert(1)</script>'), 'c.png')).status).toBe(415)
    expect((await send(new Uint8Array(2 * 1024 * 1024 + 1), 'd.png')).status).toBe(413)
    expect(await readdir(join(app.server, 'uploads/profile-pics'))).toHaveLength(1)
  })
  test('reaches the database through PgBouncer', async () => {
    await call('GET', '/api/health')
    const as = { user: database.role, password: database.password, database: database.database }
    const { postgres, pgbouncer } = infrastructure.settings.ports
    const backends = await withConnection({ ...as, port: postgres }, client =>
      client.query<{ pid: number; client_port: number }>(
        'SELECT pid, client_port FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()',
      ),
    )
    const through = await withConnection({ ...as, port: pgbouncer }, client =>
      client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid'),
    )
    expect(backends.rows.map(it => it.pid)).toContain(through.rows[0]?.pid)
    // PgBouncer's, by the socket: the application has none of its own
    expect(backends.rows.every(it => it.client_port === -1)).toBe(true)
  })
  test('logs no secret, and stops when it is asked to', async () => {
    const port = Number(new URL(running.url).port)
    expect(await running.stop()).toBe(0)
    for (const secret of [jwtSecret, database.password, director.password, passwordHash])
      expect(running.output()).not.toContain(secret)
    running = await startServer(app.server, port)
  })
})

describe("the director, through the application's own client", () => {
  test('is there once, however often it is asked for', async () => {
    expect((await createDirector(app.server, direct, account())).answer).toEqual({ ok: true, created: false })
    expect((await createDirector(app.server, pooled, account({ action: 'find' }))).answer).toEqual({
      ok: true,
      exists: true,
    })
    expect(
      (await createDirector(app.server, direct, account({ action: 'find', email: 'new@example.org' }))).answer,
    ).toEqual({ ok: true, exists: false })
    expect(
      (await createDirector(app.server, direct, account({ action: 'find', passwordHash: 'another' }))).answer,
    ).toEqual({ ok: true, exists: false })
  })
  test('does not take over an account that exists', async () => {
    const { answer, exitCode } = await createDirector(
      app.server,
      direct,
      account({ passwordHash: await bcrypt.hash('another', 4) }),
    )
    expect([answer.code, exitCode]).toEqual(['director-email-taken', 1])
    expect((await login()).status).toBe(200)
  })
  test('is listed, and changed whole or not at all', async () => {
    const ask = async (action: string, more: object) =>
      (
        await createDirector(
          app.server,
          pooled,
          account({ passwordHash: undefined, name: undefined, email: undefined, action, ...more }),
        )
      ).answer
    const before = { email: director.email, name: director.name }
    expect(await ask('list', {})).toEqual({ ok: true, accounts: [before] })
    expect(await ask('list', { role: 'king' })).toMatchObject({ code: 'director-model' })
    const change = {
      account: director.email,
      email: "o'brien+new@example.org",
      name: 'Zoë "; DROP TABLE x; --',
      passwordHash: await bcrypt.hash('another password', 4),
    }
    expect(await ask('has-changed', change)).toEqual({ ok: true, changed: false })
    expect(await ask('change', change)).toEqual({ ok: true, changed: true })
    expect(await ask('has-changed', { ...change, account: change.email })).toEqual({ ok: true, changed: true })
    expect(await ask('change', change), 'repeated after a crash').toEqual({ ok: true, changed: true })
    expect(await ask('list', {})).toEqual({ ok: true, accounts: [{ email: change.email, name: change.name }] })
    expect(
      (await call('POST', '/api/login', { body: { email: change.email, password: 'another password' } })).status,
    ).toBe(200)
    expect((await login()).status).toBe(401)
    expect(await ask('change', { account: 'nobody@example.org', name: 'x' })).toMatchObject({
      code: 'director-unknown',
    })
    await ask('change', { account: change.email, ...before, passwordHash })
    expect((await login()).status).toBe(200)
  })
  test("a pupil's account can't be taken for a director's, and an address of another account can't be taken", async () => {
    const pupil = account({
      email: 'pupil@example.org',
      role: 'student',
      passwordHash: await bcrypt.hash('pupil password', 4),
    })
    await createDirector(app.server, direct, pupil)
    const ask = async (more: object) =>
      (await createDirector(app.server, direct, { ...account(), action: 'change', passwordHash: undefined, ...more }))
        .answer
    expect(await ask({ account: 'pupil@example.org', name: 'x', email: undefined })).toMatchObject({
      code: 'director-unknown',
    })
    expect(await ask({ account: director.email, email: 'pupil@example.org' })).toMatchObject({
      code: 'director-email-taken',
    })
    const other = { email: 'other@example.org', name: 'Other' }
    await createDirector(app.server, direct, account(other))
    expect(await ask({ account: director.email, ...other })).toMatchObject({ code: 'director-email-taken' })
    expect(await ask({ account: director.email, ...other, action: 'has-changed' })).toMatchObject({ changed: false })
  })
  test.each([
    ['an unknown model', { model: 'users' }, 'director-model', 'user, schoolClass'],
    ['a model without e-mail', { model: 'sample' }, 'director-model', 'email'],
    ['an unknown role', { email: 'new@example.org', role: 'king' }, 'director-model', 'student, teacher, director'],
    ['no name', { name: '' }, 'director-input', 'name'],
  ])('refuses %s and says why', async (_, more, code, message) => {
    const { answer, exitCode } = await createDirector(app.server, direct, account(more))
    expect([answer.code, exitCode]).toEqual([code, 1])
    expect(answer.message).toContain(message)
  })
  test('tells what the database refuses, without its password', async () => {
    const wrong = direct.replace(database.password, 'canaryWrongPassword')
    const { answer, output } = await createDirector(app.server, wrong, account())
    expect(answer.code).toBe('director-database')
    expect(output).not.toContain('canaryWrongPassword')
    expect((await createDirector(app.server, 'postgresql://a:b@127.0.0.1:1/c', account())).answer.code).toBe(
      'director-database',
    )
  })
  test('fits a model with other field names, and names a required field that it cannot fill', async () => {
    const other = await otherServer()
    const input = account({ model: 'staffMember', role: 'director', status: undefined })
    expect((await createDirector(other.server, other.url, input)).answer).toEqual({ ok: true, created: true })
    const { rows } = await withConnection(other.login, client => client.query('SELECT * FROM "StaffMember"'))
    expect(rows).toEqual([
      {
        id: 1,
        email: director.email,
        passwordHash,
        firstName: 'Zoë O\'Brien "$HOME" \\ `x`',
        lastName: '木',
        role: 'director',
      },
    ])
    expect((await createDirector(other.server, other.url, { ...input, model: 'teacher' })).answer).toMatchObject({
      code: 'director-model',
      message: expect.stringContaining('phone') as string,
    })
  })
})

/** A server with another schema, whose client is generated into a folder of its own. */
async function otherServer() {
  const names = { ...database, database: 'other_db', role: 'other_user' }
  await infrastructure.databases.create(names)
  const url = direct.replace(database.role, names.role).replace(database.database, names.database)
  const server = join(app.root, 'other')
  const base = await readFile(join(app.server, 'prisma/schema.prisma'), 'utf8')
  const generator = base
    .slice(0, base.indexOf('enum '))
    .replace('engineType = "client"', 'engineType = "client"\n  output = "../generated/client"')
  await mkdir(join(server, 'prisma'), { recursive: true })
  await symlink(join(app.server, 'node_modules'), join(server, 'node_modules'))
  await copyFile(join(app.server, 'package.json'), join(server, 'package.json'))
  await copyFile(join(app.server, 'prisma.config.ts'), join(server, 'prisma.config.ts'))
  await writeFile(
    join(server, 'prisma/schema.prisma'),
    `${generator}
    model StaffMember {
      id Int @id @default(autoincrement())
      email String @unique
      passwordHash String
      firstName String
      lastName String
      role String
    }
    model Teacher {
      id Int @id @default(autoincrement())
      email String @unique
      password String
      phone String
    }`,
  )
  const env = { ...baseEnvironment(), DATABASE_URL: url }
  await app.run('npx', ['prisma', 'db', 'push'], { cwd: server, timeout: 120_000, env })
  expect((await stat(join(server, 'generated/client'))).isDirectory()).toBe(true)
  return {
    server,
    url,
    login: {
      port: infrastructure.settings.ports.postgres,
      user: names.role,
      password: names.password,
      database: names.database,
    },
  }
}
