/** The job that gives a director's account a new password, name or email address. */
import { z } from 'zod'
import { directorSchema, nameSchema } from '../instance'
import { problemOf } from '../operation'
import { owns, things, uses } from '../things'
import { defineJob } from './job'
import { targetSchema } from './target'

const { name: fullName, email, password } = directorSchema.shape

const directorPlanSchema = z.strictObject({
  target: targetSchema,
  /** The account's email address until now. */
  account: z.string(),
  /** Absent: stays as it is. */
  email: z.string().optional(),
  fullName: z.string().optional(),
  password: z.boolean(),
})
export type DirectorPlan = Readonly<z.infer<typeof directorPlanSchema>>

/** The script refused before it wrote anything. */
const refusals: readonly string[] = ['email-taken', 'unknown', 'model', 'client', 'input'].map(it => `director-${it}`)

export const directorJob = defineJob({
  kind: 'change-director',
  version: 1,
  input: z.object({
    name: nameSchema,
    /** The account's email address. Absent: the instance has only one director. */
    account: z.string().min(1, 'Enter the account’s email address.').max(254).optional(),
    email: email.optional(),
    fullName: fullName.optional(),
    password: password.optional(),
  }),
  plan: directorPlanSchema,
  steps: {
    'change-account': {
      title: 'Change the account',
      explanation: 'Through the application’s own Prisma client.',
    },
  },
  recovery: 'resume',
  about: ({ name }) => things.instance(name),
  claims: ({ target }) => [owns(things.instance(target.name)), uses(things.infrastructure)],
  name: ({ target }) => target.name,
  words: ({ name, plan, state }) => {
    const what = plan?.password && !plan.email && !plan.fullName ? 'director’s password' : 'director’s account'
    const unclear = `It’s unclear whether the ${what} for “${name}” was changed`
    return {
      asking: `Change the ${what} for “${name}”`,
      running: `Changing the ${what} for “${name}”`,
      done: `The ${what} for “${name}” was changed`,
      cancelled: unclear,
      ...(!refusals.includes(problemOf(state)?.code ?? '') && { failed: unclear }),
    }
  },
  status: 'Changing the director…',
  cancel: { meaning: 'If the account was already changed, it stays changed.', confirm: 'Cancel' },
  nothingToUndo: true,
  needsInfrastructure: true,
  keeps: true,
  offer: {
    label: 'Director’s account…',
    before: 'Change the director’s account for',
    when: ({ group }) => group !== 'busy' && group !== 'copy',
  },
})
