/** systemd: whether it manages this machine, and words in its unit files (systemd.syntax(7), systemd.service(5)). */
import { join } from 'node:path'
import { exists } from './files'

/** As sd_booted(3). @param root the root of the file system */
export const isSystemd = (root = '/'): Promise<boolean> => exists(join(root, 'run/systemd/system'))

/** Whether the user's services run without a login. @param root the root of the file system */
export const lingers = (username: string, root = '/'): Promise<boolean> =>
  exists(join(root, 'var/lib/systemd/linger', username))

/** Quotes a word so that systemd reads back exactly this text. `%` would begin a specifier. */
export const unitWord = (text: string): string =>
  /^[\w@+=:,./-]+$/.test(text)
    ? text
    : `"${text
        .replace(/[\\"]/g, '\\$&')
        .replaceAll('%', '%%')
        // as bytes: a line break would end the setting
        .replace(/\p{Cc}/gu, it =>
          Buffer.from(it)
            .toString('hex')
            .replace(/../g, String.raw`\x$&`),
        )}"`

/** The value of `ExecStart=`. The colon keeps systemd from replacing `$NAME` in the words. */
export const unitCommand = ([file = '', ...args]: readonly string[]): string =>
  [`:${file}`, ...args].map(unitWord).join(' ')

/** Writes a path as the instance of a template unit, as `systemd-escape --path` does; `%f` in the unit is the path. */
export function unitInstance(path: string): string {
  const bytes = Buffer.from(path.split('/').filter(Boolean).join('/'), 'utf8')
  if (bytes.length === 0) return '-'
  const escaped = [...bytes].map((byte, index) => {
    const it = String.fromCharCode(byte)
    if (it === '/') return '-'
    return /[\w:]/.test(it) || (it === '.' && index > 0) ? it : `\\x${byte.toString(16).padStart(2, '0')}`
  })
  return escaped.join('')
}
