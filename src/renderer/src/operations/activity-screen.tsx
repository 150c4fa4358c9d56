/** All that was done here, the newest first, what still runs on top. */
import { Anchor, Button, Table } from '@mantine/core'
import { IconActivity } from '@tabler/icons-react'
import { Link } from 'wouter'
import type { OperationState } from '../../../shared/operation'
import { useOperations } from '../app/live'
import { EmptyState, Page, Section } from '../app/page'
import { ProblemView } from '../app/problem'
import { Status, type Tone } from '../app/status'
import { duration, Elapsed, when } from '../app/time'
import { progressOf, titlesOf } from './titles'
import classes from './activity.module.css'

export function ActivityScreen() {
  const { operations, unreadable, ready } = useOperations()
  return (
    <Page title="Activity" lead="Every job, with its steps and what came of it.">
      {ready && !operations.length && !unreadable.length && <NoActivity />}
      {operations.length > 0 && (
        <div className={`card ${classes.list}`}>
          <Table verticalSpacing={10} horizontalSpacing={16} highlightOnHover aria-label="Operations">
            <Table.Thead><Table.Tr><Table.Th>Job</Table.Th><Table.Th>Outcome</Table.Th><Table.Th>Began</Table.Th><Table.Th className={classes.number}>Took</Table.Th></Table.Tr></Table.Thead>
            <Table.Tbody>{operations.map(it => <Row key={it.id} operation={it} />)}</Table.Tbody>
          </Table>
        </div>
      )}
      {unreadable.length > 0 && (
        <Section title="Journals that cannot be read">
          {unreadable.map(it => <ProblemView key={it.id} problem={it.problem} tone="warn" quiet />)}
        </Section>
      )}
    </Page>
  )
}

function Row({ operation }: { operation: OperationState }) {
  const { tone, word } = outcomeOf(operation)
  return (
    <Table.Tr>
      <Table.Th scope="row" className={classes.job}><Anchor component={Link} href={`/operations/${operation.id}`} inherit>{titlesOf(operation).noun}</Anchor></Table.Th>
      <Table.Td><Status tone={tone}>{word}</Status></Table.Td>
      <Table.Td className="dimmed">{when(operation.openedAt)}</Table.Td>
      <Table.Td className={`${classes.number} number`}>
        {operation.settledAt ? duration(Date.parse(operation.settledAt) - Date.parse(operation.openedAt)) : <Elapsed since={operation.openedAt} />}
      </Table.Td>
    </Table.Tr>
  )
}

function outcomeOf(operation: OperationState): { tone: Tone; word: string } {
  switch (operation.phase) {
    case 'running': return { tone: 'busy', word: `Running, ${progressOf(operation)}` }
    case 'undoing': return { tone: 'busy', word: 'Undoing' }
    case 'stuck': return { tone: 'warn', word: 'Needs you' }
    case 'succeeded': return { tone: 'good', word: 'Done' }
    case 'rolled-back': return operation.turned?.reason === 'failed' ? { tone: 'bad', word: 'Failed, undone' } : { tone: 'undone', word: 'Cancelled, undone' }
  }
}

function NoActivity() {
  return (
    <EmptyState icon={<IconActivity size={30} stroke={1.6} />} title="Nothing was done yet" action={<Button component={Link} href="/create" mt={8}>New instance</Button>}>
      <p>Each job appears here with its steps, its output and what came of it. Whatever is interrupted is finished or undone at the next start.</p>
    </EmptyState>
  )
}
