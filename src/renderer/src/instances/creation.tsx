/** An instance that is being created, as a row and as a card. */
import { Link } from 'wouter'
import type { OperationState } from '../../../shared/operation'
import { Status } from '../app/status'
import { Elapsed } from '../app/time'
import { progressOf, stepTitle, subjectOf } from '../../../shared/jobs/words'
import { ofOperation } from './shown-status'
import table from './table.module.css'
import grid from './grid.module.css'

const stepOf = ({ steps }: OperationState): string | undefined =>
  steps.findLast(it => it.status === 'doing' || it.status === 'undoing' || it.status === 'stuck')?.name

export function CreationRow({ operation, index }: { operation: OperationState; index: number }) {
  const { tone, word } = ofOperation(operation)
  const step = stepOf(operation)
  const name = subjectOf(operation)
  const href = `/operations/${operation.id}`
  return (
    <tr className={table.row} data-row={index} aria-rowindex={index + 2}>
      <td className={table.select} />
      <th scope="row">
        <Link href={href} className={table.name} title={name} data-control="name">
          {name}
        </Link>
      </th>
      <td>
        <Status tone={tone}>{word}</Status>
      </td>
      {/* It doesn’t span the next columns: narrow windows hide some of them, and a span would add new ones there. */}
      <td className={`${table.port} ${table.creating}`}>
        <span>
          {[operation.phase === 'running' && progressOf(operation), step && stepTitle(operation.kind, step)]
            .filter(Boolean)
            .join(' · ')}{' '}
          · <Elapsed since={operation.openedAt} />
        </span>
      </td>
      <td className={table.uptime} />
      <td className={table.restarts} />
      <td className={table.cpu} />
      <td className={table.memory} />
      <td className={table.database} />
      <td className={table.actions}>
        <Link href={href} className={table.show} data-control="menu" aria-label={`Show the creation of ${name}`}>
          Show
        </Link>
      </td>
    </tr>
  )
}

export function CreationCard({ operation }: { operation: OperationState }) {
  const { tone, word } = ofOperation(operation)
  const step = stepOf(operation)
  const name = subjectOf(operation)
  const href = `/operations/${operation.id}`
  return (
    <li className={`card ${grid.card}`} aria-label={name}>
      <div className={grid.head}>
        <Link href={href} className={grid.name} title={name}>
          {name}
        </Link>
      </div>
      <div className={grid.line}>
        <Status tone={tone}>{word}</Status>
        <Elapsed since={operation.openedAt} />
      </div>
      <p className={grid.step}>{step && stepTitle(operation.kind, step)}</p>
      <div className={grid.foot}>
        <span className="dimmed">{operation.phase === 'running' && progressOf(operation)}</span>
        <Link href={href} className={table.show} aria-label={`Show the creation of ${name}`}>
          Show
        </Link>
      </div>
    </li>
  )
}
