/**
 * Killed with -9 while containers are being hardened, it is finished at the next opening. Cancelled, everything is as it
 * was. In both cases the data is the same, and every instance can log in.
 */
import { createHash } from 'node:crypto'
import { Client } from 'pg'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { layOut, makeDatabase, type CliInstance } from '../support/cli-instance'
import type { Moment } from '../support/faults'
import { GuideContainers } from '../support/guide-containers'
import { podmanForTests } from '../support/podman/podman'
import { describeWhere } from '../support/requires'
import { makeTiny } from '../support/tiny-base'
import { testWorkspace, type TestWorkspace } from '../support/workspace'
import { crash, killedAndFinished, recover, startChild } from './crash'

const podman = await podmanForTests()

describeWhere('images' in podman, 'missing' in podman ? podman.missing : '')('hardening', () => {
  let workspace: TestWorkspace
  let guide: GuideContainers
  let school: CliInstance
  let ports: { readonly postgres: number; readonly pgbouncer: number }
  let soft: Awaited<ReturnType<typeof found>>
  let rules: readonly [string, string]

  /** As an application does: with MD5 too. */
  const login = async (port: number, password: string): Promise<'in' | 'refused'> => {
    const { role: user, database } = school
    const client = new Client({ host: '127.0.0.1', port, user, password, database, connectionTimeoutMillis: 10_000 })
    try {
      await client.connect()
      return 'in'
    } catch {
      return 'refused'
    } finally {
      await client.end()
    }
  }
  const logins = async () => ({
    own: [await login(ports.postgres, school.password), await login(ports.pgbouncer, school.password)],
    any: [await login(ports.postgres, 'any password'), await login(ports.pgbouncer, 'any password')],
  })
  const data = async (): Promise<string> => {
    const { postgres } = (await workspace.services.settings.read()).containers
    const dump = ['exec', postgres, 'pg_dump', '-U', 'postgres', '--restrict-key=same', school.database]
    const text = await guide.command(dump).catch(() => guide.command(dump.filter(one => !one.startsWith('--restrict'))))
    return createHash('sha256').update(text).digest('hex')
  }
  const poolers = async (...which: readonly string[]): Promise<string[]> => {
    const { pgbouncer } = (await workspace.services.settings.read()).containers
    const filters = ['--filter', `name=${pgbouncer}`, '--format', '{{.ID}} {{.Names}}']
    return (await guide.command(['ps', ...which, ...filters])).split('\n')
  }
  /** What hardening changes. */
  const found = async () => ({
    rules: [await guide.file('hba_file'), await guide.file('ident_file')],
    passwords: await guide.psql(`SELECT rolname, rolpassword FROM pg_authid WHERE rolname = 'school_user'`),
    open: await guide.psql(
      `SELECT datname FROM pg_database WHERE has_database_privilege('public', oid, 'CONNECT') ORDER BY 1`,
    ),
    poolers: await poolers('--all'),
    running: await poolers(),
  })

  beforeAll(async () => {
    const images = 'images' in podman ? podman.images : { postgres: '', pgbouncer: '' }
    workspace = await testWorkspace({ driver: 'podman', images, prepare: makeTiny })
    await workspace.open()
    const settings = await workspace.services.settings.read()
    ports = settings.ports
    guide = new GuideContainers('podman', images, settings)
    await guide.run()
    await workspace.startInfrastructure()
    school = await layOut(workspace, 'school')
    await makeDatabase(workspace, school)
    await guide.psql(`\\c school_db\nCREATE TABLE kept AS SELECT generate_series(1, 1000) AS it`)
    await guide.psql(`SET password_encryption = 'md5'; ALTER ROLE school_user PASSWORD '${school.password}'`)
    rules = [await guide.file('hba_file'), await guide.file('ident_file')]
    soft = await found()
  })
  afterAll(() => workspace.remove())

  const before = { own: ['in', 'in'], any: ['in', 'refused'] }
  const after = { own: ['in', 'in'], any: ['refused', 'refused'] }

  /** What must be so once it is hardened. */
  const outcome = async () => ({ logins: await logins(), data: await data(), poolers: (await poolers('--all')).length })
  const hardened = (whole: string) => ({ logins: after, data: whole, poolers: 1 })
  const soften = async (): Promise<void> => {
    await guide.soften(...rules, ['school_db', 'postgres', 'template1'])
    await guide.psql(`SET password_encryption = 'md5'; ALTER ROLE school_user PASSWORD '${school.password}'`)
  }

  it.each<Moment>([
    { at: 'before', what: 'done prepare-pgbouncer' },
    { at: 'after', what: 'done replace-pgbouncer' },
    { at: 'after', what: 'doing try-logins' },
  ])('cancelled $at $what: everything is as it was', async cancelAt => {
    const whole = await data()
    expect(await logins()).toEqual(before)
    await workspace.close()
    const { all } = await startChild(workspace, { run: [['infrastructure-harden', {}]], cancelAt })
    expect(all).toContain('infrastructure-harden rolled-back')
    await workspace.open()
    expect(await found()).toEqual(soft)
    expect(await logins()).toEqual(before)
    expect(await data()).toBe(whole)
  })

  it.each<Moment>([
    { at: 'before', what: 'done set-passwords' },
    { at: 'before', what: 'done prepare-pgbouncer' },
    { at: 'before', what: 'done replace-pgbouncer' },
    { at: 'before', what: 'done write-rules' },
    { at: 'before', what: 'done remove-old-pgbouncer' },
  ])('killed $at $what: it is finished', async moment => {
    const whole = await data()
    await killedAndFinished(workspace, 'infrastructure-harden', {}, moment)
    expect(await outcome()).toEqual(hardened(whole))
    await soften()
  })

  it.each<Moment & { readonly running: 'old' | 'new'; readonly afterwards: 'none' | 'old' }>([
    { at: 'before', what: 'done prepare-pgbouncer', running: 'old', afterwards: 'none' },
    { at: 'after', what: 'done replace-pgbouncer', running: 'new', afterwards: 'old' },
    { at: 'before', what: 'done try-logins', running: 'new', afterwards: 'old' },
  ])(
    'the power is cut $at $what; the engine starts again ($afterwards): it is finished',
    async ({ running, afterwards, ...killAt }) => {
      const whole = await data()
      const { postgres, pgbouncer } = (await workspace.services.settings.read()).containers
      const old = `${pgbouncer}-before-hardening`
      await workspace.close()
      await crash(workspace, { run: [['infrastructure-harden', {}]], killAt })
      await guide.command(['stop', '--time', '1', postgres, running === 'old' ? old : pgbouncer])
      if (afterwards === 'old') await guide.command(['start', old])
      const [state] = await recover(workspace)
      expect(state).toMatchObject({ phase: 'succeeded' })
      expect(state?.turned).toBeUndefined()
      expect(await outcome()).toEqual(hardened(whole))
      await soften()
    },
  )
})
