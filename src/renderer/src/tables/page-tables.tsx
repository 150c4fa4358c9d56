/** What an instance stores: its tables, and the rows of one of them. Read-only. */
import { Skeleton } from '@mantine/core'
import { IconTable } from '@tabler/icons-react'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { TableView } from '../../../shared/tables'
import { EmptyState } from '../app/page'
import { ProblemView } from '../app/problem'
import { problemOf } from '../app/problem-of'
import { useTRPC } from '../app/trpc'
import { Rows } from './rows'
import classes from './tables.module.css'

export function PageTables({ name }: { name: string }) {
  const trpc = useTRPC()
  const { data, error, refetch } = useQuery(trpc.tables.list.queryOptions({ name }, { staleTime: 0 }))
  const [chosen, choose] = useState<string>()
  if (error) return <ProblemView problem={problemOf(error)} onRetry={() => void refetch()} />
  if (!data) return <Skeleton height={320} radius="lg" />
  const shown = data.find(it => keyOf(it) === chosen) ?? data[0]
  if (!shown)
    return (
      <EmptyState icon={<IconTable size={28} />} title="No tables">
        <p>The application hasn’t created any tables in its database yet.</p>
      </EmptyState>
    )
  return (
    <div className={`card ${classes.panel}`}>
      <nav className={classes.list} aria-label="Tables">
        {data.map(it => (
          <button
            key={keyOf(it)}
            type="button"
            aria-current={it === shown || undefined}
            onClick={() => choose(keyOf(it))}
          >
            <span className={classes.table}>{it.schema === 'public' ? it.table : `${it.schema}.${it.table}`}</span>
            <span className={classes.count} title="Estimated number of rows">
              {it.rows.toLocaleString()}
            </span>
          </button>
        ))}
      </nav>
      <Rows key={keyOf(shown)} name={name} of={shown} />
    </div>
  )
}

const keyOf = ({ schema, table }: TableView): string => JSON.stringify([schema, table])
