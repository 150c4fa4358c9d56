/** The job that gives adopted containers the secure set-up. */
import { z } from 'zod'
import { driverKinds } from '../infrastructure'
import { nameSchema } from '../instance'
import { spareBytes } from '../space'
import { owns, things, uses } from '../things'
import { defineJob, undoesAll } from './job'

const identifier = z.string().min(1).max(63)

const hardenPlanSchema = z.strictObject({
  driver: z.enum(driverKinds),
  /** The id of PgBouncer's container, if it is replaced. */
  pgbouncer: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  /** The instances' logins. Their passwords are in `.env`. */
  logins: z.array(
    z.strictObject({
      instance: nameSchema,
      role: identifier,
      database: identifier,
      /**
       * Whether its role may connect even if not every role may. If not, it is granted that right, and undo revokes it.
       */
      granted: z.boolean(),
    }),
  ),
  /**
   * What every role may currently do in these databases; undo grants it again. `granted`: as above, for PgBouncer's
   * role.
   */
  open: z.array(
    z.strictObject({ database: identifier, connect: z.boolean(), temporary: z.boolean(), granted: z.boolean() }),
  ),
})
export type HardenPlan = Readonly<z.infer<typeof hardenPlanSchema>>

const replaces = ({ pgbouncer }: HardenPlan): boolean => pgbouncer !== undefined

export const hardenJob = defineJob({
  kind: 'infrastructure-harden',
  version: 1,
  input: z.object({}),
  plan: hardenPlanSchema,
  steps: {
    'pull-image': {
      title: 'Pull PgBouncer’s image',
      explanation: 'If it isn’t on this machine. Nothing has changed until then.',
      when: replaces,
    },
    'set-passwords': {
      title: 'Set the roles’ passwords',
      explanation: 'To those in the instances’ .env, stored as SCRAM. Open connections stay.',
      when: ({ logins }) => logins.length > 0,
    },
    'prepare-pgbouncer': {
      title: 'Prepare a new PgBouncer',
      explanation: 'The old one keeps running under another name.',
      when: replaces,
    },
    'replace-pgbouncer': {
      title: 'Replace PgBouncer',
      explanation: 'The old one is stopped, the new one started.',
      when: replaces,
    },
    'write-rules': {
      title: 'Ask every login for a password',
      explanation: 'Writes pg_hba.conf and closes the databases to other roles. Open connections stay.',
    },
    'try-logins': {
      title: 'Try the logins',
      explanation: 'Those of all instances must work; wrong passwords and the superuser must be refused.',
    },
    'remove-old-pgbouncer': {
      title: 'Remove the old PgBouncer',
      explanation: 'Its container only. From here on this can’t be undone.',
      when: replaces,
    },
  },
  recovery: 'resume',
  about: () => things.infrastructure,
  claims: ({ logins }) => [
    owns(things.infrastructure),
    owns(things.services),
    ...logins.map(({ instance }) => uses(things.instance(instance))),
  ],
  again: () => ({}),
  words: () => ({
    asking: 'Harden the infrastructure',
    running: 'Hardening the infrastructure',
    done: 'The infrastructure is hardened',
  }),
  cancel: undoesAll,
  space: spareBytes / 2,
  pivot: 'remove-old-pgbouncer',
  prints: true,
})
