/** What can run a command after a boot: systemd or cron, each with the same few operations. */
import type { AutostartBy } from '../../shared/autostart'
import { problem, ProblemError, type Problem } from '../../shared/problem'
import type { AutostartRecord, Entry } from './entry'

export interface Found {
  /** What was set up; absent if somebody enabled the package's unit. */
  readonly record?: AutostartRecord
  /** The unit's file. */
  readonly file?: string
  /** Why it won't run after a boot. */
  readonly idle?: Problem
  /** Why it may not run after a boot. */
  readonly doubt?: Problem
}

export interface Starter {
  readonly by: AutostartBy
  /** Our entry, if there is one. @throws Problem `autostart-foreign`; those of its commands */
  find(): Promise<Found | undefined>
  /** Adds our entry or replaces it. Changes nothing if it fails. @throws as `find` */
  put(entry: Entry): Promise<void>
  /** Removes our entry, if there is one, and nothing else. @throws as `find` */
  remove(): Promise<void>
}

/** Where systemd's files are, and as whom we run. */
export interface Machine {
  /** The root of the file system. */
  readonly root: string
  readonly home: string
  readonly uid: number
  readonly username: string
}

/** For `catch`: a command said no. @param message what couldn't be done */
export const saidNo =
  (message: string, hint?: string) =>
  (error: unknown): never => {
    const { cause, details } =
      error instanceof ProblemError ? error.problem : { cause: (error as Error).message, details: undefined }
    throw problem(
      {
        code: 'autostart-failed',
        message,
        cause: details?.trim().split('\n').at(-1) || cause,
        hint: hint ?? 'See Details for what it printed. Fix that, then try again.',
        details,
      },
      error,
    )
  }

/** It was set up, but switched off behind our back. */
export const idle = (cause: string): Problem => ({
  code: 'autostart-stale',
  message: 'This workspace won’t start after a reboot, although that is set up.',
  cause,
  hint: 'Set it up again, or turn it off.',
  action: 'autostart',
})
