/** Status as icon, word and colour; never colour alone. */
import {
  IconAlertTriangleFilled,
  IconArrowBackUp,
  IconCircleCheckFilled,
  IconCircleDashed,
  IconCircleXFilled,
  IconPlayerPauseFilled,
  IconProgress,
  IconQuestionMark,
} from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { stateWords, type ServiceState, type ServiceStatus } from '../../../shared/infrastructure'
import type { StatusGroup } from '../../../shared/status'
import classes from './status.module.css'

export type Tone = 'good' | 'busy' | 'idle' | 'warn' | 'bad' | 'undone' | 'absent' | 'unknown'

const icons = {
  good: IconCircleCheckFilled,
  busy: IconProgress,
  idle: IconPlayerPauseFilled,
  warn: IconAlertTriangleFilled,
  bad: IconCircleXFilled,
  undone: IconArrowBackUp,
  absent: IconCircleDashed,
  unknown: IconQuestionMark,
} satisfies Record<Tone, unknown>

/** Only the icon; the word must be next to it. */
export function StatusIcon({ tone, size = 16 }: { tone: Tone; size?: number }) {
  const Icon = icons[tone]
  return <Icon size={size} className={classes.icon} data-tone={tone} aria-hidden />
}

export function Status({ tone, children }: { tone: Tone; children: ReactNode }) {
  return (
    <span className={classes.status}>
      <StatusIcon tone={tone} />
      <span>{children}</span>
    </span>
  )
}

export const serviceTone: Record<ServiceState, Tone> = {
  running: 'good',
  'not-adopted': 'warn',
  starting: 'busy',
  restarting: 'warn',
  stopping: 'busy',
  stopped: 'idle',
  failed: 'bad',
  absent: 'absent',
  unavailable: 'warn',
}
export const serviceWord: Record<ServiceState, string> = {
  running: 'Running',
  'not-adopted': 'Not adopted yet',
  starting: 'Starting',
  restarting: 'Restarting',
  stopping: 'Stopping',
  stopped: 'Stopped',
  failed: 'Failed',
  absent: 'Not set up',
  unavailable: 'Not available',
}

/** e.g. `Restarting, attempt 3`. */
export const serviceWords = (service: ServiceStatus): string => stateWords(service, serviceWord)

/** `copy`: a copy of another instance, not adopted yet. */
export const instanceTone: Record<Exclude<StatusGroup, 'busy'>, Tone> = {
  online: 'good',
  'no database': 'bad',
  unstable: 'warn',
  'not answering': 'bad',
  stopped: 'idle',
  errored: 'bad',
  'not in PM2': 'absent',
  unknown: 'unknown',
  copy: 'warn',
}
export const instanceWord: Record<Exclude<StatusGroup, 'busy'>, string> = {
  online: 'Online',
  'no database': 'No database',
  unstable: 'Unstable',
  'not answering': 'Not answering',
  stopped: 'Stopped',
  errored: 'Errored',
  'not in PM2': 'Not in PM2',
  unknown: 'Unknown',
  copy: 'Copy',
}
