import { expect, it } from 'vitest'
import { Engine } from '../../../src/main/infrastructure/engine'
import { problem } from '../../../src/shared/problem'

const failing = (details: string): Engine => new Engine('podman', () => Promise.reject(problem({ code: 'command-failed', message: 'It failed.', details })))

it.each(['Error: inspecting object: no such container nope', 'Error response from daemon: No such container: nope', 'Error: No such object: nope'])('takes "%s" for an absent container', async said => {
  expect(await failing(said).container('nope')).toBeUndefined()
})

it('takes an engine that cannot be reached for no answer, whatever it calls missing', async () => {
  const said = 'Error: unable to connect to Podman socket: dial unix /run/podman.sock: connect: no such file or directory'
  await expect(failing(said).container('nope')).rejects.toMatchObject({ problem: { code: 'command-failed' } })
})
