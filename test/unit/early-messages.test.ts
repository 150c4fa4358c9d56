import { EventEmitter } from 'node:events'
import { expect, it } from 'vitest'
import { keepMessages } from '../../src/main/transport/early-messages'
import { channels } from '../../src/shared/bridge'

it('passes on in order what came before anyone listened, and nothing twice', () => {
  const ipc = new EventEmitter()
  const passOn = keepMessages(ipc)
  ipc.emit(channels.open, 'event', 'line')
  ipc.emit(channels.message, 'event', 'line', 'text')
  const heard: unknown[] = []
  for (const channel of Object.values(channels)) ipc.on(channel, (...args: unknown[]) => heard.push([channel, ...args]))
  passOn()
  ipc.emit(channels.closed, 'event', 'line')
  expect(heard).toEqual([
    [channels.open, 'event', 'line'],
    [channels.message, 'event', 'line', 'text'],
    [channels.closed, 'event', 'line'],
  ])
})
