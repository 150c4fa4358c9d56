/**
 * The router over Electron IPC. Each line that a window opens becomes a socket-like object for tRPC's own WebSocket
 * adapter, so the desktop app and a served page use exactly the same protocol.
 */
import { EventEmitter } from 'node:events'
import { ipcMain, type IpcMainEvent, type WebContents } from 'electron'
import { z } from 'zod'
import { channels } from '../../shared/bridge'
import type { App } from '../app'
import { connectWindow, type Line } from './window-line'

/** Limits, far above what the app needs: characters per message, and lines per window. */
const maxMessage = 1_000_000
const maxLines = 8

const lineSchema = z.string().min(1).max(40)
const messageSchema = z.string().max(maxMessage)

class IpcSocket extends EventEmitter implements Line {
  readyState = 1
  readonly #contents: WebContents
  readonly #line: string

  constructor(contents: WebContents, line: string) {
    super()
    this.#contents = contents
    this.#line = line
  }

  send(data: string): void {
    if (this.readyState === 1 && !this.#contents.isDestroyed()) this.#contents.send(channels.message, this.#line, data)
  }

  /** Closes it from this side. */
  close(): void {
    if (this.readyState !== 1) return
    if (!this.#contents.isDestroyed()) this.#contents.send(channels.closed, this.#line)
    this.ended()
  }

  /** Call it when the window has closed it. */
  ended(): void {
    if (this.readyState !== 1) return
    this.readyState = 3
    this.emit('close')
  }
}

/** Serves the app to windows whose page comes from `origin`; messages from any other sender are dropped. */
export function serveWindows(app: App, origin: string): void {
  const windows = new Map<WebContents, Map<string, IpcSocket>>()

  const trusted = ({ senderFrame }: IpcMainEvent): boolean =>
    senderFrame !== null && senderFrame.parent === null && senderFrame.url.startsWith(`${origin}/`)
  const linesOf = (contents: WebContents): Map<string, IpcSocket> => {
    const known = windows.get(contents)
    if (known) return known
    const lines = new Map<string, IpcSocket>()
    const drop = (): void => {
      for (const socket of lines.values()) socket.ended()
      lines.clear()
    }
    // A page that was reloaded or crashed doesn't close its lines.
    contents.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
      if (isMainFrame && !isSameDocument) drop()
    })
    contents.on('render-process-gone', drop)
    contents.once('destroyed', () => {
      drop()
      windows.delete(contents)
    })
    windows.set(contents, lines)
    return lines
  }

  ipcMain.on(channels.open, (event, line: unknown) => {
    const name = lineSchema.safeParse(line)
    if (!trusted(event) || !name.success) return
    const lines = linesOf(event.sender)
    if (lines.size >= maxLines || lines.has(name.data)) return
    const socket = new IpcSocket(event.sender, name.data)
    socket.once('close', () => lines.delete(name.data))
    lines.set(name.data, socket)
    connectWindow(socket, app)
  })
  ipcMain.on(channels.message, (event, line: unknown, data: unknown) => {
    const text = messageSchema.safeParse(data)
    if (!trusted(event) || typeof line !== 'string') return
    const socket = windows.get(event.sender)?.get(line)
    if (text.success) socket?.emit('message', Buffer.from(text.data), false)
    else socket?.close()
  })
  ipcMain.on(channels.closed, (event, line: unknown) => {
    if (trusted(event) && typeof line === 'string') windows.get(event.sender)?.get(line)?.ended()
  })
}
