/** A service that no driver has heard of: its description is all that it takes to run it, in real containers. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ServiceName } from '../../../src/shared/infrastructure'
import { ContainerDriver } from '../../../src/main/infrastructure/drivers/container-driver'
import type { DriverContext } from '../../../src/main/infrastructure/drivers/driver'
import { generatePassword } from '../../../src/shared/password'
import { pgbouncer, poolerVersion } from '../../../src/main/infrastructure/services/pgbouncer'
import {
  poolerIni,
  poolerPools,
  poolerUsers,
  poolsFile,
} from '../../../src/main/infrastructure/services/pgbouncer-config'
import type { Service } from '../../../src/main/infrastructure/services/service'
import { podmanForTests } from '../../support/podman/podman'
import { testInfrastructure, type TestInfrastructure } from '../../support/infrastructure'
import { describeWhere } from '../../support/requires'
import { freePort } from '../../support/ports'

const podman = await podmanForTests()
const missing = 'missing' in podman ? podman.missing : undefined
const image = 'images' in podman ? podman.images.pgbouncer : ''
const command = async (...args: string[]): Promise<string> => (await execa('podman', args, { all: true })).all

describeWhere(missing === undefined, missing ?? '')('a third service', () => {
  let it: TestInfrastructure
  let driver: ContainerDriver
  let third: Service
  const context: DriverContext = {
    signal: new AbortController().signal,
    report: () => undefined,
    output: () => undefined,
  }
  const status = async () => (await driver.status()).services[third.name]

  beforeAll(async () => {
    it = await testInfrastructure({ driver: 'podman' })
    const [port, password, configuration] = [await freePort(), generatePassword(), '/etc/lounge']
    const name = `${it.settings.containers.postgres}-third`
    // A PgBouncer of another name, with nothing behind it: its console answers all the same.
    const behind = { postgres: { host: '127.0.0.1', port: 1 }, settings: it.settings }
    third = {
      name: 'lounge' as ServiceName, // one that the app doesn't have
      title: 'The lounge',
      needs: [],
      port: () => port,
      look: async ({ server }) => ({ version: await poolerVersion(server, password, { connect: 1500, query: 1500 }) }),
      inspect: () => Promise.resolve({ settings: [] }),
      ready: async access => third.look(access),
      container: {
        of: () => ({ name, image }),
        port: 7777,
        address: 30,
        configuration,
        options: () => ['--env', 'LOUNGE=open', '--entrypoint', 'pgbouncer'],
        command: [`${configuration}/lounge.ini`],
        files: async () => ({
          'lounge.ini': poolerIni({
            ...behind,
            listen: { address: '0.0.0.0', port: 7777 },
            folder: configuration,
            version: undefined,
          }),
          [poolsFile]: poolerPools(behind, new Map()),
          'userlist.txt': poolerUsers(password),
        }),
        stopWithin: 5,
      },
      daemon: pgbouncer.daemon,
    }
    driver = new ContainerDriver('podman', [third], it.services)
  })
  afterAll(async () => {
    const { name } = third.container.of(it.settings)
    await execa('podman', ['rm', '--force', '--volumes', '--time', '0', name], { reject: false })
    await execa('podman', ['network', 'rm', '--force', `instance-manager-${name}`], { reject: false })
    await it.dispose()
  })

  test('is provisioned, started, looked at, logged and stopped by the driver as it is', async () => {
    expect(await status()).toMatchObject({ name: 'lounge', state: 'absent' })
    expect(await driver.provisioned(third)).toBe(false)
    await driver.provision(third, context)
    expect(await driver.provisioned(third)).toBe(true)
    expect(await status()).toMatchObject({ state: 'stopped' })

    await driver.start(third, context)
    const port = third.port(it.settings)
    expect(await status()).toEqual({ name: 'lounge', state: 'running', port, version: expect.any(String) as string })
    expect((await driver.status()).alive).toHaveLength(1)
    expect(await driver.server(third)).toEqual({ port, adopted: false })
    expect(await driver.logTail(third)).toContain('listening on 0.0.0.0:7777')
    const { name } = third.container.of(it.settings)
    expect(await command('port', name)).toContain(`7777/tcp -> 127.0.0.1:${port}`)
    expect(await command('inspect', '--format', '{{.Config.Env}}', name)).toContain('LOUNGE=open')
    const files = join(it.root, '.instance-manager/containers/lounge')
    expect(await readFile(join(files, 'lounge.ini'), 'utf8')).toContain('listen_port = 7777')

    await driver.stop(third, context)
    expect(await status()).toMatchObject({ state: 'stopped' })
  })
})
