/** Problems that any service can have, whatever runs it. */
import { problem, type Problem } from '../../../shared/problem'
import { diskFull, saysDiskFull } from '../../../shared/system-errors'
import { portHolders } from '../../system/sockets'
import type { Service } from '../services/service'
import { errorLines } from '../error-lines'

/** @throws Problem `port-taken`, which names the port's holder */
export async function requireFreePort({ name, title }: Service, port: number): Promise<void> {
  const holders = await portHolders(port)
  if (holders.length === 0) return
  const who = holders
    .map(({ program, pid }) =>
      pid === undefined ? 'another user’s process' : `${program ?? 'an unnamed program'} (process ${pid})`,
    )
    .join(', ')
  throw problem({
    code: 'port-taken',
    message: `${title} can’t use port ${port}: it is taken.`,
    cause: `It is held by ${who}.`,
    hint: `Stop that program, or give ${title} another port in the settings (ports.${name}).`,
  })
}

/** @param occupant what is there, e.g. `the volume instance-manager-postgres` */
export const placeTaken = ({ title }: Service, occupant: string) =>
  problem({
    code: 'place-taken',
    message: `${title} can’t be created: ${occupant} already exists.`,
    cause: 'It may hold data, so it is never overwritten.',
    hint: 'If an earlier move left it, remove it with “instance-manager infra remove-old”. If it is something else that nobody needs, remove it by hand.',
  })

/** @param now the image's version @param then that of its data */
export const imageUnfit = ({ name, title }: Service, image: string, now: string, then: string) =>
  problem({
    code: 'image-unfit',
    message: `${image} can’t use ${title}’s data.`,
    cause: `It has ${title} ${now}, and the data is that of ${title} ${then}. Nothing was changed.`,
    hint: `Name an image with ${title} ${then} in the settings (containers.${name}Image), and start it. To move to ${now}, upgrade it then: “instance-manager infra upgrade IMAGE”.`,
  })

/** It is running and answers, but doesn't have our roles yet. */
export const notAdopted = ({ title }: Service): Problem => ({
  code: 'not-adopted',
  message: `${title} is running, but Instance Manager hasn’t been set up in it yet.`,
  cause: 'Its container was created elsewhere.',
  hint: 'Start the infrastructure: this adds the roles it needs and changes nothing else.',
  action: 'start-infrastructure',
})

/** @param cause what we know @param log the service's own log: its relevant lines become part of the cause */
export function serviceFailed({ title }: Service, cause: string, log: string) {
  const why = errorLines(log) ?? ''
  const all = [cause, why].filter(Boolean).join(' ')
  const details = log.slice(-4000).trim() || undefined
  if (saysDiskFull(why)) return problem({ ...diskFull(`${title}’s files`, all), details })
  return problem({
    code: 'service-failed',
    message: `${title} didn’t start.`,
    cause: all,
    hint: 'See Details for its last log lines. Fix what they report, then start it again.',
    action: 'start-infrastructure',
    details,
  })
}

export const serviceSlow = ({ title }: Service, seconds: number, log: string, error?: unknown) =>
  problem(
    {
      code: 'service-slow',
      message: `${title} is running, but hasn’t answered for ${seconds} s.`,
      cause: error instanceof Error ? error.message : undefined,
      hint: 'See Details for its last log lines. Start it again: it may still be recovering.',
      action: 'start-infrastructure',
      details: log.slice(-4000).trim() || undefined,
    },
    error,
  )

/** Daemons without a Unix socket. */
export const restartToSecure: Problem = {
  code: 'restart-to-secure',
  message: 'The database services are still running with an earlier version’s settings.',
  cause:
    'They have no Unix socket: the engine and PgBouncer log in over TCP, where another user’s program could take the port while PostgreSQL is down.',
  hint: 'Restart the infrastructure when convenient. Instances will lose their connections for a few seconds.',
}
