/** Starts and stops both services, from any screen. */
import { useIsMutating, useMutation } from '@tanstack/react-query'
import { useLocation } from 'wouter'
import type { ServiceState } from '../../../shared/infrastructure'
import { infrastructureStartJob, infrastructureStopJob } from '../../../shared/jobs/infrastructure'
import { isOpen, type OperationState } from '../../../shared/operation'
import { things } from '../../../shared/things'
import { confirm } from '../app/confirm'
import { useInfrastructure, useInstances, useOperations } from '../app/live'
import { notifyProblem } from '../app/notify'
import { useTRPC } from '../app/trpc'

const startable: ReadonlySet<ServiceState> = new Set(['stopped', 'absent', 'failed', 'restarting', 'not-adopted'])

interface InfrastructureSwitch {
  readonly canStart: boolean
  readonly canStop: boolean
  /** A start or stop has been requested or is running, or another driver is being chosen. */
  readonly busy: boolean
  /** The start or stop in progress. */
  readonly operation?: OperationState
  /** Starts both and shows the operation. */
  readonly start: () => void
  /** Asks first, because the instances lose their databases. */
  readonly stop: () => void
}

/** @param stay don't navigate: the current screen shows the operation itself */
export function useInfrastructureSwitch({ stay = false } = {}): InfrastructureSwitch {
  const trpc = useTRPC()
  const [, navigate] = useLocation()
  const { data } = useInfrastructure()
  const online = useInstances().data?.instances.filter(it => it.status === 'online').length ?? 0
  const operation = useOperations().operations.find(
    it => isOpen(it) && it.claims.some(({ on }) => on === things.services),
  )
  const options = {
    onSuccess: ({ id }: { id: string }) => {
      if (!stay) navigate(`/operations/${id}`)
    },
    onError: notifyProblem,
  }
  const start = useMutation(trpc.operations.start.mutationOptions(options))
  const stop = useMutation(trpc.operations.start.mutationOptions(options))
  const choosing = useIsMutating({ mutationKey: trpc.infrastructure.choose.mutationKey() }) > 0
  const services = data ? [data.postgres, data.pgbouncer] : []
  const askStop = (): void => {
    confirm({
      title: 'Stop PostgreSQL and PgBouncer?',
      children: online
        ? `${online === 1 ? 'One instance is' : `${online} instances are`} online and can’t reach the database until both are running again. No data is lost.`
        : 'Instances can’t reach their databases until both are running again. No data is lost.',
      confirm: 'Stop both',
      cancel: 'Keep running',
      onConfirm: () => stop.mutate({ kind: infrastructureStopJob.kind }),
    })
  }
  return {
    canStart: services.some(it => startable.has(it.state)),
    canStop: services.some(it => it.state === 'running' || it.state === 'restarting'),
    busy: choosing || start.isPending || stop.isPending || operation !== undefined,
    operation,
    start: () => start.mutate({ kind: infrastructureStartJob.kind }),
    stop: askStop,
  }
}
