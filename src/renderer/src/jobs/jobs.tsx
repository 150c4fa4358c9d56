/** Starts jobs on instances from any screen: shows them at once, shows refusals, and reports on jobs on many instances. */
import { useSessionStorage } from '@mantine/hooks'
import {
  createContext,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  type ComponentType,
  type ReactNode,
} from 'react'
import type { KnownInstances } from '../../../shared/instance'
import { jobOf, startRequestSchema, type StartRequest } from '../../../shared/jobs'
import { inTheWay, startJob } from '../../../shared/jobs/lifecycle'
import { bulkOf, manyJob, type BulkAction } from '../../../shared/jobs/many'
import { confirm } from '../app/confirm'
import { useInstances, useOperationsStore } from '../app/live'
import { notifyWithRetry } from '../app/notify'
import { problemOf } from '../app/problem-of'
import { useTRPCClient } from '../app/trpc'
import { newestBySubject, type PendingJob } from '../instances/shown-status'
import { noInstances, notTyped, withNames } from './start'
import { newReport, type Asked, type Skipped } from './report'

/** A dialog that asks for the input of a job on one instance, and starts it. */
export interface Dialog {
  readonly title: (name: string) => string
  readonly Form: ComponentType<{ name: string; onClose: () => void }>
  readonly wide?: true
}

/** An open dialog. */
export interface Question {
  readonly title: string
  /** Pixels. */
  readonly size?: number | undefined
  readonly form: (close: () => void) => ReactNode
}

/** A job's dialog about one instance. */
export const about = ({ title, Form, wide }: Dialog, name: string): Question => ({
  title: title(name),
  size: wide && 560,
  form: close => <Form key={name} name={name} onClose={close} />,
})

/** A request about one instance. */
type InstanceRequest = Extract<StartRequest, { readonly name: string }>

/** A request about several instances that needs more than their names. */
type SeveralRequest = Extract<StartRequest, { readonly names: unknown } | { readonly items: unknown }>

interface Jobs {
  /** By instance name. */
  readonly pending: ReadonlyMap<string, PendingJob>
  readonly asked?: Asked
  readonly question?: Question
  /** Starts a job that only needs a name; asks first if its descriptor says so. */
  readonly run: (kind: string, name: string) => void
  /** Starts an instance and stops whatever runs on its port; asks first. */
  readonly switchTo: (name: string) => void
  readonly bulk: (action: BulkAction, names: readonly string[], skipped?: readonly Skipped[]) => void
  /** Starts a job on several instances, on which the list reports. @throws the router's Problem */
  readonly sendSeveral: (request: SeveralRequest, report: Omit<Asked, 'id' | 'problem'>) => Promise<void>
  readonly dismissReport: () => void
  /** Opens a dialog, or closes it. */
  readonly ask: (question: Question | undefined) => void
  /** Starts a job, for dialogs that show a Problem themselves. @returns the operation's id @throws the router's Problem */
  readonly send: (request: InstanceRequest) => Promise<string>
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
  const list = useRef<KnownInstances>(noInstances)
  useEffect(() => {
    list.current = data ?? noInstances
  }, [data])
  const [pending, setPending] = useState<ReadonlyMap<string, PendingJob>>(new Map())
  const [asking, setAsking] = useState<Asked>()
  // Once begun, it survives a reload of the page.
  const [begun, setBegun, forgetBegun] = useSessionStorage<Asked | undefined>({
    key: 'instances.report',
    getInitialValueInEffect: false,
  })
  const [question, ask] = useState<Question>()

  const acts = useMemo(() => {
    const send: Jobs['send'] = async given => {
      const request = await withNames(list.current, given)
      const { kind, name } = request
      const after = newestBySubject(operations.view().operations).get(name.toLowerCase())?.id
      setPending(before => new Map([...before, [name, { kind, after }]]))
      try {
        return (await client.operations.start.mutate(request)).id
      } catch (error) {
        setPending(before => new Map([...before].filter(it => it[0] !== name)))
        throw error
      }
    }
    const begin = (kind: string, name: string): void => {
      const request = startRequestSchema.parse({ kind, name })
      if (!('name' in request)) return
      send(request).catch((error: unknown) => {
        if (problemOf(error).action === 'stop-other') switchTo(name)
        else tellUnlessCancelled(() => begin(kind, name))(error)
      })
    }
    const run: Jobs['run'] = (kind, name) => {
      const asks = jobOf(kind)?.offer?.question?.(name)
      if (!asks) return begin(kind, name)
      const { text, ...rest } = asks
      confirm({ ...rest, children: text, cancel: 'Cancel', onConfirm: () => begin(kind, name) })
    }
    const switchNow = (name: string): void => {
      send({ kind: startJob.kind, name, stopOther: true }).catch(tellUnlessCancelled(() => switchNow(name)))
    }
    const switchTo: Jobs['switchTo'] = name => {
      const port = list.current.instances.find(it => it.name === name)?.port
      const others = inTheWay([name], list.current)
      const other = others.length ? others.join(' and ') : 'Another instance'
      confirm({
        title: `${other} ${others.length > 1 ? 'run' : 'runs'} on ${port}`,
        children: `Stop ${others.length ? other : 'it'} and start ${name}? They share the port, so only one of them can run at a time. If ${name} doesn’t start, ${others.length ? other : 'it'} will be restarted.`,
        confirm: `Stop ${others.length ? other : 'it'} and start ${name}`,
        cancel: 'Cancel',
        calm: true,
        onConfirm: () => switchNow(name),
      })
    }
    const bulk: Jobs['bulk'] = (action, names, skipped = []) => {
      const { doing, done } = bulkOf(action)
      const it = { doing, done, count: names.length, skipped }
      setAsking(it)
      if (!names.length) return
      client.operations.start.mutate({ kind: manyJob.kind, action, names: [...names] }).then(
        ({ id }) => {
          setBegun({ ...it, id })
          setAsking(undefined)
        },
        (error: unknown) => setAsking({ ...it, problem: problemOf(error) }),
      )
    }
    const sendSeveral: Jobs['sendSeveral'] = async (request, report) => {
      const { id } = await client.operations.start.mutate(request)
      setAsking(undefined)
      setBegun({ ...report, id })
    }
    const dismissReport = (): void => {
      setAsking(undefined)
      forgetBegun()
    }
    return { send, run, switchTo, bulk, sendSeveral, dismissReport, ask }
  }, [client, operations, setBegun, forgetBegun])

  // Also reports jobs that were started elsewhere or before a crash.
  const announced = useRef(new Set([begun?.id]))
  useEffect(() => {
    const look = (): void => {
      const report = newReport(operations.view().operations, announced.current)
      if (!report) return
      announced.current.add(report.id)
      setBegun(report)
    }
    look()
    return operations.subscribe(look)
  }, [operations, setBegun])

  const asked = asking ?? begun

  const jobs = useMemo(() => ({ ...acts, pending, asked, question }), [acts, pending, asked, question])
  return <JobsContext value={jobs}>{children}</JobsContext>
}

/** For jobs that begin with a question. */
export const tellUnlessCancelled =
  (retry: () => void) =>
  (error: unknown): void => {
    if (problemOf(error).code !== notTyped) notifyWithRetry(retry)(error)
  }
