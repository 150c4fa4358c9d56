/**
 * Explains the operating system's error codes to the operator. Node's errors have them as `code`, with a `path` if
 * there is one.
 */

/** A `Problem` caused by the operating system. (problem.ts imports this file.) */
interface SystemProblem {
  readonly code: string
  readonly message: string
  readonly cause: string
  readonly hint: string
  readonly action?: 'free-space'
}

/** The problem for a system error that a person can act on; undefined for any other error. */
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
      return diskFull(what, 'Your user’s disk quota is used up (EDQUOT).')
    case 'EROFS':
      return {
        code: 'disk-read-only',
        message: `${what} can’t be written: its disk is read-only.`,
        cause: 'It was mounted read-only, or the system made it read-only after a disk error (EROFS).',
        hint: 'Look for the reason in dmesg, make it writable, then try again.',
      }
    case 'EIO':
      return {
        code: 'disk-error',
        message: `${what} can’t be read or written: the disk reports errors.`,
        cause: 'The system reported EIO.',
        hint: 'Back up what matters on that disk and look for the reason in dmesg. Then try again.',
      }
    case 'EMFILE':
    case 'ENFILE':
      return {
        code: 'too-many-files',
        message: 'No more files can be opened.',
        cause:
          code === 'EMFILE'
            ? 'Instance Manager has reached its limit of open files (EMFILE).'
            : 'This machine has reached its limit of open files (ENFILE).',
        hint: `Raise the limit (${code === 'EMFILE' ? 'ulimit -n' : 'sysctl fs.file-max'}) and restart Instance Manager, or try again when less is running.`,
      }
    case 'EACCES':
    case 'EPERM':
      if (typeof syscall === 'string' && ofNoFile.has(syscall)) return undefined
      return {
        code: 'access-denied',
        message: `Permission denied: ${what}.`,
        cause: `The system refused it (${code}).`,
        hint: 'Check the owner (ls -ld). Give it to your user, or run Instance Manager as its owner. Then try again.',
      }
    default:
      return undefined
  }
}

/** System calls on ports and processes: these are refused for other reasons than a file's owner. */
const ofNoFile = new Set(['bind', 'connect', 'kill', 'listen'])

/** @param what could not be written */
export const diskFull = (what: string, cause: string): SystemProblem => ({
  code: 'disk-full',
  message: `The disk is full: ${what} can’t be written.`,
  cause,
  hint: 'Free some space there, then try again.',
  action: 'free-space',
})

/** Whether a program's output says that the disk is full. */
export const saysDiskFull = (output: string): boolean =>
  /\b(ENOSPC|EDQUOT)\b|No space left on device|Disk quota exceeded/.test(output)
