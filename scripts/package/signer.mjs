/** Signs with a GPG key that is already there. gpg's agent asks for its passphrase: we never see it. */
import { Failure, run } from '../lib/say.mjs'

/** Milliseconds; somebody may have to type a passphrase. */
const limit = 300_000

/**
 * @typedef {object} Signer
 * @property {string} publicKey armoured
 * @property {(args: string[]) => Promise<void>} sign calls gpg, e.g. with `--clearsign`
 */

/**
 * @param {string | undefined} id as gpg accepts it: a fingerprint, or a part of the owner's name @returns {Promise<Signer>}
 * @throws Failure if there isn't exactly one such key that can sign now
 */
export async function signer(id) {
  if (id === undefined)
    throw new Failure('What is published must be signed, but no key is named.', `${named}${created}`)
  const { stdout } = await gpg(['--with-colons', '--list-secret-keys', '--', id])
  const records = stdout.split('\n').map(it => it.split(':'))
  const keys = records.filter(([type]) => type === 'sec')
  const [key] = keys
  if (!key) throw new Failure(`There is no secret key “${id}” in your keyring.`, `${named}${created}`)
  if (keys.length > 1) throw new Failure(`“${id}” fits ${keys.length} keys.`, 'name one by its fingerprint.')
  if (!(key[11] ?? '').includes('S')) throw new Failure(`The key “${id}” can’t sign: it has expired, say.`, created)
  const fingerprint = records.find(([type]) => type === 'fpr')?.[9] ?? ''
  const exported = await gpg(['--armor', '--export-options', 'export-minimal', '--export', fingerprint])
  return {
    publicKey: exported.stdout,
    async sign(args) {
      const { code, output } = await gpg(['--yes', '--local-user', fingerprint, '--digest-algo', 'SHA512', ...args])
      if (code !== 0) throw new Failure(`gpg couldn’t sign:\n${output}`, 'see what gpg says.')
    },
  }
}

const named = 'name one with “--key” (“gpg --list-secret-keys” lists yours), or '
const created = 'create one with “gpg --quick-generate-key "Instance Manager packages" ed25519 sign 3y”.'

const gpg = args =>
  run('gpg', ['--batch', '--quiet', '--no-permission-warning', ...args], { quiet: true, timeout: limit })
