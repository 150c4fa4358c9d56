/**
 * Finds out what a change would do by making it on a copy with the real rows: forward, back and forward again, with the
 * same code that later changes the real database.
 */
import { type Client, DatabaseError } from 'pg'
import type { Loss, Refusal, Rehearsal, SchemaChange } from '../../shared/schema'
import { differences, readCatalogue, tableOf, type Catalogue } from './catalogue'
import { classOf, keepOf, lossesOf, oldCodeLimits, readingAs, renameCandidates, Renames, type State } from './compare'
import { differingTables, readContent } from './content'
import { rollbackLimits } from './limits'
import { applyRenames, move } from './move'
import { demand, Refused } from './refusal'
import { parseScript } from './script'
import { inTransaction, tried } from './session'

/** The change that is asked for, without what only a rehearsal can find out. */
export type Proposal = Omit<SchemaChange, 'keep'>
export type Rehearsed = Omit<Rehearsal, 'drift'>

/**
 * @param client a session on a copy, which has the new schema afterwards unless the change is refused
 * @throws what the session throws
 */
export async function rehearse(client: Client, proposal: Proposal): Promise<Rehearsed> {
  const nothing = { losses: [], candidates: [], oldCode: [], rollback: { exact: true, limits: [] } }
  if (isEmpty(proposal)) return { class: 'none', ...nothing }
  const renames = new Renames(proposal.renames)
  const before = await readState(client)
  const tryForward = (): Promise<State> =>
    tried(client, async () => {
      await move(client, { ...proposal, keep: undefined }, 'forward')
      const catalogue = await readCatalogue(client)
      return { catalogue, content: await readContent(client, catalogue, readingAs(before.catalogue, renames)) }
    })
  const after = await orRefusal(tryForward)
  if ('refusal' in after) {
    // a renamed required column is refused until the operator says that it was renamed
    const restructured = await orRefusal(() => tried(client, () => restructuredOnly(client, proposal)))
    const candidates = 'refusal' in restructured ? [] : renameCandidates(before.catalogue, restructured, renames)
    return { class: 'refused', ...nothing, candidates, refusal: after.refusal }
  }
  const found = lossesOf(before, after, renames)
  const change = { ...proposal, keep: keepOf(before.catalogue, after.catalogue, renames, found) }
  const { losses: counted } = await inTransaction(client, () => move(client, change, 'forward'))
  const losses = [...counted, ...uncounted(before, found)]
  return {
    class: classOf(before.catalogue, after.catalogue, renames, losses),
    change,
    losses,
    candidates: renameCandidates(before.catalogue, after.catalogue, renames),
    oldCode: oldCodeLimits(before.catalogue, after.catalogue),
    rollback: await rehearseBack(client, change, before, after, losses),
  }
}

const isEmpty = ({ forward, renames }: Proposal): boolean => {
  const { structure, required, unique, foreign } = parseScript(forward)
  return renames.length + structure.length + required.length + unique.length + foreign.length === 0
}

/** Without a key, there is no telling which rows have other values now: at most all. */
const uncounted = ({ catalogue, content }: State, found: ReturnType<typeof lossesOf>): Loss[] =>
  found.flatMap(({ kind, table, column = '', replaced = false }) =>
    kind === 'values' && tableOf(catalogue, table)?.key.length === 0
      ? [{ kind, table, column, replaced, count: content[table]?.rows ?? 0, keys: [] }]
      : [],
  )

/** Before anything constrains the rows. */
async function restructuredOnly(client: Client, { forward, renames }: Proposal): Promise<Catalogue> {
  await applyRenames(client, renames)
  for (const it of parseScript(forward).structure) await demand(client, it.sql)
  return await readCatalogue(client)
}

async function readState(client: Client): Promise<State> {
  const catalogue = await readCatalogue(client)
  return { catalogue, content: await readContent(client, catalogue) }
}

async function orRefusal<T>(work: () => Promise<T>): Promise<T | { readonly refusal: Refusal }> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof Refused) return { refusal: error.refusal }
    if (!(error instanceof DatabaseError) || error.code === '55P03') throw error
    const { code = '', message } = error
    return { refusal: { statement: '', code, message, words: `PostgreSQL refuses it: ${message}.` } }
  }
}

async function rehearseBack(
  client: Client,
  change: SchemaChange,
  before: State,
  after: State,
  losses: readonly Loss[],
): Promise<Rehearsal['rollback']> {
  const back = await orRefusal(() => inTransaction(client, () => move(client, change, 'backward')))
  if ('refusal' in back) return { exact: false, limits: [`The schema can’t be rolled back: ${back.refusal.words}`] }
  const restored = await readState(client)
  const differing = [
    ...differences(before.catalogue, restored.catalogue).map(it => `The schema isn’t the same as before: ${it}.`),
    ...differingTables(before.content, restored.content).map(it => `Not all rows of \`${it}\` come back.`),
  ]
  await inTransaction(client, () => move(client, change, 'forward'))
  const moments = { before: before.catalogue, after: after.catalogue, restored: restored.catalogue }
  const limits = [...differing, ...rollbackLimits(moments, new Renames(change.renames), losses)]
  return { exact: differing.length === 0, limits }
}
