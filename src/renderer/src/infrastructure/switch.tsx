/** Starts, stops and restarts the services, from any screen. */
import { useIsMutating, useMutation } from '@tanstack/react-query'
import { useLocation } from 'wouter'
import { enumerate } from '../../../shared/amounts'
import {
  driverTitle,
  serviceNames,
  serviceTitle,
  type DriverKind,
  type ServiceName,
  type ServiceState,
} from '../../../shared/infrastructure'
import { guardedNames } from '../../../shared/jobs'
import { hardenJob } from '../../../shared/jobs/harden'
import {
  cutOff,
  infrastructureRestartJob,
  infrastructureStartJob,
  infrastructureStopJob,
} from '../../../shared/jobs/infrastructure'
import { refreshImagesJob } from '../../../shared/jobs/images'
import { moveJob, removeFormerJob } from '../../../shared/jobs/move'
import { isOpen, type OperationState } from '../../../shared/operation'
import { things } from '../../../shared/things'
import { confirm } from '../app/confirm'
import { useInfrastructure, useInstances, useOperations } from '../app/live'
import { notifyProblem } from '../app/notify'
import { useTRPC } from '../app/trpc'
import { HardenForm } from './harden-form'
import { LoadImagesForm } from './load-images-form'
import { MoveForm, UpgradeForm } from './move-form'
import { StopForm } from './stop-form'
import { useJobs } from '../jobs/jobs'
import { noInstances } from '../jobs/start'

const startable: ReadonlySet<ServiceState> = new Set(['stopped', 'absent', 'failed', 'restarting', 'not-adopted'])
const stoppable: ReadonlySet<ServiceState> = new Set(['running', 'restarting'])

export interface InfrastructureSwitch {
  /** Whether there is something to start or to stop: in one service, or in either. */
  readonly canStart: (only?: ServiceName) => boolean
  readonly canStop: (only?: ServiceName) => boolean
  /** A start or stop has been requested or is running, or another driver is being chosen. */
  readonly busy: boolean
  /** The start, stop or restart in progress. */
  readonly operation?: OperationState
  /** Without a service: both. Shows the operation. */
  readonly start: (only?: ServiceName) => void
  /** Asks first, because the instances lose their databases. */
  readonly stop: (only?: ServiceName) => void
  /** Asks first, because requests wait or fail meanwhile. */
  readonly restart: (only?: ServiceName) => void
  /** Gives adopted containers the secure set-up. Shows what that changes first. */
  readonly harden: () => void
  /** Moves PostgreSQL to another driver. Shows what that does and costs first. */
  readonly move: (driver: DriverKind) => void
  /** Moves PostgreSQL to a container from another image. Asks for it, and shows what that does and costs. */
  readonly upgrade: (proposed?: string) => void
  /** Removes what a move left behind. Asks first. */
  readonly removeFormer: () => void
  /** Whether images are used, so that some can be loaded or pulled. */
  readonly canLoadImages: boolean
  /** Loads images from a file. Asks for it. @param image the one that is wanted; absent: those that the settings name */
  readonly loadImages: (image?: string) => void
  /** Pulls images whose names mean newer ones by now. Shows the operation. */
  readonly refreshImages: () => void
  readonly refreshingImages: boolean
}

/** @param stay don't navigate: the current screen shows the operation itself */
export function useInfrastructureSwitch({ stay = false } = {}): InfrastructureSwitch {
  const trpc = useTRPC()
  const [, navigate] = useLocation()
  const { ask } = useJobs()
  const { data } = useInfrastructure()
  const list = useInstances().data ?? noInstances
  const open = useOperations().operations.filter(isOpen)
  const operation = open.find(it => it.claims.some(({ on }) => on === things.services))
  const begin = useMutation(
    trpc.operations.start.mutationOptions({
      onSuccess: ({ id }) => {
        if (!stay) navigate(`/operations/${id}`)
      },
      onError: notifyProblem,
    }),
  )
  const choosing = useIsMutating({ mutationKey: trpc.infrastructure.choose.mutationKey() }) > 0
  const some = (states: ReadonlySet<ServiceState>, only: ServiceName | undefined): boolean =>
    data !== undefined && (only ? [only] : serviceNames).some(it => states.has(data[it].state))
  const loadImages = (image?: string): void =>
    ask({
      title: 'Load an image from a file',
      size: 560,
      form: close => <LoadImagesForm key={image} image={image} onClose={close} />,
    })
  return {
    canStart: only => some(startable, only),
    canStop: only => some(stoppable, only),
    busy: choosing || begin.isPending || operation !== undefined,
    operation,
    start: service => begin.mutate({ kind: infrastructureStartJob.kind, service }),
    stop: service => {
      const guarded = guardedNames({ kind: infrastructureStopJob.kind, service }, list)
      ask({
        title: `Stop ${whatOf(service)}?`,
        form: close => (
          <StopForm
            only={service}
            names={cutOff(list, service).map(it => it.name)}
            guarded={guarded}
            onStop={stopInstances => {
              close()
              begin.mutate({ kind: infrastructureStopJob.kind, service, stopInstances, typed: guarded.join() })
            }}
            onClose={close}
          />
        ),
      })
    },
    restart: service => {
      const names = cutOff(list, service).map(it => it.name)
      confirm({
        title: `Restart ${whatOf(service)}?`,
        children: `${service === 'postgres' && data?.adopted.includes('pgbouncer') === false ? held : meanwhile[service ?? 'both']} ${names.length > 0 ? `Running now: ${enumerate(names)}.` : 'No instance is running.'}`,
        confirm: service ? `Restart ${serviceTitle[service]}` : 'Restart both',
        cancel: 'Cancel',
        calm: true,
        onConfirm: () => begin.mutate({ kind: infrastructureRestartJob.kind, service }),
      })
    },
    harden: () =>
      ask({
        title: 'Harden PostgreSQL and PgBouncer?',
        size: 560,
        form: close => (
          <HardenForm
            onHarden={() => {
              close()
              begin.mutate({ kind: hardenJob.kind })
            }}
            onClose={close}
          />
        ),
      }),
    move: driver =>
      ask({
        title: `Move PostgreSQL to ${driverTitle[driver]}?`,
        size: 560,
        form: close => (
          <MoveForm
            driver={driver}
            onMove={() => {
              close()
              begin.mutate({ kind: moveJob.kind, driver })
            }}
            onClose={close}
          />
        ),
      }),
    upgrade: proposed =>
      data &&
      ask({
        title: 'Upgrade PostgreSQL',
        size: 560,
        form: close => (
          <UpgradeForm
            driver={data.driver}
            version={data.postgres.version ?? ''}
            proposed={proposed}
            onLoad={loadImages}
            onUpgrade={image => {
              close()
              begin.mutate({ kind: moveJob.kind, driver: data.driver, image })
            }}
            onClose={close}
          />
        ),
      }),
    canLoadImages: data !== undefined && data.driver !== 'embedded',
    loadImages,
    refreshingImages: open.some(it => it.kind === refreshImagesJob.kind),
    refreshImages: () => begin.mutate({ kind: refreshImagesJob.kind }),
    removeFormer: () =>
      confirm({
        title: 'Remove the old PostgreSQL?',
        children:
          'Its databases, as they were before the move, are deleted for good. The PostgreSQL in use isn’t touched.',
        confirm: 'Remove',
        cancel: 'Keep it',
        onConfirm: () => begin.mutate({ kind: removeFormerJob.kind }),
      }),
  }
}

const whatOf = (only: ServiceName | undefined): string => (only ? serviceTitle[only] : 'PostgreSQL and PgBouncer')

/** What instances notice of a restart. */
/** While PostgreSQL alone restarts. An adopted PgBouncer doesn't let us hold queries. */
const held =
  'PgBouncer and the instances keep running. Their queries wait until PostgreSQL is back, usually a second or two. A transaction that doesn’t end within half a second fails.'

const meanwhile: Readonly<Record<ServiceName | 'both', string>> = {
  postgres:
    'PgBouncer and the instances keep running. Requests that need the database fail until PostgreSQL is back, usually within a few seconds.',
  pgbouncer:
    'PostgreSQL and the instances keep running. Requests that are using the database fail; the next ones reconnect.',
  both: 'The instances keep running. Requests that need the database fail until both are back, usually within a few seconds.',
}
