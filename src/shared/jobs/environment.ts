/** The job that changes an instance's environment, and the one that makes the same change in several instances. */
import { z } from 'zod'
import { enumerate, uncapital } from '../amounts'
import { envChangesSchema } from '../environment'
import { nameSchema } from '../instance'
import { owns, things, uses } from '../things'
import { batchLimit, batchPlanSchema, defineBatch } from './batch'
import { defineJob, undoesAll, type Several } from './job'
import { targetSchema, verifyHealth } from './target'

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
  /** Identifies the `.env` that was planned for; see `EnvFile.version`. Absent in version 1 journals. */
  before: z.string().optional(),
})
export type EnvironmentPlan = Readonly<z.infer<typeof planSchema>>

/** If not, a restart was asked for, and the values are in `.env` already. */
const changes = ({ set, removed }: EnvironmentPlan): boolean => set.length + removed.length > 0

export const environmentJob = defineJob({
  kind: 'change-environment',
  version: 2,
  input: inputSchema,
  plan: planSchema,
  steps: {
    'write-env': {
      title: 'Write the environment',
      explanation: 'Only the variables that change; the rest of .env stays.',
      when: changes,
    },
    'restart-process': {
      title: 'Restart the application',
      explanation: 'With the new environment. If it isn’t healthy afterwards, the old one is put back.',
      when: ({ restarts }) => restarts,
    },
    // in version 1, it was part of the restart
    'verify-health': { ...verifyHealth, when: ({ restarts, before }) => restarts && before !== undefined },
    'keep-previous': {
      title: 'Keep the previous values',
      explanation: 'So the change can be undone, until the next one.',
      when: changes,
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
    if (plan && !changes(plan))
      return {
        asking: `Restart “${name}” with its environment`,
        running: `Restarting “${name}” with its environment`,
        done: `“${name}” restarted with its environment`,
      }
    const what = plan ? enumerate([...plan.set, ...plan.removed], 3) : 'the environment'
    return {
      asking: `Change ${what} in “${name}”`,
      running: `Changing ${what} in “${name}”`,
      done: `The environment of “${name}” was changed`,
    }
  },
  status: 'Changing environment…',
  cancel: undoesAll,
  needsInfrastructure: 'to-restart',
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
  words: (those, _, plan) => {
    const what = plan ? enumerate(plan.keys, 3) : 'the environment'
    return {
      asking: `Change ${what} in ${those}`,
      running: `Changing ${what} in ${those}`,
      done: `The environment of ${uncapital(those)} was changed`,
    }
  },
})
