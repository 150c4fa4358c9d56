/** A list of instances to create, as a CSV file. */
import Papa from 'papaparse'
import { createInputSchema, creationColumns, type CreateInput, type CreationColumn } from './instance'
import { batchLimit } from './jobs/batch'
import { generatePassword } from './password'

const optional: readonly CreationColumn[] = ['port', 'password']

/** A file to start from. */
export const creationTemplate = `name,port,director,email,password
lakeside,,Ada Lovelace,ada@lakeside.example,
hillside,5020,Alan Turing,alan@hillside.example,a long password
`

export interface CreationRow {
  /** Counted from 1, without the line of titles. */
  readonly number: number
  /** As in the file, for showing. */
  readonly cells: Readonly<Record<CreationColumn, string>>
  /** What is wrong, by column. */
  readonly faults: Readonly<Partial<Record<CreationColumn, string>>>
  /** Absent if anything is wrong. A missing port is chosen; a missing password was generated. */
  readonly input?: CreateInput
}

/** Either the rows, or why it isn't a list. */
export type CreationList = { readonly rows: readonly CreationRow[] } | { readonly fault: string }

const columnOf: Readonly<Record<string, CreationColumn>> = {
  ...Object.fromEntries(creationColumns.map(it => [it, it])),
  instance: 'name',
  'director name': 'director',
  'director email': 'email',
  'director password': 'password',
}

/** Reads commas, semicolons or tabs, and a spreadsheet's byte order mark. The first line holds the columns' titles. */
export function parseCreations(text: string): CreationList {
  const { data, meta, errors } = Papa.parse<Record<string, string | undefined>>(text.replace(/^\uFEFF/, ''), {
    header: true,
    skipEmptyLines: 'greedy',
    transformHeader: title => {
      const plain = title.trim().toLowerCase().replaceAll(/[_-]+/g, ' ')
      return columnOf[plain] ?? title.trim()
    },
  })
  const titles = meta.fields ?? []
  const missing = creationColumns.filter(it => !optional.includes(it) && !titles.includes(it))
  if (missing.length > 0)
    return {
      fault: `The first line must name the columns: ${creationColumns.join(', ')}. Missing: ${missing.join(', ')}.`,
    }
  const unknown = titles.find(it => !creationColumns.some(column => column === it))
  if (unknown !== undefined) return { fault: `“${unknown}” isn’t a column. These are: ${creationColumns.join(', ')}.` }
  if (data.length === 0) return { fault: 'There are no instances below the line of titles.' }
  if (data.length > batchLimit) return { fault: `At most ${batchLimit} instances at a time.` }
  const rows = data.map((row, index) =>
    rowOf(
      row,
      index + 1,
      errors.some(it => it.row === index),
    ),
  )
  return { rows: rows.map(row => withoutTwins(row, rows)) }
}

function rowOf(row: Readonly<Record<string, string | undefined>>, number: number, torn: boolean): CreationRow {
  const cells = Object.fromEntries(creationColumns.map(it => [it, (row[it] ?? '').trim()])) as CreationRow['cells']
  const { port } = cells
  const parsed = createInputSchema.safeParse({
    name: cells.name,
    port: port === '' ? 'auto' : /^\d{1,6}$/.test(port) ? Number(port) : port,
    director: { name: cells.director, email: cells.email, password: cells.password || generatePassword() },
  })
  if (torn) return { number, cells, faults: { name: 'Too many or too few values, or a quote that isn’t closed.' } }
  if (parsed.success) return { number, cells, faults: {}, input: parsed.data }
  const faults: Partial<Record<CreationColumn, string>> = {}
  for (const { path, message } of parsed.error.issues) {
    const field = path.at(-1) === 'name' && path.length > 1 ? 'director' : path.at(-1)
    const column = creationColumns.find(it => it === field)
    if (column) faults[column] ??= column === 'port' ? 'Not a port (1024–65535).' : message
  }
  return { number, cells, faults }
}

/** Names are unique regardless of case, and so are ports. */
function withoutTwins(row: CreationRow, rows: readonly CreationRow[]): CreationRow {
  const twin = (column: 'name' | 'port'): number | undefined => {
    const its = row.cells[column].toLowerCase()
    return its === '' ? undefined : rows.find(it => it !== row && it.cells[column].toLowerCase() === its)?.number
  }
  const [name, port] = [twin('name'), twin('port')]
  if (name === undefined && port === undefined) return row
  const { number, cells, faults } = row
  return {
    number,
    cells,
    faults: {
      ...(name !== undefined && { name: `Row ${name} has the same name.` }),
      ...(port !== undefined && { port: `Row ${port} has the same port.` }),
      ...faults,
    },
  }
}
