/** How a command ends, for scripts. */
import type { Phase } from '../../shared/operation'

export const exitCodes = {
  done: 0,
  /** It failed, and what it had begun was undone; or it could not be found out. */
  failed: 1,
  usage: 2,
  /** An operation is open and can go neither way by itself: `recover` decides. */
  stuck: 3,
  /** Nothing was begun: locked, busy, or a precondition is not met. */
  refused: 4,
  /** Ctrl+C where nothing had to be undone; 128 + SIGINT, as shells say it. */
  interrupted: 130,
} as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

export function exitOfPhase(phase: Phase): ExitCode {
  switch (phase) {
    case 'succeeded':
      return exitCodes.done
    case 'rolled-back':
      return exitCodes.failed
    case 'running':
    case 'undoing':
    case 'stuck':
      return exitCodes.stuck
  }
}

const gravest = [exitCodes.stuck, exitCodes.failed, exitCodes.refused, exitCodes.usage, exitCodes.interrupted]

/** Of many: what needs a person first. */
export const worstExit = (codes: readonly ExitCode[]): ExitCode =>
  gravest.find(it => codes.includes(it)) ?? exitCodes.done
