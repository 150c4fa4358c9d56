/** Charts as a table, minute by minute, for screen readers and for whoever wants the numbers. */
import { Button, Collapse, Table } from '@mantine/core'
import { useId, useState } from 'react'
import { when } from '../app/time'
import { byMinute, type Series } from './scale'
import classes from './chart.module.css'

export function ChartTable({ label, all }: { label: string; all: readonly Series[] }) {
  const [open, setOpen] = useState(false)
  const id = useId()
  return (
    <div>
      <Button size="compact-xs" variant="subtle" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
        {open ? 'Hide the table' : 'Show as a table'}
      </Button>
      <Collapse expanded={open} id={id} keepMounted={false}>
        <div className={classes.numbers} tabIndex={0} role="region" aria-label={label}>
          <Numbers all={all} />
        </div>
      </Collapse>
    </div>
  )
}

/** The newest minute first. */
function Numbers({ all }: { all: readonly Series[] }) {
  const columns = all.map(({ word, show, points }) => ({
    word,
    cells: new Map(byMinute(points).map(it => [it.at, show(it.value)])),
  }))
  const minutes = [...new Set(columns.flatMap(it => [...it.cells.keys()]))].toSorted((a, b) => b - a)
  return (
    <Table verticalSpacing={4} horizontalSpacing={12} stickyHeader>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Minute</Table.Th>
          {columns.map(it => (
            <Table.Th key={it.word}>{it.word}</Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {minutes.map(at => (
          <Table.Tr key={at}>
            <Table.Th scope="row">{when(at)}</Table.Th>
            {columns.map(({ word, cells }) => (
              <Table.Td key={word}>{cells.get(at) ?? '–'}</Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}
