/** Operations as a table: job, outcome, start and duration. */
import { Anchor, Table } from '@mantine/core'
import { Link } from 'wouter'
import { duration } from '../../../shared/amounts'
import { waitsForInfrastructure, type OperationState } from '../../../shared/operation'
import { Status, type Tone } from '../app/status'
import { Elapsed, when } from '../app/time'
import { failuresOf, isUndone, progressOf, stepTitle, wordsOf } from '../../../shared/jobs/words'
import classes from './activity.module.css'

export function OperationsTable({ operations }: { operations: readonly OperationState[] }) {
  return (
    <div className={`card ${classes.list}`}>
      <Table verticalSpacing={10} horizontalSpacing={16} highlightOnHover aria-label="Operations">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Job</Table.Th>
            <Table.Th>Outcome</Table.Th>
            <Table.Th>Started</Table.Th>
            <Table.Th className={classes.number}>Took</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {operations.map(it => (
            <Row key={it.id} operation={it} />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  )
}

function Row({ operation }: { operation: OperationState }) {
  const { tone, word } = outcomeOf(operation)
  const note = noteOf(operation)
  return (
    <Table.Tr>
      <Table.Th scope="row" className={classes.job}>
        <Anchor component={Link} href={`/operations/${operation.id}`} inherit>
          {wordsOf(operation).asking}
        </Anchor>
        {note && <span className={classes.note}>{note}</span>}
      </Table.Th>
      <Table.Td className={classes.outcome}>
        <Status tone={tone}>{word}</Status>
      </Table.Td>
      <Table.Td className={`${classes.when} dimmed`}>{when(operation.openedAt)}</Table.Td>
      <Table.Td className={`${classes.number} number`}>
        {operation.settledAt ? (
          duration(Date.parse(operation.settledAt) - Date.parse(operation.openedAt))
        ) : (
          <Elapsed since={operation.openedAt} />
        )}
      </Table.Td>
    </Table.Tr>
  )
}

/** The current step, or why it failed. */
function noteOf({ kind, phase, steps, turned }: OperationState): string | undefined {
  if (phase === 'succeeded') return undefined
  const step = steps.findLast(it => it.status === 'doing' || it.status === 'undoing' || it.status === 'stuck')
  return step?.problem?.message ?? turned?.problem?.message ?? (step && stepTitle(kind, step.name))
}

function outcomeOf(operation: OperationState): { tone: Tone; word: string } {
  switch (operation.phase) {
    case 'running':
      return { tone: 'busy', word: `Running, ${progressOf(operation)}` }
    case 'undoing':
      return { tone: 'busy', word: 'Undoing' }
    case 'stuck':
      return { tone: 'warn', word: waitsForInfrastructure(operation) ? 'Waiting for the database' : 'Needs attention' }
    case 'succeeded':
      return failuresOf(operation) === 0
        ? { tone: 'good', word: 'Done' }
        : { tone: 'warn', word: `Done, ${failuresOf(operation)} failed` }
    case 'rolled-back':
      return operation.turned?.reason === 'failed'
        ? { tone: 'bad', word: isUndone(operation) ? 'Failed, undone' : 'Failed' }
        : { tone: 'undone', word: isUndone(operation) ? 'Cancelled, undone' : 'Cancelled' }
  }
}
