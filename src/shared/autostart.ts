/** Starting a workspace after a reboot. */
import type { Problem } from './problem'

/** What runs the command after a boot: one of systemd's units, the user's or root's, or cron. */
export type AutostartBy = 'user-unit' | 'system-unit' | 'crontab'

export interface AutostartStatus {
  /** `stale`: it was turned on, but wouldn't work, or not for this workspace; the problem says why. */
  readonly state: 'on' | 'off' | 'stale'
  /** What starts it, or would; absent if nothing here can. */
  readonly by?: AutostartBy
  /** The unit's file. */
  readonly file?: string
  /** Why it is stale, can't be turned on, or may not work although it is on. */
  readonly problem?: Problem
}

export const autostartBy: Readonly<Record<AutostartBy, string>> = {
  'user-unit': 'A systemd unit of your user',
  'system-unit': 'A systemd unit of the system',
  crontab: 'A line in your crontab',
}
