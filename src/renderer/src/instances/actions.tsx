/** The actions on one instance: the same in its row, on its page and in the command palette. */
import {
  IconExternalLink,
  IconFileText,
  IconHeartbeat,
  IconInfoCircle,
  IconTable,
  IconTag,
  IconTerminal2,
  IconTimeline,
  type Icon,
} from '@tabler/icons-react'
import { useLocation } from 'wouter'
import { jobs } from '../../../shared/jobs'
import type { AnyJob, Offer } from '../../../shared/jobs/job'
import { runs } from '../../../shared/status'
import { useApp } from '../app/live'
import { healthOf } from '../doctor/health-of'
import { faceOf, labelsDialog } from '../jobs/faces'
import { about, useJobs } from '../jobs/jobs'
import type { ShownInstance } from './arrange'
import { useOpenInstance } from './open'
import { pageOf } from './page-of'

export interface InstanceAction {
  /** A job's kind, or one of `show`, `logs`, `tables`, `terminal`, `health`, `labels`, `progress`, `open`. */
  readonly id: string
  readonly label: string
  /** The label with the instance's name, e.g. “Change the port of school…”. */
  readonly named: string
  readonly Icon: Icon
  readonly run: () => void
  readonly quick?: Offer['quick']
  readonly danger?: boolean
}

const offered: readonly AnyJob[] = jobs

/** `before`: the label to put before a name, e.g. “Change the port of”. */
type Described = Omit<InstanceAction, 'named'> & { readonly before: string }

/** @returns a function that lists the actions possible for an instance in its current state, the likeliest first */
export function useInstanceActions(): (shown: ShownInstance) => InstanceAction[] {
  const [, navigate] = useLocation()
  const open = useOpenInstance()
  const { run, ask } = useJobs()
  const { root } = useApp()
  return ({ instance: { name, url, isolated, seamless, replaced }, status: { group, operation, job } }) => {
    const go = (to: string) => (): void => navigate(to)
    const links: (Described | false)[] = [
      runs(group) && {
        id: 'open',
        label: 'Open',
        before: 'Open',
        Icon: IconExternalLink,
        run: () => open({ name, url }),
        quick: 'likeliest',
      },
      { id: 'show', label: 'Show', before: 'Show', Icon: IconInfoCircle, run: go(pageOf(name)) },
      { id: 'logs', label: 'Logs', before: 'Logs of', Icon: IconFileText, run: go(`${pageOf(name)}/logs`) },
      { id: 'tables', label: 'Tables', before: 'Tables of', Icon: IconTable, run: go(`${pageOf(name)}/tables`) },
      {
        id: 'terminal',
        label: 'Terminal',
        before: 'Open a terminal in',
        Icon: IconTerminal2,
        run: go(`${pageOf(name)}/terminal`),
      },
      {
        id: 'health',
        label: 'Check health',
        before: 'Check the health of',
        Icon: IconHeartbeat,
        run: go(healthOf(name)),
      },
      group !== 'copy' && {
        id: 'labels',
        label: 'Tags and notes…',
        before: 'Tags and notes of',
        Icon: IconTag,
        run: () => ask(about(labelsDialog, name)),
      },
      operation !== undefined && {
        id: 'progress',
        label: 'Show progress',
        before: 'Show progress of',
        Icon: IconTimeline,
        run: go(`/operations/${operation}`),
        quick: 'likely',
      },
    ]
    const described = [
      ...links.filter(it => it !== false),
      ...offered.flatMap(({ kind, offer }) => {
        if (!offer?.when({ group, job, isolated, seamless, previous: replaced !== undefined, root })) return []
        const { label, before = label.replace(/…$/, ''), quick, danger } = offer
        const { Icon, dialog } = faceOf(kind)
        return [
          {
            id: kind,
            label,
            before,
            Icon,
            quick,
            danger,
            run: () => (dialog ? ask(about(dialog, name)) : run(kind, name)),
          },
        ]
      }),
    ]
    return described.map(({ before, ...it }) => ({
      ...it,
      named: `${before} ${name}${it.label.endsWith('…') ? '…' : ''}`,
    }))
  }
}
