/** All instances with their live status, and the creations that are under way. */
import { Button, Skeleton, Table, VisuallyHidden } from '@mantine/core'
import { IconLayoutGrid, IconPlus } from '@tabler/icons-react'
import { Link } from 'wouter'
import type { InstanceList } from '../../../shared/instance'
import { isOpen, type OperationState } from '../../../shared/operation'
import { useInfrastructure, useInstances, useOperations } from '../app/live'
import { EmptyState, Page, Section } from '../app/page'
import { ProblemView } from '../app/problem'
import { InstanceRow, OperationRow } from './rows'
import classes from './instances.module.css'

export function InstancesScreen() {
  const { data, problem } = useInstances()
  const creations = useOperations().operations.filter(it => it.kind === 'create' && isOpen(it))
  return (
    <Page title="Instances" lead={data && summary(data)}>
      <InfrastructureDown />
      {data ? <Content list={data} creations={creations} /> : !problem && <Skeleton height={160} radius="lg" aria-label="Loading" />}
    </Page>
  )
}

function Content({ list: { instances, broken }, creations }: { list: InstanceList; creations: readonly OperationState[] }) {
  const created = new Set(creations.map(it => it.subject))
  const shown = instances.filter(it => !created.has(it.name.toLowerCase())) // half made: its creation stands for it
  if (!instances.length && !broken.length && !creations.length) return <NoInstances />
  return (
    <>
      {(shown.length > 0 || creations.length > 0) && (
        <div className={`card ${classes.list}`}>
          <Table verticalSpacing={10} horizontalSpacing={12} highlightOnHover layout="fixed" aria-label="Instances">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>Name</Table.Th><Table.Th className={classes.status}>Status</Table.Th><Table.Th className={classes.address}>Address</Table.Th>
                <Table.Th className={classes.database}>Database</Table.Th><Table.Th className={classes.action}><VisuallyHidden>Actions</VisuallyHidden></Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {creations.map(it => <OperationRow key={it.id} operation={it} />)}
              {shown.map(it => <InstanceRow key={it.name} instance={it} />)}
            </Table.Tbody>
          </Table>
        </div>
      )}
      {broken.length > 0 && (
        <Section title="Folders that cannot be used">
          {broken.map(it => <ProblemView key={it.folder} problem={it.problem} tone="warn" quiet />)}
        </Section>
      )}
    </>
  )
}

function NoInstances() {
  return (
    <EmptyState
      icon={<IconLayoutGrid size={30} stroke={1.6} />} title="No instances yet"
      action={<Button component={Link} href="/create" size="lg" mt={8} leftSection={<IconPlus size={20} aria-hidden />}>Create the first instance</Button>}
    >
      <p>An instance is your application once more, on its own: its own database, port, uploads and administrator.</p>
      <p>You answer three questions. The rest is done for you, and undone if something fails.</p>
    </EmptyState>
  )
}

/** Instances without their database are the first thing to know. */
function InfrastructureDown() {
  const { data } = useInfrastructure()
  if (!data || data.postgres.state === 'running' || data.postgres.state === 'starting') return null
  if (data.postgres.problem) return <ProblemView problem={data.postgres.problem} quiet />
  return (
    <ProblemView tone="warn" quiet problem={{
      code: 'infrastructure-stopped', message: 'PostgreSQL is not running.', cause: 'Instances cannot reach their databases, and none can be created.', action: 'start-infrastructure',
    }} />
  )
}

function summary({ instances }: InstanceList): string | undefined {
  if (!instances.length) return undefined
  const online = instances.filter(it => it.status === 'online').length
  if (instances.length === 1) return online ? 'One instance, online' : 'One instance, not online'
  return `${instances.length} instances, ${online === instances.length ? 'all' : online} online`
}
