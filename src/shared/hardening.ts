/** What hardening adopted containers changes and costs, and why it can't be done yet, as every client sees it. */
import { capital, count, enumerate } from './amounts'
import type { Problem } from './problem'

export interface HardenReview {
  /** The lines of pg_hba.conf that accept logins without a secure password check, e.g. `host all all trust`. */
  readonly weakRules: readonly string[]
  /** Whether PgBouncer's container is replaced. */
  readonly pgbouncer: boolean
  /** The instances' roles. */
  readonly roles: readonly HardenRole[]
  /** The databases that every role can connect to now. */
  readonly open: readonly string[]
  /** Running instances that have no database while PgBouncer is replaced. */
  readonly interrupted: readonly string[]
  /** Roles of other programs that can't log in afterwards: they have no password, or one that is stored as MD5. */
  readonly lockedOut: readonly string[]
  /** Whether PostgreSQL's port stays open to the network: its container isn't replaced. */
  readonly staysOpen: boolean
  /** Why it can't be done yet; empty if it can. */
  readonly refused: readonly Problem[]
}

export interface HardenRole {
  readonly instance: string
  readonly role: string
  /**
   * What happens to its password. `kept`: it matches `.env` and is stored as SCRAM. `stored-anew`: it matches, but is
   * stored as MD5. `set`: it differs, so the instance got in only because nothing checked it.
   */
  readonly password: 'kept' | 'stored-anew' | 'set'
}

/** In sentences, for the dialog and the command: what changes, and what it costs. */
export function hardenSentences(review: HardenReview): { readonly changes: string[]; readonly costs: string[] } {
  const { weakRules, pgbouncer, roles, open, interrupted, lockedOut, staysOpen } = review
  const [set, anew] = (['set', 'stored-anew'] as const).map(it =>
    roles.filter(({ password }) => password === it).map(({ instance }) => instance),
  )
  return {
    changes: [
      `PostgreSQL asks every login for a password (SCRAM).${weakRules.length > 0 ? ` Now ${count(weakRules.length, 'rule')} in its pg_hba.conf ${weakRules.length === 1 ? 'lets' : 'let'} logins in without one, or with a weak check of it.` : ''}`,
      'Superusers can’t log in over TCP any more, except Instance Manager’s own.',
      ...(set?.length
        ? [`Until now, any password worked for these; the one in .env becomes the role’s own: ${enumerate(set)}.`]
        : []),
      ...(anew?.length ? [`Passwords stored as MD5 are stored as SCRAM: ${enumerate(anew)}.`] : []),
      ...(open.length ? [`Only its own role can connect to each of these databases: ${enumerate(open)}.`] : []),
      ...(pgbouncer
        ? ['PgBouncer’s container is replaced by one that listens on 127.0.0.1 only and needs no superuser.']
        : []),
    ],
    costs: [
      ...(pgbouncer
        ? [
            interrupted.length > 0
              ? `${capital(count(interrupted.length, 'running instance'))} can’t reach the database for up to 5 seconds: ${enumerate(interrupted)}. PostgreSQL keeps running.`
              : 'PgBouncer doesn’t answer for up to 5 seconds. PostgreSQL keeps running.',
          ]
        : ['Nothing is interrupted.']),
      'Anything that logs in as postgres over TCP is refused, including the older command-line tool. “podman exec” and “docker exec” as postgres still work.',
      ...(lockedOut.length
        ? [`Roles without a SCRAM password can’t log in until they get one: ${enumerate(lockedOut)}.`]
        : []),
      ...(staysOpen
        ? [
            'PostgreSQL’s port stays open to the network, because its container isn’t replaced. Close it in the firewall.',
          ]
        : []),
    ],
  }
}
