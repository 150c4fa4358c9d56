/** Aligns text in columns. */

export interface Column<Row> {
  readonly title: string
  readonly right?: boolean
  text(row: Row): string
  /** Paints the padded cell. */
  paint?(text: string, row: Row): string
}

/** The table's lines, titles first. Widths are in characters. */
export function table<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  title: (text: string) => string,
): string[] {
  const cells = rows.map(row => columns.map(it => it.text(row)))
  const widths = columns.map((it, index) => Math.max(it.title.length, ...cells.map(row => row[index]?.length ?? 0)))
  const pad = (text: string, index: number): string => {
    if (columns[index]?.right) return text.padStart(widths[index] ?? 0)
    return index === columns.length - 1 ? text : text.padEnd(widths[index] ?? 0)
  }
  const head = columns.map((it, index) => pad(it.title, index)).join('  ')
  return [
    title(head),
    ...rows.map((row, at) =>
      columns
        .map((it, index) => {
          const text = pad(cells[at]?.[index] ?? '', index)
          return it.paint?.(text, row) ?? text
        })
        .join('  ')
        .trimEnd(),
    ),
  ]
}

/** "Name     value", aligned. */
export function pairs(
  entries: readonly (readonly [string, string | undefined])[],
  key: (text: string) => string,
): string[] {
  const shown = entries.filter((it): it is readonly [string, string] => it[1] !== undefined)
  const width = Math.max(0, ...shown.map(([name]) => name.length))
  return shown.map(([name, value]) => `${key(name.padEnd(width))}  ${value}`)
}
