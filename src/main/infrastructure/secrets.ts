/** The infrastructure's own passwords: generated once, stored with the workspace's secrets. */
import { generatePassword } from '../../shared/password'

/** The part of the workspace's secrets that the infrastructure needs. */
export interface SecretStore {
  /** The secret with this key, generated and stored if there is none. Concurrent callers get the same one. */
  ensure(key: string, make: () => string): Promise<string>
}

export type SecretKey = 'infrastructure.admin' | 'infrastructure.pgbouncer_auth'

/** The password with this key. It is stored before anything uses it, so a crash can't lose it. */
export const passwordOf = (secrets: SecretStore, key: SecretKey): Promise<string> =>
  secrets.ensure(key, generatePassword)
