/** The job that changes an instance's environment, and the one that makes the same change in several instances. */
import { z } from 'zod'
import { count, enumerate } from '../amounts'
import { envChangesSchema } from '../environment'
import { nameSchema } from '../instance'
import { owns, things, uses } from '../things'
import { defineJob, undoesAll, type Several } from './job'
import { resultsOf } from './many'
import { targetSchema } from './target'

const inputSchema = z.object({
  name: nameSchema,
  changes: envChangesSchema.default([]),
  /** Put back what the last change replaced. There are no `changes` then. */
  undo: z.boolean().default(false),
  /** Restart it if it is running; otherwise the change takes effect with the next restart. */
  restart: z.boolean().default(false),
  /** Refused unless `.env` still has this content; see `EnvFile.version`. */
  seen: z.string().max(100).optional(),
})

/** Values are secrets of the operation. */
const planSchema = z.strictObject({
  target: targetSchema,
  /** The variables that get another value, and those that are removed. */
  set: z.array(z.string()),
  removed: z.array(z.string()),
  restarts: z.boolean(),
})
export type EnvironmentPlan = Readonly<z.infer<typeof planSchema>>

export const environmentJob = defineJob({
  kind: 'change-environment',
  version: 1,
  input: inputSchema,
  plan: planSchema,
  steps: {
    'write-env': {
      title: 'Write the environment',
      explanation: 'Only the variables that change; the rest of .env stays.',
    },
    'restart-process': {
      title: 'Restart the application',
      explanation: 'With the new environment. If it isn’t healthy then, the old one is put back.',
      when: ({ restarts }) => restarts,
    },
    'keep-previous': {
      title: 'Keep the previous values',
      explanation: 'So the change can be undone, until the next one.',
    },
  },
  recovery: 'resume',
  about: ({ name }) => things.instance(name),
  claims: ({ target, restarts }) => [
    owns(things.instance(target.name)),
    ...(restarts ? [owns(things.port(target.port)), uses(things.infrastructure)] : []),
  ],
  name: ({ target }) => target.name,
  words: ({ name, plan }) => {
    const what = plan ? enumerate([...plan.set, ...plan.removed], 3) : 'the environment'
    return {
      asking: `Change ${what} in “${name}”`,
      running: `Changing ${what} in “${name}”`,
      done: `The environment of “${name}” was changed`,
    }
  },
  status: 'Changing environment…',
  cancel: undoesAll,
  keeps: true,
  offer: {
    label: 'Edit environment…',
    before: 'Edit the environment of',
    when: ({ group }) => group !== 'busy' && group !== 'copy',
  },
})

const manyInputSchema = z.object({
  names: z.array(nameSchema).min(1).max(1000),
  changes: envChangesSchema.min(1),
  restart: z.boolean().default(false),
})

const manyPlanSchema = z.strictObject({
  names: z.array(nameSchema),
  /** The variables that change. */
  keys: z.array(z.string()),
  restart: z.boolean(),
  /** When it was planned, ISO 8601. */
  since: z.iso.datetime(),
})
export type EnvironmentManyPlan = Readonly<z.infer<typeof manyPlanSchema>>

export const changingWords: Several = { doing: 'Changing the environment of', done: 'changed' }

export const environmentManyJob = defineJob({
  kind: 'change-environment-many',
  version: 1,
  input: manyInputSchema,
  plan: manyPlanSchema,
  steps: {},
  instances: ({ names }) => names,
  abreast: () => ({ from: 0, most: 4 }),
  several: () => changingWords,
  recovery: 'resume',
  about: () => '(environments)', // no instance can be called that
  claims: () => [],
  words: ({ plan, state }) => {
    const all = resultsOf(state)
    const well = all.filter(it => it.result && !it.result.problem).length
    const those = count(all.length, 'instance')
    const what = plan ? enumerate(plan.keys, 3) : 'the environment'
    const some = `The environment of ${well} of ${those} was changed`
    return {
      asking: `Change ${what} in ${those}`,
      running: `Changing ${what} in ${those}`,
      done: well === all.length ? `The environment of ${those} was changed` : some,
    }
  },
  cancel: {
    meaning:
      'Instances still waiting are left alone. Those in progress are finished, and those already done stay as they are.',
    confirm: 'Cancel the rest',
  },
})
