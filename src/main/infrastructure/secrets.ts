/** The infrastructure's own passwords: generated once, stored with the workspace's secrets. */
import { generatePassword } from '../../shared/password'

/** The part of the workspace's secrets that the infrastructure needs. */
export interface SecretStore {
  get(key: string): Promise<string | undefined>
  /** The secret with this key, generated and stored if there is none. Concurrent callers get the same one. */
  ensure(key: string, make: () => string): Promise<string>
}

export type SecretKey = 'infrastructure.admin' | 'infrastructure.pgbouncer_auth'

/** For setting a password: the one with this key, stored before anything uses it, so a crash can't lose it. */
export const ensurePassword = (secrets: SecretStore, key: SecretKey): Promise<string> =>
  secrets.ensure(key, generatePassword)

/**
 * For logging in: the password with this key. Looking stores nothing, so before one has been set it is any password,
 * which is refused.
 */
export const passwordOf = async (secrets: SecretStore, key: SecretKey): Promise<string> =>
  (await secrets.get(key)) ?? generatePassword()
