/**
 * The room of the terminals: shells in the instances' folders, for the pages that show them. Who may have one, and what
 * ends it, is in docs/decisions/0049-terminal-in-the-window.md.
 */
import { randomUUID } from 'node:crypto'
import { problem } from '../../shared/problem'
import type { ShellNews, TerminalSize } from '../../shared/terminal'
import type { Roster } from '../instances/roster'
import { startShell, type Shell } from '../system/shell'
import type { Base } from '../workspace/opened'
import { Unread } from './unread'
import { whichShell } from './which-shell'

export interface Terminals {
  /**
   * Opens a shell, and reports what it prints until it ends. Aborting the signal hangs it up.
   * @param session of a served page; absent for a window on this machine
   * @throws Problem `terminal-not-allowed`, `terminal-limit`, `terminal-other-user`, `terminal-unavailable`,
   * `instance-unknown`
   */
  open(
    request: TerminalSize & { readonly name: string },
    session: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<ShellNews, void, undefined>
  /** @throws Problem `shell-ended`, `shell-busy` if it reads nothing */
  type(id: string, text: string, session: string | undefined): void
  /** @throws Problem `shell-ended` */
  resize(id: string, size: TerminalSize, session: string | undefined): void
  /** The page has drawn so much. @throws Problem `shell-ended` */
  read(id: string, characters: number, session: string | undefined): void
}

interface OpenShell {
  readonly shell: Shell
  readonly session: string | undefined
  readonly unread: Unread
}

/** Shells open at a time, each with a helper process of some 45 MB. */
const mostShells = 20

export function terminalRoom(base: Base, { configs }: Pick<Roster, 'configs'>): Terminals {
  const { paths, settings, place, node, mark, closing } = base
  const shells = new Map<string, OpenShell>()
  let opening = 0
  closing.add(() => Promise.all([...shells.values()].map(it => it.shell.ended)))

  /** @throws Problem `shell-ended` for another session's too */
  const shellOf = (id: string, session: string | undefined): OpenShell => {
    const found = shells.get(id)
    if (found && found.session === session) return found
    throw problem({ code: 'shell-ended', message: 'The shell has ended.', hint: 'Open a new terminal.' })
  }

  const isAllowed = async (session: string | undefined): Promise<boolean> =>
    session === undefined || (await settings.read()).access.browserTerminal === 'on'

  /** Aborted when a session may have no shell any more. */
  function forbidden(session: string | undefined, until: AbortSignal): AbortSignal {
    const ending = new AbortController()
    const follow = async (): Promise<void> => {
      for await (const _ of settings.watch(until)) if (!(await isAllowed(session))) return ending.abort(notAllowed())
    }
    if (session !== undefined) follow().catch(error => ending.abort(error))
    return ending.signal
  }

  async function* open(
    { name, columns, rows }: TerminalSize & { readonly name: string },
    session: string | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<ShellNews, void, undefined> {
    if (!(await isAllowed(session))) throw notAllowed()
    if (shells.size + opening >= mostShells) throw tooMany()
    const over = new AbortController() // the signal isn't aborted when the shell ends by itself
    const left = AbortSignal.any([signal, base.signal, over.signal])
    opening++
    const found = await whichShell({ paths, configs, pm2Home: place.pm2Home }, name)
      .then(async it => ({
        ...it,
        shell: await startShell({
          ...it,
          script: place.product.shellScript,
          node: node.path,
          mark,
          size: { columns, rows },
          signal: left,
        }),
      }))
      .finally(() => opening--)
    const { shell, folder, userName: user } = found
    const id = randomUUID()
    const unread = new Unread()
    shells.set(id, { shell, session, unread })
    const refused = forbidden(session, left)
    const until = AbortSignal.any([left, refused])
    const hangUp = (): void => shell.hangUp()
    until.addEventListener('abort', hangUp)
    if (until.aborted) hangUp()
    try {
      yield { kind: 'opened', id, user, folder }
      for await (const text of shell.output as AsyncIterable<string>) {
        yield { kind: 'output', text }
        await unread.add(text.length, until)
      }
      yield { kind: 'ended', code: await shell.ended }
    } catch (error) {
      if (refused.aborted) throw refused.reason
      if (!until.aborted) throw error
    } finally {
      over.abort() // hangs up, too
      shells.delete(id)
    }
  }

  return {
    open,
    type(id, text, session) {
      if (shellOf(id, session).shell.type(text)) return
      throw problem({
        code: 'shell-busy',
        message: 'That was too much to paste.',
        cause: 'The program in the terminal isn’t reading what is typed.',
        hint: 'Wait until it does, or press Ctrl+C. Then paste less at once.',
      })
    },
    resize: (id, size, session) => shellOf(id, session).shell.resize(size),
    read: (id, characters, session) => shellOf(id, session).unread.remove(characters),
  }
}

const notAllowed = () =>
  problem({
    code: 'terminal-not-allowed',
    message: 'Terminals aren’t allowed in browsers.',
    cause: 'A shell in a browser lets whoever has this session do anything that your user can.',
    hint: 'To allow it, run “instance-manager settings set access.browserTerminal on” on the machine, or change it in the window’s settings.',
  })

const tooMany = () =>
  problem({
    code: 'terminal-limit',
    message: `There are already ${mostShells} terminals open.`,
    hint: 'End one of them (“exit”), then try again.',
  })
