/** What a rollback can't do for rows written after the change, derived from the schemas. */
import type { Loss } from '../../shared/schema'
import { isDependent } from './amends'
import { columnOf, tableOf, type Catalogue, type Constraint } from './catalogue'
import type { Renames } from './compare'

/** The schema at three moments of a rehearsal. */
export interface Moments {
  readonly before: Catalogue
  readonly after: Catalogue
  /** Forward and back again. */
  readonly restored: Catalogue
}

/** Each in a sentence; empty if a rollback leaves rows written in the meantime as they are. */
export function rollbackLimits(
  { before, after, restored }: Moments,
  renames: Renames,
  losses: readonly Loss[],
): string[] {
  const old = (table: string): Catalogue['tables'][number] | undefined =>
    before.tables.find(it => renames.table(it.name) === table)
  /** Columns that are recreated on the way back have no values from new rows. */
  const isCarried = (table: string, column: string): boolean => {
    const found = columnOf(tableOf(after, renames.table(table)), renames.column(table, column))
    return found !== undefined && columnOf(tableOf(restored, table), column)?.position === found.position
  }
  const back = before.tables.flatMap(table => {
    const now = tableOf(after, renames.table(table.name))
    return table.columns.flatMap(column => {
      if (!now) return []
      const found = columnOf(now, renames.column(table.name, column.name))
      const name = `\`${column.name}\` of \`${table.name}\``
      const carried = isCarried(table.name, column.name)
      if (column.required && column.default === null && !(carried && found?.required))
        return [`New rows get a placeholder in ${name}.`]
      if (found && carried && found.type !== column.type && !isWider(found.type, column.type))
        return [`If a new value of ${name} doesn’t fit the old type, the schema can’t be rolled back.`]
      return []
    })
  })
  const added = after.tables.flatMap(table => {
    const was = old(table.name)
    if (!was) return [`Rows of the new table \`${table.name}\` are kept aside; the old code doesn’t show them.`]
    const known = was.columns.map(it => renames.column(was.name, it.name))
    return table.columns
      .filter(it => !known.includes(it.name))
      .map(
        it =>
          `Values of the new column \`${it.name}\` of \`${table.name}\` are kept aside; the old code doesn’t show them.`,
      )
  })
  const renamed = ({ table, columns, parent }: Constraint) => ({
    table: renames.table(table),
    columns: columns.map(it => renames.column(table, it)),
    parent: parent && renames.table(parent),
  })
  const foreign = before.constraints.flatMap(it => {
    const { table, columns, parent } = renamed(it)
    const stays = after.constraints.some(
      now => now.table === table && now.parent === parent && now.columns.join('\0') === columns.join('\0'),
    )
    return parent && !stays ? [orphanLimit(it, before, after, table)] : []
  })
  const unique = uniquesOf(before)
    .filter(it => it.columns.every(column => isCarried(it.table, column)))
    .filter(it => {
      const { table, columns } = renamed(it)
      return !uniquesOf(after).some(
        now =>
          now.table === table &&
          (now.definition === it.definition ||
            (now.columns.length > 0 && now.columns.every(one => columns.includes(one)))),
      )
    })
    .map(
      it =>
        `If \`${it.columns.join(', ')}\` of \`${it.table}\` has duplicates by then, the schema can’t be rolled back.`,
    )
  const labels = after.enums.flatMap(({ name, labels: its }) => {
    const known = before.enums.find(it => it.name === name)?.labels
    return known
      ? its
          .filter(it => !known.includes(it))
          .map(it => `Rows with “${it}” (\`${name}\`) get another value; the original is kept aside.`)
      : []
  })
  const keyless = losses
    .filter(it => it.kind !== 'table' && tableOf(before, it.table)?.key.length === 0)
    .map(it => `\`${it.table}\` has no key, so what it loses is kept but can’t be restored.`)
  return [...new Set([...back, ...foreign, ...added, ...unique, ...labels, ...keyless])]
}

/** What must be unique. */
const uniquesOf = ({ constraints, indexes }: Catalogue): Constraint[] => [
  ...constraints.filter(it => /^(PRIMARY KEY|UNIQUE)/.test(it.definition)),
  ...indexes.filter(it => it.unique),
]

/**
 * What becomes of rows that refer to a missing row when a foreign key comes back, as `setAside` does it.
 * @param now the table's name with the new schema
 */
function orphanLimit({ table, columns }: Constraint, before: Catalogue, after: Catalogue, now: string): string {
  const optional = columns.find(it => columnOf(tableOf(before, table), it)?.required === false)
  if (optional !== undefined)
    return `\`${optional}\` of \`${table}\` is cleared in rows that refer to a row deleted in the meantime.`
  return after.constraints.some(it => isDependent(it, now))
    ? `If rows of \`${table}\` refer to a row deleted in the meantime, the schema can’t be rolled back.`
    : `Rows of \`${table}\` that refer to a row deleted in the meantime are kept aside, outside the table.`
}

/** Whether each value of the first type is one of the second. */
function isWider(from: string, to: string): boolean {
  const length = (it: string): number =>
    it === 'text' ? Infinity : Number(/^character varying\((\d+)\)$/.exec(it)?.[1] ?? NaN)
  const whole = ['smallint', 'integer', 'bigint', 'numeric']
  return (
    to === 'text' ||
    length(from) <= length(to) ||
    (whole.includes(from) && whole.includes(to) && whole.indexOf(from) <= whole.indexOf(to)) ||
    (whole.includes(from) && to === 'double precision') ||
    (from === 'date' && to.startsWith('timestamp'))
  )
}
