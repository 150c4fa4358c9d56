/**
 * What the operating system's own error codes mean to the operator. Node's errors carry them as `code`, with the `path`
 * where there is one.
 */

/** A `Problem` (problem.ts, which uses this file) of the operating system. */
interface SystemProblem {
  readonly code: string
  readonly message: string
  readonly cause: string
  readonly hint: string
  readonly action?: 'free-space'
}

/** Of an error of the operating system that a person can act on; undefined for any other. */
export function systemProblem(error: unknown): SystemProblem | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, path, syscall } = error as {
    readonly code?: unknown
    readonly path?: unknown
    readonly syscall?: unknown
  }
  const what = typeof path === 'string' && path !== '' ? path : 'a file'
  switch (code) {
    case 'ENOSPC':
      return diskFull(what, 'No space is left on that disk (ENOSPC).')
    case 'EDQUOT':
      return diskFull(what, 'Your user may not take more space there (EDQUOT).')
    case 'EROFS':
      return {
        code: 'disk-read-only',
        message: `${what} cannot be written: its disk is read-only.`,
        cause: 'It was mounted so, or the system has closed it after an error of the disk (EROFS).',
        hint: 'See what the system says of it (dmesg), make it writable, then try again.',
      }
    case 'EIO':
      return {
        code: 'disk-error',
        message: `${what} cannot be read or written: the disk gives errors.`,
        cause: 'The system reports EIO.',
        hint: 'See what the system says of it (dmesg), and save what matters from that disk. Then try again.',
      }
    case 'EMFILE':
    case 'ENFILE':
      return {
        code: 'too-many-files',
        message: 'No more files can be opened.',
        cause:
          code === 'EMFILE'
            ? 'Instance Manager has as many open as one process may (EMFILE).'
            : 'All processes of this machine have as many open as it allows (ENFILE).',
        hint: `Raise the limit (${code === 'EMFILE' ? 'ulimit -n' : 'sysctl fs.file-max'}) and start Instance Manager again, or try again when less is going on.`,
      }
    case 'EACCES':
    case 'EPERM':
      if (typeof syscall === 'string' && ofNoFile.has(syscall)) return undefined
      return {
        code: 'access-denied',
        message: `You have no permission for ${what}.`,
        cause: `The system refused it (${code}).`,
        hint: 'See whose it is (ls -ld) and give it to your user, or work as the user whose it is. Then try again.',
      }
    default:
      return undefined
  }
}

/** System calls on ports and processes: what they are refused has other causes than a file's owner. */
const ofNoFile = new Set(['bind', 'connect', 'kill', 'listen'])

/** @param what could not be written */
export const diskFull = (what: string, cause: string): SystemProblem => ({
  code: 'disk-full',
  message: `The disk is full: ${what} cannot be written.`,
  cause,
  hint: 'Free space there, then try again.',
  action: 'free-space',
})

/** What programs say in their output when there is no space left. */
export const saysDiskFull = (output: string): boolean =>
  /\b(ENOSPC|EDQUOT)\b|No space left on device|Disk quota exceeded/.test(output)
