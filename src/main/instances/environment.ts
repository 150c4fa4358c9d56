/**
 * Changes variables in an instance's `.env`, restarts it if asked to, and keeps what was replaced until the next change
 * (docs/decisions/0045). Values are secrets of the operation, so no journal has them.
 */
import { stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { parse } from 'dotenv'
import { z } from 'zod'
import { whyOwned, type EnvChange } from '../../shared/environment'
import { environmentJob, type EnvironmentPlan } from '../../shared/jobs/environment'
import type { Target } from '../../shared/jobs/target'
import { problem } from '../../shared/problem'
import { implement, unchangedSince, type StepActions } from '../operations/implement'
import type { AnyOperation, Context } from '../operations/operation'
import { readIfExists, readJson, removeTemporary, smallFile, writeJson } from '../system/files'
import { readManifest } from '../workspace/base'
import { removeEnv, setEnv, writeEnv } from '../workspace/env-file'
import { instancePaths, type InstancePaths } from '../workspace/paths'
import { targetContradiction } from './lifecycle/derived'
import { ownProcess } from './lifecycle/own-process'
import { verifyHealth } from './lifecycle/process-steps'
import { handBack, renewProcess } from './lifecycle/reload'
import { findOwn, isRunning, type LifecycleServices } from './lifecycle/target'
import { editSchema, previousSchema, stillOurs, valuesIn, versionOf, type Edit } from './env-edits'
import type { ManyServices } from './many'

/** The operation's secret: the whole file as it was, and what changes in it. */
const changeSchema = z.strictObject({ text: z.string(), edits: z.array(editSchema) })
type Change = Readonly<z.infer<typeof changeSchema>>

type Input = z.output<typeof environmentJob.input>
type EnvironmentStep = StepActions<EnvironmentPlan>

type Services = LifecycleServices & Pick<ManyServices, 'bringUpFor'>

export const environmentChange = (services: Services): AnyOperation =>
  implement(environmentJob, {
    plan: input => planChange(services, input),
    secrets: async (input, plan) => ({ change: JSON.stringify(await changeFor(services, input, plan)) }),
    adopt: unchangedSince(1),
    contradiction: ({ target }, subject) => targetContradiction(services, subject, target),
    ready: async ({ restarts, target }) => {
      if (restarts) await services.bringUpFor([target.name])
    },
    steps: {
      'write-env': writeStep(services),
      'restart-process': restartStep(services),
      'verify-health': verifyHealth(services),
      'keep-previous': keepStep(services),
    },
  })

/**
 * @throws Problem `env-owned`, `env-same`, `env-changed`, `env-value`, `env-undone` if nothing is left to undo,
 * `config-missing`
 */
async function planChange(services: LifecycleServices, input: Input): Promise<EnvironmentPlan> {
  const { name, seen } = input
  const { target, paths } = await findOwn(services, name)
  const text = await readIfExists(paths.env)
  if (text === undefined)
    throw problem({
      code: 'config-missing',
      message: `${paths.env} is missing.`,
      hint: 'Restore it, or have the health report write what the instance needs.',
    })
  if (seen !== undefined && seen !== versionOf(text)) throw changedMeanwhile(name)
  const changes = await changesOf(paths, input, text)
  requireEditable(changes)
  const edits = editsFor(text, changes)
  const restarts = input.restart && (await isRunning(services, target))
  if (edits.length === 0 && !(restarts && (await isOlder(services, target, paths))))
    throw problem({
      code: 'env-same',
      message: `The environment of “${name}” already has these values.`,
      hint: 'Change a value first.',
    })
  requireExact(text, edits)
  return {
    target,
    set: edits.filter(it => it.after !== null).map(it => it.key),
    removed: edits.filter(it => it.after === null).map(it => it.key),
    restarts,
    before: versionOf(text),
  }
}

/** @throws Problem `env-changed` if the file isn't the one that was planned for any more */
async function changeFor(services: LifecycleServices, input: Input, plan: EnvironmentPlan): Promise<Change> {
  const paths = await pathsOf(services, plan)
  const text = await readIfExists(paths.env)
  if (text === undefined || versionOf(text) !== plan.before) throw changedMeanwhile(plan.target.name)
  return { text, edits: editsFor(text, await changesOf(paths, input, text)) }
}

const changesOf = async (paths: InstancePaths, { name, undo, changes }: Input, text: string) =>
  undo ? reversal(paths, name, text) : changes

/** Whether the process was started before `.env` was last written, so it doesn't have its values. */
async function isOlder({ processes }: LifecycleServices, target: Target, { env }: InstancePaths): Promise<boolean> {
  const startedAt = (await ownProcess(await processes.list(), target))?.startedAt
  return startedAt !== undefined && startedAt < (await stat(env)).mtimeMs
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
  const valueOf = valuesIn(text)
  return changes
    .map(({ key, value }) => ({ key, before: valueOf(key), after: value }))
    .filter(it => it.before !== it.after)
}

const edited = (text: string, edits: readonly Edit[], side: 'before' | 'after'): string =>
  edits.reduce((it, { key, [side]: value }) => {
    return value === null ? removeEnv(it, key) : setEnv(it, { [key]: value })
  }, text)

/**
 * A quote that is never closed may join with one in a new value and swallow what is between them.
 * @throws Problem `env-value` unless dotenv would read back exactly these edits
 */
function requireExact(text: string, edits: readonly Edit[]): void {
  const after = edited(text, edits, 'after')
  const due = new Map(Object.entries(parse(text)))
  for (const it of edits) {
    if (it.after === null) due.delete(it.key)
    else due.set(it.key, it.after)
  }
  const isExact = isDeepStrictEqual(new Map(Object.entries(parse(after))), due)
  if (isExact && Buffer.byteLength(after) <= smallFile) return
  throw problem({
    code: 'env-value',
    message: 'The new values can’t be written to this .env file.',
    cause: isExact ? 'The file would be larger than 1 MB.' : 'A quote in the file would be paired with one of theirs.',
    hint: isExact ? 'Use shorter values.' : 'Look for a line whose quotes aren’t closed, and correct it.',
  })
}

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

const changedMeanwhile = (name: string) =>
  problem({
    code: 'env-changed',
    message: `The .env of “${name}” was changed in the meantime.`,
    cause: 'Another user or program changed it. Nothing was overwritten.',
    hint: 'Reload the current values, then make your change again.',
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
  do: ({ plan, signal, report }) => renewProcess(services, plan.target, { signal, report }),
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
