/** What the preload exposes to the window: a text channel to the main process, independent of what is sent over it. */
export interface BridgeHandlers {
  onMessage(data: string): void
  /** The main process closed the line; no more messages will arrive. */
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
    /** Absent in served pages, which use a socket. */
    readonly bridge?: Bridge
  }
}

/** IPC channel names, shared by the preload and the main process. */
export const channels = { open: 'line:open', message: 'line:message', closed: 'line:closed' } as const
