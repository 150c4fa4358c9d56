/** Exit codes, for scripts. */
import type { Phase } from '../../shared/operation'

export const exitCodes = {
  done: 0,
  /** It failed and what it had begun was undone, or the outcome is unknown. */
  failed: 1,
  usage: 2,
  /** An operation is stuck or was left open: `recover` decides. */
  stuck: 3,
  /** Nothing was begun: locked, busy, or an unmet precondition. */
  refused: 4,
  /** Ctrl+C with nothing to undo; 128 + SIGINT, as in shells. */
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

/** The most serious of several exit codes. */
export const worstExit = (codes: readonly ExitCode[]): ExitCode =>
  gravest.find(it => codes.includes(it)) ?? exitCodes.done
