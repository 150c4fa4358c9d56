/** `limits`: shows and changes what an instance may take from PostgreSQL. */
import { limitsJob } from '../../../shared/jobs/limits'
import {
  limitNames,
  limitText,
  wordsOfLimit,
  type InstanceLimits,
  type LimitChanges,
  type LimitName,
} from '../../../shared/limits'
import type { Client } from '../engine'
import { endedOf, succeed, withOperations } from '../operate'
import { table } from '../print/table'
import type { CommandSession, Result } from '../session'

/** By the names of the options. */
export type LimitOptions = Readonly<Record<string, unknown>>

export async function limits(session: CommandSession, name: string, options: LimitOptions): Promise<Result> {
  const changes = Object.fromEntries(
    limitNames.flatMap(it => {
      const value = options[camelCase(wordsOfLimit(it).option)]
      return value === undefined ? [] : [[it, value]]
    }),
  ) as LimitChanges
  if (Object.keys(changes).length === 0) {
    const { client } = await session.engine('look')
    const found = await lookUp(client, name)
    return { data: found, lines: linesOf(session, found) }
  }
  return await withOperations(session, async services => {
    const operation = endedOf(await succeed(services, { kind: limitsJob.kind, name, ...changes }))
    const found = await lookUp(services.client, name)
    return { data: { operation, ...found }, lines: linesOf(session, found) }
  })
}

const lookUp = (client: Client, name: string): Promise<InstanceLimits> => client.instances.limits.query({ name })

/** As commander names an option's value. */
const camelCase = (option: string): string => option.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())

function linesOf(session: CommandSession, { limits: all, own, standard, together }: InstanceLimits): string[] {
  return [
    ...table<LimitName>(
      [
        { title: 'LIMIT', text: it => wordsOfLimit(it).option },
        { title: 'VALUE', text: it => limitText(it, all[it]) },
        { title: 'SET BY', text: it => (own[it] === undefined ? 'default' : 'this instance') },
        { title: 'DEFAULT', text: it => limitText(it, standard[it]) },
      ],
      limitNames,
      text => session.out.paint('dim', text),
    ),
    ...(together
      ? [
          session.out.paint(
            'dim',
            `Together, running instances may use ${together.used} of PostgreSQL’s ${together.available} connections.`,
          ),
        ]
      : []),
  ]
}
