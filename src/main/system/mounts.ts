/** Finds mount points. */
import { readFile, realpath } from 'node:fs/promises'

/** Mount points below a folder, not the folder itself. */
export async function mountsBelow(folder: string): Promise<string[]> {
  const [above, table] = await Promise.all([realpath(folder), readFile('/proc/self/mountinfo', 'utf8')])
  return table
    .split('\n')
    .map(line => unescape(line.split(' ')[4] ?? ''))
    .filter(it => it.startsWith(`${above}/`))
}

/** The kernel writes spaces, tabs, newlines and backslashes as three octal digits (proc_pid_mountinfo(5)). */
const unescape = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)))
