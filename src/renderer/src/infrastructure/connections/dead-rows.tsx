/** The tables of one instance with their dead rows, looked up when asked for. */
import { Skeleton, Table } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { ProblemView } from '../../app/problem'
import { problemOf } from '../../app/problem-of'
import { when } from '../../app/time'
import { useTRPC } from '../../app/trpc'
import classes from './connections.module.css'

export function DeadRows({ name }: { name: string }) {
  const trpc = useTRPC()
  const { data, error, refetch } = useQuery(
    trpc.infrastructure.tables.queryOptions({ name }, { staleTime: 0, gcTime: 0 }),
  )
  if (error) return <ProblemView problem={problemOf(error)} onRetry={() => void refetch()} />
  if (!data) return <Skeleton height={160} />
  if (data.length === 0) return <p className={classes.plain}>This database has no tables.</p>
  return (
    <>
      <p className={classes.plain}>
        Dead rows are old versions of changed or deleted rows. PostgreSQL removes them automatically. If a table keeps
        more dead rows than live ones, a transaction that was left open may be preventing that.
      </p>
      <Table verticalSpacing={6} aria-label={`Tables of ${name}`}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Table</Table.Th>
            <Table.Th className={classes.right}>Rows</Table.Th>
            <Table.Th className={classes.right}>Dead rows</Table.Th>
            <Table.Th>Last vacuum</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {data.map(it => (
            <Table.Tr key={it.name}>
              <Table.Th scope="row" className={classes.tableName}>
                {it.name}
              </Table.Th>
              <Table.Td className={classes.right}>{it.live.toLocaleString()}</Table.Td>
              <Table.Td className={classes.right}>{it.dead.toLocaleString()}</Table.Td>
              <Table.Td>
                {it.vacuumedAt === undefined ? <span className="dimmed">never</span> : when(it.vacuumedAt)}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </>
  )
}
