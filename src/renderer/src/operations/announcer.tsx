/** Announces news of operations and instances, as notices on other screens and to screen readers. */
import { Anchor, VisuallyHidden } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { Link, useLocation } from 'wouter'
import type { InstanceStatus } from '../../../shared/instance'
import { waitsForInfrastructure, type OperationState, type Phase } from '../../../shared/operation'
import { useInfrastructure, useInstances, useOperations } from '../app/live'
import { statusNews } from '../app/news'
import { notifyNews, withdrawNews } from '../app/notify'
import { serviceWord } from '../app/status'
import { useJobs } from '../jobs/jobs'
import { maintainJob, maintenanceJob } from '../../../shared/jobs/maintenance'
import { resultsOf } from '../../../shared/jobs/many'
import { jobOf } from '../../../shared/jobs'
import { failuresOf, headline } from '../../../shared/jobs/words'
import { things } from '../../../shared/things'

export function Announcer() {
  const news = useOperationNews()
  const changes = useStatusNews()
  const { data } = useInfrastructure()
  return (
    <VisuallyHidden>
      <div role="status">{news}</div>
      <div role="status">{changes}</div>
      <div role="status">
        {data && `PostgreSQL ${serviceWord[data.postgres.state]}, PgBouncer ${serviceWord[data.pgbouncer.state]}`}
      </div>
    </VisuallyHidden>
  )
}

function useOperationNews(): string {
  const { operations, ready } = useOperations()
  const { asked } = useJobs()
  const [location] = useLocation()
  const phases = useRef<Map<string, Phase> | undefined>(undefined)
  const [news, setNews] = useState('')
  useEffect(() => {
    if (!ready) return
    const before = phases.current
    phases.current = new Map(operations.map(it => [it.id, it.phase]))
    if (!before) return // the state when the window opened isn't news
    const report = operations.find(it => it.id === asked?.id)
    const reported = new Set(report && resultsOf(report).map(it => it.name.toLowerCase()))
    for (const operation of operations) {
      const was = before.get(operation.id)
      if (was === operation.phase || reported.has(operation.subject)) continue
      setNews(headline(operation))
      withdrawNews(noticeOf(operation))
      if (
        was &&
        isWorthAWord(operation) &&
        location !== `/operations/${operation.id}` &&
        !(operation === report && location === '/instances') &&
        !(operation.subject === things.infrastructure && location === '/infrastructure') &&
        !(operation.kind === maintenanceJob.kind && location === '/infrastructure/maintenance')
      ) {
        notifyNews(headline(operation), <Look operation={operation} />, toneOf(operation), noticeOf(operation))
      }
    }
  }, [operations, ready, location, asked?.id])
  return news
}

const isWorthAWord = ({ kind, phase }: OperationState): boolean =>
  kind !== maintainJob.kind && // the whole run is announced
  (phase === 'stuck' || phase === 'rolled-back' || (phase === 'succeeded' && !jobOf(kind)?.brief))

/** A new job on the same thing makes the notice of the last one untrue. */
const noticeOf = ({ subject }: OperationState): string => `about ${subject}`

function toneOf(operation: OperationState): 'good' | 'bad' | 'neutral' {
  const { phase, turned } = operation
  if (phase === 'succeeded') return failuresOf(operation) === 0 ? 'good' : 'bad'
  if (phase === 'stuck') return waitsForInfrastructure(operation) ? 'neutral' : 'bad'
  return turned?.reason === 'failed' ? 'bad' : 'neutral'
}

function Look({ operation: { id, turned, steps } }: { operation: OperationState }) {
  const problem = steps.find(it => it.status === 'stuck')?.problem ?? turned?.problem
  return (
    <>
      {problem && <div>{problem.message}</div>}
      <Anchor component={Link} href={`/operations/${id}`} size="sm">
        Show
      </Anchor>
    </>
  )
}

function useStatusNews(): string {
  const { data } = useInstances()
  const before = useRef<ReadonlyMap<string, InstanceStatus> | undefined>(undefined)
  const [news, setNews] = useState('')
  useEffect(() => {
    if (!data) return
    const changes = statusNews(before.current, data.instances)
    before.current = new Map(data.instances.map(it => [it.name, it.status]))
    if (changes) setNews(changes)
  }, [data])
  return news
}
