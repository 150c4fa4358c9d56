/**
 * Changes variables in an instance's `.env`, restarts it if asked to, and keeps what was replaced until the next change
 * (docs/decisions/0045). Values are secrets of the operation, so no journal has them.
 */
import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { parse } from 'dotenv'
import { z } from 'zod'
import { whyOwned, type EnvChange, type EnvFile } from '../../shared/environment'
import { environmentJob, type EnvironmentPlan } from '../../shared/jobs/environment'
import { problem } from '../../shared/problem'
import { implement, type StepActions } from '../operations/implement'
import type { AnyOperation, Context } from '../operations/operation'
import { readIfExists, readJson, removeTemporary, writeJson } from '../system/files'
import { readManifest } from '../workspace/base'
import { removeEnv, setEnv, writeEnv } from '../workspace/env-file'
import { instancePaths, type InstancePaths } from '../workspace/paths'
import { targetContradiction } from './lifecycle/derived'
import { claimDatabase } from './lifecycle/process-steps'
import { handBack, reloadTarget } from './lifecycle/reload'
import { findOwn, isRunning, type LifecycleServices } from './lifecycle/target'

/** One variable; null: it isn't in the file. */
const editSchema = z.strictObject({ key: z.string(), before: z.string().nullable(), after: z.string().nullable() })
type Edit = Readonly<z.infer<typeof editSchema>>

/** The operation's secret: the whole file as it was, and what changes in it. */
const changeSchema = z.strictObject({ text: z.string(), edits: z.array(editSchema) })
type Change = Readonly<z.infer<typeof changeSchema>>

const previousSchema = z.strictObject({ changed: z.iso.datetime(), edits: z.array(editSchema) })

type Input = z.output<typeof environmentJob.input>
type EnvironmentStep = StepActions<EnvironmentPlan>

export const environmentChange = (services: LifecycleServices): AnyOperation =>
  implement(environmentJob, {
    plan: async input => (await prepare(services, input)).plan,
    secrets: async input => ({ change: JSON.stringify((await prepare(services, input)).change) }),
    contradiction: ({ target }, subject) => targetContradiction(services, subject, target),
    steps: {
      'write-env': writeStep(services),
      'restart-process': restartStep(services),
      'keep-previous': keepStep(services),
    },
  })

/**
 * @throws Problem `env-owned`, `env-same`, `env-changed`, `env-value`, `env-undone` if nothing is left to undo,
 * `config-missing`
 */
async function prepare(services: LifecycleServices, input: Input): Promise<{ plan: EnvironmentPlan; change: Change }> {
  const { name, seen, restart } = input
  const { target, paths } = await findOwn(services, name)
  const text = await readIfExists(paths.env)
  if (text === undefined)
    throw problem({
      code: 'config-missing',
      message: `${paths.env} is missing.`,
      hint: 'Restore it, or have the health report write what the instance needs.',
    })
  if (seen !== undefined && seen !== versionOf(text)) throw changedMeanwhile(name)
  const changes = input.undo ? await reversal(paths, name, text) : input.changes
  requireEditable(changes)
  const edits = editsFor(text, changes)
  if (edits.length === 0)
    throw problem({
      code: 'env-same',
      message: `The environment of “${name}” already has these values.`,
      hint: 'Change a value first.',
    })
  edited(text, edits, 'after') // a value that can't be written is refused now
  return {
    plan: {
      target,
      set: edits.filter(it => it.after !== null).map(it => it.key),
      removed: edits.filter(it => it.after === null).map(it => it.key),
      restarts: restart && (await isRunning(services, target)),
    },
    change: { text, edits },
  }
}

function requireEditable(changes: readonly EnvChange[]): void {
  for (const { key } of changes) {
    const why = whyOwned(key)
    if (why !== undefined)
      throw problem({
        code: 'env-owned',
        message: `${key} can’t be changed here.`,
        cause: 'Instance Manager writes it.',
        hint: why,
      })
  }
}

/** Only those that change something. */
function editsFor(text: string, changes: readonly EnvChange[]): Edit[] {
  return changes
    .map(({ key, value }) => ({ key, before: valueIn(text, key), after: value }))
    .filter(it => it.before !== it.after)
}

function valueIn(text: string, key: string): string | null {
  const values = parse(text)
  return Object.hasOwn(values, key) ? (values[key] ?? null) : null
}

const edited = (text: string, edits: readonly Edit[], side: 'before' | 'after'): string =>
  edits.reduce((it, { key, [side]: value }) => {
    return value === null ? removeEnv(it, key) : setEnv(it, { [key]: value })
  }, text)

/** Variables that were changed again since are left as they are. */
const stillOurs = (text: string, edits: readonly Edit[]): Edit[] =>
  edits.filter(it => valueIn(text, it.key) === it.after)

/** @throws Problem `env-undone` */
async function reversal(paths: InstancePaths, name: string, text: string): Promise<EnvChange[]> {
  const edits = (await readJson(paths.previousEnv, previousSchema))?.edits ?? []
  const ours = stillOurs(text, edits)
  if (ours.length > 0) return ours.map(it => ({ key: it.key, value: it.before }))
  throw problem({
    code: 'env-undone',
    message: `There is no change to undo in the environment of “${name}”.`,
    cause: edits.length > 0 ? 'Its variables have been changed again since.' : undefined,
  })
}

const versionOf = (text: string): string => createHash('sha256').update(text).digest('base64url')

const changedMeanwhile = (name: string) =>
  problem({
    code: 'env-changed',
    message: `The .env of “${name}” was changed in the meantime.`,
    cause: 'Someone else, or another program, wrote it. Nothing was overwritten.',
    hint: 'Look at the current values, then change them again.',
  })

const changeOf = async ({ secret }: Pick<Context<EnvironmentPlan>, 'secret'>): Promise<Change> =>
  changeSchema.parse(JSON.parse(await secret('change')))

/** @throws Problem `instance-foreign` if the folder now belongs to another instance */
async function pathsOf({ ownership, paths }: LifecycleServices, { target }: EnvironmentPlan): Promise<InstancePaths> {
  await ownership.requireFolder(target.name)
  return instancePaths(paths, await readManifest(paths.root), target.name)
}

const writeStep = (services: LifecycleServices): EnvironmentStep => ({
  async do(context) {
    const { text, edits } = await changeOf(context)
    const { env } = await pathsOf(services, context.plan)
    if ((await readIfExists(env)) !== text) throw changedMeanwhile(context.plan.target.name)
    await removeTemporary(dirname(env)) // left by a crash
    await writeEnv(env, edited(text, edits, 'after'))
  },
  async verify(context) {
    const { text, edits } = await changeOf(context)
    return (await readIfExists((await pathsOf(services, context.plan)).env)) === edited(text, edits, 'after')
  },
  undo: context => putBack(services, context),
})

/** The file as it was; if somebody else has changed it meanwhile, only our variables. Does nothing if it is gone. */
async function putBack(services: LifecycleServices, context: Context<EnvironmentPlan>): Promise<void> {
  const { text, edits } = await changeOf(context)
  const { env } = await pathsOf(services, context.plan)
  const now = await readIfExists(env)
  if (now === undefined || now === text) return
  await removeTemporary(dirname(env))
  await writeEnv(env, now === edited(text, edits, 'after') ? text : edited(now, stillOurs(now, edits), 'before'))
}

const restartStep = (services: LifecycleServices): EnvironmentStep => ({
  async do({ plan: { target }, signal, report }) {
    await claimDatabase(services, target.name)
    await reloadTarget(services, target, { signal, report })
  },
  verify: () => Promise.resolve(false), // old and new process look the same, so it is restarted again
  async undo(context) {
    await putBack(services, context) // now, so that the process gets the old environment
    await handBack(services, context.plan.target, context)
  },
})

const keepStep = (services: LifecycleServices): EnvironmentStep => ({
  async do(context) {
    const { edits } = await changeOf(context)
    const { previousEnv } = await pathsOf(services, context.plan)
    await writeJson(previousEnv, { changed: new Date().toISOString(), edits } satisfies z.infer<typeof previousSchema>)
  },
  verify: () => Promise.resolve(false), // writing it again costs nothing
})

/** @param text the content of its `.env` */
export async function envFileOf(paths: InstancePaths, text: string): Promise<EnvFile> {
  const [info, previous] = await Promise.all([
    stat(paths.env).catch(() => undefined),
    readJson(paths.previousEnv, previousSchema).catch(() => undefined), // an undo says what is wrong with it
  ])
  const ours = stillOurs(text, previous?.edits ?? [])
  return {
    version: versionOf(text),
    ...(info && { written: info.mtimeMs }),
    ...(previous && ours.length > 0 && { last: { changed: previous.changed, keys: ours.map(it => it.key) } }),
  }
}
