import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ContainerData } from '../../../src/main/infrastructure/drivers/container-data'
import { ContainerEngine } from '../../../src/main/infrastructure/drivers/container-engine'
import { ownerLabel } from '../../../src/main/infrastructure/drivers/container-options'
import { Containers } from '../../../src/main/infrastructure/drivers/containers'
import { postgres } from '../../../src/main/infrastructure/services/postgres'
import { createStart } from '../../../src/main/system/run'
import { problem } from '../../../src/shared/problem'
import { settingsSchema } from '../../../src/shared/settings'
import { temporary } from '../temporary'

it('a volume of another workspace is never removed, even if it has our name and its container is gone', async () => {
  const [ours, other] = [await temporary(), await temporary()]
  await mkdir(join(other, '.instance-manager'))
  let owner = other
  const removed: string[] = []
  const run = (_: string, args: readonly string[]): Promise<string> => {
    if (args[1] === 'rm') removed.push(args.join(' '))
    if (args[0] === 'volume') return Promise.resolve(JSON.stringify([{ Labels: { [ownerLabel]: owner } }]))
    const details = 'Error: no such container'
    return Promise.reject(problem({ code: 'command-failed', message: 'It failed.', details }))
  }
  const engine = new ContainerEngine('podman', { run, start: createStart('test-engine') })
  const paths = { root: ours, state: join(ours, '.instance-manager'), embedded: '' }
  const settings = { read: () => Promise.resolve(settingsSchema.parse({})) }
  const data = new ContainerData(engine, new Containers(engine, ours), {
    paths,
    settings,
    pools: () => Promise.resolve(new Map()),
  })
  await expect(data.empty(postgres)).rejects.toMatchObject({
    problem: {
      code: 'container-of-another-workspace',
      message: `The volume instance-manager-postgres belongs to the workspace ${other}.`,
    },
  })
  expect(removed).toEqual([])
  owner = ours
  await data.empty(postgres)
  expect(removed[0]).toBe('volume rm instance-manager-postgres')
})
