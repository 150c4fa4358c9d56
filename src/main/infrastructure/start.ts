/** Starts PostgreSQL, then PgBouncer, creating what is missing. Undo leaves services running that ran before. */
import { randomUUID } from 'node:crypto'
import { serviceNames, type InfrastructureStatus, type ServiceName } from '../../shared/infrastructure'
import {
  earlierStartPlan,
  infrastructureStartJob,
  type BringUpStep,
  type InfrastructureRestartPlan,
  type InfrastructureSettingsPlan,
  type InfrastructureStartPlan,
} from '../../shared/jobs/infrastructure'
import { problem, toProblem } from '../../shared/problem'
import { things } from '../../shared/things'
import { implement, type StepActions } from '../operations/implement'
import type { AnyOperation, Context } from '../operations/operation'
import type { DriverContext } from './drivers/driver'
import type { Infrastructure } from './infrastructure'
import { serviceOf } from './services'

export const subjectContradiction = (_plan: unknown, subject: string): string | undefined =>
  subject === things.infrastructure ? undefined : `its subject is ${JSON.stringify(subject)}.`

/** @param beginStart begins a job that starts these instances once the infrastructure is up, and returns its id */
export const infrastructureStart = (
  infrastructure: Infrastructure,
  beginStart: (names: readonly string[]) => Promise<string>,
): AnyOperation => {
  const steps = bringUpSteps<InfrastructureStartPlan>(infrastructure)
  return implement(infrastructureStartJob, {
    plan: async ({ service, instances, newData }) => {
      const status = await infrastructure.status()
      const services = servicesFor(service, status)
      const missing = services.includes('postgres') ? await infrastructure.missingData(status.driver) : undefined
      if (missing && !newData) throw problem(missing)
      const complete = serviceNames.every(it => services.includes(it) || isUp(status, it) || !isThere(status, it))
      return {
        driver: status.driver,
        only: service,
        newData,
        ...(missing && { token: randomUUID() }),
        services,
        ran: ranIn(status),
        complete,
        instances: complete && instances ? [...status.instances] : [],
      }
    },
    adopt: (_version, plan) => earlierStartPlan.safeParse(plan).data,
    contradiction: subjectContradiction,
    steps: {
      ...steps,
      'provision-postgres': {
        ...steps['provision-postgres'],
        async undo(context) {
          await unwish(infrastructure)(context)
          const { driver, token } = context.plan
          // an empty PostgreSQL would look as if nothing were missing
          if (token !== undefined && !isUp(await infrastructure.status(), 'postgres'))
            await infrastructure.emptyPlace(driver, token)
        },
      },
      'provision-pgbouncer': { ...steps['provision-pgbouncer'], undo: unwish(infrastructure) },
      'start-postgres': { ...steps['start-postgres'], undo: stopUnused(infrastructure, 'postgres') },
      'start-pgbouncer': { ...steps['start-pgbouncer'], undo: stopUnused(infrastructure, 'pgbouncer') },
      'start-instances': {
        // The job waits for this one, so this one can't wait for it.
        do: ({ plan }) =>
          beginStart(plan.instances).then(
            operation => ({ operation }),
            (error: unknown) => ({ problem: toProblem(error) }),
          ),
        verify: () => Promise.resolve(false), // an instance that is already running is left alone
      },
    },
  })
}

/** The one that was asked for after the ones that it needs, unless they run; or all that are available here. */
export function servicesFor(only: ServiceName | undefined, status: InfrastructureStatus): ServiceName[] {
  if (only === undefined) return serviceNames.filter(it => isThere(status, it))
  const needed = serviceOf(only).needs.map(it => it.name)
  return [...needed.filter(it => !isUp(status, it)), only]
}

const isUp = (status: InfrastructureStatus, service: ServiceName): boolean => status[service].state === 'running'
export const isThere = (status: InfrastructureStatus, service: ServiceName): boolean =>
  status[service].state !== 'unavailable'

export const ranIn = (status: InfrastructureStatus) => ({
  postgres: isUp(status, 'postgres'),
  pgbouncer: isUp(status, 'pgbouncer'),
})

/** The steps that a start, a restart and a change of settings share. */
export function bringUpSteps<
  Plan extends InfrastructureStartPlan | InfrastructureRestartPlan | InfrastructureSettingsPlan,
>(infrastructure: Infrastructure): Record<BringUpStep, StepActions<Plan>> {
  /** The last of these steps. */
  const finish = async ({ plan, report }: Context<Plan>): Promise<void> => {
    report({ text: 'Checking the pools of running instances' })
    await infrastructure.healPools()
    // If nothing is left stopped, no instance waits any more: the plan names those that are started now.
    await infrastructure.wanted.set(plan.services, true, 'complete' in plan && plan.complete ? { instances: [] } : {})
  }
  const finished = (service: ServiceName): Promise<boolean> => infrastructure.wanted.has(service)
  const runs = async (service: ServiceName): Promise<boolean> => isUp(await infrastructure.status(), service)
  const isLast = ({ services }: Plan, service: ServiceName): boolean => services.at(-1) === service
  return {
    'provision-postgres': {
      do: async context => {
        const { plan } = context
        if (!('newData' in plan && plan.newData)) await infrastructure.requireData(plan.driver)
        await infrastructure.settle(plan.driver)
        if ('token' in plan && plan.token !== undefined) await infrastructure.takePlace(plan.driver, plan.token)
        await infrastructure.provision(plan.driver, 'postgres', driverContext(context))
      },
      verify: ({ plan }) => infrastructure.provisioned(plan.driver, 'postgres'),
    },
    'start-postgres': {
      do: context => infrastructure.start(context.plan.driver, 'postgres', driverContext(context)),
      verify: () => runs('postgres'),
    },
    'secure-postgres': {
      async do(context) {
        await infrastructure.secure(context.plan.driver)
        if (isLast(context.plan, 'postgres')) await finish(context)
      },
      verify: async ({ plan }) =>
        (await infrastructure.secured()) && (!isLast(plan, 'postgres') || (await finished('postgres'))),
    },
    'provision-pgbouncer': {
      do: context => infrastructure.provision(context.plan.driver, 'pgbouncer', driverContext(context)),
      verify: ({ plan }) => infrastructure.provisioned(plan.driver, 'pgbouncer'),
    },
    'start-pgbouncer': {
      async do(context) {
        await infrastructure.start(context.plan.driver, 'pgbouncer', driverContext(context))
        await finish(context)
      },
      verify: async () => (await runs('pgbouncer')) && (await finished('pgbouncer')),
    },
  }
}

/** Reverses a start, unless another operation needs the service by now. */
const stopUnused =
  (infrastructure: Infrastructure, service: ServiceName) =>
  async (context: Context<InfrastructureStartPlan>): Promise<void> => {
    if (context.plan.ran[service]) return
    const users = infrastructure.users().filter(it => !it.changesIt)
    if (users.length > 0) return context.report({ text: `Left running for: ${users.map(it => it.text).join(', ')}` })
    await infrastructure.stop(context.plan.driver, service, driverContext(context))
  }

/**
 * What the operator doesn't want started after all stays stopped: the supervisor leaves it alone. After a failure it
 * keeps trying, if it did before. The instances wait for the next start.
 */
const unwish =
  (infrastructure: Infrastructure) =>
  async ({ plan, turned }: Context<InfrastructureStartPlan>): Promise<void> => {
    const status = await infrastructure.status()
    const dropped = turned === 'failed' ? [] : plan.services.filter(it => !plan.ran[it] && !isUp(status, it))
    await infrastructure.wanted.change(now => ({
      wanted: now.wanted.filter(it => !dropped.includes(it)),
      instances: [...new Set([...now.instances, ...plan.instances])],
    }))
  }

/** The part of a step's context that a driver gets. */
export const driverContext = (context: Pick<Context<unknown>, 'signal' | 'report' | 'output'>): DriverContext => ({
  signal: context.signal,
  report: text => context.report({ text }),
  output: chunk => context.output(chunk),
})
