/** Desktop notifications: an instance errored, or a long job ended while the window was hidden. */
import { useEffect, useRef } from 'react'
import { useLocation } from 'wouter'
import type { InstanceStatus } from '../../../shared/instance'
import type { OperationState, Phase } from '../../../shared/operation'
import { useInstances, useOperations } from './live'
import { headline } from '../../../shared/jobs/words'
import { endedUnseen, newlyErrored } from './news'

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
    const errored = newlyErrored(statuses.current, data.instances)
    statuses.current = new Map(data.instances.map(it => [it.name, it.status]))
    for (const name of errored)
      tell(`${name} has errored`, 'It kept crashing right after starting, so PM2 gave up.', () =>
        navigate(`/instances/${name}`),
      )
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
