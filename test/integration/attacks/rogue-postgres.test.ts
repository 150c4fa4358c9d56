/** While PostgreSQL or PgBouncer is down, another user listens on its port and waits for passwords. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { withConnection } from '../../../src/main/infrastructure/connection'
import { generatePassword } from '../../../src/shared/password'
import { testInfrastructure, type TestInfrastructure } from '../../support/infrastructure'
import { podmanForTests } from '../../support/podman/podman'
import { describeWhere } from '../../support/requires'
import { rogueModes, rogueServer, type RogueMode, type RogueWord } from '../../support/rogue-postgres'
import { canMakeUsers, secondUser, whyNoUsers, type SecondUser } from '../../support/second-user'

const context = { signal: new AbortController().signal, report: () => undefined, output: () => undefined }
const short = { connect: 3000, query: 3000 }

describeWhere(canMakeUsers, whyNoUsers)('a rogue server on the ports of the embedded services', () => {
  let other: SecondUser
  let it: TestInfrastructure
  const school = { database: 'school_db', role: 'school_user', password: generatePassword(), token: 'school' }
  const login = (port: number) => ({ port, user: school.role, password: school.password, database: school.database })

  /** @returns what it has been sent when the work is done, after its own word that it listens */
  async function duringRogue(port: number, mode: RogueMode, work: () => Promise<void>): Promise<RogueWord[]> {
    const rogue = other.start(rogueServer, String(port), mode)
    expect(await rogue.line()).toContain('listening')
    try {
      await work()
      // A start of its own marks the end of what it has been sent before.
      await other.run(`import { connect } from 'node:net'
        connect(${port}, '127.0.0.1', function () { this.end(Buffer.from([0, 0, 0, 12, 0, 3, 0, 0, 101, 110, 100, 0])) })`)
      const words: RogueWord[] = []
      for (
        let word = JSON.parse(await rogue.line()) as RogueWord;
        word.text !== 'end ';
        word = JSON.parse(await rogue.line()) as RogueWord
      )
        words.push(word)
      return words.slice(0, -1)
    } finally {
      await rogue.stop()
    }
  }

  beforeAll(async () => {
    ;[other, it] = [await secondUser(), await testInfrastructure({ driver: 'embedded' })]
    await it.up()
    await it.databases.create(school)
    await it.down()
  })
  afterAll(async () => {
    await other.remove()
    await it.dispose()
  })

  test.each(rogueModes)('%s, on both ports, all down: looks, lists and checks do not even connect', async mode => {
    const { postgres, pgbouncer } = it.settings.ports
    const words = await duringRogue(postgres, mode, async () => {
      expect(
        await duringRogue(pgbouncer, mode, async () => {
          // failed: the last start found the port taken
          expect((await it.infrastructure.status()).postgres.state).toMatch(/stopped|failed/)
          const { databases } = it
          for (const work of [
            () => databases.sizes(),
            () => databases.usage(school.database),
            () => databases.verify(school),
            () => databases.create({ ...school, database: 'x' }),
          ]) {
            await expect(work()).rejects.toMatchObject({ problem: { code: 'postgres-unreachable' } })
          }
          await expect(it.infrastructure.secured()).rejects.toThrow(/ENOENT/)
          await expect(it.infrastructure.start('embedded', 'postgres', context)).rejects.toMatchObject({
            problem: { code: 'port-taken' },
          })
        }),
      ).toEqual([])
    })
    expect(words).toEqual([])
  })

  test('even a connection over TCP is not made to another user’s program', async () => {
    const words = await duringRogue(it.settings.ports.postgres, 'clear text', async () => {
      await expect(
        withConnection(login(it.settings.ports.postgres), () => Promise.resolve(), short),
      ).rejects.toMatchObject({ problem: { code: 'port-of-another-user' } })
    })
    expect(words).toEqual([])
  })

  test.each(['clear text', 'md5'] as const)(
    '%s, PostgreSQL down and PgBouncer up: PgBouncer gives nothing away, and works when it is back',
    async mode => {
      await it.up()
      await it.infrastructure.stop('embedded', 'postgres', context)
      const words = await duringRogue(it.settings.ports.postgres, mode, async () => {
        expect(await it.infrastructure.status()).toMatchObject({ postgres: { state: 'stopped' } })
        await expect(
          withConnection(login(it.settings.ports.pgbouncer), client => client.query('SELECT 1'), short),
        ).rejects.toThrow(/timeout/i)
      })
      expect(words).toEqual([])
      await it.up()
      await expect
        .poll(() =>
          withConnection(
            login(it.settings.ports.pgbouncer),
            async client => (await client.query('SELECT 1 AS one')).rows,
            short,
          ).catch(String),
        )
        .toEqual([{ one: 1 }])
    },
  )

  test('our own roles do not come in over TCP, where a rogue could stand between', async () => {
    await it.up()
    for (const [user, key] of [
      ['instance_manager', 'infrastructure.admin'],
      ['pgbouncer_auth', 'infrastructure.pgbouncer_auth'],
    ] as const) {
      const password = (await it.secrets.get(key)) ?? ''
      await expect(
        withConnection({ port: it.settings.ports.postgres, user, password, database: 'postgres' }, () =>
          Promise.resolve(),
        ),
      ).rejects.toThrow(/pg_hba.conf rejects/)
    }
  })
})

const podman = await podmanForTests()
const missing = 'missing' in podman ? podman.missing : canMakeUsers ? undefined : whyNoUsers

describeWhere(missing === undefined, missing ?? '')('a rogue server on the ports of stopped containers', () => {
  let other: SecondUser
  let it: TestInfrastructure
  beforeAll(async () => {
    ;[other, it] = [
      await secondUser(),
      await testInfrastructure({ driver: 'podman', images: 'images' in podman ? podman.images : undefined }),
    ]
    await it.up()
    await it.databases.sizes() // now the running container is known
    await it.down()
  })
  afterAll(async () => {
    await other.remove()
    await it.dispose()
  })

  test.each(['clear text', 'ok'] as const)('%s: nothing connects to them', async mode => {
    const rogues = [it.settings.ports.postgres, it.settings.ports.pgbouncer].map(port =>
      other.start(rogueServer, String(port), mode),
    )
    for (const rogue of rogues) expect(await rogue.line()).toContain('listening')
    expect((await it.infrastructure.status()).postgres.state).toMatch(/stopped|failed/)
    await expect(it.databases.sizes()).rejects.toMatchObject({ problem: { code: 'postgres-unreachable' } })
    await expect(it.infrastructure.start('podman', 'postgres', context)).rejects.toMatchObject({
      problem: { code: 'port-taken' },
    })
    for (const [index, rogue] of rogues.entries()) {
      await other.run(`import { connect } from 'node:net'
        await new Promise(resolve => connect(${Object.values(it.settings.ports)[index] ?? 0}, '127.0.0.1', function () { this.end(resolve) }))`)
      expect(await rogue.line()).toContain('connection') // the one just made
      await rogue.stop()
      await expect(rogue.line()).rejects.toThrow('ended') // and no other
    }
  })
})
