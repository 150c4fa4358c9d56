/** One line of the list: an instance, or the creation of one. */
import { Anchor, Button, Table, Tooltip } from '@mantine/core'
import { IconExternalLink } from '@tabler/icons-react'
import { Link } from 'wouter'
import type { InstanceView } from '../../../shared/instance'
import type { OperationState } from '../../../shared/operation'
import { instanceTone, instanceWord, Status, type Tone } from '../app/status'
import { Elapsed } from '../app/time'
import { progressOf, stepTitle, subjectOf } from '../operations/titles'
import { useOpenInstance } from './open'
import classes from './instances.module.css'

export function InstanceRow({ instance }: { instance: InstanceView }) {
  const open = useOpenInstance()
  return (
    <Table.Tr>
      <Table.Th scope="row" className={classes.name}><span className="truncate" title={instance.name}>{instance.name}</span></Table.Th>
      <Table.Td><Status tone={instanceTone[instance.status]}>{instanceWord[instance.status]}</Status></Table.Td>
      <Table.Td className="mono">{instance.url}</Table.Td>
      <Table.Td>
        {instance.pooled
          ? <span className="dimmed">Pooled</span>
          : <Tooltip label="It connects to PostgreSQL directly, without PgBouncer."><span tabIndex={0}><Status tone="warn">Not pooled</Status></span></Tooltip>}
      </Table.Td>
      <Table.Td className={classes.action}>
        {instance.status === 'online' && (
          <Button size="xs" variant="default" rightSection={<IconExternalLink size={14} aria-hidden />} onClick={() => open(instance.url)}
            aria-label={`Open ${instance.name} in the browser`}>Open</Button>
        )}
      </Table.Td>
    </Table.Tr>
  )
}

const phaseTone: Record<string, Tone> = { running: 'busy', undoing: 'busy', stuck: 'warn' }
const phaseWord: Record<string, string> = { running: 'Creating…', undoing: 'Undoing…', stuck: 'Needs you' }

export function OperationRow({ operation }: { operation: OperationState }) {
  const step = operation.steps.findLast(it => it.status === 'doing' || it.status === 'undoing' || it.status === 'stuck')
  return (
    <Table.Tr>
      <Table.Th scope="row" className={classes.name}>
        <Anchor component={Link} href={`/operations/${operation.id}`} className="truncate" inherit>{subjectOf(operation)}</Anchor>
      </Table.Th>
      <Table.Td><Status tone={phaseTone[operation.phase] ?? 'busy'}>{phaseWord[operation.phase]} {operation.phase === 'running' && progressOf(operation)}</Status></Table.Td>
      <Table.Td colSpan={2} className="dimmed">{step && stepTitle(step.name)} · <Elapsed since={operation.openedAt} /></Table.Td>
      <Table.Td className={classes.action}>
        <Button component={Link} href={`/operations/${operation.id}`} size="xs" variant="default" aria-label={`Show the creation of ${subjectOf(operation)}`}>Show</Button>
      </Table.Td>
    </Table.Tr>
  )
}
