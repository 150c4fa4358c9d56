/** Which driver can be used, and when it can be changed. */
import { serviceNames, type DriverKind, type DriverOption } from '../../shared/infrastructure'
import { problem, ProblemError } from '../../shared/problem'
import type { Driver } from './drivers/driver'

/** Names as they begin a sentence. */
const names: Readonly<Record<DriverKind, string>> = {
  podman: 'Podman',
  docker: 'Docker',
  embedded: 'The embedded driver',
}

/** @throws Problem `driver-unavailable` */
export function requireAvailable(kind: DriverKind, options: readonly DriverOption[]): void {
  const option = options.find(it => it.kind === kind)
  if (option?.available) return
  throw problem({
    code: 'driver-unavailable',
    message: `${names[kind]} doesn’t work here.`,
    cause: option?.reason,
    hint: option?.problem?.hint ?? 'Choose another driver.',
    action: 'choose-driver',
  })
}

/** @throws Problem `driver-in-use` if this driver holds instances' data, or its services are running */
export async function requireUnused(driver: Driver, instances: { any(): Promise<boolean> }): Promise<void> {
  const inUse = (cause: string, hint: string) =>
    problem({ code: 'driver-in-use', message: 'The driver can’t be changed right now.', cause, hint })
  if (await instances.any())
    throw inUse(
      `${names[driver.kind]} holds the instances’ data.`,
      'To move it to another driver: “instance-manager infra move KIND”.',
    )
  const { services } = await driver.status()
  if (serviceNames.some(it => ['running', 'starting', 'not-adopted'].includes(services[it].state)))
    throw inUse('Its services are running and hold the ports.', 'Stop the infrastructure first.')
}

/** @throws Problem `driver-changed` */
export function requireSame(planned: DriverKind, chosen: DriverKind): void {
  if (planned === chosen) return
  throw problem({
    code: 'driver-changed',
    message: `${names[chosen]} was chosen meanwhile.`,
    hint: 'Start the infrastructure again, with this driver.',
    action: 'start-infrastructure',
  })
}

/** For `catch`: if an image couldn't be pulled, offers the embedded driver, unless it doesn't work here or can't be chosen. */
export const offering =
  (embedded: Driver, instances: { any(): Promise<boolean> }) =>
  async (error: unknown): Promise<never> => {
    if (!(error instanceof ProblemError) || error.problem.code !== 'image-unavailable') throw error
    if ((await instances.any()) || !(await embedded.detect()).available) throw error
    throw problem({ ...error.problem, action: 'use-embedded' }, error)
  }
