/** Live data, pushed by the main process: one subscription per kind, shared by all screens. Nothing polls. */
import { useSubscription } from '@trpc/tanstack-react-query'
import {
  createContext,
  useContext,
  useEffect,
  useMemo,
  useState,
  useSyncExternalStore,
  type ComponentType,
  type ReactNode,
} from 'react'
import type { InfrastructureStatus } from '../../../shared/infrastructure'
import { runningOf, type InstanceList } from '../../../shared/instance'
import type { Problem } from '../../../shared/problem'
import type { Update } from '../../../shared/update'
import type { AppState } from '../../../shared/workspace'
import { UsageHistory, sampleInterval, sampleLimit } from '../instances/history'
import { OperationsStore, type OperationsView } from '../operations/store'
import { problemOf } from './problem-of'
import { useTRPC, useTRPCClient } from './trpc'

/** One kind of live data: still loading, available, or failed. */
export interface LiveValue<T> {
  readonly data?: T
  readonly problem?: Problem
  /** Subscribes again after a problem. */
  readonly retry: () => void
}

interface WorkspaceLive {
  readonly infrastructure: LiveValue<InfrastructureStatus>
  readonly instances: LiveValue<InstanceList>
  readonly history: UsageHistory
  readonly operations: OperationsStore
  /** Creations whose password nobody has been shown yet, by operation. */
  readonly unseen: LiveValue<readonly string[]>
  /** Subscriptions that failed. */
  readonly failed: readonly LiveValue<unknown>[]
}

const AppContext = createContext<AppState | undefined>(undefined)
const UpdateContext = createContext<Update | null>(null)
const WorkspaceContext = createContext<WorkspaceLive | undefined>(undefined)

/** Provides the app's state to its children; shows `Waiting` until it has arrived. */
export function AppLive({
  children,
  Waiting,
}: {
  children: ReactNode
  Waiting: ComponentType<Omit<LiveValue<AppState>, 'data'>>
}) {
  const trpc = useTRPC()
  const live = useLiveValue(useSubscription(trpc.app.watch.subscriptionOptions()))
  const update = useSubscription(trpc.app.watchUpdate.subscriptionOptions()).data ?? null
  return live.data ? (
    <AppContext value={live.data}>
      <UpdateContext value={update}>{children}</UpdateContext>
    </AppContext>
  ) : (
    <Waiting problem={live.problem} retry={live.retry} />
  )
}

/** Watches the open workspace. Must be remounted (by key) for another one. */
export function WorkspaceLiveProvider({ children }: { children: ReactNode }) {
  const trpc = useTRPC()
  const client = useTRPCClient()
  const [operations] = useState(() => new OperationsStore())
  const [history] = useState(() => new UsageHistory())
  const infrastructure = useLiveValue(useSubscription(trpc.infrastructure.watch.subscriptionOptions()))
  const instances = useLiveValue(
    useSubscription(
      trpc.instances.watch.subscriptionOptions(undefined, {
        onStarted: () => {
          client.instances.recentUsage.query({ limit: sampleLimit }).then(
            it => history.seed(it),
            () => undefined, // the charts begin now; after a lost connection, it is asked again
          )
        },
        onData: list => history.sample(list.instances),
      }),
    ),
  )
  useEffect(() => {
    const timer = setInterval(() => history.tick(), sampleInterval)
    return () => clearInterval(timer)
  }, [history])
  const watch = useLiveValue(
    useSubscription(
      trpc.operations.watch.subscriptionOptions(undefined, { onData: update => operations.apply(update) }),
    ),
  )
  const unseen = useLiveValue(useSubscription(trpc.operations.watchUnseen.subscriptionOptions()))
  const value = useMemo(
    () => ({
      infrastructure,
      instances,
      history,
      operations,
      unseen,
      failed: [infrastructure, instances, watch, unseen].filter(it => it.problem),
    }),
    [infrastructure, instances, history, operations, watch, unseen],
  )
  return <WorkspaceContext value={value}>{children}</WorkspaceContext>
}

export function useApp(): AppState {
  const state = useContext(AppContext)
  if (!state) throw new Error('useApp is used outside of AppLive')
  return state
}

/** Another version that is installed or available; null if there is none. */
export const useUpdate = (): Update | null => useContext(UpdateContext)

function useWorkspaceLive(): WorkspaceLive {
  const live = useContext(WorkspaceContext)
  if (!live) throw new Error('live data is used outside of WorkspaceLiveProvider')
  return live
}

export const useInfrastructure = (): LiveValue<InfrastructureStatus> => useWorkspaceLive().infrastructure
export const useFailedLive = (): readonly LiveValue<unknown>[] => useWorkspaceLive().failed
export const useInstances = (): LiveValue<InstanceList> => useWorkspaceLive().instances
/** The names of those with a running process, whatever the list calls it. */
export function useRunning(): ReadonlySet<string> {
  const { data } = useInstances()
  return useMemo(() => new Set(data && runningOf(data).map(it => it.name)), [data])
}
export const useHistory = (): UsageHistory => useWorkspaceLive().history
export const useUnseen = (): readonly string[] | undefined => useWorkspaceLive().unseen.data
export const useOperationsStore = (): OperationsStore => useWorkspaceLive().operations
export function useOperations(): OperationsView {
  const store = useOperationsStore()
  return useSyncExternalStore(store.subscribe, store.view)
}

function useLiveValue<T>({
  data,
  error,
  status,
  reset,
}: {
  data: T | undefined
  error: unknown
  status: string
  reset: () => void
}): LiveValue<T> {
  return useMemo(
    () => ({ data, problem: status === 'error' && error ? problemOf(error) : undefined, retry: reset }),
    [data, error, status, reset],
  )
}
