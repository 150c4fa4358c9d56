import { execa } from 'execa'
import { describeWhere } from '../../support/requires'
import { podmanForTests } from '../../support/podman/podman'
import { infrastructureSuite } from './suite'

const podman = await podmanForTests()
const missing = 'missing' in podman ? podman.missing : undefined
const command = async (...args: string[]): Promise<string> => (await execa('podman', args, { all: true })).all

describeWhere(missing === undefined, missing ?? '')('containers', () => {
  infrastructureSuite('the podman driver', {
    options: () => Promise.resolve({ driver: 'podman', images: 'images' in podman ? podman.images : undefined }),
    kill: async (it, service) => {
      await command('kill', '--signal', 'KILL', it.settings.containers[service])
    },
    logs: async ({ settings: { containers } }) =>
      (await command('logs', containers.postgres)) + (await command('logs', containers.pgbouncer)),
    dataFolder: ({ settings: { containers } }) =>
      command('volume', 'inspect', '--format', '{{.Mountpoint}}', `instance-manager-${containers.postgres}`),
    places: ({ settings: { containers } }) => command('inspect', containers.postgres, containers.pgbouncer),
  })
})
