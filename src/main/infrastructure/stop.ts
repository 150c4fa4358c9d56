/** Stops PgBouncer, then PostgreSQL, and before them the running instances if asked to. Undo restarts what was running. */
import { serviceNames, type ServiceName } from '../../shared/infrastructure'
import {
  earlierStopPlan,
  infrastructureStopJob,
  type InfrastructureRestartPlan,
  type InfrastructureSettingsPlan,
  type InfrastructureStopPlan,
} from '../../shared/jobs/infrastructure'
import { implement, type StepActions } from '../operations/implement'
import type { AnyOperation } from '../operations/operation'
import { mapLimited } from '../system/map-limited'
import type { Infrastructure } from './infrastructure'
import { driverContext, isThere, ranIn, subjectContradiction } from './start'
import { startAgain } from './start-again'

export const infrastructureStop = (infrastructure: Infrastructure): AnyOperation =>
  implement(infrastructureStopJob, {
    plan: async ({ service, stopInstances }) => {
      const status = await infrastructure.status()
      return {
        driver: status.driver,
        only: service,
        services: service ? [service] : serviceNames.filter(it => isThere(status, it)),
        ran: ranIn(status),
        instances: stopInstances ? [...(await infrastructure.tenants.running())] : [],
      }
    },
    adopt: (_version, plan) => earlierStopPlan.safeParse(plan).data,
    contradiction: subjectContradiction,
    steps: {
      'stop-instances': stopInstances(infrastructure),
      'stop-pgbouncer': stopForGood(infrastructure, 'pgbouncer'),
      'stop-postgres': stopForGood(infrastructure, 'postgres'),
    },
  })

/** How many instances are stopped or started again at a time, as in a job on many. */
const atOnce = 4

/** Undo starts them again, and reports those that can't be started. */
export const stopInstances = <Plan extends Pick<InfrastructureStopPlan, 'instances'>>(
  infrastructure: Infrastructure,
): StepActions<Plan> & Required<Pick<StepActions<Plan>, 'undo'>> => ({
  async do({ plan: { instances }, signal, report }) {
    const names = instances.map(it => it.name)
    await infrastructure.wanted.change(now => ({ instances: [...new Set([...now.instances, ...names])] }))
    let stopped = 0
    await mapLimited(names, atOnce, async name => {
      signal.throwIfAborted()
      await infrastructure.tenants.stop(name)
      report({ fraction: ++stopped / names.length, text: `${stopped} of ${names.length} stopped` })
    })
  },
  verify: () => Promise.resolve(false), // stopping a stopped one does nothing
  async undo(context) {
    const { instances } = context.plan
    const running = new Set<string>()
    await mapLimited(instances, atOnce, async ({ name }) => {
      if (await infrastructure.tenants.startAgain(name, context)) running.add(name)
    })
    // the next start of the infrastructure tries the others again
    await infrastructure.wanted.change(now => ({ instances: now.instances.filter(it => !running.has(it)) }))
  },
})

const stopForGood = (infrastructure: Infrastructure, service: ServiceName): StepActions<InfrastructureStopPlan> => {
  const { do: stop, verify, undo } = stopService<InfrastructureStopPlan>(infrastructure, service)
  return {
    async do(context) {
      await infrastructure.wanted.set([service], false) // first, so that the supervisor doesn't restart it
      await stop(context)
    },
    verify: async context => !(await infrastructure.wanted.has(service)) && (await verify(context)),
    async undo(context) {
      await undo?.(context)
      if (context.plan.ran[service]) await infrastructure.wanted.set([service], true)
    },
  }
}

/** Stops one; undo starts it again if it was running and can be started. */
export const stopService = <
  Plan extends InfrastructureStopPlan | InfrastructureRestartPlan | InfrastructureSettingsPlan,
>(
  infrastructure: Infrastructure,
  service: ServiceName,
): StepActions<Plan> => ({
  do: context => infrastructure.stop(context.plan.driver, service, driverContext(context)),
  verify: async () =>
    !['running', 'not-adopted', 'starting', 'stopping'].includes((await infrastructure.status())[service].state),
  async undo(context) {
    if (context.plan.ran[service]) await startAgain(infrastructure, service, context, 'as-it-was')
  },
})

/** Stops PostgreSQL for a moment. If PgBouncer keeps running, instances' queries wait there. */
export const stopPostgresToRestart = <Plan extends InfrastructureRestartPlan | InfrastructureSettingsPlan>(
  infrastructure: Infrastructure,
): StepActions<Plan> => {
  const step = stopService<Plan>(infrastructure, 'postgres')
  return {
    ...step,
    async do(context) {
      if (await infrastructure.hold()) context.report({ text: 'Instances’ queries wait at PgBouncer' })
      await step.do(context)
    },
  }
}
