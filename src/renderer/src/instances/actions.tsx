/** What can be done with one instance: the same list in its row, on its page and in the command palette. */
import {
  IconCopyCheck,
  IconExternalLink,
  IconFileText,
  IconInfoCircle,
  IconPlayerPlay,
  IconPlayerStop,
  IconPlugConnected,
  IconRefresh,
  IconShieldLock,
  IconShieldOff,
  IconTrash,
  IconTimeline,
  type Icon,
} from '@tabler/icons-react'
import { useLocation } from 'wouter'
import { useApp } from '../app/live'
import type { Shown } from './arrange'
import { useJobs } from './jobs'
import { useOpenInstance } from './open'
import { pageOf } from './page-of'

export interface InstanceAction {
  readonly id:
    | 'show'
    | 'logs'
    | 'progress'
    | 'open'
    | 'start'
    | 'stop'
    | 'restart'
    | 'change-port'
    | 'adopt'
    | 'isolate'
    | 'unisolate'
    | 'delete'
  readonly label: string
  readonly Icon: Icon
  readonly run: () => void
  readonly danger?: boolean
}

/** @returns asks what can be done with an instance as it is now, the likeliest first */
export function useInstanceActions(): (shown: Shown) => InstanceAction[] {
  const [, navigate] = useLocation()
  const open = useOpenInstance()
  const { run, ask, isolate, unisolate } = useJobs()
  const { root } = useApp()
  return ({ instance: { name, url, isolated }, status: { group, operation } }) => {
    const online = group === 'online'
    const free = group !== 'busy' && group !== 'copy' // nothing is done to a copy until it is adopted
    const all: (InstanceAction | false)[] = [
      online && { id: 'open', label: 'Open', Icon: IconExternalLink, run: () => open(url) },
      { id: 'show', label: 'Show', Icon: IconInfoCircle, run: () => navigate(pageOf(name)) },
      { id: 'logs', label: 'Logs', Icon: IconFileText, run: () => navigate(`${pageOf(name)}/logs`) },
      operation !== undefined && {
        id: 'progress',
        label: 'Show the progress',
        Icon: IconTimeline,
        run: () => navigate(`/operations/${operation}`),
      },
      free && !online && { id: 'start', label: 'Start', Icon: IconPlayerPlay, run: () => run('start', name) },
      (online || group === 'unknown') && {
        id: 'restart',
        label: 'Restart',
        Icon: IconRefresh,
        run: () => run('restart', name),
      },
      (online || group === 'unknown' || group === 'errored') && {
        id: 'stop',
        label: 'Stop',
        Icon: IconPlayerStop,
        run: () => run('stop', name),
      },
      group === 'copy' && {
        id: 'adopt',
        label: 'Adopt…',
        Icon: IconCopyCheck,
        run: () => ask({ type: 'adopt', name }),
      },
      free && {
        id: 'change-port',
        label: 'Change port…',
        Icon: IconPlugConnected,
        run: () => ask({ type: 'change-port', name }),
      },
      free && root && !isolated && { id: 'isolate', label: 'Isolate…', Icon: IconShieldLock, run: () => isolate(name) },
      free &&
        root &&
        isolated && { id: 'unisolate', label: 'End isolation…', Icon: IconShieldOff, run: () => unisolate(name) },
      free && {
        id: 'delete',
        label: 'Delete…',
        Icon: IconTrash,
        run: () => ask({ type: 'delete', name }),
        danger: true,
      },
    ]
    return all.filter(it => it !== false)
  }
}
