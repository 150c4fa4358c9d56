/** `rebuild`: one instance, or several with a canary. */
import { canaryOf, defaultAtOnce, fleetJob } from '../../../shared/jobs/fleet'
import { rebuildJob } from '../../../shared/jobs/rebuild'
import type { RebuildReview } from '../../../shared/rebuild-review'
import { refused, wrongUsage } from '../failure'
import { many, one, resultOfMany, withOperations, type Each, type FollowServices } from '../operate'
import { reviewLines } from '../print/review'
import type { CommandSession, Result } from '../session'

export interface RebuildOptions {
  readonly outdated?: boolean
  readonly canary?: string
  readonly atOnce?: number
  readonly dryRun?: boolean
}

export function rebuild(
  session: CommandSession,
  names: readonly string[],
  { outdated, dryRun, ...options }: RebuildOptions,
): Promise<Result> {
  if (names.length && outdated) throw wrongUsage('Use either instance names or --outdated, not both.')
  if (!names.length && !outdated) throw wrongUsage('Which instances?', 'Name one or more, or use --outdated.')
  if (dryRun) return showReviews(session, outdated ? 'outdated' : names)
  return withOperations(session, async services => {
    const chosen = outdated ? await services.client.rebuild.outdated.query() : [...new Set(names)]
    const [name] = chosen
    if (name === undefined && !session.json) session.say(noneOutdated)
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

const noneOutdated = 'No instance has older code than the base application.'

async function showReviews(session: CommandSession, which: readonly string[] | 'outdated'): Promise<Result> {
  const { client } = await session.engine('look')
  const names = which === 'outdated' ? await client.rebuild.outdated.query() : [...new Set(which)]
  if (names.length === 0 && !session.json) session.say(noneOutdated)
  const reviews = await session.whileWatched(async signal => {
    const found: RebuildReview[] = []
    for (const name of names) found.push(await client.rebuild.review.query({ name }, { signal }))
    return found
  })
  const lines = reviews.flatMap((it, index) => [...(index > 0 ? [''] : []), ...reviewLines(it, session.out.paint)])
  return { data: { reviews }, lines }
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
