/** On a real Docker daemon: what every driver must do, adoption, an instance with its logs, and images from files. */
import { join } from 'node:path'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { apiRouter } from '../../../src/main/api/router'
import type { App } from '../../../src/main/app'
import { ContainerDriver } from '../../../src/main/infrastructure/drivers/container-driver'
import { allServices } from '../../../src/main/infrastructure/services'
import { createRun } from '../../../src/main/system/run'
import { dockerForTests } from '../../support/docker/docker'
import { testInfrastructure } from '../../support/infrastructure'
import { podmanForTests } from '../../support/podman/podman'
import { describeWhere } from '../../support/requires'
import { makeTiny } from '../../support/tiny-base'
import { mustSucceed, testWorkspace, type TestWorkspace } from '../../support/workspace'
import { adoptionSuite } from './adoption'
import { hardenSuite } from './harden'
import { movable, moveWhole, type Movable } from './move'
import { outagesSuite } from './outages'
import { infrastructureSuite } from './suite'

const docker = await dockerForTests()
const podman = await podmanForTests()
const [daemon, missing] = 'missing' in docker ? [undefined, docker.missing] : [docker, '']
const images = daemon?.images ?? { postgres: '', pgbouncer: '' }
const command = async (...args: string[]): Promise<string> => (await execa('docker', args, { all: true })).all

describeWhere(missing === '', missing)('with Docker', () => {
  afterAll(() => daemon?.dispose())

  infrastructureSuite('the docker driver', {
    options: () => Promise.resolve({ driver: 'docker', images }),
    kill: async (it, service) => {
      await command('kill', '--signal', 'KILL', it.settings.containers[service])
    },
    logs: async ({ settings: { containers } }) =>
      (await command('logs', containers.postgres)) + (await command('logs', containers.pgbouncer)),
    dataFolder: ({ settings: { containers } }) =>
      command('volume', 'inspect', '--format', '{{.Mountpoint}}', `instance-manager-${containers.postgres}`),
    places: ({ settings: { containers } }) => command('inspect', containers.postgres, containers.pgbouncer),
  })

  adoptionSuite('docker', images, ['scram-sha-256'])

  hardenSuite('docker', images)

  outagesSuite('docker', images, () => {
    daemon?.freeze()
    return Promise.resolve(() => daemon?.thaw())
  })

  describeWhere('images' in podman, 'missing' in podman ? podman.missing : '')('its databases', () => {
    let all: Movable
    beforeAll(async () => {
      all = await movable({ driver: 'docker', images, engines: ['podman'] })
    })
    afterAll(() => all.workspace.remove())

    test.each(['podman', 'docker'] as const)('move to %s', async driver => {
      expect(await moveWhole(all, { driver })).toMatch(/^15\./)
    })
  })

  describe('a workspace', () => {
    let workspace: TestWorkspace
    beforeAll(async () => {
      workspace = await testWorkspace({ driver: 'docker', images, prepare: makeTiny, as: 'serve' })
      await workspace.open()
      await workspace.startInfrastructure()
    })
    afterAll(() => workspace.remove())

    test('an instance is created, and reaches its database through the pool', async () => {
      mustSucceed(await workspace.create({ name: 'school' }))
      const { instances } = await workspace.services.instances.registry.list()
      expect(instances).toMatchObject([{ name: 'school', status: 'online', pooled: true }])
      expect(await workspace.sql('SELECT datname FROM pg_database WHERE datname = $1', ['school_db'])).toHaveLength(1)
    })

    test.each([
      ['postgres', 'database system is ready to accept connections'],
      ['pgbouncer', 'process up'],
    ] as const)('the log of %s is read with its times', async (name, text) => {
      const { logs } = apiRouter.createCaller({ app: { workspace: workspace.services } as App })
      const { lines } = await logs.page({ source: { kind: 'service', name }, anchor: { type: 'end' }, count: 1000 })
      expect(lines.find(it => it.text.includes(text))?.at).toBeGreaterThan(Date.now() - 600_000)
    })

    test('tools of the server’s own version run inside', async () => {
      const driver = await workspace.services.infrastructure.driver()
      const service = allServices.find(it => it.name === 'postgres')
      if (!driver.tool || !service) throw new Error('there are no tools')
      const options = { signal: AbortSignal.timeout(60_000), timeout: 60_000 }
      const dump = await driver.tool(service, 'pg_dump', ['--schema-only', 'school_db'], options)
      const texts: string[] = []
      for await (const chunk of dump.stdout) texts.push(String(chunk))
      await dump.ended
      expect(texts.join('')).toContain('PostgreSQL database dump complete')
    })
  })

  test('an image that no registry gives is loaded from a file; another image is not', async () => {
    const image = '127.0.0.1:1/im-test/pgbouncer:saved' // nothing listens there
    const it = await testInfrastructure({ driver: 'docker', images: { ...images, pgbouncer: image } })
    const file = join(it.root, 'saved: 1.tar')
    try {
      const { images: ofDriver } = await it.infrastructure.driver()
      const usable = async () => ofDriver?.usable(file, undefined)
      await expect(usable()).rejects.toMatchObject({ problem: { code: 'image-file' } }) // there is no such file
      const context = { signal: AbortSignal.timeout(60_000), report: () => undefined, output: () => undefined }
      await expect(it.infrastructure.provision('docker', 'pgbouncer', context)).rejects.toMatchObject({
        problem: {
          code: 'image-unavailable',
          message: `Docker couldn’t pull ${image}: 127.0.0.1:1 could not be reached.`,
          cause: 'The connection was refused.',
          hint: expect.stringContaining('infra load FILE') as string,
          action: 'use-embedded',
        },
      })
      await execa('docker', ['import', '-', 'im-test/other:1'], { input: Buffer.alloc(10_240) }) // an empty tar file
      await command('save', '--output', file, 'im-test/other:1')
      await expect(usable()).rejects.toMatchObject({
        problem: {
          code: 'image-file',
          cause: `It holds im-test/other:1; the settings name ${images.postgres} and ${image}.`,
        },
      })
      await command('tag', 'im-test/other:1', image)
      await command('save', '--output', file, image)
      await command('rmi', image, 'im-test/other:1')
      expect(await usable()).toEqual([image])
      await ofDriver?.load(file, [image], context)
      expect(await command('image', 'inspect', '--format', '{{.Architecture}}', image)).toMatch(/^(amd64|arm64)$/)
    } finally {
      await it.dispose()
    }
  })

  test('the containers stay where they are, wherever DOCKER_HOST or the context points; choosing another driver forgets it', async () => {
    const it = await testInfrastructure({ driver: 'docker', images })
    const newDriver = () => new ContainerDriver('docker', allServices, it.services)
    const context = { signal: AbortSignal.timeout(240_000), report: () => undefined, output: () => undefined }
    const elsewhere = join(it.root, 'elsewhere.sock')
    const config = join(it.root, 'docker-config')
    try {
      await it.infrastructure.provision('docker', 'postgres', context)
      expect((await newDriver().status()).warnings).toEqual([])
      await execa('docker', ['--config', config, 'context', 'create', 'other', '--docker', `host=unix://${elsewhere}`])
      await execa('docker', ['--config', config, 'context', 'use', 'other'], { env: { DOCKER_HOST: '' } })
      for (const environment of [
        { DOCKER_HOST: `unix://${elsewhere}` },
        { DOCKER_HOST: undefined, DOCKER_CONFIG: config },
      ]) {
        for (const [key, value] of Object.entries(environment)) vi.stubEnv(key, value)
        const { services, warnings } = await newDriver().status()
        expect(services).toMatchObject({ postgres: { state: 'stopped' }, pgbouncer: { state: 'absent' } })
        expect(warnings).toMatchObject([
          {
            code: 'engine-changed',
            cause: `It points to ${elsewhere}, but this workspace’s containers are at ${daemon?.host.slice('unix://'.length)}. Instance Manager keeps using those.`,
          },
        ])
      }
      await it.infrastructure.choose('embedded')
      expect(await newDriver().detect()).toMatchObject({
        available: false,
        problem: { code: 'engine-stopped', cause: `Nothing answers at ${elsewhere}.` },
      })
    } finally {
      vi.unstubAllEnvs()
      await it.dispose()
    }
  })

  test('its version is told; a user outside the group learns how to join', async () => {
    const it = await testInfrastructure({ driver: 'docker', images })
    try {
      const version = await command('version', '--format', '{{.Server.Version}}')
      expect(await new ContainerDriver('docker', allServices, it.services).detect()).toEqual({
        kind: 'docker',
        available: true,
        reason: `Docker ${version} works here.`,
      })
      const nobody = { uid: 65_534, gid: 65_534 }
      const run = createRun(it.root)
      const services = {
        ...it.services,
        run: ((file, args, options) => run(file, args, { ...options, user: nobody })) as typeof run,
      }
      expect(await new ContainerDriver('docker', allServices, services).detect()).toMatchObject({
        available: false,
        problem: { code: 'engine-denied', hint: expect.stringContaining('sudo usermod -aG docker') as string },
      })
    } finally {
      await it.dispose()
    }
  })
})
