/** Jobs that remove an instance, or the leftovers of one. */
import { z } from 'zod'
import { nameSchema } from '../instance'
import { owns, things, uses } from '../things'
import { batchLimit, batchPlanSchema, defineBatch } from './batch'
import { defineJob, undoesAll, type Several } from './job'
import { absolutePath, stopProcess, targetSchema } from './target'

/** A request must carry it, so that no slip of a program deletes anything. A person is asked for the instance’s name. */
export const deleteWord = 'DELETE'

const inputSchema = z.object({
  name: nameSchema,
  confirm: z.literal(deleteWord, `Type ${deleteWord} to confirm.`),
})

const deletePlanSchema = z.strictObject({
  /** Identifies the files that were set aside. */
  token: z.uuid(),
  target: targetSchema,
  ran: z.boolean(),
  /** The instance's folder. */
  folder: absolutePath,
  /** Derived from the instance's name, never read from its files. */
  database: z.string().endsWith('_db'),
  role: z.string().endsWith('_user'),
})
export type DeletePlan = Readonly<z.infer<typeof deletePlanSchema>>

const steps = {
  'stop-process': stopProcess,
  'set-aside': {
    title: 'Set the files aside',
    explanation: 'The folder is moved aside, and deleted at the end.',
  },
  'drop-database': {
    title: 'Remove the database',
    explanation: 'Closes its connections, then drops the database and its role. From here on this can’t be undone.',
  },
  'remove-process': {
    title: 'Delete the process and the files',
    explanation: 'Removes it from PM2 and deletes its log files and folder.',
  },
} as const

/** Includes the port, because undo may have to restart the instance. */
const claims = ({ target, token, ran }: DeletePlan) => [
  owns(things.instance(target.name)),
  ...(ran && target.port ? [owns(things.port(target.port))] : []),
  owns(things.trash(token)),
  uses(things.infrastructure),
]

export const deleteJob = defineJob({
  kind: 'delete',
  version: 1,
  input: inputSchema,
  plan: deletePlanSchema,
  steps,
  pivot: 'drop-database',
  recovery: 'resume',
  about: ({ name }) => things.instance(name),
  claims,
  name: ({ target }) => target.name,
  words: ({ name }) => ({
    asking: `Delete “${name}”`,
    running: `Deleting “${name}”`,
    done: `“${name}” was deleted`,
  }),
  status: 'Deleting…',
  cancel: undoesAll,
  past: 'deleted',
  guards: ({ name }) => [name],
  offer: { label: 'Delete…', when: ({ group }) => group !== 'busy' && group !== 'copy', danger: true },
})

/** `keepDatabase`: there is no database, or it isn't this instance's. */
const leftoversPlanSchema = deletePlanSchema.extend({ keepDatabase: z.boolean() })
export type LeftoversPlan = Readonly<z.infer<typeof leftoversPlanSchema>>

export const leftoversJob = defineJob({
  kind: 'remove-leftovers',
  version: 1,
  input: inputSchema,
  plan: leftoversPlanSchema,
  steps,
  pivot: 'drop-database',
  recovery: 'resume',
  about: ({ name }) => things.instance(name),
  claims,
  name: ({ target }) => target.name,
  words: ({ name }) => ({
    asking: `Remove leftovers of “${name}”`,
    running: `Removing leftovers of “${name}”`,
    done: `Leftovers of “${name}” were removed`,
  }),
  status: 'Removing…',
  cancel: undoesAll,
})

export const deletingWords: Several = { doing: 'Deleting', done: 'deleted' }

export const deleteManyJob = defineBatch({
  kind: 'delete-many',
  input: z.object({
    names: z.array(nameSchema).min(1).max(batchLimit),
    confirm: inputSchema.shape.confirm,
  }),
  plan: batchPlanSchema,
  about: '(deletions)',
  atOnce: 4,
  several: deletingWords,
  needsDatabase: true,
  guards: ({ names }) => names,
  words: (those, were) => ({
    asking: `Delete ${those}`,
    running: `Deleting ${those}`,
    done: `${those} ${were} deleted`,
  }),
})

export const deleteJobs = [deleteJob, leftoversJob] as const
