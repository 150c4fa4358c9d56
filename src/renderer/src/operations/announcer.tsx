/** News of operations for whoever is elsewhere on the screen, or listens to it. */
import { Anchor, VisuallyHidden } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { Link, useLocation } from 'wouter'
import type { Phase } from '../../../shared/operation'
import { useInfrastructure, useOperations } from '../app/live'
import { notifyNews } from '../app/notify'
import { serviceWord } from '../app/status'
import { headline } from './titles'

export function Announcer() {
  const { operations, ready } = useOperations()
  const [location] = useLocation()
  const phases = useRef<Map<string, Phase> | undefined>(undefined)
  const [news, setNews] = useState('')
  useEffect(() => {
    if (!ready) return
    const before = phases.current
    phases.current = new Map(operations.map(it => [it.id, it.phase]))
    if (!before) return // what was so when the window opened is no news
    for (const operation of operations) {
      if (before.get(operation.id) === operation.phase) continue
      setNews(headline(operation))
      if (before.has(operation.id) && operation.phase !== 'running' && operation.phase !== 'undoing' && location !== `/operations/${operation.id}`) {
        const look = <Anchor component={Link} href={`/operations/${operation.id}`} size="sm">Show</Anchor>
        notifyNews(headline(operation), look, operation.phase === 'succeeded')
      }
    }
  }, [operations, ready, location])
  const { data } = useInfrastructure()
  return (
    <VisuallyHidden>
      <div role="status">{news}</div>
      <div role="status">{data && `PostgreSQL ${serviceWord[data.postgres.state]}, PgBouncer ${serviceWord[data.pgbouncer.state]}`}</div>
    </VisuallyHidden>
  )
}
