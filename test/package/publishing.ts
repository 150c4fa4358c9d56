/** What publishes packages, with types; and a GPG key for one test. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execa } from 'execa'
import { vi } from 'vitest'
// @ts-expect-error a script without types
import { askForSource as ask } from '../../scripts/package/apt-source.mjs'
// @ts-expect-error a script without types
import { metainfo as describing } from '../../scripts/package/metainfo.mjs'
// @ts-expect-error a script without types
import { publish as publishing } from '../../scripts/package/repository.mjs'
// @ts-expect-error a script without types
import { signer as signing } from '../../scripts/package/signer.mjs'

export interface Signer {
  readonly publicKey: string
}
interface Publishing {
  readonly folder: string
  readonly paths: readonly string[]
  readonly signer: Signer
  readonly url: string
}

export const askForSource = ask as (
  root: string,
  source: { readonly url: string; readonly publicKey: string },
) => Promise<void>
export const publish = publishing as (options: Publishing) => Promise<void>
export const metainfo = describing as (of: {
  readonly version: string
  readonly date: Date
  readonly url?: string
}) => Promise<string>
export const signer = signing as (id: string | undefined) => Promise<Signer>

/** From now on, gpg has only this key. */
export async function makeKey() {
  const home = await mkdtemp(join(tmpdir(), 'im-key-'))
  const env = { GNUPGHOME: home }
  vi.stubEnv('GNUPGHOME', home)
  await execa('gpg', ['--batch', '--passphrase', '', '--quick-generate-key', 'Test', 'ed25519', 'sign', 'never'], {
    env,
  })
  return {
    home,
    signer: await signer('Test'),
    async remove(): Promise<void> {
      await execa('gpgconf', ['--kill', 'all'], { env })
      await rm(home, { recursive: true, force: true })
    },
  }
}
