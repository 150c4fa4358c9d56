/** `env`: shows and changes the variables in an instance's `.env`. */
import { stdin } from 'node:process'
import { text } from 'node:stream/consumers'
import { keyProblem, whyOwned, type EnvChange } from '../../../shared/environment'
import { environmentJob, environmentManyJob } from '../../../shared/jobs/environment'
import { isSecretName } from '../../../shared/secret-names'
import { wrongUsage } from '../failure'
import { namedInstances } from '../instance-names'
import { endedOf, many, resultOfMany, succeed, withOperations } from '../operate'
import { askHidden } from '../print/ask-hidden'
import { clean, cleanLine } from '../print/clean'
import { table } from '../print/table'
import type { CommandSession, Result } from '../session'

export interface EnvironmentOptions {
  readonly restart?: boolean
  readonly also?: readonly string[]
  readonly all?: boolean
}

export type EnvironmentAction = 'get' | 'set' | 'unset' | 'undo'

/** @param action absent: list all variables */
export async function environment(
  session: CommandSession,
  name: string,
  action: EnvironmentAction | undefined,
  variables: readonly string[],
  options: EnvironmentOptions,
): Promise<Result> {
  const [first] = variables
  if (action === 'set' || action === 'unset') {
    if (first === undefined) throw wrongUsage(`Which variables? For example: env ${name} ${action} LOG_LEVEL…`)
    const removed = (): EnvChange[] => variables.map(key => ({ key, value: null }))
    return change(session, name, action === 'set' ? await given(session, variables) : removed(), options)
  }
  if (options.also || options.all) throw wrongUsage('--also and --all are for “set” and “unset”.')
  if (action === 'undo') return undo(session, name, options)
  return first === undefined ? list(session, name) : get(session, name, first)
}

async function list(session: CommandSession, name: string): Promise<Result> {
  const { client } = await session.engine('look')
  const { env, envFile } = await client.instances.details.query({ name })
  return {
    data: { variables: env, last: envFile.last },
    lines: table<(typeof env)[number]>(
      [
        { title: 'NAME', text: it => cleanLine(it.key) },
        { title: 'VALUE', text: it => (it.value === undefined ? '(hidden)' : cleanLine(it.value)) },
        { title: 'MANAGED BY', text: it => (whyOwned(it.key) === undefined ? 'you' : 'Instance Manager') },
      ],
      env,
      it => session.out.paint('dim', it),
    ),
  }
}

async function get(session: CommandSession, name: string, key: string): Promise<Result> {
  const { client } = await session.engine('look')
  const value = await client.instances.reveal.mutate({ name, key })
  return { data: { key, value }, lines: [session.out.terminal ? clean(value) : value] }
}

function undo(session: CommandSession, name: string, { restart = false }: EnvironmentOptions): Promise<Result> {
  return withOperations(session, async services => {
    const operation = await succeed(services, { kind: environmentJob.kind, name, undo: true, restart })
    return { data: { operation: endedOf(operation) }, lines: effect(restart) }
  })
}

async function change(
  session: CommandSession,
  name: string,
  changes: EnvChange[],
  { restart = false, also = [], all = false }: EnvironmentOptions,
): Promise<Result> {
  const others = await namedInstances((await session.workspace()).path, also)
  return withOperations(session, async services => {
    const found = all ? (await services.client.instances.list.query()).instances : []
    const names = [name, ...others, ...found.filter(it => it.foreign === undefined).map(it => it.name)]
    if (all || others.length > 0) {
      const results = await many(services, { kind: environmentManyJob.kind, names, changes, restart })
      return resultOfMany(session, results, effect(restart))
    }
    const operation = await succeed(services, { kind: environmentJob.kind, name, changes, restart })
    return { data: { operation: endedOf(operation) }, lines: effect(restart) }
  })
}

const effect = (restart: boolean): string[] => (restart ? [] : ['This takes effect with the next restart.'])

/** @param variables each `NAME=VALUE`, or one `NAME` @throws Failure: wrong usage */
async function given(session: CommandSession, variables: readonly string[]): Promise<EnvChange[]> {
  for (const it of variables) {
    const key = it.replace(/=.*/s, '')
    const wrong = keyProblem(key)
    if (wrong !== undefined) throw wrongUsage(`“${cleanLine(key)}” can’t be a variable’s name.`, wrong)
  }
  const [first = '', ...more] = variables
  if (!first.includes('=') && more.length === 0) return [{ key: first, value: await valueOf(session, first) }]
  const changes = variables.map(it => {
    const [, key, value] = /^([^=]+)=(.*)$/s.exec(it) ?? []
    if (key === undefined || value === undefined)
      throw wrongUsage(
        `“${cleanLine(it)}” isn’t NAME=VALUE.`,
        'To enter a value without showing it, set one variable at a time.',
      )
    return { key, value }
  })
  const secret = changes.find(it => isSecretName(it.key))
  if (secret && session.canAsk)
    session.say(
      `Arguments are visible to other users and saved in your shell history. Next time, leave out the value of ${secret.key}: you’ll be asked for it.`,
    )
  return changes
}

/** From the terminal, or everything on standard input but its last line break. */
async function valueOf(session: CommandSession, key: string): Promise<string> {
  if (session.canAsk) return askHidden(session, `${cleanLine(key)} (not shown): `)
  if (stdin.isTTY) throw wrongUsage(`${cleanLine(key)} needs a value.`, 'Write it to standard input.')
  return (await text(stdin)).replace(/\r?\n$/, '')
}
