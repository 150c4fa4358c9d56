/**
 * Starts a service again when an operation that stopped it is undone. One that won't start doesn't keep the operation
 * open: the operation owns the infrastructure, so nobody could fix what is wrong. The status then says why it is down,
 * and the supervisor keeps trying if it should be running.
 */
import { serviceTitle, type DriverKind, type ServiceName } from '../../shared/infrastructure'
import { toProblem, type Problem } from '../../shared/problem'
import type { Context } from '../operations/operation'
import type { Infrastructure } from './infrastructure'
import { serviceOf } from './services'
import { driverContext } from './start'

/**
 * Instances that were refused meanwhile are served again, too. What didn't work is noted.
 * @param first `as-it-was`: nothing is pulled or created, unless it doesn't start otherwise; `configured`: by the
 * settings as they are now
 * @throws only the signal's reason, if the workspace's lock is lost
 */
export async function startAgain(
  infrastructure: Infrastructure,
  service: ServiceName,
  context: Context<{ readonly driver: DriverKind }>,
  first: 'as-it-was' | 'configured',
): Promise<void> {
  const { driver } = context.plan
  const title = serviceTitle[service]
  const { services } = await infrastructure.found(driver)
  const lacking = serviceOf(service).needs.find(it => services[it.name].state !== 'running')
  // It is ready only once it reaches that one, so its start would take a minute to fail.
  if (lacking && ['stopped', 'absent'].includes(services[service].state))
    return context.note(`${title} is down: it needs ${lacking.title}.`)
  const start = (): Promise<void> => infrastructure.start(driver, service, driverContext(context))
  const configureAndStart = async (): Promise<void> => {
    if (service === 'postgres') await infrastructure.requireData(driver)
    await infrastructure.provision(driver, service, driverContext(context))
    await start()
  }
  const failureOf = async (attempt: () => Promise<void>): Promise<Problem | undefined> => {
    try {
      await attempt()
      return undefined
    } catch (error) {
      context.signal.throwIfAborted()
      return toProblem(error)
    }
  }
  if (first === 'as-it-was' && !(await failureOf(start))) return await infrastructure.healPools()
  const failure = await failureOf(configureAndStart)
  if (!failure) return await infrastructure.healPools()
  const why = [failure.message, failure.cause].filter(Boolean).join(' ')
  if (first === 'as-it-was' || (await failureOf(start)))
    return context.note(`${title} is down: ${why} Once that is fixed, start the infrastructure.`)
  context.note(`${title} is running, but couldn’t be configured again: ${why}`)
  await infrastructure.healPools()
}
