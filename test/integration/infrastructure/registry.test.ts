/** Images come from a real registry: how far a pull is can be seen, and a registry that ends meanwhile is a Problem. */
import { execa } from 'execa'
import { afterAll, describe, expect, it } from 'vitest'
import { refreshImagesJob } from '../../../src/shared/jobs/images'
import { infrastructureRestartJob, infrastructureStartJob } from '../../../src/shared/jobs/infrastructure'
import type { OperationState } from '../../../src/shared/operation'
import { dockerForTests } from '../../support/docker/docker'
import { podmanForTests } from '../../support/podman/podman'
import { registryForTests, TestRegistry } from '../../support/registry'
import { describeWhere } from '../../support/requires'
import { testWorkspace, type TestWorkspace } from '../../support/workspace'

const podman = await podmanForTests()
const docker = await dockerForTests()
const registry = await registryForTests()
const missing = [podman, docker, registry].flatMap(one => ('missing' in one ? [one.missing] : []))

/** Starts the infrastructure. @returns how it ended, and what was reported while PostgreSQL was prepared */
async function start({ services: { operations } }: TestWorkspace) {
  const watching = new AbortController()
  const texts: string[] = []
  const reading = (async () => {
    for await (const update of operations.watch(watching.signal))
      if (update.type === 'event' && update.event.type === 'progress' && update.event.step === 'provision-postgres')
        texts.push(update.event.text ?? '')
  })()
  const state: OperationState = await operations.settled(await operations.start(infrastructureStartJob.kind, {}))
  watching.abort()
  await reading
  return { phase: state.phase, problem: state.turned?.problem, texts }
}

describeWhere(missing.length === 0, missing.join('; '))('from a registry', () => {
  if ('missing' in podman || 'missing' in docker || !(registry instanceof TestRegistry)) return
  afterAll(async () => {
    await registry.dispose()
    await docker.dispose()
  })

  describe.each([
    ['podman', (image: string) => [`Downloading ${image}: 4 layers`, `Storing ${image}`]],
    ['docker', (image: string) => [`Downloading ${image}: 3 of 4 layers`, `Downloading ${image}: 4 of 4 layers`]],
  ] as const)('%s', (driver, reported) => {
    const { images } = driver === 'podman' ? podman : docker
    let workspace: TestWorkspace
    let image: string
    afterAll(async () => {
      await workspace.remove()
      await execa(driver, ['rmi', image], { reject: false, input: '' })
    })

    it('pulls layer by layer; if the registry ends meanwhile, it says so, and can be tried again', async () => {
      image = await registry.give(`postgres:${driver}`, podman.images.postgres)
      workspace = await testWorkspace({ driver, images: { ...images, postgres: image } })
      await workspace.open()

      await registry.stop()
      await registry.start(10_000_000) // the layers that the test adds are larger
      const failed = await start(workspace)
      expect(failed).toMatchObject({
        phase: 'rolled-back',
        problem: {
          code: 'image-unavailable',
          message: expect.stringContaining(
            `couldn’t pull ${image}: ${registry.address} could not be reached.`,
          ) as string,
          cause: expect.stringMatching(/^The connection was (refused|interrupted)\.$/) as string,
          action: 'use-embedded',
          image,
        },
      })
      expect(failed.texts[0]).toBe(`Downloading ${image}`)
      expect((await workspace.services.infrastructure.status()).postgres).toMatchObject({
        state: 'failed',
        problem: { code: 'image-unavailable' },
      })

      await registry.start()
      const { phase, texts } = await start(workspace)
      expect(phase).toBe('succeeded')
      expect(texts).toEqual(expect.arrayContaining(reported(image)))
      expect(await workspace.sql('SELECT 1 AS it')).toEqual([{ it: 1 }])
    })

    it('finds a newer image under the same name, and a restart takes it', async () => {
      const { operations, infrastructure } = workspace.services
      const run = async (kind: string, input: object = {}) => operations.settled(await operations.start(kind, input))
      const notes = async () => (await run(refreshImagesJob.kind)).steps.flatMap(it => it.notes?.split('\n') ?? [])
      const newerImage = async () => (await infrastructure.details.look()).postgres.newerImage
      const other = expect.stringContaining('couldn’t pull') as string // PgBouncer's is in no registry
      expect([await notes(), await newerImage()]).toEqual([[other], false])

      await registry.give(`postgres:${driver}`, podman.images.postgres)
      expect(await notes()).toEqual([other, 'There is a newer image. Restart PostgreSQL to use it.'])
      expect(await newerImage()).toBe(true)
      expect((await run(infrastructureRestartJob.kind, { service: 'postgres' })).phase).toBe('succeeded')
      expect(await newerImage()).toBe(false)
      expect(await workspace.sql('SELECT 1 AS it')).toEqual([{ it: 1 }])
    })
  })
})
