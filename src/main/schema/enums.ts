/**
 * Restores enums. Prisma would append a label that comes back, which changes the order, and PostgreSQL wouldn't allow
 * its use in the same transaction; so the type is recreated.
 */
import { type Client, escapeIdentifier as id, escapeLiteral as literal } from 'pg'
import { columnOf, tableOf, type Catalogue, type Column, type Enum } from './catalogue'
import { demand } from './refusal'
import type { Part } from './script'

/** A column that uses the enum, with the same column in the wanted schema. */
interface Use {
  readonly table: string
  readonly column: Column
  readonly wanted: Column | undefined
}

/** Enums that both have, with different labels or in a different order. */
const differingEnums = (now: Catalogue, wanted: Catalogue): Enum[] =>
  wanted.enums.filter(it => {
    const found = now.enums.find(({ name }) => name === it.name)
    return found !== undefined && found.labels.join('\0') !== it.labels.join('\0')
  })

/**
 * Makes them as in `wanted`. Values that don't exist there become NULL, the column's default, or the first label.
 * @returns the names of those that differed
 */
export async function remakeEnums(client: Client, now: Catalogue, wanted: Catalogue): Promise<string[]> {
  const differing = differingEnums(now, wanted)
  for (const it of differing) {
    const uses = now.tables.flatMap(table =>
      table.columns
        .filter(({ enum: held }) => held === it.name)
        .map((column): Use => ({
          table: table.name,
          column,
          wanted: columnOf(tableOf(wanted, table.name), column.name),
        })),
    )
    const present = now.enums.find(({ name }) => name === it.name)?.labels ?? []
    for (const use of uses) await replaceUnknown(client, use, it.labels, present)
    await remake(client, it, uses)
  }
  return differing.map(it => it.name)
}

/**
 * For the first way forward: PostgreSQL can add a label, but forbids its use in the same transaction.
 * @param used SQL that may use an added label
 * @returns undefined if none of the added labels is used
 */
export function withAddedLabels(now: Catalogue, parts: readonly Part[], used: string): Catalogue | undefined {
  const added = parts.filter(it => it.label !== undefined)
  if (!added.some(it => used.includes(literal(it.label ?? '')))) return undefined
  return {
    ...now,
    enums: now.enums.map(({ name, labels }) => ({
      name,
      labels: [...labels, ...added.flatMap(it => (it.enum === name && it.label !== undefined ? [it.label] : []))],
    })),
  }
}

async function replaceUnknown(
  client: Client,
  { table, column, wanted }: Use,
  labels: readonly string[],
  present: readonly string[],
): Promise<void> {
  const [of, name] = [`public.${id(table)}`, id(column.name)]
  const known = `ARRAY[${labels.map(literal).join(', ')}]::text[]`
  if (column.category === 'A') {
    await client.query(
      `UPDATE ${of} SET ${name} = ARRAY(SELECT label FROM unnest(${name}::text[]) AS label WHERE label = ANY (${known}))::text[]::${column.type} WHERE NOT ${name}::text[] <@ ${known}`,
    )
    return
  }
  const usable = labels.filter(it => present.includes(it))
  const chosen = usable.find(it => wanted?.default?.startsWith(literal(it))) ?? usable[0]
  const value = wanted?.required === false || chosen === undefined ? 'NULL' : `${literal(chosen)}::${column.type}`
  await client.query(`UPDATE ${of} SET ${name} = ${value} WHERE NOT ${name}::text = ANY (${known})`)
}

async function remake(client: Client, { name, labels }: Enum, uses: readonly Use[]): Promise<void> {
  const [type, old] = [`public.${id(name)}`, 'public.im_old_enum']
  await client.query(`ALTER TYPE ${type} RENAME TO im_old_enum`)
  await client.query(`CREATE TYPE ${type} AS ENUM (${labels.map(literal).join(', ')})`)
  for (const { table, column, wanted } of uses) {
    const [array, alter] = [column.category === 'A' ? '[]' : '', `ALTER COLUMN ${id(column.name)}`]
    const standard = wanted === undefined || wanted.default === null ? [] : [`${alter} SET DEFAULT ${wanted.default}`]
    await client.query(`ALTER TABLE public.${id(table)} ${alter} DROP DEFAULT`)
    await demand(
      client,
      `ALTER TABLE public.${id(table)} ${[`${alter} TYPE ${type}${array} USING ${id(column.name)}::text${array}::${type}${array}`, ...standard].join(', ')}`,
    )
  }
  await client.query(`DROP TYPE ${old}`)
}
