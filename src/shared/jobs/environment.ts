/** The job that changes an instance's environment, and the one that makes the same change in several instances. */
import { z } from 'zod'
import { enumerate } from '../amounts'
import { envChangesSchema } from '../environment'
import { nameSchema } from '../instance'
import { owns, things, uses } from '../things'
import { batchLimit, batchPlanSchema, defineBatch } from './batch'
import { defineJob, undoesAll, type Several } from './job'
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
  names: z.array(nameSchema).min(1).max(batchLimit),
  changes: envChangesSchema.min(1),
  restart: z.boolean().default(false),
})

const manyPlanSchema = batchPlanSchema.extend({
  /** The variables that change. */
  keys: z.array(z.string()),
  restart: z.boolean(),
})

export const changingWords: Several = { doing: 'Changing the environment of', done: 'changed' }

export const environmentManyJob = defineBatch({
  kind: 'change-environment-many',
  input: manyInputSchema,
  plan: manyPlanSchema,
  about: '(environments)',
  atOnce: 4,
  several: changingWords,
  words: (those, plan) => {
    const what = plan ? enumerate(plan.keys, 3) : 'the environment'
    return {
      asking: `Change ${what} in ${those}`,
      running: `Changing ${what} in ${those}`,
      done: `The environment of ${those} was changed`,
    }
  },
})
