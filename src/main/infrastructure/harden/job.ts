/**
 * The job that gives adopted containers the secure set-up. Until the old PgBouncer is removed, everything is undone if
 * it can't be finished.
 */
import { escapeIdentifier } from 'pg'
import { hardenJob, type HardenPlan } from '../../../shared/jobs/harden'
import { problem } from '../../../shared/problem'
import { generatePassword } from '../../../shared/password'
import { implement, type StepActions } from '../../operations/implement'
import type { AnyOperation, Context } from '../../operations/operation'
import { waitFor } from '../../system/wait'
import { hasCode, withConnection } from '../connection'
import type { PoolUser } from '../pools'
import { restorePassword, setPassword, storedPassword } from '../rights'
import { storedAs } from '../scram'
import { serviceOf } from '../services'
import { weakRules } from '../services/postgres'
import { adminRole, bornRole, hostRules, identMap, poolerRole } from '../services/postgres-config'
import { driverContext, subjectContradiction } from '../start'
import { startAgain } from '../start-again'
import { serverFacts } from './facts'
import { writeInside } from './files'
import { requireAdopted, type Before, type Hardening, type HardeningServices } from './hardening'
import { tryLogins } from './trials'

type Actions = StepActions<HardenPlan>
interface Services extends HardeningServices {
  readonly hardening: Hardening
}

export const infrastructureHarden = (services: Services): AnyOperation =>
  implement(hardenJob, {
    plan: () => services.hardening.plan(),
    secrets: async () => ({ before: JSON.stringify(await services.hardening.before()) }),
    contradiction: subjectContradiction,
    steps: {
      'pull-image': pullImage(services),
      'set-passwords': setPasswords(services),
      'prepare-pgbouncer': preparePooler(services),
      'replace-pgbouncer': replacePooler(services),
      'write-rules': writeRules(services),
      'try-logins': tryAll(services),
      'remove-old-pgbouncer': removeOld(services),
    },
  })

/** Doing it again costs no more than checking it. */
const again = (): Promise<boolean> => Promise.resolve(false)

const beforeOf = async ({ secret }: Pick<Context<HardenPlan>, 'secret'>): Promise<Before> =>
  JSON.parse(await secret('before')) as Before

/** After a reboot nobody else starts an adopted PostgreSQL. */
async function bringUp({ infrastructure }: Services, context: Context<HardenPlan>) {
  const { driver } = context.plan
  const { services } = await infrastructure.found(driver)
  if (services.postgres.state !== 'running') await infrastructure.start(driver, 'postgres', driverContext(context))
  return await infrastructure.admin()
}

/**
 * Stops the old PgBouncer and starts the new one. After a reboot both may be down, or the engine has started the old
 * one again, so the steps that need the new one repeat it.
 */
async function switchPoolers({ infrastructure }: Services, context: Context<HardenPlan>): Promise<void> {
  const { driver, pgbouncer } = context.plan
  if (pgbouncer !== undefined) await requireAdopted(await infrastructure.driver()).stop(pgbouncer)
  await infrastructure.start(driver, 'pgbouncer', driverContext(context))
}

/** @throws Problem `harden-login-gone` if an instance now logs in as someone else */
async function loginsOf(
  { hardening }: Services,
  { logins }: HardenPlan,
): Promise<(PoolUser & { readonly instance: string })[]> {
  const found = await hardening.logins()
  return logins.map(({ instance, role, database }) => {
    const login = found.get(instance)
    if (login?.user === role && login.database === database)
      return { instance, user: role, database, password: login.password }
    throw problem({
      code: 'harden-login-gone',
      message: `The login in the .env of “${instance}” has changed since hardening began.`,
      hint: 'Everything is put back as it was. Harden again.',
    })
  })
}

const pullImage = ({ infrastructure }: Services): Actions => ({
  do: async context =>
    requireAdopted(await infrastructure.driver()).pull(serviceOf('pgbouncer'), driverContext(context)),
  verify: again,
})

const setPasswords = (services: Services): Actions => ({
  async do(context) {
    const admin = await bringUp(services, context)
    for (const { user, password, database } of await loginsOf(services, context.plan)) {
      context.signal.throwIfAborted()
      await services.databases.requireOwn({ database, role: user })
      const stored = (await storedPassword(admin, user)) ?? null
      if ((await storedAs(stored, { user, password })) !== 'scram') await setPassword(admin, user, password)
    }
  },
  verify: again,
  async undo(context) {
    const admin = await bringUp(services, context)
    const { passwords } = await beforeOf(context)
    for (const { role } of context.plan.logins) {
      const stored = passwords[role]
      if (stored !== undefined) await restorePassword(admin, role, stored ?? undefined)
    }
  },
})

const preparePooler = (services: Services): Actions => ({
  async do(context) {
    const { infrastructure } = services
    const { driver, pgbouncer = '' } = context.plan
    await bringUp(services, context) // the new one joins its network
    await requireAdopted(await infrastructure.driver()).setAside(serviceOf('pgbouncer'), pgbouncer)
    await infrastructure.provision(driver, 'pgbouncer', driverContext(context))
  },
  verify: again,
  /** Of the next step too: both have to be taken back at once. */
  async undo(context) {
    const { infrastructure } = services
    const { pgbouncer = '' } = context.plan
    await bringUp(services, context) // the old one finds it by name
    await requireAdopted(await infrastructure.driver()).putBack(serviceOf('pgbouncer'), pgbouncer)
    await startAgain(infrastructure, 'pgbouncer', context, 'as-it-was')
  },
})

const replacePooler = (services: Services): Actions => ({
  async do(context) {
    await bringUp(services, context)
    await switchPoolers(services, context)
    await services.infrastructure.healPools()
  },
  verify: again,
})

const writeRules = (services: Services): Actions => ({
  async do(context) {
    const { infrastructure } = services
    const { plan, signal } = context
    const admin = await bringUp(services, context)
    await switchPoolers(services, context) // the old one can't log in any more
    const driver = await infrastructure.driver()
    const { files, roles } = await serverFacts(admin)
    const superusers = roles.filter(it => it.superuser && it.name !== bornRole).map(it => it.name)
    const { map } = await beforeOf(context)
    const own = Buffer.from(`\n${identMap(superusers)}`)
    await writeInside(driver, files.map, Buffer.concat([Buffer.from(map, 'base64'), own]), signal)
    await writeInside(driver, files.rules, Buffer.from(hostRules('container', superusers)), signal)
    await withConnection(admin, async client => {
      const { rows } = await client.query<{ error: string }>(
        'SELECT error FROM pg_hba_file_rules WHERE error IS NOT NULL',
      )
      if (rows[0]) throw new Error(`PostgreSQL doesn’t understand the new rules: ${rows[0].error}`)
      const pooler = escapeIdentifier(poolerRole)
      await client.query('BEGIN')
      for (const { role, database } of plan.logins.filter(it => !it.granted))
        await client.query(`GRANT CONNECT ON DATABASE ${escapeIdentifier(database)} TO ${escapeIdentifier(role)}`)
      for (const { database } of plan.open)
        await client.query(`
          GRANT CONNECT ON DATABASE ${escapeIdentifier(database)} TO ${pooler};
          REVOKE CONNECT, TEMPORARY ON DATABASE ${escapeIdentifier(database)} FROM PUBLIC`)
      await client.query('COMMIT')
      await client.query('SELECT pg_reload_conf()')
    })
    await takenEffect(admin.port, signal)
    infrastructure.rulesChanged()
  },
  verify: again,
  async undo(context) {
    const { infrastructure } = services
    const { plan, signal } = context
    const admin = await bringUp(services, context)
    const driver = await infrastructure.driver()
    const { files, databases, roles } = await serverFacts(admin)
    const isThere = (database: string): boolean => databases.some(it => it.name === database)
    const { rules, map } = await beforeOf(context)
    await writeInside(driver, files.rules, Buffer.from(rules, 'base64'), signal)
    await writeInside(driver, files.map, Buffer.from(map, 'base64'), signal)
    await withConnection(admin, async client => {
      for (const { database, connect, temporary, granted } of plan.open.filter(it => isThere(it.database))) {
        const rights = [connect && 'CONNECT', temporary && 'TEMPORARY'].filter(Boolean).join(', ')
        const on = `ON DATABASE ${escapeIdentifier(database)}`
        await client.query(`GRANT ${rights} ${on} TO PUBLIC`)
        if (!granted) await client.query(`REVOKE CONNECT ${on} FROM ${escapeIdentifier(poolerRole)}`)
      }
      for (const { database, role, granted } of plan.logins)
        if (!granted && isThere(database) && roles.some(it => it.name === role))
          await client.query(`REVOKE CONNECT ON DATABASE ${escapeIdentifier(database)} FROM ${escapeIdentifier(role)}`)
      await client.query('SELECT pg_reload_conf()')
    })
    infrastructure.rulesChanged()
  },
})

/** PostgreSQL reloads its rules a moment later: they reject the superuser, whatever the password. */
async function takenEffect(port: number, signal: AbortSignal): Promise<void> {
  const login = { port, adopted: true, user: bornRole, password: generatePassword(), database: 'postgres' }
  const done = await waitFor(
    async () => {
      try {
        await withConnection(login, () => Promise.resolve())
        return undefined
      } catch (error) {
        return hasCode(error, '28000') || undefined
      }
    },
    { timeout: 10_000, signal },
  )
  if (!done)
    throw problem({
      code: 'harden-unverified',
      message: 'PostgreSQL didn’t load the new rules.',
      hint: 'Everything is put back as it was. See PostgreSQL’s log.',
    })
}

const tryAll = (services: Services): Actions => ({
  async do(context) {
    const admin = await bringUp(services, context)
    await switchPoolers(services, context)
    const weak = await weakRules(admin)
    if (weak.length > 0) throw new Error(`PostgreSQL still has weak rules: ${weak.join('; ')}`)
    const { ports } = await services.settings.read()
    await tryLogins({
      admin: { ...admin, user: adminRole },
      pooled: ports.pgbouncer,
      instances: await loginsOf(services, context.plan),
      signal: context.signal,
    })
  },
  verify: again,
})

const removeOld = ({ infrastructure }: Services): Actions => ({
  do: async ({ plan: { pgbouncer = '' } }) => requireAdopted(await infrastructure.driver()).remove(pgbouncer),
  verify: again,
})
