/**
 * Prisma's SQL, taken apart so that rows can be put back in the middle of it: whatever constrains the rows comes last.
 * `prisma migrate diff` separates the clauses of an ALTER TABLE with commas, and writes only the statements recognised
 * here; any other is run as it is, in its place.
 */

export interface Script {
  /** In order. */
  readonly structure: readonly Part[]
  /** Columns that may not contain NULL in the end. */
  readonly required: readonly { readonly table: string; readonly column: string }[]
  /** Primary keys and unique indexes, as SQL. */
  readonly unique: readonly string[]
  readonly foreign: readonly ForeignKey[]
}

export interface Part {
  readonly sql: string
  /** The enum that the statement rebuilds or adds a label to. */
  readonly enum?: string
  /** The label that it adds. */
  readonly label?: string
}

export interface ForeignKey {
  readonly sql: string
  readonly table: string
  readonly columns: readonly string[]
  readonly parent: string
  readonly parentColumns: readonly string[]
}

const name = String.raw`(?:"(?:[^"]|"")+")`
const qualified = String.raw`(?:"public"\.)?(${name})`
const list = String.raw`\(\s*(${name}(?:\s*,\s*${name})*)\s*\)`
const alterTable = new RegExp(`^ALTER TABLE ${qualified}\\s+([\\s\\S]+)$`)
const addColumn = new RegExp(`^ADD COLUMN\\s+(${name})\\s+([\\s\\S]+)$`)
const setRequired = new RegExp(`^ALTER COLUMN (${name}) SET NOT NULL$`)
const foreignKey = new RegExp(`^ADD CONSTRAINT ${name} FOREIGN KEY ${list} REFERENCES ${qualified}\\s*${list}`)
const addLabel = new RegExp(`^ALTER TYPE ${qualified} ADD VALUE '((?:[^']|'')+)'`)
const renameType = new RegExp(`^ALTER TYPE ${qualified} RENAME TO ${name}$`)

/** `"a ""b"""` → `a "b"`. */
const unquote = (quoted: string): string => quoted.slice(1, -1).replaceAll('""', '"')
const namesIn = (quoted: string): string[] => [...quoted.matchAll(new RegExp(name, 'g'))].map(([it]) => unquote(it))

export function parseScript(sql: string): Script {
  const script = {
    structure: [] as Part[],
    required: [] as Script['required'][number][],
    unique: [] as string[],
    foreign: [] as ForeignKey[],
  }
  for (const part of withoutTransactions(splitAt(sql, ';'))) {
    const [, table = '', clauses = ''] = part.enum === undefined ? (alterTable.exec(part.sql) ?? []) : []
    if (part.sql.startsWith('CREATE UNIQUE INDEX ')) script.unique.push(part.sql)
    else if (table === '') script.structure.push(part)
    else {
      const kept = splitAt(clauses, ',').flatMap(clause => now(clause, table, script))
      // Prisma combines the renaming of a constraint with other clauses, but PostgreSQL requires it to be alone
      const [alone, together] = [kept.filter(isRename), kept.filter(it => !isRename(it))]
      for (const it of [...alone, ...(together.length > 0 ? [together.join(', ')] : [])])
        script.structure.push({ sql: `ALTER TABLE ${table} ${it}` })
    }
  }
  return script
}

const isRename = (clause: string): boolean => clause.startsWith('RENAME ')

type Later = Pick<{ -readonly [Key in keyof Script]: Script[Key][number][] }, 'required' | 'unique' | 'foreign'>

/** The part of a clause that is run in its place; the rest is recorded for the end. */
function now(clause: string, table: string, later: Later): string[] {
  const foreign = foreignKey.exec(clause)
  if (foreign) {
    const [, columns = '', parent = '', parentColumns = ''] = foreign
    later.foreign.push({
      sql: `ALTER TABLE ${table} ${clause}`,
      table: unquote(table),
      columns: namesIn(columns),
      parent: unquote(parent),
      parentColumns: namesIn(parentColumns),
    })
    return []
  }
  if (clause.startsWith('ADD CONSTRAINT ')) {
    later.unique.push(`ALTER TABLE ${table} ${clause}`)
    return []
  }
  const [, requiredColumn] = setRequired.exec(clause) ?? []
  if (requiredColumn !== undefined) {
    later.required.push({ table: unquote(table), column: unquote(requiredColumn) })
    return []
  }
  const [, column = '', type = ''] = addColumn.exec(clause) ?? []
  // with a default, or from a sequence, every row gets a value at once
  if (type.endsWith(' NOT NULL') && !/^(SMALL|BIG)?SERIAL /.test(type)) {
    later.required.push({ table: unquote(table), column: unquote(column) })
    return [`ADD COLUMN ${column} ${type.replace(/ NOT NULL$/, '')}`]
  }
  // Prisma writes this when a key's type gets bigger, but PostgreSQL accepts no serial type here
  return [
    clause.replace(/( SET DATA TYPE )(SMALL|BIG)?SERIAL$/, (_, set: string, size = '') => `${set}${size || ''}INT`),
  ]
}

/**
 * Prisma wraps the recreation of an enum in its own transaction; here the whole script is one transaction. The
 * statements in between concern the one enum that is renamed last.
 */
function withoutTransactions(statements: readonly string[]): Part[] {
  const parts: Part[] = []
  let block: string[] | undefined
  for (const sql of statements) {
    if (sql === 'BEGIN') block = []
    else if (sql === 'COMMIT') {
      const renamed = block?.map(it => renameType.exec(it)?.[1]).find(it => it !== undefined)
      parts.push(...(block ?? []).map(it => ({ sql: it, ...(renamed && { enum: unquote(renamed) }) })))
      block = undefined
    } else if (block) block.push(sql)
    else {
      const [, extended, label] = addLabel.exec(sql) ?? []
      parts.push({ sql, ...(extended && label && { enum: unquote(extended), label: label.replaceAll("''", "'") }) })
    }
  }
  return parts
}

/** Splits at separators outside strings, names, comments and brackets; comments are left out. */
export function splitAt(sql: string, separator: ',' | ';'): string[] {
  const parts: string[] = []
  let depth = 0
  let part = ''
  for (const [token] of sql.matchAll(tokens)) {
    if (token.startsWith('--') || token.startsWith('/*')) continue
    if (token === '(' || token === '[') depth++
    if (token === ')' || token === ']') depth--
    if (token === separator && depth === 0) {
      parts.push(part.trim())
      part = ''
    } else part += token
  }
  return [...parts, part.trim()].filter(Boolean)
}

const tokens =
  /--[^\n]*|\/\*[\s\S]*?\*\/|[eE]'(?:[^'\\]|\\[\s\S]|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$[\s\S]*?\$\1\$|[\s\S]/g
