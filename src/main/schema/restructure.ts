/** The middle of a change: tables, columns, types and enums, and the operator's own statement, which makes the rows fit. */
import { type Client, escapeLiteral as literal } from 'pg'
import { readCatalogue, type Catalogue } from './catalogue'
import { remakeEnums, withAddedLabels } from './enums'
import { demand, Refused } from './refusal'
import type { Script } from './script'

/**
 * @param fix the operator's statement; first, or last if it is about something that the change has yet to add
 * @param wanted the schema that is returned to
 * @throws Refused
 */
export async function restructure(
  client: Client,
  { structure }: Script,
  fix: string | undefined,
  wanted: Catalogue | undefined,
): Promise<void> {
  const late = fix !== undefined && !(await fixed(client, fix))
  const used = structure.filter(it => it.label === undefined).map(it => it.sql)
  const now = wanted || structure.some(it => it.label !== undefined) ? await readCatalogue(client) : undefined
  const enums = now && (wanted ?? withAddedLabels(now, structure, [...used, fix ?? ''].join('\n')))
  const remade = now && enums ? await remakeEnums(client, now, enums) : []
  for (const part of structure) {
    if (part.enum === undefined || !remade.includes(part.enum)) await demand(client, part.sql)
  }
  if (late) await runFix(client, fix)
}

/** SQLSTATEs of a column, table, type or enum label that isn't there yet. */
const tooEarly = ['42703', '42P01', '42704', '22P02']

/** @returns false if the statement is about something that the change has yet to add */
async function fixed(client: Client, sql: string): Promise<boolean> {
  try {
    await runFix(client, sql)
    return true
  } catch (error) {
    if (error instanceof Refused && tooEarly.includes(error.refusal.code)) return false
    throw error
  }
}

/** As the body of a block, which can't end the transaction that it is run in. @throws Refused */
async function runFix(client: Client, sql: string): Promise<void> {
  try {
    await demand(client, `DO ${literal(`BEGIN EXECUTE ${literal(sql)}; END`)}`)
  } catch (error) {
    throw error instanceof Refused ? new Refused({ ...error.refusal, statement: sql }, { cause: error }) : error
  }
}
