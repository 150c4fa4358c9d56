/**
 * Creation on real PostgreSQL, PgBouncer, PM2, Prisma and npm, with each driver: what the operator gets, and who gets
 * nothing.
 */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'dotenv'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { OperationEvent } from '../../../src/shared/operation'
import type { DriverKind } from '../../../src/shared/infrastructure'
import type { CreatePlan } from '../../../src/shared/jobs/create'
import { withConnection } from '../../../src/main/infrastructure/connection'
import { poolerRole } from '../../../src/main/infrastructure/services/postgres-config'
import { instancePaths, workspacePaths } from '../../../src/main/workspace/paths'
import { manifestSchema } from '../../../src/shared/workspace'
import { filesWith, watchArguments } from '../../support/canaries'
import { podmanForTests } from '../../support/podman/podman'
import { describeWhere } from '../../support/requires'
import { sealedKeys, sealedSecrets } from '../../support/sealed'
import { login, mustSucceed, shareReleases, testWorkspace, until, type TestWorkspace } from '../../support/workspace'

const podman = await podmanForTests()
const drivers: { driver: DriverKind; images?: { postgres: string; pgbouncer: string }; missing?: string }[] = [
  { driver: 'embedded' },
  'missing' in podman ? { driver: 'podman', missing: podman.missing } : { driver: 'podman', images: podman.images },
]

/** What the base application's .env holds; as dotenv reads it. */
const baseEnv = {
  EMAIL_USER: 'o\'brien # "the $boss"',
  EMAIL_PASSWORD: 'canary-email-1\nsecond # line $2',
  SENDGRID_API_KEY: '  spaces around  ',
  S3_SECRET_ACCESS_KEY: "`canary-s3` 'x'",
  JWT_SECRET: 'canary-base-jwt',
  NOT_TO_BE_COPIED: 'canary-uncopied',
}
const baseEnvText = String.raw`# the application's own
EMAIL_USER=${'`'}o'brien # "the $boss"${'`'}
EMAIL_PASSWORD="canary-email-1\nsecond # line $2"
SENDGRID_API_KEY="  spaces around  "
S3_SECRET_ACCESS_KEY="${'`'}canary-s3${'`'} 'x'"
JWT_SECRET=canary-base-jwt
NOT_TO_BE_COPIED=canary-uncopied
`

const hostile = {
  name: `O'Brien "); DROP TABLE users; -- \${HOME} Zoë 校長`,
  email: "o'brien+x@school.example",
  password: `c'a"n$\\a ry-Zoë-校\``,
}

let first: TestWorkspace | undefined

for (const { driver, images, missing } of drivers)
  describeWhere(missing === undefined, missing ?? '')(`creation with ${driver}`, () => {
    let workspace: TestWorkspace
    let commandLines: readonly string[] = []
    const events: OperationEvent[] = []
    const plans = new Map<string, CreatePlan>()
    const pathsOf = (name: string) => instancePaths(workspacePaths(workspace.root), manifestSchema.parse({}), name)
    const planOf = (name: string): CreatePlan => {
      const plan = plans.get(name)
      if (!plan) throw new Error(`${name} was not created`)
      return plan
    }
    const databaseOf = async (name: string) =>
      JSON.parse(await readFile(pathsOf(name).databaseConfig, 'utf8')) as {
        name: string
        user: string
        password: string
        host: string
        port: number
        directPort: number
        url: string
        directUrl: string
      }
    /** Logs and settings of the containers, if there are any. */
    const containerWords = async (): Promise<string> => {
      if (driver === 'embedded') return ''
      const { containers } = JSON.parse(await readFile(workspacePaths(workspace.root).settings, 'utf8')) as {
        containers: Record<string, string>
      }
      const words = await Promise.all(
        ['postgres', 'pgbouncer'].flatMap(service =>
          ['logs', 'inspect'].map(
            async it => (await execa(driver, [it, containers[service] ?? ''], { all: true, input: '' })).all,
          ),
        ),
      )
      if (words.some(it => it.length < 100)) throw new Error("the containers' words were not read")
      return words.join('\n')
    }
    const connects = async (port: number, user: string, password: string, database: string): Promise<unknown> =>
      withConnection({ port, user, password, database }, client => client.query('SELECT 1'), {
        connect: 25_000,
        query: 25_000,
      }).then(
        () => 'connected',
        (error: unknown) => error,
      )

    beforeAll(async () => {
      workspace = await testWorkspace({
        driver,
        images,
        prepare: root => writeFile(join(root, 'server/.env'), baseEnvText),
      })
      if (first) await shareReleases(first, workspace)
      first ??= workspace
      await workspace.open()
      await workspace.startInfrastructure()
      const { operations } = workspace.services
      const watching = new AbortController()
      const watched = (async () => {
        for await (const it of operations.watch(watching.signal)) if (it.type === 'event') events.push(it.event)
      })()
      const watch = watchArguments()
      // Two at once, on a base application that was never prepared before.
      const ids = await Promise.all([
        workspace.begin({ name: 'Haupt-Schule_2', director: hostile }),
        workspace.begin({ name: 'other', jwtSecret: 'base' }),
      ])
      for (const id of ids) {
        const plan = mustSucceed(await operations.settled(id)).plan as CreatePlan
        plans.set(plan.name, plan)
      }
      commandLines = await watch.end()
      watching.abort()
      await watched
    })
    afterAll(async () => {
      if (workspace !== first) await workspace.remove()
    })

    it('gives two creations at once two ports, and prepares their release once', async () => {
      expect(planOf('Haupt-Schule_2').port).not.toBe(planOf('other').port)
      expect(planOf('Haupt-Schule_2').fingerprint).toBe(planOf('other').fingerprint)
      const { releases } = workspacePaths(workspace.root)
      await until(async () => !(await readdir(releases)).some(it => it.startsWith('.gone-'))) // in the background
      expect((await readdir(releases)).toSorted()).toEqual([planOf('other').fingerprint, 'parts'].toSorted())
      if (workspace !== first) return // its release was copied from the first
      const copies = events.filter(it => it.type === 'progress' && it.text === 'Copying the base application')
      expect(copies).toHaveLength(1)
      expect(events.some(it => it.type === 'progress' && it.text?.startsWith('Waiting for another operation'))).toBe(
        true,
      )
    })

    it('serves the client and lists the instance as online and pooled', async () => {
      const page = await fetch(planOf('other').url)
      expect(page.status).toBe(200)
      expect(await page.text()).toContain('<div id="root">')
      const { instances, broken } = await workspace.services.instances.registry.list()
      expect(broken).toEqual([])
      expect(instances.map(({ name, status, pooled, url }) => ({ name, status, pooled, url }))).toEqual(
        ['Haupt-Schule_2', 'other'].map(name => ({ name, status: 'online', pooled: true, url: planOf(name).url })),
      )
    })

    it('lets the director in with quotes, dollars, spaces and unicode in name and password, and nobody with a wrong password', async () => {
      const { port } = planOf('Haupt-Schule_2')
      expect(await login(port, hostile.email, hostile.password)).toMatchObject({ status: 200, name: hostile.name })
      expect((await login(port, hostile.email, `${hostile.password} `)).status).toBe(401)
      // the other instance's director
      expect((await login(port, 'ada@school.example', 'a quiet Wednesday 7')).status).toBe(401)
      expect((await login(planOf('other').port, 'ada@school.example', 'a quiet Wednesday 7')).status).toBe(200)
    })

    it("gives each instance its own token secret, unless the base application's was chosen", async () => {
      const [own, base] = await Promise.all(
        ['Haupt-Schule_2', 'other'].map(async it => parse(await readFile(pathsOf(it).env, 'utf8'))['JWT_SECRET']),
      )
      expect(own).toMatch(/^[A-Za-z0-9]{48}$/)
      expect(base).toBe(baseEnv.JWT_SECRET)
      const { token } = await login(planOf('other').port, 'ada@school.example', 'a quiet Wednesday 7')
      const me = (port: number) =>
        fetch(`http://127.0.0.1:${port}/api/me`, { headers: { authorization: `Bearer ${token ?? ''}` } })
      expect((await me(planOf('other').port)).status).toBe(200)
      expect((await me(planOf('Haupt-Schule_2').port)).status).toBe(401)
    })

    it('connects the application to PostgreSQL through PgBouncer only', async () => {
      const { role, port, pooledPort } = planOf('other')
      await fetch(`http://127.0.0.1:${port}/api/health`)
      const { infrastructure } = workspace.services
      const secrets = await sealedSecrets(workspacePaths(workspace.root).secrets)
      const backends = await workspace.sql<{ client_port: number }>(
        'SELECT client_port FROM pg_stat_activity WHERE usename = $1',
        [role],
      ) // before PgBouncer is asked: it may open more meanwhile
      const pooler = await withConnection(
        {
          port: pooledPort,
          user: poolerRole,
          password: secrets['infrastructure.pgbouncer_auth'] ?? '',
          database: 'pgbouncer',
        },
        async client => ({
          servers: (await client.query<{ user: string; local_port: number }>('SHOW SERVERS')).rows,
          clients: (await client.query<{ user: string }>('SHOW CLIENTS')).rows,
        }),
      )
      expect(backends.length).toBeGreaterThan(0)
      expect(pooler.clients.some(it => it.user === role)).toBe(true)
      const own = new Set(pooler.servers.filter(it => it.user === role).map(it => it.local_port))
      expect(own.size).toBeGreaterThan(0)
      // The embedded PgBouncer comes through the Unix socket (-1); the application's URLs lead over TCP.
      expect(backends.filter(it => it.client_port !== -1 && !own.has(it.client_port))).toEqual([])
      expect((await infrastructure.status()).pooled).toBe(true)
    })

    it("keeps one instance's role out of the other's database, directly and pooled", async () => {
      const [mine, other] = await Promise.all([databaseOf('Haupt-Schule_2'), databaseOf('other')])
      expect(await connects(other.directPort, mine.user, mine.password, mine.name)).toBe('connected')
      expect(await connects(other.port, mine.user, mine.password, mine.name)).toBe('connected')
      expect(String(await connects(other.directPort, mine.user, mine.password, other.name))).toMatch(
        /permission denied for database/,
      )
      expect(String(await connects(other.port, mine.user, mine.password, other.name))).toMatch(
        /permission denied|server login|not allowed|login/i,
      )
    })

    it('refuses a wrong password on both ports', async () => {
      const { directPort, port, user, name } = await databaseOf('other')
      for (const it of [directPort, port])
        expect(String(await connects(it, user, 'wrong', name))).toMatch(
          /password authentication failed|SASL authentication failed/,
        )
    })

    it("writes the guide's files with the guide's keys, for the owner only", async () => {
      const name = 'Haupt-Schule_2'
      const { folder, config, databaseConfig, env, server, client } = pathsOf(name)
      const modes = await Promise.all(
        [folder, config, databaseConfig, env].map(async it => (await stat(it)).mode & 0o777),
      )
      expect(modes.map(it => it.toString(8))).toEqual(['700', '600', '600', '600'])
      const { state, secrets, operations } = workspacePaths(workspace.root)
      expect(
        (await Promise.all([state, operations, secrets].map(async it => (await stat(it)).mode & 0o777))).map(it =>
          it.toString(8),
        ),
      ).toEqual(['700', '700', '600'])

      const database = await databaseOf(name)
      const { directPort, pooledPort, port, fingerprint } = planOf(name)
      const direct = `postgresql://haupt-schule_2_user:${database.password}@127.0.0.1:${directPort}/haupt-schule_2_db`
      expect(database).toEqual({
        name: 'haupt-schule_2_db',
        user: 'haupt-schule_2_user',
        password: expect.stringMatching(/^[A-Za-z0-9]{24}$/) as string,
        host: '127.0.0.1',
        port: pooledPort,
        directPort,
        url: `postgresql://haupt-schule_2_user:${database.password}@127.0.0.1:${pooledPort}/haupt-schule_2_db?pgbouncer=true`,
        directUrl: direct,
      })
      expect(JSON.parse(await readFile(config, 'utf8'))).toEqual({
        name,
        port,
        database,
        paths: { instance: folder, server, client, uploads: join(server, 'uploads') },
        created: expect.stringMatching(/^\d{4}-\d\d-\d\dT/) as string,
        release: fingerprint,
      })
      expect((await stat(join(server, 'uploads/profile-pics'))).isDirectory()).toBe(true)
      expect((await stat(join(client, 'build/index.html'))).isFile()).toBe(true)
      expect((await readdir(folder)).toSorted()).toEqual(['client', 'config.json', 'db-config.json', 'server'])

      const { JWT_SECRET, ...values } = parse(await readFile(env, 'utf8'))
      const { NOT_TO_BE_COPIED: _, JWT_SECRET: __, ...copied } = baseEnv
      expect(JWT_SECRET).toBeDefined()
      expect(values).toEqual({
        ...copied,
        DATABASE_URL: database.url,
        DIRECT_URL: direct,
        PORT: String(port),
        HOST: '0.0.0.0',
        NODE_ENV: 'production',
        INSTANCE_NAME: name,
      })
    })

    it("keeps every secret out of arguments, journals, logs, PM2's dump and everything that is shown", async () => {
      const name = 'Haupt-Schule_2'
      const { password } = await databaseOf(name)
      const jwt = parse(await readFile(pathsOf(name).env, 'utf8'))['JWT_SECRET'] ?? ''
      const canaries = [
        hostile.password,
        password,
        jwt,
        ...baseEnv.EMAIL_PASSWORD.split('\n'),
        baseEnv.S3_SECRET_ACCESS_KEY,
      ]
      const leaks = (text: string): string[] =>
        canaries.filter(it => text.includes(it) || text.includes(JSON.stringify(it).slice(1, -1)))

      expect(commandLines.some(it => it.includes('director.cjs'))).toBe(true) // it did watch
      expect(commandLines.filter(it => leaks(it).length > 0)).toEqual([])
      expect(events.length).toBeGreaterThan(20)
      expect(events.filter(it => leaks(JSON.stringify(it)).length > 0)).toEqual([])
      expect(leaks(JSON.stringify(await workspace.services.instances.registry.list()))).toEqual([])

      await writeFile(join(workspace.home, 'planted'), `x${password}x`) // the search does find
      const allowed = [
        'planted',
        'a workspace/server/.env',
        'a workspace/.instance-manager/secrets.json',
        ...[name, 'other'].flatMap(it => [`a workspace/instances/${it}/server/.env`]),
        ...['config.json', 'db-config.json'].map(it => `a workspace/instances/${name}/${it}`),
      ]
      expect(await filesWith(workspace.home, [...canaries, JSON.stringify(hostile.password).slice(1, -1)])).toEqual(
        allowed.toSorted(),
      )
      expect(leaks(await containerWords())).toEqual([])
    })

    it("shows the director's password once, and then nothing of the creation is kept", async () => {
      const succeeded = workspace.services.operations
        .list()
        .filter(it => it.kind === 'create' && it.phase === 'succeeded')
      const taken = await Promise.all(succeeded.map(it => workspace.services.instances.takePassword(it.id)))
      expect(taken).toContainEqual({ email: hostile.email, password: hostile.password })
      expect(await Promise.all(succeeded.map(it => workspace.services.instances.takePassword(it.id)))).toEqual(
        succeeded.map(() => undefined),
      )
      const keys = await until(async () => {
        const all = await sealedKeys(workspacePaths(workspace.root).secrets)
        return !all.some(it => it.startsWith('create:')) && all
      })
      expect(keys.every(it => it.startsWith('infrastructure.'))).toBe(true)
    })
  })

afterAll(() => first?.remove())
