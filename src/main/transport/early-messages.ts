/** What windows say before anyone listens. */
import type { EventEmitter } from 'node:events'
import { channels } from '../../shared/bridge'

/**
 * Keeps windows' messages.
 * @param messages Electron's `ipcMain`
 * @returns stops that and passes them on, in order; call it once their listeners are there
 */
export function keepMessages(messages: EventEmitter): () => void {
  const kept: { readonly channel: string; readonly args: readonly unknown[] }[] = []
  const listeners = Object.values(channels).map(channel => {
    const listener = (...args: readonly unknown[]): void => void kept.push({ channel, args })
    messages.on(channel, listener)
    return () => messages.off(channel, listener)
  })
  return () => {
    for (const off of listeners) off()
    for (const { channel, args } of kept) messages.emit(channel, ...args)
  }
}
