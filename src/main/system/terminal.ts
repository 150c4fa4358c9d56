/** Opens the desktop's own terminal program. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { problem } from '../../shared/problem'

/**
 * Debian's choice first, then the programs of the common desktops. Some pass their work to a server of theirs, which
 * needs to be told the folder.
 */
const terminals: readonly { readonly program: string; readonly args?: (folder: string) => string[] }[] = [
  { program: 'x-terminal-emulator' },
  { program: 'gnome-terminal', args: folder => [`--working-directory=${folder}`] },
  { program: 'konsole', args: folder => ['--workdir', folder] },
  { program: 'xfce4-terminal', args: folder => [`--working-directory=${folder}`] },
  { program: 'kgx', args: folder => [`--working-directory=${folder}`] },
  { program: 'xterm' },
]

/** Returns once it has been started; it outlives us. @param folder absolute @throws Problem `terminal-missing` */
export async function openTerminal(folder: string): Promise<void> {
  for (const { program, args } of terminals) {
    const child = spawn(program, args?.(folder) ?? [], { cwd: folder, detached: true, stdio: 'ignore' })
    child.unref()
    const started = await once(child, 'spawn').then(
      () => true,
      () => false,
    )
    if (started) return
  }
  throw problem({
    code: 'terminal-missing',
    message: 'No terminal program was found.',
    cause: `None of these is installed: ${terminals.map(it => it.program).join(', ')}.`,
    hint: 'Install one. Or copy the folder’s path, and change to it in a terminal of your own.',
  })
}
