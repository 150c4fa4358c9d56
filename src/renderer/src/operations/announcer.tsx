/** Announces news of operations and instances, as notices on other screens and to screen readers. */
import { VisuallyHidden } from '@mantine/core'
import { useEffect, useRef, useState } from 'react'
import { useLocation } from 'wouter'
import type { OperationState, Phase } from '../../../shared/operation'
import type { InstanceStatus } from '../../../shared/status'
import { useInfrastructure, useInstances, useOperationsStore } from '../app/live'
import { statusNews } from '../app/news'
import { notifyProblem } from '../app/notify'
import { problemOf } from '../app/problem-of'
import { serviceWord } from '../app/status'
import { useJobs } from '../jobs/jobs'
import { notTyped } from '../jobs/start'
import { startJob } from '../../../shared/jobs/lifecycle'
import { maintainJob, maintenanceJob } from '../../../shared/jobs/maintenance'
import { resultsOf } from '../../../shared/jobs/many'
import { renameJob } from '../../../shared/jobs/rename'
import { jobOf } from '../../../shared/jobs'
import { headline } from '../../../shared/jobs/words'
import { things } from '../../../shared/things'
import { tell, withdraw, withdrawAll, type Offers } from './notices'
import type { OperationsView } from './store'

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
  const store = useOperationsStore()
  const { asked, run, bulk, send } = useJobs()
  const [location] = useLocation()
  const phases = useRef<ReadonlyMap<string, Phase> | undefined>(undefined)
  const [news, setNews] = useState('')
  useEffect(() => withdrawAll, [])
  useEffect(() => {
    const offers: Offers = {
      startAgain(names) {
        const [name = '', ...others] = names
        if (others.length) bulk(startJob.kind, names)
        else run(startJob.kind, name)
      },
      rename(name, to) {
        send({ kind: renameJob.kind, name, to }).catch((error: unknown) => {
          if (problemOf(error).code !== notTyped) notifyProblem(error)
        })
      },
    }
    phases.current ??= phasesOf(store.view()) // the state when the window opened isn't news
    return store.subscribe(() => {
      const before = phases.current
      phases.current = phasesOf(store.view())
      if (!before) return
      const { operations } = store.view()
      const report = operations.find(it => it.id === asked?.id)
      const reported = new Set(report && resultsOf(report).map(it => it.name.toLowerCase()))
      for (const operation of operations) {
        const was = before.get(operation.id)
        if (was === operation.phase) continue
        withdraw(operation.subject, offers)
        if (reported.has(operation.subject)) continue
        setNews(headline(operation))
        if (
          was &&
          isWorthAWord(operation) &&
          location !== `/operations/${operation.id}` &&
          !(operation === report && location === '/instances') &&
          !(operation.subject === things.infrastructure && location === '/infrastructure') &&
          !(operation.kind === maintenanceJob.kind && location === '/infrastructure/maintenance')
        )
          tell(operation, offers)
      }
    })
  }, [store, location, asked?.id, run, bulk, send])
  return news
}

const phasesOf = ({ ready, operations }: OperationsView): ReadonlyMap<string, Phase> | undefined =>
  ready ? new Map(operations.map(it => [it.id, it.phase])) : undefined

const isWorthAWord = ({ kind, phase }: OperationState): boolean =>
  kind !== maintainJob.kind && // the whole run is announced
  (phase === 'stuck' || phase === 'rolled-back' || (phase === 'succeeded' && !jobOf(kind)?.brief))

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
