/** The checks of an instance's database: its logins, directly and through PgBouncer, and its rights. */
import { enumerate } from '../../shared/amounts'
import type { Fix } from '../../shared/doctor'
import { databaseNames } from '../../shared/instance'
import { fixJob, type FixablePart } from '../../shared/jobs/fix'
import type { InstanceFacts } from './facts'
import { good, judging, unchecked, wrong, type Check } from './verdicts'

/** A fix of this instance by our own job. */
export const fixing = (
  { config }: InstanceFacts,
  label: string,
  parts: readonly FixablePart[],
  warning?: string,
): Fix => ({
  label,
  request: { kind: fixJob.kind, name: config.name, parts: [...parts] },
  ...(warning !== undefined && { warning }),
})

/** SQLSTATEs of a refused login: the password or the role; a role that can't log in. */
const wrongPassword = '28P01'
const noDatabase = '3D000'
const notAllowed: ReadonlySet<string | undefined> = new Set(['28000', '42501'])

/** Somebody changed the password in PostgreSQL and `.env`: the running application would be cut off. */
export const keepsEnvLogin =
  'The login in .env works now. The role and .env get the password in config.json; a running application can’t open new connections until it is restarted.'

/** Both at once if the login in `.env` works: one without the other would leave the instance without a login. */
export const resetPassword = (facts: InstanceFacts): Fix => {
  const pool: FixablePart[] = facts.pooled ? ['pool'] : []
  return facts.envLogin
    ? fixing(facts, 'Reset the password everywhere', ['password', 'env', ...pool], keepsEnvLogin)
    : fixing(facts, 'Reset the password', ['password', ...pool])
}

/** Only then are its database and role certainly its own. */
export const hasOwnNames = ({ config: { name, database } }: InstanceFacts): boolean => {
  const own = databaseNames(name)
  return database.name === own.database && database.user === own.role
}

export const databaseChecks: readonly Check<InstanceFacts>[] = [
  {
    id: 'direct',
    judge: judging(
      (facts: InstanceFacts) => facts.direct,
      (login, facts) => {
        if (login === 'in') return good
        const { user, name } = facts.config.database
        if (login.code === wrongPassword) {
          // PostgreSQL doesn't tell strangers which of the two it is
          if (isMissing(facts, 'role')) return unchecked(`There is no role ${user}.`)
          return wrong(`PostgreSQL refuses the password of ${user} in config.json.`, {
            ...(hasOwnNames(facts) && { fix: resetPassword(facts) }),
          })
        }
        if (login.code === noDatabase)
          return isMissing(facts, 'database')
            ? unchecked(`There is no database ${name}.`)
            : wrong(`There is no database ${name}.`, { hint: restoreIt })
        if (notAllowed.has(login.code)) return wrong(`${user} may not log in to ${name}. ${login.refused}`)
        return wrong(login.refused)
      },
    ),
  },
  {
    id: 'pooled',
    judge: judging(
      (facts: InstanceFacts) => facts.pooled,
      (login, facts) => {
        if (login === 'in') return good
        if (!('value' in facts.direct)) return unchecked(`PgBouncer can’t reach PostgreSQL. ${facts.direct.unknown}`)
        if (facts.direct.value !== 'in') return unchecked('The direct login fails as well.')
        return wrong(`PostgreSQL lets it in, but PgBouncer refuses: ${login.refused}`, {
          fix: fixing(facts, 'Reset its pool', ['pool']),
        })
      },
    ),
  },
  {
    id: 'rights',
    judge: judging(
      (facts: InstanceFacts) => facts.rights,
      (its, facts) => {
        const { user, name } = facts.config.database
        if (!hasOwnNames(facts)) {
          const own = databaseNames(facts.config.name)
          return wrong(`Its config.json names the database ${name} and the role ${user}.`, {
            hint: `An instance with this name should have ${own.database} and ${own.role}. Nothing is changed in a database that may belong to another instance.`,
          })
        }
        const missing = [!its.database && `database ${name}`, !its.role && `role ${user}`].filter(it => it !== false)
        if (missing.length > 0) return wrong(`There is no ${missing.join(' and no ')}.`, { hint: restoreIt })
        const reasons = [
          !its.owner && `${user} doesn’t own its database.`,
          !its.login && `${user} can’t log in.`,
          its.powerful && `${user} has more rights in PostgreSQL than it should.`,
          its.open && 'Every role can connect to its database.',
          !its.pooler && facts.pooled && 'PgBouncer’s role can’t connect to its database.',
          its.strangers.length > 0 && `Owned by another role: ${enumerate(its.strangers)}.`,
        ].filter(it => typeof it === 'string')
        return reasons.length === 0
          ? good
          : wrong(reasons.join(' '), { fix: fixing(facts, 'Restore the rights', ['rights']) })
      },
    ),
  },
]

const restoreIt = 'Restore it from a backup, or delete the instance.'

/** Then the check of rights says so, and what follows from it isn't said again. */
const isMissing = ({ rights }: InstanceFacts, what: 'role' | 'database'): boolean =>
  'value' in rights && !rights.value[what]
