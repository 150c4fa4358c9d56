/** Desktop notifications: an instance stopped working, or a long job ended while the window was hidden. */
import { useEffect, useRef } from 'react'
import { useLocation } from 'wouter'
import type { OperationState, Phase } from '../../../shared/operation'
import type { InstanceStatus } from '../../../shared/status'
import { useInstances, useOperations } from './live'
import { pageOf } from '../instances/page-of'
import { headline } from '../../../shared/jobs/words'
import { enumerate } from '../../../shared/amounts'
import { endedUnseen, newlyIll } from './news'
import { instanceWord } from './status'

/** Whether the browser allows notifications, which the Settings screen asks for. */
export const canNotify = (): boolean => 'Notification' in window && Notification.permission === 'granted'

export function DesktopNews() {
  const { data } = useInstances()
  const { operations, ready } = useOperations()
  const [, navigate] = useLocation()
  const statuses = useRef<ReadonlyMap<string, InstanceStatus> | undefined>(undefined)
  const phases = useRef<ReadonlyMap<string, Phase> | undefined>(undefined)

  useEffect(() => {
    if (!data) return
    const ill = newlyIll(statuses.current, data.instances)
    statuses.current = new Map(data.instances.map(it => [it.name, it.status]))
    // one for all that have the same: a database that is down takes every instance with it
    for (const status of new Set(ill.map(it => it.status))) {
      const those = ill.filter(it => it.status === status)
      const [first] = those
      tell(
        `${enumerate(those.map(it => it.name))}: ${instanceWord[status].toLowerCase()}`,
        first?.trouble?.cause ?? 'It kept crashing right after starting, so PM2 gave up.',
        () => navigate(first && those.length === 1 ? pageOf(first.name) : '/instances'),
      )
    }
  }, [data, navigate])

  useEffect(() => {
    if (!ready) return
    const ended = document.hidden ? endedUnseen(phases.current, operations) : []
    phases.current = new Map(operations.map(it => [it.id, it.phase]))
    for (const operation of ended)
      tell(headline(operation), problemOf(operation), () => navigate(`/operations/${operation.id}`))
  }, [operations, ready, navigate])
  return null
}

const problemOf = ({ turned, steps }: OperationState): string =>
  (steps.find(it => it.status === 'stuck')?.problem ?? turned?.problem)?.message ?? ''

function tell(title: string, body: string, look: () => void): void {
  if (!canNotify()) return
  const notification = new Notification(title, { body, tag: title })
  notification.addEventListener('click', () => {
    window.focus()
    look()
  })
}
