/** `rebuild`: one instance, or several with a canary; `rollback`. */
import type { z } from 'zod'
import { canaryOf, defaultAtOnce, fleetJob } from '../../../shared/jobs/fleet'
import { rebuildJob, rollbackJob } from '../../../shared/jobs/rebuild'
import { quoteNames } from '../../../shared/notes'
import type { RebuildReview } from '../../../shared/rebuild-review'
import { rollbackWords } from '../../../shared/rebuild-words'
import type { Rename } from '../../../shared/schema'
import type { Client } from '../engine'
import { exitCodes } from '../exit-codes'
import { refused, toFailure, wrongUsage } from '../failure'
import { many, notesOfAll, one, resultOfMany, withOperations, type Each, type FollowServices } from '../operate'
import { cleanLine } from '../print/clean'
import { problemLines } from '../print/problem'
import { rehearsalLines, reviewLines, totalLines, type Rehearsed } from '../print/review'
import type { CommandSession, Result } from '../session'
import { simple } from './lifecycle'

export interface RebuildOptions {
  readonly outdated?: boolean
  readonly canary?: string
  readonly atOnce?: number
  readonly dryRun?: boolean
  readonly pushSchema?: boolean
  readonly acceptDataLoss?: boolean
  readonly rename?: Rename[]
  readonly fix?: string
  readonly takeEnv?: string[]
  readonly confirm?: string
}

export function rebuild(
  session: CommandSession,
  names: readonly string[],
  { outdated, dryRun, takeEnv: env, confirm, ...options }: RebuildOptions,
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
          ? [await one(services, name, { kind: rebuildJob.kind, name, schema, env, typed: confirm })]
          : await several(services, chosen, { schema, env }, options)
    return resultOfMany(session, results, notesOfAll(services, results))
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
    const rehearsals: Rehearsed[] = []
    const lines: string[] = []
    for (const name of names) {
      const review = await client.rebuild.review.query({ name }, { signal })
      reviews.push(review)
      const pushes = schema !== undefined
      lines.push(...(lines.length > 0 ? [''] : []), ...reviewLines(review, pushes, session.out.paint))
      if (!schema) continue
      const found = await rehearse(client, name, schema, { alone: names.length === 1, signal })
      lines.push(
        ...('problem' in found ? problemLines(found.problem, session.out.paint) : rehearsalLines(found, rehearsals)),
      )
      rehearsals.push(found)
    }
    if (schema && names.length > 1) lines.push('', ...totalLines(rehearsals, schema.acceptLoss === true))
    const failed = rehearsals.flatMap(it => ('problem' in it ? [it.name] : []))
    const result = { data: { reviews, ...(schema && { rehearsals }) }, lines }
    if (failed.length === 0) return result
    const message = `${failed.length} of ${names.length} couldn’t be rehearsed: ${failed.join(', ')}.`
    return { ...result, exit: exitCodes.refused, problem: { code: 'some-failed', message } }
  })
}

/** @param options.alone there are no others to continue with, so a Problem is thrown */
async function rehearse(
  client: Client,
  name: string,
  { renames, fix }: NonNullable<Schema>,
  { alone, signal }: { readonly alone: boolean; readonly signal: AbortSignal },
): Promise<Rehearsed> {
  try {
    return { name, ...(await client.rebuild.rehearse.query({ name, renames, fix }, { signal })) }
  } catch (error) {
    if (alone || signal.aborted) throw error
    return { name, problem: toFailure(error).problem }
  }
}

export interface RollbackOptions {
  readonly dryRun?: boolean
}

export async function rollback(session: CommandSession, name: string, { dryRun }: RollbackOptions): Promise<Result> {
  if (!dryRun) return await simple(session, rollbackJob.kind, name)
  const { client } = await session.engine('look')
  const wayBack = await client.rebuild.wayBack.query({ name })
  const [sentences, limits] = rollbackWords(wayBack)
  const expect = limits.length > 0 ? ['What to expect:', ...limits.map(it => `  ${quoteNames(it)}`)] : []
  return { data: wayBack, lines: [...sentences, ...expect].map(cleanLine) }
}

type Schema = z.input<typeof rebuildJob.input>['schema']

function schemaOf({
  pushSchema,
  acceptDataLoss: acceptLoss = false,
  rename: renames = [],
  fix,
}: RebuildOptions): Schema {
  if (pushSchema) return { renames, fix, acceptLoss }
  if (!acceptLoss && renames.length === 0 && fix === undefined) return undefined
  throw wrongUsage('--accept-data-loss, --rename and --fix need --push-schema.')
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
