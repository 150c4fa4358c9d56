/** The job that changes what an instance may take from PostgreSQL. */
import { z } from 'zod'
import { nameSchema } from '../instance'
import { limitChangesSchema, ownLimitsSchema } from '../limits'
import { owns, things, uses } from '../things'
import { defineJob, undoesAll } from './job'
import { targetSchema } from './target'

const limitsPlanSchema = z.strictObject({
  target: targetSchema,
  database: z.string(),
  role: z.string(),
  /** Those set for it, before and after. */
  before: ownLimitsSchema,
  after: ownLimitsSchema,
})
export type LimitsPlan = Readonly<z.infer<typeof limitsPlanSchema>>

export const limitsJob = defineJob({
  kind: 'limits',
  version: 1,
  input: limitChangesSchema.extend({ name: nameSchema }),
  plan: limitsPlanSchema,
  steps: {
    'write-limits': { title: 'Record the limits', explanation: 'In config.json.' },
    'limit-role': { title: 'Limit the database role', explanation: 'New connections get the new limits.' },
    'limit-pool': {
      title: 'Update PgBouncer',
      explanation: 'It replaces its connections as they become free; no client is disconnected.',
    },
  },
  recovery: 'resume',
  about: ({ name }) => things.instance(name),
  claims: ({ target }) => [owns(things.instance(target.name)), uses(things.infrastructure)],
  name: ({ target }) => target.name,
  words: ({ name }) => ({
    asking: `Change the limits of “${name}”`,
    running: `Changing the limits of “${name}”`,
    done: `The limits of “${name}” were changed`,
  }),
  status: 'Changing limits…',
  cancel: undoesAll,
  needsInfrastructure: true,
  keeps: true,
  offer: {
    label: 'Change limits…',
    before: 'Change the limits of',
    when: ({ group }) => group !== 'busy' && group !== 'copy',
  },
})
