/** The infrastructure's own passwords: made once, kept with the workspace's secrets. */
import { randomInt } from 'node:crypto'

/** The workspace's secrets, as far as the infrastructure needs them. `set` is durable when it resolves. */
export interface Secrets {
  get(key: string): Promise<string | undefined>
  set(key: string, value: string): Promise<void>
}

export type SecretKey = 'infrastructure.admin' | 'infrastructure.pgbouncer_auth'

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** 24 alphanumerics (142 bits) from a CSPRNG: they need no quoting anywhere. */
export const generatePassword = (): string => Array.from({ length: 24 }, () => letters[randomInt(letters.length)]).join('')

/** The password of that key; made and kept before anything uses it, so that a crash cannot lose it. */
export async function passwordOf(secrets: Secrets, key: SecretKey): Promise<string> {
  const known = await secrets.get(key)
  if (known !== undefined) return known
  const made = generatePassword()
  await secrets.set(key, made)
  return made
}
