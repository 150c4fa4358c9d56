/** The instances' databases, with what maintenance last did to each. */
import { Anchor, Table } from '@mantine/core'
import { Link } from 'wouter'
import { bytes, duration } from '../../../../shared/amounts'
import { savedBytes, type MaintenanceFigures } from '../../../../shared/maintenance'
import { Status } from '../../app/status'
import { when } from '../../app/time'
import { Words } from '../../app/words'
import type { LatestMaintenance } from './latest'
import classes from './maintenance.module.css'

export const ResultsTable = ({ latest }: { latest: readonly LatestMaintenance[] }) => (
  <div className={`card ${classes.table}`}>
    <Table verticalSpacing={8} horizontalSpacing={16} aria-label="Results of maintenance">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Instance</Table.Th>
          <Table.Th>Last run</Table.Th>
          <Table.Th className={classes.right}>Dead rows</Table.Th>
          <Table.Th className={classes.right}>Indexes rebuilt</Table.Th>
          <Table.Th className={classes.right}>Size</Table.Th>
          <Table.Th className={classes.right}>Took</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {latest.map(it => (
          <Row key={it.name} latest={it} />
        ))}
      </Table.Tbody>
    </Table>
  </div>
)

function Row({ latest: { name, at, operation, figures, problem } }: { latest: LatestMaintenance }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" className={classes.name}>
        {name}
      </Table.Th>
      <Table.Td colSpan={figures || !problem ? 1 : 5}>
        {at === undefined ? (
          <span className="dimmed">not yet</span>
        ) : (
          <Anchor component={Link} href={`/operations/${operation}`} inherit>
            {when(at)}
          </Anchor>
        )}
        {problem && (
          <div className={classes.problem}>
            <Status tone="warn">
              <Words text={problem.message} />
            </Status>
            {problem.cause && (
              <p>
                <Words text={problem.cause} />
              </p>
            )}
            {problem.hint && (
              <p className="dimmed">
                <Words text={problem.hint} />
              </p>
            )}
          </div>
        )}
      </Table.Td>
      {(figures || !problem) && <Figures figures={figures} />}
    </Table.Tr>
  )
}

function Figures({ figures }: { figures: MaintenanceFigures | undefined }) {
  if (!figures)
    return [0, 1, 2, 3].map(it => (
      <Table.Td key={it} className={`${classes.right} dimmed`}>
        –
      </Table.Td>
    ))
  const { deadBefore, deadAfter, indexes, bytesAfter, seconds } = figures
  const saved = savedBytes(figures)
  return (
    <>
      <Table.Td className={classes.right}>
        {deadBefore === deadAfter
          ? deadAfter.toLocaleString()
          : `${deadBefore.toLocaleString()} → ${deadAfter.toLocaleString()}`}
      </Table.Td>
      <Table.Td className={classes.right}>{indexes}</Table.Td>
      <Table.Td className={classes.right}>
        {bytes(bytesAfter)}
        {saved > 0 && <div className="dimmed">{bytes(saved)} freed</div>}
      </Table.Td>
      <Table.Td className={classes.right}>{duration(seconds * 1000)}</Table.Td>
    </>
  )
}
