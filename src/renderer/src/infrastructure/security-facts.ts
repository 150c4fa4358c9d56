/** What protects the database: of our own services always, of adopted ones once they have been hardened. */
import type { InfrastructureStatus } from '../../../shared/infrastructure'

/** @returns sentences; none if the services aren't set up securely, or that isn't known */
export function securityFacts({ adopted, postgres, warnings }: InfrastructureStatus): string[] {
  const warned = (code: string): boolean => warnings.some(it => it.code === code)
  // An adopted PostgreSQL's rules can be read only while it is running. Hardening exchanges PgBouncer.
  const rulesKnown = !adopted.includes('postgres') || postgres.state === 'running'
  if (!rulesKnown || adopted.includes('pgbouncer') || warned('postgres-weak-rules')) return []
  return [
    ...(warned('port-open-to-network') ? [] : ['Both listen on 127.0.0.1 only, so other machines can’t reach them.']),
    'Every connection needs a password (SCRAM). No address is trusted.',
    'An instance’s role can connect only to its own database, directly or through PgBouncer.',
    'PostgreSQL’s superuser can’t log in over the network.',
  ]
}
