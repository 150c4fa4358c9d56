/** What was checked: a row for each instance with its results by group, or every check of one. */
import { Anchor, Table } from '@mantine/core'
import { Link } from 'wouter'
import { count } from '../../../shared/amounts'
import { checkGroups, checks, groupTitle, sharedTitle, type Examined, type Finding } from '../../../shared/doctor'
import { Status, type Tone } from '../app/status'
import { healthOf } from './health-of'
import classes from './health.module.css'

export function ReportTable({ found, one }: { found: readonly Examined[]; one: boolean }) {
  return <div className={`card ${classes.table}`}>{one ? <EveryCheck found={found} /> : <Groups found={found} />}</div>
}

function Groups({ found }: { found: readonly Examined[] }) {
  return (
    <Table verticalSpacing={10} horizontalSpacing={16} highlightOnHover aria-label="Checks">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Instance</Table.Th>
          {checkGroups.map(it => (
            <Table.Th key={it}>{groupTitle[it]}</Table.Th>
          ))}
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {found.map(({ name, findings }) => (
          <Table.Tr key={name ?? ''}>
            <Table.Th scope="row" className={classes.name}>
              {name === undefined ? (
                sharedTitle
              ) : (
                <Anchor component={Link} href={healthOf(name)} inherit>
                  {name}
                </Anchor>
              )}
            </Table.Th>
            {checkGroups.map(group => (
              <Table.Td key={group} className={classes.result}>
                <Result findings={findings.filter(it => checks[it.check].group === group)} />
              </Table.Td>
            ))}
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}

function Result({ findings }: { findings: readonly Finding[] }) {
  const [wrong, unknown] = (['wrong', 'unchecked'] as const).map(is => findings.filter(it => it.is === is).length)
  if (findings.length === 0) return <span className="dimmed">–</span>
  if (wrong) return <Status tone="bad">{count(wrong, 'problem')}</Status>
  if (unknown) return <Status tone="unknown">{unknown} not checked</Status>
  return <Status tone="good">{findings.length} good</Status>
}

const tones = { good: 'good', wrong: 'bad', unchecked: 'unknown' } as const satisfies Record<Finding['is'], Tone>
const words = { good: 'Good', wrong: 'Problem', unchecked: 'Not checked' } as const

function EveryCheck({ found }: { found: readonly Examined[] }) {
  const rows = found.flatMap(({ name, findings }) => findings.map(it => ({ name: name ?? sharedTitle, ...it })))
  return (
    <Table verticalSpacing={8} horizontalSpacing={16} aria-label={count(rows.length, 'check')}>
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Check</Table.Th>
          <Table.Th>Where</Table.Th>
          <Table.Th>Result</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {rows.map(it => (
          <Table.Tr key={`${it.name}/${it.check}`}>
            <Table.Th scope="row" className={classes.name}>
              {checks[it.check].title}
            </Table.Th>
            <Table.Td className="dimmed">{it.name}</Table.Td>
            <Table.Td className={classes.result}>
              <Status tone={tones[it.is]}>{words[it.is]}</Status>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  )
}
