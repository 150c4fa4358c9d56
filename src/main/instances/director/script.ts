/**
 * Runs resources/director.cjs, which works on directors' accounts through an instance's own Prisma client, in a process
 * of its own.
 */
import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { problem } from '../../../shared/problem'
import type { Manifest } from '../../../shared/workspace'
import { baseEnvironment } from '../../system/environment'
import type { Run } from '../../system/run'
import type { SystemUser } from '../../system/users'
import { databaseUrls } from '../create/schema'

export interface DirectorServices {
  readonly run: Run
  /** A real Node, never Electron. */
  readonly node: { readonly path: string }
  /** `Product.directorScript` */
  readonly directorScript: string
}

/** For each action, what it takes and answers: see the script's head. */
interface Actions {
  readonly add: { readonly email: string; readonly name: string; readonly passwordHash: string }
  readonly find: { readonly email: string; readonly passwordHash?: string }
  readonly list: unknown
  readonly change: AccountChange
  readonly 'has-changed': AccountChange
}

export interface AccountChange {
  /** Its current email address. */
  readonly account: string
  readonly email?: string | undefined
  readonly name?: string | undefined
  readonly passwordHash?: string | undefined
}

const accountSchema = z.object({ email: z.string().max(1000), name: z.string().max(1000) })
export type Account = Readonly<z.infer<typeof accountSchema>>

const answerSchema = z.discriminatedUnion('ok', [
  z.object({
    ok: z.literal(true),
    exists: z.boolean().optional(),
    changed: z.boolean().optional(),
    accounts: z.array(accountSchema).max(100).nullish(),
  }),
  z.object({
    ok: z.literal(false),
    code: z.string().regex(/^director-[a-z-]+$/),
    message: z.string().transform(it => it.slice(0, 1000)),
  }),
])
type Answer = Extract<z.infer<typeof answerSchema>, { ok: true }>

const hints: Record<string, string> = {
  'director-email-taken': 'Choose another email address.',
  'director-unknown': 'Check the address, or choose one of the listed directors.',
  'director-client': 'The server needs a generated Prisma client: check “server.generate” in instance-manager.json.',
  'director-model': 'Check “director” in instance-manager.json against the Prisma schema.',
  'director-database': 'Check that PostgreSQL is running, then try again.',
}

export interface DirectorPlace {
  /** Where the client is. */
  readonly server: string
  /** The `.env` with its connection URL. */
  readonly env: string
  /** Runs the instance's code as this user. The script is passed along, as it may be out of that user's reach. */
  readonly user?: SystemUser | undefined
  readonly secrets: readonly string[]
  readonly signal?: AbortSignal | undefined
}

/** @throws Problem with the script's code, and those of `Run` */
export async function askDirector<Action extends keyof Actions>(
  { run, node, directorScript }: DirectorServices,
  { server, env, user, secrets, signal }: DirectorPlace,
  { model, role, status }: Manifest['director'],
  action: Action,
  input: Actions[Action],
): Promise<Answer> {
  const script = user ? ['-e', await readFile(directorScript, 'utf8')] : [directorScript]
  let said = ''
  const printed = await run(node.path, script, {
    cwd: server,
    user,
    signal,
    secrets,
    timeout: 60_000,
    input: JSON.stringify({ ...(input as object), action, model, role, status }),
    env: { ...baseEnvironment(), ...(user && { HOME: user.home }), ...(await databaseUrls(env)) },
    answers: [1],
    onOutput: chunk => {
      said = (said + chunk).slice(-kept)
    },
  })
  const answer = answerIn(printed)
  if (!answer)
    throw problem({
      code: 'director-client',
      message: 'The Prisma client ended without an answer.',
      hint: 'See Details for its output.',
      details: said.trim(),
    })
  if (answer.ok) return answer
  throw problem({
    code: answer.code,
    message: answer.message,
    field: fieldOf(action, answer.code),
    hint: hints[answer.code] ?? 'Try again.',
  })
}

/** Characters of output that a Problem quotes. */
const kept = 4000

/** Undefined if what loads before the script, or the client itself, ended the process. */
function answerIn(printed: string): z.infer<typeof answerSchema> | undefined {
  try {
    return answerSchema.parse(JSON.parse(printed.trim().split('\n').at(-1) ?? ''))
  } catch {
    return undefined
  }
}

function fieldOf(action: keyof Actions, code: string): string | undefined {
  if (code === 'director-unknown') return 'account'
  if (code !== 'director-email-taken') return undefined
  return action === 'add' ? 'director.email' : 'email'
}
