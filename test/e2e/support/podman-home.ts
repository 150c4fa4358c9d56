/** A home whose services run in Podman's containers, and what of it is outside the home. */
import { readFile, writeFile } from 'node:fs/promises'
import { execa } from 'execa'
import type { TestHome } from './fixtures'

export interface PodmanHome {
  /** Makes them the home's services. Call it before a workspace is opened there. */
  choose(place: TestHome, images: { readonly postgresImage: string; readonly pgbouncerImage: string }): Promise<void>
  /** The names of the containers. */
  readonly containers: { readonly postgres: string; readonly pgbouncer: string }
  /** Removes containers, data and network, and then images, if they are there. */
  remove(...images: string[]): Promise<void>
}

/** Runs Podman. Never throws. */
export const podmanDo = (...args: string[]) => execa('podman', args, { reject: false, input: '' })

/** @param name unique on this machine */
export function podmanHome(name: string): PodmanHome {
  const containers = { postgres: `${name}-postgres`, pgbouncer: `${name}-pgbouncer` }
  const data = `instance-manager-${containers.postgres}`
  return {
    containers,
    async choose(place, images) {
      const defaults = JSON.parse(await readFile(place.defaults, 'utf8')) as object
      const chosen = { ...defaults, driver: 'podman', containers: { ...containers, ...images } }
      await writeFile(place.defaults, JSON.stringify(chosen))
    },
    async remove(...images) {
      await podmanDo('rm', '--force', '--time', '0', containers.pgbouncer, containers.postgres)
      await podmanDo('volume', 'rm', '--force', data)
      await podmanDo('network', 'rm', data)
      await podmanDo('rmi', ...images)
    },
  }
}
