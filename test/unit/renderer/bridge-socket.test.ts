import { describe, expect, it, vi } from 'vitest'
import { bridgeSocket } from '../../../src/renderer/src/app/bridge-socket'
import type { BridgeHandlers } from '../../../src/shared/bridge'

const bridge = () => {
  const sent: string[] = []
  const close = vi.fn<() => void>()
  let handlers: BridgeHandlers | undefined
  const Socket = bridgeSocket({
    connect: given => {
      handlers = given
      return {
        send: data => {
          sent.push(data)
        },
        close,
      }
    },
  })
  return {
    Socket,
    sent,
    close,
    handlers: () => {
      if (!handlers) throw new Error('not connected')
      return handlers
    },
  }
}
const opened = (socket: WebSocket) =>
  new Promise(done => {
    socket.addEventListener('open', done)
  })

describe('the bridge as a socket', () => {
  it('opens after its listeners were added, then carries text both ways', async () => {
    const { Socket, sent, handlers } = bridge()
    const socket = new Socket('bridge:')
    expect(socket.readyState).toBe(Socket.CONNECTING)
    await opened(socket)
    expect(socket.readyState).toBe(Socket.OPEN)
    socket.send('out')
    const message = new Promise<MessageEvent>(done => {
      socket.addEventListener('message', done)
    })
    handlers().onMessage('in')
    expect((await message).data).toBe('in')
    expect(sent).toEqual(['out'])
  })
  it('tells once that the other side closed', async () => {
    const { Socket, handlers, close } = bridge()
    const socket = new Socket('bridge:')
    const closed = vi.fn<() => void>()
    socket.addEventListener('close', closed)
    await opened(socket)
    handlers().onClose()
    handlers().onClose()
    expect(closed).toHaveBeenCalledTimes(1)
    expect(socket.readyState).toBe(Socket.CLOSED)
    expect(close).not.toHaveBeenCalled()
  })
  it('closes the line from this side', async () => {
    const { Socket, close } = bridge()
    const socket = new Socket('bridge:')
    await opened(socket)
    socket.close()
    expect(close).toHaveBeenCalledTimes(1)
    expect(socket.readyState).toBe(Socket.CLOSED)
  })
  it('is an error when the main process cannot be reached', async () => {
    const Socket = bridgeSocket({
      connect: () => {
        throw new Error('gone')
      },
    })
    const socket = new Socket('bridge:')
    await new Promise(done => {
      socket.addEventListener('error', done)
    })
    expect(socket.readyState).toBe(Socket.CLOSED)
  })
})
