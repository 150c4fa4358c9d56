import { EventEmitter } from 'node:events'
import { beforeEach, expect, it } from 'vitest'
import type { App } from '../../../src/main/app'
import { connectWindow } from '../../../src/main/transport/window-line'
import { eventually } from '../../support/eventually'

class Wire extends EventEmitter {
  readonly sent: unknown[] = []
  readyState = 1
  send(text: string): void {
    this.sent.push(text === 'PONG' ? text : JSON.parse(text))
  }
  close(): void {
    this.readyState = 3
    this.emit('close', 1006)
  }
  terminate(): void {
    this.close()
  }
}

let line: Wire
let engine: Wire
const say = (text: string): void => void line.emit('message', Buffer.from(text), false)
const call = (id: number, path: string) => ({ id, method: 'mutation', params: { path, input: { title: 'x' } } })

beforeEach(() => {
  line = new Wire()
  engine = new Wire()
  const desktop = { chooseFolder: () => Promise.resolve('/here') }
  connectWindow(line, { desktop, joined: { connect: () => engine } } as unknown as App)
  say(JSON.stringify(call(1, 'serve.link')))
  engine.emit('open')
})

it('answers the app’s own calls, passes on all others, and tells both what has ended', async () => {
  say(
    JSON.stringify([call(2, 'app.chooseFolder'), call(3, 'operations.start'), { id: 9, method: 'subscription.stop' }]),
  )
  await eventually(() => expect(line.sent).toEqual([{ id: 2, result: { type: 'data', data: '/here' } }]))
  expect(engine.sent).toEqual([
    [call(1, 'serve.link')],
    [call(3, 'operations.start'), { id: 9, method: 'subscription.stop' }],
  ])
  engine.emit('message', Buffer.from('{"id":3,"result":{"type":"data"}}'))
  engine.emit('message', Buffer.from('PING'))
  expect(line.sent.at(-1)).toEqual({ id: 3, result: { type: 'data' } })
  expect(engine.sent.at(-1)).toBe('PONG')
})

it.each([
  'no JSON',
  'null',
  '[null, 7, "x"]',
  '{"id":4,"method":"query","params":null}',
  '{"id":4,"params":{"path":7}}',
])('survives what makes no sense: %s', async text => {
  say(text)
  say(JSON.stringify(call(2, 'app.chooseFolder')))
  await eventually(() => expect(line.sent).toContainEqual({ id: 2, result: { type: 'data', data: '/here' } }))
})

it('ends with the engine, and ends the connection to it', () => {
  engine.close()
  expect(line.readyState).toBe(3)
})
