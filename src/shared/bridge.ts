/**
 * What the preload gives the window: a line to the main process that carries text, and knows nothing of what it says.
 */
export interface BridgeHandlers {
  onMessage(data: string): void
  /** The main process closed the line; nothing more comes. */
  onClose(): void
}

export interface BridgeConnection {
  send(data: string): void
  close(): void
}

export interface Bridge {
  /** Opens a new line. @throws if the main process cannot be reached */
  connect(handlers: BridgeHandlers): BridgeConnection
}

declare global {
  interface Window {
    /** Absent in a page that is served over a socket. */
    readonly bridge?: Bridge
  }
}

/** Names of the IPC channels, used by the preload and the main process. */
export const channels = { open: 'line:open', message: 'line:message', closed: 'line:closed' } as const
