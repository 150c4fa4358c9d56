/** The environment of an instance: the variables in its `.env`, and which of them an operator may change. */
import { z } from 'zod'

const keySchema = z
  .string()
  .min(1, 'Enter a name.')
  .max(200, 'At most 200 characters.')
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'Use letters, digits and underscores; the first can’t be a digit.')

const valueSchema = z
  .string()
  .max(50_000, 'At most 50,000 characters.')
  .refine(it => !/[\0\p{Surrogate}]/u.test(it), 'This contains characters that a .env file can’t hold.')

/** A variable's new value; null removes it, whatever its name. */
const envChangeSchema = z
  .strictObject({ key: z.string().max(200), value: valueSchema.nullable() })
  .refine(({ key, value }) => value === null || keySchema.safeParse(key).success, {
    path: ['key'],
    error: 'Use letters, digits and underscores; the first can’t be a digit.',
  })
export type EnvChange = Readonly<z.infer<typeof envChangeSchema>>

/** Characters. */
const longestChange = 256_000

export const envChangesSchema = z
  .array(envChangeSchema)
  .max(500)
  .refine(
    it => it.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0) <= longestChange,
    'Change at most 256,000 characters at a time.',
  )
  .refine(it => new Set(it.map(({ key }) => key)).size === it.length, 'A variable is named twice.')

/** What is wrong with a name or a value, as typed; undefined if nothing is. */
export const keyProblem = (key: string): string | undefined => keySchema.safeParse(key).error?.issues[0]?.message
export const valueProblem = (value: string): string | undefined =>
  valueSchema.safeParse(value).error?.issues[0]?.message

/** Variables that Instance Manager writes, and why they can't be changed by hand. */
const owned: ReadonlyMap<string, string> = new Map([
  ...['DATABASE_URL', 'DIRECT_URL'].map(it => [it, 'It is the login to the instance’s own database.'] as const),
  ...['PORT', 'HOST'].map(it => [it, 'Use “Change port…”, or the command “port”.'] as const),
  ['INSTANCE_NAME', 'It is the instance’s name.'],
])
export const ownedKeys: readonly string[] = [...owned.keys()]

/** Why a variable can't be changed, in one sentence; undefined if it can. */
export const whyOwned = (key: string): string | undefined => owned.get(key)

/** What is known of an instance's `.env` as a file. */
export interface EnvFile {
  /** Identifies its content. */
  readonly version: string
  /** When it was last written, in milliseconds since 1970; absent if there is none. */
  readonly written?: number
  /** The last change made here that can be undone. Variables that have been changed again since are left out. */
  readonly last?: { readonly changed: string; readonly keys: readonly string[] }
}
