/** `rebuild`: one instance, or several with a canary. */
import type { z } from 'zod'
import { canaryOf, defaultAtOnce, fleetJob } from '../../../shared/jobs/fleet'
import { rebuildJob } from '../../../shared/jobs/rebuild'
import type { RebuildReview } from '../../../shared/rebuild-review'
import type { Rehearsal, Rename } from '../../../shared/schema'
import { refused, wrongUsage } from '../failure'
import { many, notesOf, one, resultOfMany, withOperations, type Each, type FollowServices } from '../operate'
import { rehearsalLines, reviewLines } from '../print/review'
import type { CommandSession, Result } from '../session'

export interface RebuildOptions {
  readonly outdated?: boolean
  readonly canary?: string
  readonly atOnce?: number
  readonly dryRun?: boolean
  readonly pushSchema?: boolean
  readonly acceptDataLoss?: boolean
  readonly rename?: Rename[]
  readonly mend?: string
  readonly takeEnv?: string[]
}

export function rebuild(
  session: CommandSession,
  names: readonly string[],
  { outdated, dryRun, takeEnv: env, ...options }: RebuildOptions,
): Promise<Result> {
  if (names.length && outdated) throw wrongUsage('Use either instance names or --outdated, not both.')
  if (!names.length && !outdated) throw wrongUsage('Which instances?', 'Name one or more, or use --outdated.')
  const schema = schemaOf(options)
  if (dryRun) return showReviews(session, outdated ? 'outdated' : names, schema)
  return withOperations(session, async services => {
    const chosen = outdated ? await services.client.rebuild.outdated.query() : [...new Set(names)]
    const [name] = chosen
    if (name === undefined && !session.json) session.say(noneOutdated)
    const results =
      name === undefined
        ? []
        : chosen.length === 1
          ? [await one(services, name, { kind: rebuildJob.kind, name, schema, env })]
          : await several(services, chosen, { schema, env }, options)
    const ended = results.map(it => it.operation?.id)
    const notes = services.follower.states.filter(it => ended.includes(it.id)).flatMap(notesOf)
    return resultOfMany(session, results, notes.length > 0 ? notes : undefined)
  })
}

const noneOutdated = 'No instance is outdated.'

async function showReviews(
  session: CommandSession,
  which: readonly string[] | 'outdated',
  schema: Schema,
): Promise<Result> {
  const { client } = await session.engine(schema ? 'change' : 'look') // a rehearsal makes a copy of the database
  const names = which === 'outdated' ? await client.rebuild.outdated.query() : [...new Set(which)]
  if (names.length === 0 && !session.json) session.say(noneOutdated)
  return session.whileWatched(async signal => {
    const reviews: RebuildReview[] = []
    const rehearsals: Rehearsal[] = []
    const lines: string[] = []
    for (const name of names) {
      const review = await client.rebuild.review.query({ name }, { signal })
      reviews.push(review)
      lines.push(...(lines.length > 0 ? [''] : []), ...reviewLines(review, session.out.paint))
      if (!schema) continue
      const { renames, mend } = schema
      const rehearsal = await client.rebuild.rehearse.query({ name, renames, mend }, { signal })
      rehearsals.push(rehearsal)
      lines.push(...rehearsalLines(rehearsal))
    }
    return { data: { reviews, ...(schema && { rehearsals }) }, lines }
  })
}

type Schema = z.input<typeof rebuildJob.input>['schema']

function schemaOf({
  pushSchema,
  acceptDataLoss: acceptLoss = false,
  rename: renames = [],
  mend,
}: RebuildOptions): Schema {
  if (pushSchema) return { renames, mend, acceptLoss }
  if (!acceptLoss && renames.length === 0 && mend === undefined) return undefined
  throw wrongUsage('--accept-data-loss, --rename and --mend need --push-schema.')
}

async function several(
  services: FollowServices,
  chosen: readonly string[],
  how: Pick<z.input<typeof rebuildJob.input>, 'schema' | 'env'>,
  { canary, atOnce = defaultAtOnce }: RebuildOptions,
): Promise<Each[]> {
  if (canary !== undefined && !chosen.includes(canary))
    throw wrongUsage(`The canary “${canary}” isn’t one of the instances to rebuild.`)
  const { instances } = await services.client.instances.list.query()
  const unknown = chosen.find(name => !instances.some(it => it.name === name))
  if (unknown !== undefined)
    throw refused({ code: 'instance-unknown', message: `There is no instance “${unknown}”. Nothing was rebuilt.` })
  const first = canary ?? canaryOf(instances.filter(it => chosen.includes(it.name)))?.name ?? ''
  const names = chosen.filter(it => it !== first)
  return await many(services, { kind: fleetJob.kind, canary: first, names, atOnce, ...how })
}
