/** The instances' databases, those that need attention first. */
import { Anchor, Button, Table, VisuallyHidden } from '@mantine/core'
import { modals } from '@mantine/modals'
import { Link } from 'wouter'
import { bytes, count, duration } from '../../../../shared/amounts'
import { compareNames } from '../../../../shared/compare-names'
import { isNearLimit, rememberedMinutes, type InstanceDatabase, type Pool } from '../../../../shared/database-activity'
import { Status } from '../../app/status'
import { Spark } from '../../instances/sparkline'
import { sparklinePath } from '../../instances/sparkline-path'
import { pageOf } from '../../instances/page-of'
import { DeadRows } from './dead-rows'
import { cacheHits, growth } from './words'
import classes from './connections.module.css'

export const DatabasesTable = ({ databases }: { databases: readonly InstanceDatabase[] }) => (
  <div className={`card ${classes.table}`}>
    <Table verticalSpacing={8} horizontalSpacing={16} aria-label="Instances’ databases">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Instance</Table.Th>
          <Table.Th>Connections</Table.Th>
          <Table.Th>Pool</Table.Th>
          <Table.Th className={classes.right}>Transactions</Table.Th>
          <Table.Th className={classes.right}>Cache hits</Table.Th>
          <Table.Th className={classes.right}>Size</Table.Th>
          <Table.Th>
            <VisuallyHidden>Actions</VisuallyHidden>
          </Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {databases
          .toSorted((a, b) => compareNames(a.instance, b.instance))
          .map(it => (
            <Row key={it.instance} database={it} />
          ))}
      </Table.Tbody>
    </Table>
  </div>
)

const showTables = (name: string): string =>
  modals.open({ title: `Tables of ${name}`, size: 640, children: <DeadRows name={name} /> })

const frame = { width: 80, height: 22 } as const

function Row({ database }: { database: InstanceDatabase }) {
  const { instance, connections, limit, active, idleInTransaction, history, pool, size } = database
  const { transactionsPerSecond, deadlocks = 0 } = database
  const used = limit === undefined ? String(connections) : `${connections} of ${limit}`
  const line = sparklinePath(history, { ...frame, height: frame.height - 2, limit: rememberedMinutes, least: 5 })
  return (
    <Table.Tr>
      <Table.Th scope="row" className={classes.name}>
        <Anchor component={Link} href={pageOf(instance)} inherit>
          {instance}
        </Anchor>
      </Table.Th>
      <Table.Td className={classes.number}>
        <div className={classes.connections}>
          <span>{isNearLimit(database) ? <Status tone="warn">{used}</Status> : used}</span>
          <span className={classes.spark}>
            <Spark {...frame} line={line} />
          </span>
        </div>
        <span className="dimmed">
          {active} active{idleInTransaction > 0 && `, ${idleInTransaction} idle in a transaction`}
        </span>
      </Table.Td>
      <Table.Td className={classes.pool}>
        {pool ? <PoolCell pool={pool} /> : <span className="dimmed">no clients</span>}
      </Table.Td>
      <Table.Td className={classes.right}>
        {transactionsPerSecond === undefined ? <span className="dimmed">–</span> : `${transactionsPerSecond} /s`}
        {deadlocks > 0 && <div className="dimmed">{count(deadlocks, 'deadlock')}</div>}
      </Table.Td>
      <Table.Td className={classes.right}>
        {cacheHits(database.cacheHits) ?? <span className="dimmed">–</span>}
      </Table.Td>
      <Table.Td className={classes.right}>
        {size === undefined ? <span className="dimmed">–</span> : bytes(size)}
        <div className="dimmed">{growth(database.growth)}</div>
      </Table.Td>
      <Table.Td className={classes.acts}>
        <Button size="xs" variant="subtle" onClick={() => showTables(instance)} aria-label={`Tables of ${instance}…`}>
          Tables…
        </Button>
      </Table.Td>
    </Table.Tr>
  )
}

function PoolCell({ pool: { clients, waiting, longestWait, serversInUse, servers, size, paused } }: { pool: Pool }) {
  return (
    <>
      {paused ? (
        <Status tone="warn">Paused</Status>
      ) : waiting > 0 ? (
        <Status tone="warn">
          {waiting} waiting for {duration(longestWait)}
        </Status>
      ) : (
        count(clients, 'client')
      )}
      <div className="dimmed">
        {serversInUse} in use, {servers} open, {size} at most
      </div>
    </>
  )
}
