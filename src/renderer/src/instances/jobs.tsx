/** Jobs on instances, from wherever they are asked for: shown at once, refused with a Problem, told when many ended. */
import { createContext, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import type { Problem } from '../../../shared/problem'
import type { InstanceView } from '../../../shared/instance'
import { confirm } from '../app/confirm'
import { useInstances, useOperationsStore } from '../app/live'
import { notifyProblem } from '../app/notify'
import { problemOf } from '../app/problem-of'
import { useTRPCClient } from '../app/trpc'
import { newestBySubject, type BulkAction, type JobKind, type PendingJob } from './shown-status'

export interface Skipped { readonly name: string; readonly reason: string }
export interface BulkReport {
  readonly action: BulkAction
  readonly names: readonly string[]
  /** Absent while they run. */
  readonly results?: readonly { readonly name: string; readonly operation?: string; readonly problem?: Problem }[]
  /** Left out here: the action would change nothing. */
  readonly skipped: readonly Skipped[]
  /** All together were refused, or the answer was lost. */
  readonly problem?: Problem
}

/** A question that has a dialog of its own. */
export interface Question { readonly type: 'change-port' | 'boot-time' | 'delete' | 'adopt' | 'leftovers'; readonly name: string }

interface Jobs {
  /** By instance. */
  readonly pending: ReadonlyMap<string, PendingJob>
  readonly report?: BulkReport
  readonly question?: Question
  readonly run: (action: BulkAction, name: string) => void
  /** Starts one and stops whoever runs on its port; asks first. */
  readonly switchTo: (name: string) => void
  /** Gives an instance a system user of its own, or takes it away; asks first. */
  readonly isolate: (name: string) => void
  readonly unisolate: (name: string) => void
  readonly bulk: (action: BulkAction, names: readonly string[], skipped?: readonly Skipped[]) => void
  readonly dismissReport: () => void
  /** Opens a dialog, or closes it. */
  readonly ask: (question: Question | undefined) => void
  /** Sends a job of a dialog; its Problem is the dialog's to show. @throws what the router refuses with */
  readonly send: (kind: JobKind, name: string, call: () => Promise<unknown>) => Promise<void>
}

const JobsContext = createContext<Jobs | undefined>(undefined)

export function useJobs(): Jobs {
  const jobs = useContext(JobsContext)
  if (!jobs) throw new Error('useJobs is used outside of JobsProvider')
  return jobs
}

export function JobsProvider({ children }: { children: ReactNode }) {
  const client = useTRPCClient()
  const operations = useOperationsStore()
  const { data } = useInstances()
  const instances = useRef<readonly InstanceView[]>([])
  useEffect(() => { instances.current = data?.instances ?? [] }, [data])
  const [pending, setPending] = useState<ReadonlyMap<string, PendingJob>>(new Map())
  const [report, setReport] = useState<BulkReport>()
  const [question, ask] = useState<Question>()

  const acts = useMemo(() => {
    const mark = (names: readonly string[], kind: JobKind, queued: boolean): void => {
      const newest = newestBySubject(operations.view().operations)
      setPending(before => new Map([...before, ...names.map(it => [it, { kind, queued, after: newest.get(it.toLowerCase())?.id }] as const)]))
    }
    const unmark = (names: readonly string[]): void => setPending(before => new Map([...before].filter(([name]) => !names.includes(name))))
    const send: Jobs['send'] = async (kind, name, call) => {
      mark([name], kind, false)
      try {
        await call()
      } catch (error) {
        unmark([name])
        throw error
      }
    }
    const run: Jobs['run'] = (action, name) => {
      send(action, name, () => client.instances[action].mutate({ name })).catch((error: unknown) => {
        if (problemOf(error).action === 'stop-other') switchTo(name)
        else notifyProblem(error)
      })
    }
    const switchTo: Jobs['switchTo'] = name => {
      const port = instances.current.find(it => it.name === name)?.port
      const others = instances.current.filter(it => it.port === port && it.name !== name && it.status === 'online').map(it => it.name)
      const other = others.length ? others.join(' and ') : 'Another instance'
      confirm({
        title: `${other} ${others.length > 1 ? 'run' : 'runs'} on ${port}`,
        children: `Stop ${others.length ? other : 'it'} and start ${name}? They share the port: only one of them can run at a time. If ${name} does not start, ${others.length ? other : 'it'} runs again.`,
        confirm: `Stop ${others.length ? other : 'it'} and start ${name}`,
        cancel: 'Change nothing', calm: true,
        onConfirm: () => { send('start', name, () => client.instances.start.mutate({ name, stopOther: true })).catch(notifyProblem) },
      })
    }
    const isolate: Jobs['isolate'] = name => confirm({
      title: `Give ${name} its own system user?`,
      children: 'Its application can then read only its own files, and write only to its data folders. If it runs, it restarts; if it isn’t healthy afterwards, everything is put back.',
      confirm: 'Isolate', cancel: 'Cancel', calm: true,
      onConfirm: () => { send('isolate', name, () => client.instances.isolate.mutate({ name })).catch(notifyProblem) },
    })
    const unisolate: Jobs['unisolate'] = name => confirm({
      title: `Run ${name} as root again?`,
      children: 'Its system user is deleted, and its files go back to their previous owners. If its application is ever compromised, it can then read every file on this machine.',
      confirm: 'End isolation', cancel: 'Cancel',
      onConfirm: () => { send('unisolate', name, () => client.instances.unisolate.mutate({ name })).catch(notifyProblem) },
    })
    const bulk: Jobs['bulk'] = (action, names, skipped = []) => {
      setReport({ action, names, skipped })
      if (!names.length) { setReport({ action, names, skipped, results: [] }); return }
      mark(names, action, true)
      client.instances.bulk.mutate({ action, names: [...names] })
        .then(results => setReport({ action, names, skipped, results }), (error: unknown) => setReport({ action, names, skipped, results: [], problem: problemOf(error) }))
        .finally(() => unmark(names))
    }
    return { send, run, switchTo, isolate, unisolate, bulk, dismissReport: () => setReport(undefined), ask }
  }, [client, operations])

  const jobs = useMemo(() => ({ ...acts, pending, report, question }), [acts, pending, report, question])
  return <JobsContext value={jobs}>{children}</JobsContext>
}
