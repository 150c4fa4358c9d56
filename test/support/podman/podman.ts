/** Podman for tests. Installs nothing. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { imageRoot, importImages, type Images, type Major } from '../images/images'

export interface TestPodman {
  readonly images: Images
  /** To be in `process.env` of whoever calls podman; `podmanForTests` has put it into this process's. */
  readonly env: { readonly CONTAINERS_CONF: string }
}

const folder = fileURLToPath(new URL('.', import.meta.url))

/** Makes the images at the first call on a machine (about a minute), or says what is missing. */
export async function podmanForTests(major: Major = 15): Promise<TestPodman | { readonly missing: string }> {
  const env = { CONTAINERS_CONF: process.env['CONTAINERS_CONF'] ?? join(folder, 'containers.conf') }
  const podman = await execa('podman', ['info'], { env, reject: false, timeout: 60_000, input: '' })
  if (podman.code === 'ENOENT') return { missing: 'podman is not installed (apt-get install podman runc debootstrap)' }
  if (podman.failed) return { missing: `podman does not work: ${podman.stderr.trim().split('\n').at(-1) ?? ''}` }
  if ((await execa('runc', ['--version'], { reject: false })).code === 'ENOENT')
    return { missing: 'runc is not installed (apt-get install runc)' }
  const root = await imageRoot(major)
  if ('missing' in root) return root
  Object.assign(process.env, env)
  await importImages('podman', root)
  return { images: root.images, env }
}
