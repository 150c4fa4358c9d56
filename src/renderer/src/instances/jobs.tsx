/** Jobs on instances, from wherever they are asked for: shown at once, refused with a Problem, told when many ended. */
import { useSessionStorage } from '@mantine/hooks'
import { createContext, useContext, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { manyKind, manyPlanSchema, type ManyAction } from '../../../shared/many'
import { isOpen } from '../../../shared/operation'
import type { Problem } from '../../../shared/problem'
import type { InstanceView } from '../../../shared/instance'
import { confirm } from '../app/confirm'
import { useInstances, useOperationsStore } from '../app/live'
import { notifyProblem } from '../app/notify'
import { problemOf } from '../app/problem-of'
import { useTRPCClient } from '../app/trpc'
import { newestBySubject, type JobKind, type PendingJob } from './shown-status'

export interface Skipped {
  readonly name: string
  readonly reason: string
}
/** The job on many that the list tells of; its results are in the operation. */
export interface Asked {
  readonly action: ManyAction
  /** How many were asked for. */
  readonly count: number
  /** Left out here: the action would change nothing. */
  readonly skipped: readonly Skipped[]
  /** The operation. Absent until it has begun, and where none was left to be asked for. */
  readonly id?: string
  /** All together were refused, or the answer was lost. */
  readonly problem?: Problem
}

/** A question that has a dialog of its own. */
export interface Question {
  readonly type: 'change-port' | 'boot-time' | 'delete' | 'adopt' | 'leftovers'
  readonly name: string
}

interface Jobs {
  /** By instance. */
  readonly pending: ReadonlyMap<string, PendingJob>
  readonly asked?: Asked
  readonly question?: Question
  readonly run: (action: ManyAction, name: string) => void
  /** Starts one and stops whoever runs on its port; asks first. */
  readonly switchTo: (name: string) => void
  /** Gives an instance a system user of its own, or takes it away; asks first. */
  readonly isolate: (name: string) => void
  readonly unisolate: (name: string) => void
  readonly bulk: (action: ManyAction, names: readonly string[], skipped?: readonly Skipped[]) => void
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
  useEffect(() => {
    instances.current = data?.instances ?? []
  }, [data])
  const [pending, setPending] = useState<ReadonlyMap<string, PendingJob>>(new Map())
  const [asking, setAsking] = useState<Asked>()
  // Once it has begun, it is remembered when the page is loaded anew.
  const [begun, setBegun, forgetBegun] = useSessionStorage<Asked | undefined>({
    key: 'instances.report',
    getInitialValueInEffect: false,
  })
  const [question, ask] = useState<Question>()

  const acts = useMemo(() => {
    const send: Jobs['send'] = async (kind, name, call) => {
      const after = newestBySubject(operations.view().operations).get(name.toLowerCase())?.id
      setPending(before => new Map([...before, [name, { kind, after }]]))
      try {
        await call()
      } catch (error) {
        setPending(before => new Map([...before].filter(it => it[0] !== name)))
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
      const others = instances.current
        .filter(it => it.port === port && it.name !== name && it.status === 'online')
        .map(it => it.name)
      const other = others.length ? others.join(' and ') : 'Another instance'
      confirm({
        title: `${other} ${others.length > 1 ? 'run' : 'runs'} on ${port}`,
        children: `Stop ${others.length ? other : 'it'} and start ${name}? They share the port: only one of them can run at a time. If ${name} does not start, ${others.length ? other : 'it'} runs again.`,
        confirm: `Stop ${others.length ? other : 'it'} and start ${name}`,
        cancel: 'Change nothing',
        calm: true,
        onConfirm: () => {
          send('start', name, () => client.instances.start.mutate({ name, stopOther: true })).catch(notifyProblem)
        },
      })
    }
    const isolate: Jobs['isolate'] = name =>
      confirm({
        title: `Give ${name} its own system user?`,
        children:
          'Its application can then read only its own files, and write only to its data folders. If it runs, it restarts; if it isn’t healthy afterwards, everything is put back.',
        confirm: 'Isolate',
        cancel: 'Cancel',
        calm: true,
        onConfirm: () => {
          send('isolate', name, () => client.instances.isolate.mutate({ name })).catch(notifyProblem)
        },
      })
    const unisolate: Jobs['unisolate'] = name =>
      confirm({
        title: `Run ${name} as root again?`,
        children:
          'Its system user is deleted, and its files go back to their previous owners. If its application is ever compromised, it can then read every file on this machine.',
        confirm: 'End isolation',
        cancel: 'Cancel',
        onConfirm: () => {
          send('unisolate', name, () => client.instances.unisolate.mutate({ name })).catch(notifyProblem)
        },
      })
    const bulk: Jobs['bulk'] = (action, names, skipped = []) => {
      const it = { action, count: names.length, skipped }
      setAsking(it)
      if (!names.length) return
      client.instances.many.mutate({ action, names: [...names] }).then(
        ({ id }) => {
          setBegun({ ...it, id })
          setAsking(undefined)
        },
        (error: unknown) => setAsking({ ...it, problem: problemOf(error) }),
      )
    }
    const dismissReport = (): void => {
      setAsking(undefined)
      forgetBegun()
    }
    return { send, run, switchTo, isolate, unisolate, bulk, dismissReport, ask }
  }, [client, operations, setBegun, forgetBegun])

  // One that was begun elsewhere, or before a crash, is told of too.
  const told = useRef(new Set([begun?.id]))
  useEffect(() => {
    const look = (): void => {
      const other = operations
        .view()
        .operations.find(it => it.kind === manyKind && isOpen(it) && !told.current.has(it.id))
      if (!other) return
      told.current.add(other.id)
      const { action, names } = manyPlanSchema.parse(other.plan)
      setBegun({ action, count: names.length, skipped: [], id: other.id })
    }
    look()
    return operations.subscribe(look)
  }, [operations, setBegun])

  const asked = asking ?? begun

  const jobs = useMemo(() => ({ ...acts, pending, asked, question }), [acts, pending, asked, question])
  return <JobsContext value={jobs}>{children}</JobsContext>
}
