/** The rows of one table, a page at a time. */
import { Button, Skeleton, Table, Title } from '@mantine/core'
import { modals } from '@mantine/modals'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { rowsPerPage, type TableCell, type TablePage, type TableView } from '../../../shared/tables'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import { WholeValue } from './whole-value'
import classes from './tables.module.css'

export function Rows({ name, of: { schema, table } }: { name: string; of: TableView }) {
  const trpc = useTRPC()
  const of = { name, schema, table }
  /** What each page after the first one comes after. */
  const [pages, setPages] = useState<readonly (readonly string[])[]>([])
  const after = pages.at(-1)
  const { data, error, refetch, isFetching, isPlaceholderData } = useQuery(
    trpc.tables.page.queryOptions(
      { ...of, ...(after && { after: [...after] }) },
      { staleTime: 0, placeholderData: keepPreviousData },
    ),
  )
  const next = isPlaceholderData ? undefined : data?.next
  const show = (column: string, row: string): string =>
    modals.open({ title: column, size: 720, children: <WholeValue of={{ ...of, column, row }} /> })
  return (
    <section className={classes.rows} aria-label={table}>
      <header className={classes.head}>
        <Title order={2}>{table}</Title>
        <Button size="compact-xs" variant="subtle" loading={isFetching} onClick={() => void refetch()}>
          Reload
        </Button>
      </header>
      {error ? (
        <div className={classes.failed}>
          <ProblemView problem={problemOf(error)} onRetry={() => void refetch()} />
        </div>
      ) : data ? (
        <Grid table={table} page={data} onShow={show} />
      ) : (
        <Skeleton className={classes.grid} radius={0} />
      )}
      <footer className={classes.foot}>
        <span role="status">{data && !isPlaceholderData && wordsOf(data, pages.length)}</span>
        <Turn can={!isPlaceholderData && pages.length > 0} onTurn={() => setPages(pages.slice(0, -1))}>
          Previous
        </Turn>
        <Turn can={next !== undefined} onTurn={() => next && setPages([...pages, next])}>
          Next
        </Turn>
      </footer>
    </section>
  )
}

interface TurnProps {
  can: boolean
  onTurn: () => void
  children: string
}

/** Not `disabled` where it leads nowhere: it would lose the focus. */
const Turn = ({ can, onTurn, children }: TurnProps) => (
  <Button
    size="compact-xs"
    variant="subtle"
    aria-disabled={!can}
    data-disabled={!can || undefined}
    onClick={can ? onTurn : undefined}
  >
    {children}
  </Button>
)

function wordsOf({ rows, more, next, moreColumns, columns }: TablePage, before: number): string {
  const [first, last] = [before * rowsPerPage + 1, before * rowsPerPage + rows.length].map(it => it.toLocaleString())
  return [
    rows.length === 0 ? 'No rows' : rows.length === 1 ? `Row ${first}` : `Rows ${first} to ${last}`,
    more && !next && 'there are more, but they can’t be shown because the table has no usable primary key',
    moreColumns && `first ${columns.length} columns only`,
  ]
    .filter(Boolean)
    .join('; ')
}

interface GridProps {
  table: string
  page: TablePage
  onShow: (column: string, row: string) => void
}

const Grid = ({ table, page: { columns, rows }, onShow }: GridProps) => (
  // oxlint-disable-next-line jsx_a11y/no-noninteractive-tabindex -- it scrolls, so the keyboard must reach it
  <div className={classes.grid} tabIndex={0} role="region" aria-label={`Rows of ${table}`}>
    <Table stickyHeader verticalSpacing={5} horizontalSpacing={12} highlightOnHover aria-label={table}>
      <Table.Thead>
        <Table.Tr>
          {columns.map(({ name, type, key }) => (
            <Table.Th key={name} scope="col">
              {name}
              <span className={classes.type}>
                {type}
                {key !== undefined && ', primary key'}
              </span>
            </Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map(({ row, cells }) => (
          <Table.Tr key={row}>
            {columns.map(({ name }, at) => (
              <Table.Td key={name}>
                <Cell cell={cells[at] ?? null} column={name} onShow={() => onShow(name, row)} />
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  </div>
)

function Cell({ cell, column, onShow }: { cell: TableCell; column: string; onShow: () => void }) {
  if (cell === null) return <span className={classes.null}>NULL</span>
  if (typeof cell === 'string') return <span className={classes.value}>{cell}</span>
  if (cell.text === undefined) return <span className={classes.null}>hidden</span>
  return (
    <button
      type="button"
      className={`${classes.value} ${classes.cut}`}
      aria-label={`Show the full value of ${column}: ${cell.text.slice(0, 40)}…`}
      onClick={onShow}
    >
      {cell.text}…
    </button>
  )
}
