/** The infrastructure's own passwords: made once, kept with the workspace's secrets. */
import { generatePassword } from '../../shared/password'

/** The workspace's secrets, as far as the infrastructure needs them. */
export interface SecretStore {
  /** The secret of that key, made and kept if there is none; who asks at once gets the same one. */
  ensure(key: string, make: () => string): Promise<string>
}

export type SecretKey = 'infrastructure.admin' | 'infrastructure.pgbouncer_auth'

/** The password of that key; made and kept before anything uses it, so that a crash cannot lose it. */
export const passwordOf = (secrets: SecretStore, key: SecretKey): Promise<string> =>
  secrets.ensure(key, generatePassword)
