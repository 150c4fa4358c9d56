/** Warnings about rules in pg_hba.conf that let somebody in without a password. */
import type { DriverKind, ServiceStatus } from '../../shared/infrastructure'
import type { Problem } from '../../shared/problem'
import type { Login } from './connection'
import { weakRules, weakRulesWarning } from './services/postgres'

/** Looked up once per run of the server: its rules don't change by themselves. */
export class RuleWarnings {
  #known: { readonly of: string; readonly found: readonly Problem[] } | undefined
  readonly #admin: () => Promise<Login>

  constructor(admin: () => Promise<Login>) {
    this.#admin = admin
  }

  async of(kind: DriverKind, postgres: ServiceStatus): Promise<readonly Problem[]> {
    if (postgres.state !== 'running') return []
    const of = `${kind} ${postgres.version ?? ''}`
    if (this.#known?.of !== of) {
      const found = await weakRules(await this.#admin()).catch(() => undefined)
      if (!found) return []
      this.#known = { of, found: found.length > 0 ? [weakRulesWarning(found)] : [] }
    }
    return this.#known.found
  }

  /** Call it after the rules were changed. */
  forget(): void {
    this.#known = undefined
  }
}
