/** The job that renames an instance. */
import { z } from 'zod'
import { nameSchema } from '../instance'
import { owns, things, uses } from '../things'
import { defineJob, undoesAll } from './job'
import { startProcess, targetSchema } from './target'

const renamePlanSchema = z.strictObject({
  /** The instance under its old name, and under its new one. */
  before: targetSchema,
  target: targetSchema,
  ran: z.boolean(),
  /** Whether it was supposed to run. */
  wanted: z.boolean(),
})
export type RenamePlan = Readonly<z.infer<typeof renamePlanSchema>>

export const renameJob = defineJob({
  kind: 'rename',
  version: 1,
  input: z.object({ name: nameSchema, to: nameSchema }),
  plan: renamePlanSchema,
  steps: {
    'stop-process': {
      title: 'Remove it from PM2',
      explanation: 'Stops the application if it is running.',
    },
    'rename-database': {
      title: 'Rename the database and its role',
      explanation: 'Closes its connections. The password doesn’t change.',
      // names that differ only by case have the same database
      when: ({ before, target }) => things.instance(before.name) !== things.instance(target.name),
    },
    'rename-files': {
      title: 'Rename the folder',
      explanation:
        'Writes the new name to .env, config.json, db-config.json and links to its own files, then renames the folder.',
    },
    'rename-logs': {
      title: 'Rename the logs',
      explanation: 'Includes archived logs, so they can be read under the new name.',
    },
    'start-process': { ...startProcess, when: ({ ran }) => ran },
  },
  recovery: 'resume',
  about: ({ name }) => things.instance(name),
  claims: ({ before, target, ran }) => [
    ...[...new Set([before.name, target.name].map(things.instance))].map(owns),
    ...(ran ? [owns(things.port(target.port))] : []),
    uses(things.infrastructure),
  ],
  name: ({ before }) => before.name,
  again: ({ before, target }) => ({ name: before.name, to: target.name }),
  words: ({ name, plan }) => {
    const to = plan ? ` to “${plan.target.name}”` : ''
    return {
      asking: `Rename “${name}”${to}`,
      running: `Renaming “${name}”${to}`,
      done: plan ? `“${name}” is now “${plan.target.name}”` : `“${name}” was renamed`,
    }
  },
  status: 'Renaming…',
  cancel: undoesAll,
  needsInfrastructure: true,
  keeps: true,
  guards: ({ name }) => [name],
  offer: { label: 'Rename…', when: ({ group }) => group !== 'busy' && group !== 'copy' },
})
