import { expect, it } from 'vitest'
import { ContainerEngine } from '../../../src/main/infrastructure/drivers/container-engine'
import { createStart, type Run } from '../../../src/main/system/run'
import { problem } from '../../../src/shared/problem'

const engineOf = (run: Run): ContainerEngine =>
  new ContainerEngine('podman', { run, start: createStart('test-engine') })
const failing = (details: string): ContainerEngine =>
  engineOf(() => Promise.reject(problem({ code: 'command-failed', message: 'It failed.', details })))

it.each([
  'Error: inspecting object: no such container nope',
  'Error response from daemon: No such container: nope',
  'Error: No such object: nope',
])('takes "%s" for an absent container', async said => {
  expect(await failing(said).container('nope')).toBeUndefined()
})

it('takes an engine that cannot be reached for no answer, whatever it calls missing', async () => {
  const said =
    'Error: unable to connect to Podman socket: dial unix /run/podman.sock: connect: no such file or directory'
  await expect(failing(said).container('nope')).rejects.toMatchObject({ problem: { code: 'command-failed' } })
})

it('looks at both containers with one command, and at each where one is missing', async () => {
  const container = (running: boolean) => ({
    Id: 'f',
    Name: 'x',
    Image: 'sha256:1',
    State: { Running: running },
    Config: { Image: 'x' },
    HostConfig: {},
    NetworkSettings: {},
  })
  const there: Record<string, unknown> = { a: container(true), b: container(false) }
  const calls: string[] = []
  const engine = engineOf((_, args) => {
    calls.push(args.slice(2).join(' '))
    const found = args.slice(2).map(it => there[it])
    if (found.every(it => it !== undefined)) return Promise.resolve(JSON.stringify(found))
    return Promise.reject(
      problem({
        code: 'command-failed',
        message: 'It failed.',
        details: '[]\nError: inspecting object: no such container b',
      }),
    )
  })
  expect((await engine.containers(['a', 'b'], 1000)).map(it => it?.running)).toEqual([true, false])
  expect(calls).toEqual(['a b'])
  delete there['b']
  expect((await engine.containers(['a', 'b'], 1000)).map(it => it?.running)).toEqual([true, undefined])
})
