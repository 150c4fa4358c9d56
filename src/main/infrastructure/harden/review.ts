/** What hardening would do, judged from the facts alone. */
import { count, enumerate } from '../../../shared/amounts'
import type { HardenReview, HardenRole } from '../../../shared/hardening'
import { databaseNames } from '../../../shared/instance'
import type { HardenPlan } from '../../../shared/jobs/harden'
import type { Problem } from '../../../shared/problem'
import type { AdoptedService } from '../drivers/driver'
import { poolerRole } from '../services/postgres-config'
import type { HardenFacts, InstanceFacts, LoginFacts } from './facts'

/** Databases that belong to nobody: instances don't need them. */
const common: readonly string[] = ['postgres', 'template1']

export interface Judged {
  readonly review: HardenReview
  readonly logins: HardenPlan['logins']
  readonly open: HardenPlan['open']
}

export function judge(facts: HardenFacts): Judged {
  const connected = facts.instances
    .map(({ name, urls }): InstanceFacts => ({ name, urls: urls.filter(it => isOurs(facts, it)) }))
    .filter(it => it.urls.length > 0)
  const refused = [
    ...connected.flatMap(it => refusedFor(facts, it)),
    ...sharedRoles(connected),
    ...elsewhere(facts, connected),
    ...(facts.standbys > 0 ? [standbys(facts.standbys)] : []),
    ...(facts.pgbouncer?.passing ? [passing(facts.pgbouncer.passing)] : []),
  ]
  // the rest can't log in now either
  const working = connected.flatMap(({ name, urls }) => {
    const [first] = urls
    const role = facts.roles.find(it => it.name === first?.user)
    const database = facts.databases.find(it => it.name === first?.database)
    return first && database && role?.canLogin && !role.superuser ? [{ name, first, database }] : []
  })
  const wanted = new Set([...working.map(it => it.first.database), ...common])
  const open = facts.databases.filter(it => wanted.has(it.name) && (it.connect || it.temporary))
  const users = new Set(working.map(it => it.first.user))
  return {
    logins: working.map(({ name, first: { user, database: named }, database: { granted } }) => ({
      instance: name,
      role: user,
      database: named,
      granted: granted.includes(user),
    })),
    open: open.map(({ name, connect, temporary, granted }) => ({
      database: name,
      connect,
      temporary,
      granted: granted.includes(poolerRole),
    })),
    review: {
      weakRules: facts.weakRules,
      pgbouncer: facts.pgbouncer !== undefined,
      roles: working.map(({ name, first }) => ({ instance: name, role: first.user, password: changeOf(first) })),
      open: open.map(it => it.name),
      interrupted: connected
        .filter(it => facts.running.includes(it.name) && it.urls[0]?.port === facts.ports.pgbouncer)
        .map(it => it.name),
      lockedOut: facts.roles
        .filter(it => it.canLogin && !it.superuser && it.stored !== 'scram' && !users.has(it.name))
        .map(it => it.name),
      staysOpen: facts.postgres?.open === true,
      refused,
    },
  }
}

const changeOf = ({ stored }: LoginFacts): HardenRole['password'] =>
  stored === 'scram' ? 'kept' : stored === 'md5' ? 'stored-anew' : 'set'

const isOurs = ({ ports }: HardenFacts, { port }: LoginFacts): boolean =>
  port === ports.postgres || port === ports.pgbouncer

function refusedFor(facts: HardenFacts, { name, urls }: InstanceFacts): Problem[] {
  const { roles, databases, foreign } = facts
  const superuser = urls.find(({ user }) => roles.some(it => it.name === user && it.superuser))
  if (superuser)
    return [
      {
        code: 'harden-superuser',
        message: `“${name}” logs in as ${superuser.user}, which is a superuser.`,
        cause: 'After hardening, superusers can’t log in over TCP, so it would lose access to its database.',
        hint: `Give it its own role first: its health report offers to rewrite its .env and restore its rights (instance-manager doctor ${name}). Then restart it.`,
        instance: name,
      },
    ]
  const [first] = urls
  const own = databaseNames(name)
  const isThere = roles.some(it => it.name === first?.user) && databases.some(it => it.name === first?.database)
  if (first && isThere && (first.user !== own.role || first.database !== own.database))
    return [
      {
        code: 'harden-foreign',
        message: `“${name}” logs in to ${first.database} as ${first.user}, which aren’t its own.`,
        cause: `Its own are ${own.database} and ${own.role}. Hardening sets the role’s password and opens the database to it.`,
        hint: `Correct its .env: its health report offers to rewrite it (instance-manager doctor ${name}). Then restart it.`,
        instance: name,
      },
    ]
  const theirs = foreign.get(name)
  if (theirs) return [{ ...theirs, instance: name }]
  if (urls.some(it => it.user !== first?.user || it.password !== first.password))
    return [
      {
        code: 'harden-passwords',
        message: `“${name}” has two different logins in its .env.`,
        cause: 'DATABASE_URL and DIRECT_URL differ in role or password, and only one of them would work afterwards.',
        hint: `Correct its .env: its health report offers to rewrite it (instance-manager doctor ${name}).`,
        instance: name,
      },
    ]
  if (first?.characters === 'none')
    return [
      {
        code: 'harden-passwords',
        message: `“${name}” has no database password in its .env.`,
        cause: 'After hardening, every login needs one.',
        hint: 'Give it one in its .env and config.json, then restart it.',
        instance: name,
      },
    ]
  if (first?.characters === 'others')
    return [
      {
        code: 'harden-passwords',
        message: `The database password of “${name}” has characters that can’t be used.`,
        cause: 'With SCRAM, programs agree only on printable ASCII.',
        hint: `Give it another password in its .env and config.json, then restart it.`,
        instance: name,
      },
    ]
  if (facts.pgbouncer && urls.some(it => it.host === '[::1]' && it.port === facts.ports.pgbouncer))
    return [
      {
        code: 'harden-address',
        message: `“${name}” reaches PgBouncer at [::1].`,
        cause: 'The new PgBouncer listens on 127.0.0.1 only, so it would be cut off from its database.',
        hint: 'Replace [::1] with 127.0.0.1 in its .env, then restart it.',
        instance: name,
      },
    ]
  return []
}

/** Instances that share a role must agree on its password. */
function sharedRoles(all: readonly InstanceFacts[]): Problem[] {
  const users = new Set(all.map(it => it.urls[0]?.user))
  return [...users].flatMap((user): Problem[] => {
    const sharing = all.filter(it => it.urls[0]?.user === user)
    if (new Set(sharing.map(it => it.urls[0]?.password)).size < 2) return []
    return [
      {
        code: 'harden-passwords',
        message: `${enumerate(sharing.map(it => it.name))} log in as ${user} with different passwords.`,
        cause: 'A role has one password, so the others would lose access to their databases.',
        hint: 'Correct their .env files, then restart them.',
      },
    ]
  })
}

/** Those of another workspace log in with passwords that aren't known here. */
function elsewhere(facts: HardenFacts, connected: readonly InstanceFacts[]): Problem[] {
  const refusedAlready = new Set(connected.map(it => databaseNames(it.name).database))
  const found = facts.elsewhere.filter(it => !refusedAlready.has(it))
  if (found.length === 0) return []
  return [
    {
      code: 'harden-elsewhere',
      message: `Another workspace uses this PostgreSQL: ${enumerate(found)}.`,
      cause: 'Its instances’ passwords can’t be checked here, so they could be locked out of their databases.',
      hint: 'Move its instances to a PostgreSQL of their own first. If that workspace is gone, drop its databases.',
    },
  ]
}

const standbys = (number: number): Problem => ({
  code: 'harden-standbys',
  message: `${count(number, 'other server')} ${number === 1 ? 'replicates' : 'replicate'} from this PostgreSQL.`,
  cause: 'The new rules refuse replication.',
  hint: 'Stop the replication first, or harden pg_hba.conf by hand.',
})

const passing = (why: NonNullable<AdoptedService['passing']>): Problem => ({
  code: 'harden-container',
  message: 'PgBouncer’s container can’t be stopped and put back.',
  ...(why === 'removed-at-stop'
    ? {
        cause: 'It was created with --rm, so it is removed as soon as it stops.',
        hint: 'Create it again without --rm, then harden.',
      }
    : {
        cause: `The systemd unit ${why.unit} runs it, and would create it again beside the new one.`,
        hint: 'Disable and stop the unit, create the container without it, then harden.',
      }),
})
