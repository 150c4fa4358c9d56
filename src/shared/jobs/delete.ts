/** Jobs that take an instance, or what is left of one, away. */
import { z } from 'zod'
import { nameSchema } from '../instance'
import { owns, things, uses } from '../things'
import { defineJob, undoesAll } from './job'
import { absolutePath, stopProcess, targetSchema } from './target'

/** What is typed to confirm. */
export const deleteWord = 'DELETE'

const inputSchema = z.object({
  name: nameSchema,
  confirm: z.literal(deleteWord, `Type ${deleteWord} to confirm.`),
})

const deletePlanSchema = z.strictObject({
  /** By which the files that are set aside are found again. */
  token: z.uuid(),
  target: targetSchema,
  ran: z.boolean(),
  /** The instance's. */
  folder: absolutePath,
  /** Derived from its name, never read from its files. */
  database: z.string().endsWith('_db'),
  role: z.string().endsWith('_user'),
})
export type DeletePlan = Readonly<z.infer<typeof deletePlanSchema>>

const steps = {
  'stop-process': stopProcess,
  'set-aside': {
    title: 'Set the files aside',
    explanation: 'Its folder is renamed away; it is deleted at the end.',
  },
  'drop-database': {
    title: 'Remove the database',
    explanation:
      'Connections are closed, then the database and its role are dropped. This can’t be undone from here on.',
  },
  'remove-process': {
    title: 'Delete the process and the files',
    explanation: 'PM2 forgets it, and its log files and folder are deleted.',
  },
} as const

/** With its port: undone, it may have to run again. */
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
    done: `“${name}” is deleted`,
    failed: `“${name}” was not deleted`,
  }),
  status: 'Deleting…',
  cancel: undoesAll,
  offer: { label: 'Delete…', when: ({ group }) => group !== 'busy' && group !== 'copy', danger: true },
})

/** `keepDatabase`: there is none, or it is another's. */
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
    asking: `Remove what is left of “${name}”`,
    running: `Removing what is left of “${name}”`,
    done: `Nothing is left of “${name}”`,
    failed: `What is left of “${name}” was not removed`,
  }),
  status: 'Removing…',
  cancel: undoesAll,
})

export const deleteJobs = [deleteJob, leftoversJob] as const
