import { expect, it } from 'vitest'
import { ContainerEngine } from '../../../src/main/infrastructure/drivers/container-engine'
import { ownerLabel } from '../../../src/main/infrastructure/drivers/container-options'
import { lookAtContainers } from '../../../src/main/infrastructure/drivers/container-status'
import { Containers } from '../../../src/main/infrastructure/drivers/containers'
import { allServices } from '../../../src/main/infrastructure/services'
import { createStart } from '../../../src/main/system/run'
import { settingsSchema } from '../../../src/shared/settings'

const root = '/nowhere'
const settings = settingsSchema.parse({})

/** A stopped container that publishes its port on all addresses. */
const container = (name: string, adopted: boolean) => ({
  Id: 'f',
  Name: name,
  Image: 'sha256:1',
  State: { Running: false },
  Config: { Image: 'x', Labels: adopted ? {} : { [ownerLabel]: root } },
  HostConfig: { PortBindings: { '5432/tcp': [{ HostIp: '', HostPort: '5432' }] } },
  NetworkSettings: {},
})

/** What the warnings about open ports offer, PostgreSQL's first. */
async function offered(postgresAdopted: boolean) {
  const { containers } = settings
  const found = [container(containers.postgres, postgresAdopted), container(containers.pgbouncer, true)]
  const run = () => Promise.resolve(JSON.stringify(found))
  const engine = new ContainerEngine('podman', { run, start: createStart('test-engine') })
  const nothing = () => Promise.reject(new Error('nothing is running'))
  const secrets = { get: nothing, ensure: nothing }
  const services = { containers: new Containers(engine, root), settings, secrets, lingering: true }
  return (await lookAtContainers(allServices, services)).warnings.map(it => it.action)
}

it('an adopted PgBouncer that is open to the network can be hardened only if PostgreSQL is adopted too', async () => {
  expect(await offered(true)).toEqual([undefined, 'harden'])
  expect(await offered(false)).toEqual([undefined, undefined])
})
