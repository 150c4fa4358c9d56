/** Finds out what a change does by comparing the catalogue and the rows before and after it. */
import type { Keep, LossName, Rename, SchemaClass } from '../../shared/schema'
import { columnOf, tableOf, type Catalogue, type Column, type Constraint, type Table } from './catalogue'
import type { Content, Reading } from './content'

/** A database at one moment. */
export interface State {
  readonly catalogue: Catalogue
  readonly content: Content
}

type Named = LossName & { readonly replaced?: boolean }

/** Maps names before a change to those after it. */
export class Renames {
  constructor(readonly all: readonly Rename[]) {}

  table(name: string): string {
    return this.all.find(it => it.kind === 'table' && it.from === name)?.to ?? name
  }
  /** @param table its name before the change */
  column(table: string, name: string): string {
    const now = this.table(table)
    return this.all.find(it => it.kind === 'column' && it.table === now && it.from === name)?.to ?? name
  }
}

/**
 * How values of a changed type are read for comparison with the old ones: dates and numbers as the old type, so that
 * midnight becoming a date, or 3 becoming 3.00, doesn't count as a change.
 */
export const readingAs =
  (before: Catalogue, renames: Renames) =>
  (table: Table): Reading => {
    const old = before.tables.find(it => renames.table(it.name) === table.name)
    return ({ name, category, type }, expression) => {
      const was = old?.columns.find(it => renames.column(old.name, it.name) === name)
      const comparable = was && was.category === category && ['D', 'N'].includes(category) && was.type !== type
      return comparable ? `${expression}::${was.type}::text` : `${expression}::text`
    }
  }

/** What is gone or differs, by its names before the change. */
export function lossesOf(before: State, after: State, renames: Renames): Named[] {
  return before.catalogue.tables.flatMap((table): Named[] => {
    const now = tableOf(after.catalogue, renames.table(table.name))
    if (!now) return [{ kind: 'table', table: table.name }]
    const [had, has] = [before.content[table.name], after.content[now.name]]
    const fewer = (has?.rows ?? 0) < (had?.rows ?? 0)
    const otherKeys = table.key.some(it => {
      const name = renames.column(table.name, it)
      return columnOf(now, name) && had?.columns[it] !== has?.columns[name]
    })
    const vanished = fewer || otherKeys
    const columns = table.columns.flatMap((column): Named[] => {
      const name = renames.column(table.name, column.name)
      const found = columnOf(now, name)
      const named = { table: table.name, column: column.name }
      if (!found) return [{ kind: 'column', ...named }]
      const changed = had?.columns[column.name] !== has?.columns[name]
      return changed && !vanished ? [{ kind: 'values', ...named, replaced: found.position !== column.position }] : []
    })
    return vanished ? [{ kind: 'rows', table: table.name }, ...columns] : columns
  })
}

/**
 * What must be kept. This is more than what is lost now: rows written between the rehearsal and the change may lose
 * something too, so every column that gets another type is kept. What turns out unchanged is discarded afterwards.
 */
export function keepOf(before: Catalogue, after: Catalogue, renames: Renames, losses: readonly Named[] = []): Keep[] {
  return before.tables.flatMap(table => {
    const now = tableOf(after, renames.table(table.name))
    const lost = losses.filter(it => it.table === table.name)
    const rows = !now || lost.some(it => it.kind === 'rows')
    const columns = table.columns.filter(it => {
      const found = columnOf(now, renames.column(table.name, it.name))
      return (
        !found ||
        found.type !== it.type ||
        found.position !== it.position ||
        losesLabels(before, after, it.enum) ||
        lost.some(({ column }) => column === it.name)
      )
    })
    if (!rows && columns.length === 0) return []
    return [{ table: table.name, rows, columns: rows ? [] : columns.map(it => it.name) }]
  })
}

function losesLabels(before: Catalogue, after: Catalogue, name: string | null): boolean {
  const labels = after.enums.find(it => it.name === name)?.labels
  return labels !== undefined && !before.enums.find(it => it.name === name)?.labels.every(it => labels.includes(it))
}

/** @param losses what `lossesOf` found */
export function classOf(before: Catalogue, after: Catalogue, renames: Renames, losses: readonly Named[]): SchemaClass {
  if (losses.length > 0) return 'destructive'
  return renames.all.length > 0 || isTighter(before, after) ? 'restrictive' : 'additive'
}

/** Whether the old code may write something that the new schema refuses. */
function isTighter(before: Catalogue, after: Catalogue): boolean {
  const columns = before.tables.some(table => {
    const now = tableOf(after, table.name)
    return (
      table.columns.some(it => isNarrower(it, columnOf(now, it.name))) ||
      now?.columns.some(it => !columnOf(table, it.name) && needsValue(it))
    )
  })
  const demands = ({ table, columns: its, definition }: Constraint): boolean => {
    const old = tableOf(before, table)
    const known = before.constraints.some(it => it.table === table && it.definition === definition)
    return !known && old !== undefined && its.some(it => columnOf(old, it))
  }
  const unique = after.indexes.filter(it => it.unique && !before.indexes.some(old => old.definition === it.definition))
  const labels = before.enums.some(({ name, labels: its }) => {
    const now = after.enums.find(it => it.name === name)?.labels.filter(it => its.includes(it))
    return now !== undefined && now.join('\0') !== its.join('\0')
  })
  return columns || after.constraints.some(demands) || unique.some(demands) || labels
}

const isNarrower = (was: Column, now: Column | undefined): boolean =>
  now !== undefined && (now.type !== was.type || (now.required && !was.required))

const needsValue = (it: Column): boolean => it.required && it.default === null && it.generated === null

/** Columns of the same table and type, or tables with equal columns, of which one is dropped and one is added. */
export function renameCandidates(before: Catalogue, after: Catalogue, renames: Renames): Rename[] {
  const columnsOf = (it: Table): string =>
    it.columns
      .map(({ name, type }) => `${name} ${type}`)
      .toSorted()
      .join('\0')
  const known = before.tables.map(it => renames.table(it.name))
  const added = after.tables.filter(it => !known.includes(it.name))
  return before.tables.flatMap((table): Rename[] => {
    const now = tableOf(after, renames.table(table.name))
    if (!now)
      return added
        .filter(it => columnsOf(it) === columnsOf(table))
        .map(it => ({ kind: 'table', from: table.name, to: it.name }))
    const columns = table.columns.map(it => renames.column(table.name, it.name))
    return table.columns
      .filter(it => !columnOf(now, renames.column(table.name, it.name)))
      .flatMap(from =>
        now.columns
          .filter(it => !columns.includes(it.name) && it.type === from.type)
          .map((to): Rename => ({ kind: 'column', table: now.name, from: from.name, to: to.name })),
      )
  })
}

/** What code written for `before` can't do with `after`. Measured with Prisma's client. */
export function oldCodeLimits(before: Catalogue, after: Catalogue): string[] {
  const limits = before.tables.flatMap(table => {
    const now = tableOf(after, table.name)
    if (!now) return [`The old code can’t use table \`${table.name}\`.`]
    return [
      ...table.columns
        .filter(it => !columnOf(now, it.name))
        .map(it => `The old code can’t read \`${table.name}\`: column \`${it.name}\` is gone.`),
      ...now.columns
        .filter(it => !columnOf(table, it.name) && needsValue(it))
        .map(it => `The old code can’t add rows to \`${table.name}\`: column \`${it.name}\` needs a value.`),
    ]
  })
  const labels = before.enums.flatMap(({ name, labels: old }) => {
    const added = after.enums.find(it => it.name === name)?.labels.filter(it => !old.includes(it)) ?? []
    return added.map(it => `The old code can’t read rows with “${it}” (\`${name}\`).`)
  })
  return [...limits, ...labels]
}
