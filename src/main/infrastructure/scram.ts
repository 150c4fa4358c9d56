/** SCRAM-SHA-256 secrets (RFC 5803) as PostgreSQL stores them, so that the password itself is never sent or logged. */
import { createHash, createHmac, pbkdf2, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'

const iterations = 4096 // PostgreSQL's own default

/**
 * @param password printable ASCII, which SASLprep doesn't change
 * @returns the secret, for CREATE ROLE … PASSWORD in place of the password
 */
export async function scramSecret(password: string, salt: Buffer = randomBytes(16)): Promise<string> {
  if (!/^[\x20-\x7e]+$/.test(password)) throw new TypeError('a database password is printable ASCII')
  const salted = await promisify(pbkdf2)(password, salt, iterations, 32, 'sha256')
  const key = (name: string): Buffer => createHmac('sha256', salted).update(name).digest()
  const stored = createHash('sha256').update(key('Client Key')).digest()
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${stored.toString('base64')}:${key('Server Key').toString('base64')}`
}
