/** `rebuild`: one instance, or several with a canary. */
import { canaryOf, defaultAtOnce, fleetJob } from '../../../shared/jobs/fleet'
import { rebuildJob } from '../../../shared/jobs/rebuild'
import { refused, wrongUsage } from '../failure'
import { many, one, resultOfMany, withOperations, type Each, type FollowServices } from '../operate'
import type { CommandSession, Result } from '../session'

export interface RebuildOptions {
  readonly outdated?: boolean
  readonly canary?: string
  readonly atOnce?: number
}

export function rebuild(
  session: CommandSession,
  names: readonly string[],
  { outdated, ...options }: RebuildOptions,
): Promise<Result> {
  if (names.length && outdated) throw wrongUsage('Use either instance names or --outdated, not both.')
  if (!names.length && !outdated) throw wrongUsage('Which instances?', 'Name one or more, or use --outdated.')
  return withOperations(session, async services => {
    const chosen = outdated ? await services.client.rebuild.outdated.query() : [...new Set(names)]
    const [name] = chosen
    if (name === undefined && !session.json) session.say('No instance has older code than the base application.')
    return resultOfMany(
      session,
      name === undefined
        ? []
        : chosen.length === 1
          ? [await one(services, name, { kind: rebuildJob.kind, name })]
          : await several(services, chosen, options),
    )
  })
}

async function several(
  services: FollowServices,
  chosen: readonly string[],
  { canary, atOnce = defaultAtOnce }: RebuildOptions,
): Promise<Each[]> {
  if (canary !== undefined && !chosen.includes(canary))
    throw wrongUsage(`The canary “${canary}” isn’t one of the instances to rebuild.`)
  const { instances } = await services.client.instances.list.query()
  const unknown = chosen.find(name => !instances.some(it => it.name === name))
  if (unknown !== undefined)
    throw refused({ code: 'instance-unknown', message: `There is no instance “${unknown}”. None was rebuilt.` })
  const first = canary ?? canaryOf(instances.filter(it => chosen.includes(it.name)))?.name ?? ''
  const names = chosen.filter(it => it !== first)
  return await many(services, { kind: fleetJob.kind, canary: first, names, atOnce })
}
