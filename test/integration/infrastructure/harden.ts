/** Containers as the guide leaves them get the secure set-up, and what runs keeps its database. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readFile, writeFile } from 'node:fs/promises'
import type { Server } from 'node:net'
import { join } from 'node:path'
import { exists } from '../../../src/main/system/files'
import { workspacePaths } from '../../../src/main/workspace/paths'
import { withConnection } from '../../../src/main/infrastructure/connection'
import { tryLogins } from '../../../src/main/infrastructure/harden/trials'
import { layOut, makeDatabase, type CliInstance } from '../../support/cli-instance'
import { GuideContainers } from '../../support/guide-containers'
import type { Images } from '../../support/images/images'
import { freePort, takePort } from '../../support/ports'
import { makeTiny } from '../../support/tiny-base'
import { mustSucceed, testWorkspace, until, type TestWorkspace } from '../../support/workspace'

export function hardenSuite(engine: 'podman' | 'docker', images: Images): void {
  describe('hardening', () => {
    let workspace: TestWorkspace
    let guide: GuideContainers
    let [school, annex, night] = [] as unknown as [CliInstance, CliInstance, CliInstance]
    let ports: { readonly postgres: number; readonly pgbouncer: number }

    /** @returns who is logged in; throws if refused */
    const login = (
      port: number,
      { role, database }: Pick<CliInstance, 'role' | 'database'>,
      password: string,
    ): Promise<string | undefined> =>
      withConnection(
        { port, adopted: true, user: role, password, database },
        async client => (await client.query<{ who: string }>('SELECT current_user AS who')).rows[0]?.who,
      )
    const harden = async () => {
      const { operations } = workspace.services
      return await operations.settled(await operations.start('infrastructure-harden', {}))
    }
    const review = () => workspace.services.hardening.review()

    beforeAll(async () => {
      workspace = await testWorkspace({ driver: engine, images, prepare: makeTiny })
      await workspace.open()
      const settings = await workspace.services.settings.read()
      ports = settings.ports
      guide = new GuideContainers(engine, images, settings)
      await guide.run()
      await workspace.startInfrastructure()
      school = await layOut(workspace, 'school')
      annex = await layOut(workspace, 'annex')
      night = await layOut(workspace, 'night')
      for (const one of [school, annex, night]) await makeDatabase(workspace, one)
      // what a guide's set-up hides: another password, one stored as MD5
      await guide.psql(`ALTER ROLE annex_user PASSWORD 'another'`)
      await guide.psql(`SET password_encryption = 'md5'; ALTER ROLE night_user PASSWORD '${night.password}'`)
      await guide.psql(`CREATE ROLE report LOGIN`)
      await guide.psql(`CREATE ROLE "Head boss" SUPERUSER LOGIN`) // as with a POSTGRES_USER of one's own
    })
    afterAll(() => workspace.remove())

    it('the review says what changes, and changes nothing', async () => {
      expect(await login(ports.postgres, school, 'any password')).toBe('school_user')
      expect(await review()).toMatchObject({
        weakRules: expect.arrayContaining([expect.stringMatching(/trust$/)]) as string[],
        pgbouncer: true,
        roles: [
          { instance: 'annex', role: 'annex_user', password: 'set' },
          { instance: 'night', role: 'night_user', password: 'stored-anew' },
          { instance: 'school', role: 'school_user', password: 'kept' },
        ],
        open: ['annex_db', 'night_db', 'postgres', 'school_db', 'template1'],
        lockedOut: ['report'],
        staysOpen: true,
        refused: [],
      })
      expect(await login(ports.postgres, school, 'any password')).toBe('school_user')
    })

    it('is refused while an instance logs in as the superuser', async () => {
      const env = join(school.server, '.env')
      const text = await readFile(env, 'utf8')
      await writeFile(env, text.replaceAll('school_user', 'postgres'))
      await expect(harden()).rejects.toMatchObject({ problem: { code: 'harden-superuser', instance: 'school' } })
      await writeFile(env, text)
    })

    it('is refused while an .env names a role or database of another, or one with another’s mark', async () => {
      const env = join(annex.server, '.env')
      const text = await readFile(env, 'utf8')
      const refused = async () => (await review()).refused
      for (const theirs of ['report', school.role]) {
        await writeFile(env, text.replaceAll(annex.role, theirs))
        expect(await refused()).toMatchObject([{ code: 'harden-foreign', instance: 'annex' }])
      }
      await writeFile(env, text.replaceAll(annex.database, school.database))
      expect(await refused()).toMatchObject([{ code: 'harden-foreign', instance: 'annex' }])
      await writeFile(env, text)
      await guide.psql(`COMMENT ON ROLE annex_user IS 'instance-manager of another/annex'`)
      expect(await refused()).toMatchObject([{ code: 'database-foreign', instance: 'annex' }])
      await guide.psql('COMMENT ON ROLE annex_user IS NULL')
    })

    it('is refused while another workspace has databases there, and names them', async () => {
      await guide.psql('CREATE DATABASE other_db')
      await guide.psql(`COMMENT ON DATABASE other_db IS 'instance-manager of another/other'`)
      expect((await review()).refused).toMatchObject([
        { code: 'harden-elsewhere', message: 'Another workspace uses this PostgreSQL: other_db.' },
      ])
      await guide.psql('DROP DATABASE other_db')
    })

    it('is refused if PgBouncer’s container is removed as soon as it stops', async () => {
      await guide.runPooler('--rm')
      expect((await until(() => review().catch(() => undefined))).refused).toMatchObject([{ code: 'harden-container' }])
      await guide.runPooler('--label', 'PODMAN_SYSTEMD_UNIT=pgbouncer.service')
      expect((await until(() => review().catch(() => undefined))).refused).toMatchObject([
        { code: 'harden-container', cause: expect.stringContaining('pgbouncer.service') as string },
      ])
      await guide.runPooler()
      expect((await until(() => review().catch(() => undefined))).refused).toEqual([])
    })

    it('changes nothing if PgBouncer’s image can’t be pulled', async () => {
      const { settings } = workspace.services
      await settings.change({ 'containers.pgbouncerImage': '127.0.0.1:1/im-test/pgbouncer:absent' }) // nothing listens there
      const { phase, turned, steps } = await harden()
      await settings.change({ 'containers.pgbouncerImage': images.pgbouncer })
      expect([phase, turned?.problem?.code]).toEqual(['rolled-back', 'image-unavailable'])
      expect(steps.find(it => it.name === 'set-passwords')?.status).toBe('waiting')
    })

    it('is taken back even if the old PgBouncer was removed meanwhile: the new one stays', async () => {
      const { operations, infrastructure } = workspace.services
      const { pgbouncer } = (await workspace.services.settings.read()).containers
      const rules = await guide.file('hba_file')
      const heal = infrastructure.healPools.bind(infrastructure)
      let [removed, cancelled] = [false, false]
      infrastructure.healPools = async () => {
        infrastructure.healPools = heal
        await guide.discard(`${pgbouncer}-before-hardening`)
        removed = true
        await until(() => cancelled)
      }
      const id = await operations.start('infrastructure-harden', {})
      await until(() => removed)
      operations.cancel(id)
      cancelled = true
      expect((await operations.settled(id)).phase).toBe('rolled-back')
      expect(await guide.file('hba_file')).toBe(rules)
      expect(await login(ports.pgbouncer, school, school.password)).toBe('school_user')
      await guide.runPooler()
      await until(() => review().catch(() => undefined))
    })

    it('is taken back even if the old PgBouncer doesn’t start: that is said', async () => {
      const { operations, infrastructure } = workspace.services
      const heal = infrastructure.healPools.bind(infrastructure)
      let holder: Promise<Server> | undefined
      infrastructure.healPools = () => {
        infrastructure.healPools = heal
        holder = takePort(ports.pgbouncer) // the new one is stopped first
        return Promise.reject(new Error('no'))
      }
      const { phase, steps } = await operations.settled(await operations.start('infrastructure-harden', {}))
      const server = await holder
      await new Promise(resolve => void server?.close(resolve))
      expect(phase).toBe('rolled-back')
      expect(steps.find(it => it.name === 'prepare-pgbouncer')?.notes).toContain('PgBouncer is down')
      await workspace.startInfrastructure()
      await until(() => review().catch(() => undefined))
    })

    it('puts everything back if an instance can’t log in at the end', async () => {
      const { postgres } = (await workspace.services.settings.read()).containers
      const path = (await guide.psql('SHOW hba_file')).trim()
      const inside = (...args: string[]) => guide.command(['exec', postgres, ...args])
      await inside('sh', '-c', `printf '# caf\\351\\n' >> "$1"`, 'sh', path) // Latin-1
      const bytes = await inside('sha256sum', path)
      // a role that comes in like every other, not by a right of its own
      await guide.psql('REVOKE CONNECT ON DATABASE night_db FROM night_user')
      const rights = () =>
        guide.psql(`SELECT datname, grantee::regrole, privilege_type FROM pg_database,
          aclexplode(coalesce(datacl, acldefault('d', datdba))) ORDER BY 1, 2, 3`)
      const before = await rights()
      await guide.psql(`ALTER ROLE night_user VALID UNTIL '2000-01-01'`)
      const { phase, turned } = await harden()
      expect(phase).toBe('rolled-back')
      expect(turned?.problem).toMatchObject({
        code: 'harden-unverified',
        message: `A login that must work fails: “night”, port ${ports.postgres}.`,
      })
      await guide.psql(`ALTER ROLE night_user VALID UNTIL 'infinity'`)
      expect(await inside('sha256sum', path)).toBe(bytes)
      expect(await rights()).toBe(before)
      expect(await login(ports.postgres, annex, annex.password)).toBe('annex_user')
      expect((await review()).roles.map(it => it.password)).toEqual(['set', 'stored-anew', 'kept'])
    })

    it('afterwards only the right passwords work, each for its own database, and no superuser', async () => {
      await workspace.sql('CREATE TABLE public.kept AS SELECT generate_series(1, 1000) AS it')
      mustSucceed(await harden())
      for (const port of [ports.postgres, ports.pgbouncer]) {
        for (const one of [school, annex, night]) {
          expect(await login(port, one, one.password)).toBe(one.role)
          await expect(login(port, one, 'any password')).rejects.toThrow(/password authentication|SASL/)
        }
        await expect(login(port, { role: 'postgres', database: 'postgres' }, 'password')).rejects.toThrow(
          /reject|authentication|SASL|no such user/,
        )
        await expect(login(port, { ...school, database: 'annex_db' }, school.password)).rejects.toThrow(/permission/)
      }
      expect(await workspace.sql('SELECT count(*)::int AS rows FROM public.kept')).toEqual([{ rows: 1000 }])
      await workspace.sql('DROP TABLE public.kept')
      await expect(login(ports.postgres, { role: 'Head boss', database: 'postgres' }, 'any')).rejects.toThrow('reject')
      expect(await guide.psql('SELECT 1')).toBe('1') // podman exec … psql -U postgres
      const { containers } = await workspace.services.settings.read()
      const psql = ['psql', '-AtX', '-U', 'Head boss', '-d', 'postgres', '-c', 'SELECT current_user']
      expect(await guide.command(['exec', containers.postgres, ...psql])).toBe('Head boss')
      const { pgbouncer, adopted, warnings } = await workspace.services.infrastructure.status()
      expect(pgbouncer.state).toBe('running')
      expect(adopted).toEqual(['postgres']) // PgBouncer was replaced
      expect(warnings.map(it => it.code)).toEqual(['port-open-to-network']) // PostgreSQL's
      expect(await guide.command(['ps', '--all', '--format', '{{.Names}}'])).not.toContain('before-hardening')
      await expect(review()).rejects.toMatchObject({ problem: { code: 'nothing-to-harden' } })
    })

    it('a login that must be refused isn’t taken for one because nothing answers', async () => {
      const trials = {
        admin: await workspace.services.infrastructure.admin(),
        instances: [],
        signal: new AbortController().signal,
      }
      await tryLogins({ ...trials, pooled: ports.pgbouncer })
      const nobody = await freePort()
      await expect(tryLogins({ ...trials, pooled: nobody })).rejects.toMatchObject({
        problem: { message: `A login that must be refused couldn’t be tried: postgres over TCP, port ${nobody}.` },
      })
    })

    it('a move starts from the image of its container, and leaves behind only one that stays stopped', async () => {
      const { moving, settings } = workspace.services
      const { containers } = await settings.read()
      await settings.change({ 'containers.postgresImage': 'im-test/postgres:other' }, { guarded: false })
      const reviewOf = (image: string) => moving.review({ driver: engine, image })
      expect(await reviewOf('im-test/postgres:other')).toMatchObject({ own: false, refused: [] })
      await expect(reviewOf(images.postgres)).rejects.toMatchObject({ problem: { code: 'move-same' } })
      await settings.change({ 'containers.postgresImage': images.postgres }, { guarded: false })
      if (engine === 'podman') return // ours can't change the policy of a container
      await guide.command(['update', '--restart', 'always', containers.postgres])
      expect((await moving.review({ driver: 'embedded' })).refused).toMatchObject([{ code: 'move-container' }])
      await guide.command(['update', '--restart', 'unless-stopped', containers.postgres])
      expect((await moving.review({ driver: 'embedded' })).refused).toEqual([])
    })

    it('PgBouncer finds PostgreSQL again when that has got another address', async () => {
      const { containers } = await workspace.services.settings.read()
      await guide.command(['restart', containers.postgres])
      expect(await until(() => login(ports.pgbouncer, school, school.password).catch(() => undefined))).toBe(
        school.role,
      )
    })

    it('its databases can be moved, and its container stays, stopped', async () => {
      const { operations, infrastructure, settings } = workspace.services
      const { containers } = await settings.read()
      mustSucceed(await operations.settled(await operations.start('infrastructure-move', { driver: 'embedded' })))
      for (const port of [ports.postgres, ports.pgbouncer])
        for (const one of [school, annex, night]) expect(await login(port, one, one.password)).toBe(one.role)
      expect((await infrastructure.status()).former).toBeUndefined() // it isn't ours to remove
      const running = ['container', 'inspect', '--format', '{{.State.Running}}', containers.postgres]
      expect(await guide.command(running)).toBe('false')
      // the hardened PgBouncer was ours
      expect(await guide.command(['ps', '--all', '--format', '{{.Names}}'])).not.toContain(containers.pgbouncer)
      expect(await exists(join(workspacePaths(workspace.root).state, 'docker.json'))).toBe(false)
    })
  })
}
