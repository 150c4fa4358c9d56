/** SCRAM-SHA-256 secrets (RFC 5803) as PostgreSQL stores them, so that the password itself is never sent or logged. */
import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'

const standardIterations = 4096 // PostgreSQL's own default
/** A role can set a secret of its own, with iterations that take hours. As many as `pg` accepts at a login. */
const mostIterations = 100_000

/**
 * @param password printable ASCII, which SASLprep doesn't change
 * @returns the secret, for CREATE ROLE … PASSWORD in place of the password
 */
export async function scramSecret(
  password: string,
  salt: Buffer = randomBytes(16),
  iterations = standardIterations,
): Promise<string> {
  if (!isPlain(password)) throw new TypeError('a database password is printable ASCII')
  const salted = await promisify(pbkdf2)(password, salt, iterations, 32, 'sha256')
  const key = (name: string): Buffer => createHmac('sha256', salted).update(name).digest()
  const stored = createHash('sha256').update(key('Client Key')).digest()
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored.toString('base64')}:${key('Server Key').toString('base64')}`
}

/** Whether it can be a password: printable ASCII. */
export const isPlain = (password: string): boolean => /^[\x20-\x7e]+$/.test(password)

/**
 * How a role's password is stored, if it is this one.
 * @param stored `pg_authid.rolpassword` @param password printable ASCII @returns undefined if it is another, or none
 */
export async function storedAs(
  stored: string | null,
  { user, password }: { readonly user: string; readonly password: string },
): Promise<'scram' | 'md5' | undefined> {
  const [, iterations, salt] = /^SCRAM-SHA-256\$(\d+):([^$]+)\$/.exec(stored ?? '') ?? []
  if (salt !== undefined) {
    const count = Number(iterations)
    if (count < 1 || count > mostIterations) return undefined
    return (await scramSecret(password, Buffer.from(salt, 'base64'), count)) === stored ? 'scram' : undefined
  }
  const md5 = createHash('md5').update(password).update(user).digest('hex')
  return stored === `md5${md5}` ? 'md5' : undefined
}
