/** What the faces of the product give the app: dialogs, served pages, sockets. Types only. */
import type { WebSocket } from 'ws'
import type { MenuEntry } from '../shared/menu'
import type { Theme } from '../shared/theme'
import type { ServeStatus, SessionView } from '../shared/served'

/** Features that only the desktop app has. */
export interface Desktop {
  /** @returns undefined if the operator cancelled */
  chooseFolder(title: string): Promise<string | undefined>
  /** Asks for an image of a container, in a file. @returns undefined if the operator cancelled */
  chooseImageFile(title: string): Promise<string | undefined>
  /** Asks where to save a file. @param name the proposed name @returns undefined if the operator cancelled */
  chooseFile(title: string, name: string): Promise<string | undefined>
  openExternal(url: string): Promise<void>
  /** Shows a folder in the file manager. @throws Problem `folder-unopened` */
  openFolder(path: string): Promise<void>
  /** @throws Problem `terminal-missing` */
  openTerminal(folder: string): Promise<void>
  /** Opens logs in a separate window. @param path the screen's path, `/window/logs/…` */
  openLogs(path: string): void
  /** Makes the windows' own parts light or dark, from the next start on too, before a page has loaded. */
  setTheme(theme: Theme): void
  /** Puts these into the application's menus, instead of those before. */
  setMenu(entries: readonly MenuEntry[]): void
  /** The ids of its entries, as they are chosen. */
  menuChoices(signal: AbortSignal): AsyncGenerator<string, void, undefined>
}

/** Features that only served pages have. */
export interface Served {
  status(): ServeStatus
  /** An address that opens one session. */
  link(): string
  /** The number of connected sessions besides this one. */
  others(session: string | undefined): number
  sessions(signal: AbortSignal): AsyncGenerator<readonly SessionView[], void, undefined>
  /** Ends a session and its connections. */
  revoke(id: string): void
  /** Asks the server to end once running operations have finished. */
  stop(): void
}

/** Lets commands on this machine connect to the open workspace. */
export interface LocalListener {
  /** The number of connections. */
  count(): number
  /** If there are no connections, accepts no more. @returns whether that is so */
  endIfUnused(): boolean
  /** Resolves when a connection has ended, or the signal is aborted. */
  disconnected(signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** The engine of another process that has a workspace open, reached over its socket there. */
export interface OtherEngine {
  /** Where it serves its pages, if it does. */
  readonly served?: string
  /** A new connection to its router. */
  connect(): WebSocket
  /** A link that opens a session of its pages. */
  link(): Promise<string>
  /** The addresses of its instances. */
  urls(): Promise<readonly string[]>
  /** Resolves when it can’t be reached any more: it has ended, or closed the workspace. */
  readonly ended: Promise<void>
  close(): Promise<void>
}
