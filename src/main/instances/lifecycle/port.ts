/** What keeps an instance from running on its port: the guide's port rules. */
import type { PortHolder } from '../../../shared/ports'
import type { Target } from '../../../shared/jobs/target'
import { problem, type ProblemError } from '../../../shared/problem'
import { describeHolder } from '../ports'
import type { PortServices } from './target'

/**
 * @returns the other instances that are running on it
 * @throws Problem `port-in-use` if a foreign process has it; names its program and pid
 */
export async function othersOnPort(
  services: PortServices,
  { name, port }: Target,
): Promise<Extract<PortHolder, { type: 'instance' }>[]> {
  const { holders } = await services.ports.check(port)
  const foreign = holders.filter(it => it.type === 'process')
  if (foreign.length) throw portInUse(port, foreign.map(describeHolder).join(', '))
  return holders.filter(it => it.type === 'instance').filter(it => it.running && it.name !== name)
}

/** @param instance the instance to start, if another instance has the port and can be stopped first */
export function portInUse(port: number, by: string, instance?: string): ProblemError {
  return problem({
    code: 'port-in-use',
    field: 'port',
    message: `Port ${port} is in use.`,
    cause: `${by}.`,
    hint: instance
      ? 'Stop that instance first, or change this one’s port.'
      : 'Wait for it or end it, or change this instance’s port.',
    ...(instance !== undefined && { action: 'stop-other', instance }),
  })
}

/**
 * In cluster mode PM2's daemon holds the port, and would hand connections to every application that listens on it: two
 * seamless instances must never share one, not even if only one of them is meant to run at a time.
 * @throws Problem `seamless-port`
 */
export async function requireOnlySeamless(
  { configs }: Pick<PortServices, 'configs'>,
  { name, port }: Pick<Target, 'name' | 'port'>,
): Promise<void> {
  const other = (await configs()).configs.find(it => it.name !== name && it.port === port && it.seamless)
  if (other)
    throw problem({
      code: 'seamless-port',
      field: 'port',
      message: `“${name}” can’t share port ${port} with “${other.name}”.`,
      cause: 'Rebuilds of both would be seamless, so PM2 could hand requests for one to the other.',
      hint: 'Give one of them another port.',
    })
}
