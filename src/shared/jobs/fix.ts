/** The job that fixes what the health report found wrong with an instance and no other job does. It stops nothing. */
import { z } from 'zod'
import { owns, things, uses } from '../things'
import { defineJob, undoesAll } from './job'
import { namedSchema, targetSchema } from './target'

/** In the order of the steps. */
export const fixableParts = ['rights', 'password', 'database-config', 'env', 'modes', 'pool'] as const
export type FixablePart = (typeof fixableParts)[number]

const inDatabase: readonly FixablePart[] = ['rights', 'password', 'pool']

const fixPlanSchema = z.strictObject({
  target: targetSchema,
  database: z.string(),
  role: z.string(),
  parts: z.array(z.enum(fixableParts)).min(1),
  /** The files that existed before: undo removes the others. */
  had: z.strictObject({ env: z.boolean(), databaseConfig: z.boolean(), password: z.boolean() }),
})
export type FixPlan = Readonly<z.infer<typeof fixPlanSchema>>

const has =
  (part: FixablePart) =>
  ({ parts }: FixPlan): boolean =>
    parts.includes(part)

export const fixJob = defineJob({
  kind: 'fix',
  version: 1,
  input: namedSchema.extend({ parts: z.array(z.enum(fixableParts)).min(1) }),
  plan: fixPlanSchema,
  steps: {
    rights: {
      title: 'Restore the database’s rights',
      explanation: 'The instance’s role owns its database, and no other instance’s role can connect to it.',
      when: has('rights'),
    },
    password: {
      title: 'Reset the role’s password',
      explanation: 'To the one in config.json. Open connections stay.',
      when: has('password'),
    },
    'database-config': {
      title: 'Rewrite the database’s configuration',
      explanation: 'Writes db-config.json from config.json; other keys stay.',
      when: has('database-config'),
    },
    env: {
      title: 'Rewrite the instance’s own settings',
      explanation: 'Connection, port and name in .env, from config.json; everything else stays.',
      when: has('env'),
    },
    modes: {
      title: 'Correct the file permissions',
      explanation: 'Files with passwords are closed to other users.',
      when: has('modes'),
    },
    pool: {
      title: 'Reset the pool in PgBouncer',
      explanation: 'Only if it has no clients, so no connection is cut.',
      when: has('pool'),
    },
  },
  recovery: 'resume',
  about: ({ name }) => things.instance(name),
  claims: ({ target, parts }) => [
    owns(things.instance(target.name)),
    ...(parts.some(it => inDatabase.includes(it)) ? [uses(things.infrastructure)] : []),
  ],
  name: ({ target }) => target.name,
  again: ({ target, parts }) => ({ name: target.name, parts: [...parts] }),
  words: ({ name }) => ({
    asking: `Fix “${name}”`,
    running: `Fixing “${name}”`,
    done: `“${name}” was fixed`,
  }),
  status: 'Fixing…',
  cancel: undoesAll,
  keeps: true,
})
