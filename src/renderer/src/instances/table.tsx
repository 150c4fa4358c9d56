/** The instances as a table. Only rows near the visible area are rendered. */
import { IconArrowDown, IconArrowUp, IconStarFilled } from '@tabler/icons-react'
import { memo, useRef, type KeyboardEvent } from 'react'
import { Link } from 'wouter'
import { percent, bytes } from '../../../shared/amounts'
import { Uptime } from '../app/uptime'
import { pageOf } from './page-of'
import { nextSort, type Sort, type SortKey } from './arrange'
import { CreationRow } from './creation'
import { sameItem, type InstanceItemProps, type Item, type ItemHandlers } from './item'
import { Buttons, DatabaseSize, None, Port, Select, StatusCell, titleOf } from './item-parts'
import { Sparkline } from './sparkline'
import { useWindow } from './use-window'
import parts from './parts.module.css'
import classes from './table.module.css'

/** Pixels, as in table.module.css. */
const rowHeight = 46

interface InstanceTableProps {
  items: readonly Item[]
  selected: ReadonlySet<string>
  /** The instance whose menu is open. */
  menu: string | undefined
  sort: Sort
  onSort: (sort: Sort) => void
  /** How many of the shown instances are selected. */
  all: 'all' | 'some' | 'none'
  onSelectAll: () => void
  handlers: ItemHandlers
}

const columns: readonly { readonly key: SortKey; readonly word: string; readonly className?: string }[] = [
  { key: 'name', word: 'Name' },
  { key: 'status', word: 'Status', className: classes.status },
  { key: 'port', word: 'Port', className: classes.port },
  { key: 'uptime', word: 'Uptime', className: classes.uptime },
  { key: 'restarts', word: 'Restarts', className: classes.restarts },
  { key: 'cpu', word: 'CPU', className: classes.cpu },
  { key: 'memory', word: 'Memory', className: classes.memory },
  { key: 'database', word: 'Database', className: classes.database },
]

export function InstanceTable({ items, selected, menu, sort, onSort, all, onSelectAll, handlers }: InstanceTableProps) {
  const body = useRef<HTMLTableSectionElement>(null)
  const { first, end } = useWindow(body, items.length, rowHeight)
  return (
    <div className={`card ${classes.list}`}>
      <table className={classes.table} aria-label="Instances" aria-rowcount={items.length + 1}>
        <thead>
          <tr>
            <th className={classes.select}>
              <input
                type="checkbox"
                className={parts.checkbox}
                aria-label="Select all shown instances"
                checked={all === 'all'}
                ref={it => {
                  if (it) it.indeterminate = all === 'some'
                }}
                onChange={onSelectAll}
              />
            </th>
            {columns.map(({ key, word, className }) => (
              <th
                key={key}
                className={className}
                aria-sort={sort.key !== key ? undefined : sort.descending ? 'descending' : 'ascending'}
              >
                <button type="button" className={classes.sort} onClick={() => onSort(nextSort(sort, key))}>
                  {word}
                  {sort.key === key &&
                    (sort.descending ? <IconArrowDown size={13} aria-hidden /> : <IconArrowUp size={13} aria-hidden />)}
                </button>
              </th>
            ))}
            <td className={classes.actions} />
          </tr>
        </thead>
        <tbody ref={body} onKeyDown={moveByArrow}>
          <Space rows={first} />
          {items.slice(first, end).map((item, offset) => {
            const index = first + offset
            if (item.type === 'creation')
              return <CreationRow key={item.operation.id} operation={item.operation} index={index} />
            const { name } = item.shown.instance
            return (
              <InstanceRow
                key={name}
                shown={item.shown}
                index={index}
                selected={selected.has(name)}
                menu={menu === name}
                handlers={handlers}
              />
            )
          })}
          <Space rows={items.length - end} />
        </tbody>
      </table>
    </div>
  )
}

const Space = ({ rows }: { rows: number }) =>
  rows > 0 ? (
    <tr aria-hidden style={{ height: rows * rowHeight }}>
      <td />
    </tr>
  ) : null

const InstanceRow = memo(({ shown, selected, menu, index, handlers }: InstanceItemProps) => {
  const {
    instance: { name, startedAt, restarts, cpu, memory, favourite },
  } = shown
  return (
    <tr
      className={classes.row}
      data-row={index}
      data-instance={name}
      data-status={shown.status.group}
      aria-rowindex={index + 2}
      data-selected={selected || undefined}
      onContextMenu={event => {
        event.preventDefault()
        handlers.openMenu(name, { x: event.clientX, y: event.clientY })
      }}
    >
      <td className={classes.select}>
        <Select shown={shown} selected={selected} handlers={handlers} />
      </td>
      <th scope="row">
        {favourite && <IconStarFilled className={classes.star} size={13} aria-hidden />}
        <Link href={pageOf(name)} className={classes.name} title={titleOf(shown.instance)} data-control="name">
          {name}
        </Link>
      </th>
      <td>
        <StatusCell shown={shown} handlers={handlers} />
      </td>
      <td className={classes.port}>
        <Port shown={shown} handlers={handlers} />
      </td>
      <td className={classes.uptime}>{startedAt === undefined ? <None /> : <Uptime since={startedAt} />}</td>
      <td className={classes.restarts}>{restarts ?? <None />}</td>
      <td className={classes.cpu}>
        {cpu === undefined ? (
          <None />
        ) : (
          <span className={classes.metric}>
            <Sparkline name={name} of="cpu" width={56} height={22} />
            <span>{percent(cpu)}</span>
          </span>
        )}
      </td>
      <td className={classes.memory}>
        {memory === undefined ? (
          <None />
        ) : (
          <span className={classes.metric}>
            <Sparkline name={name} of="memory" width={56} height={22} />
            <span>{bytes(memory)}</span>
          </span>
        )}
      </td>
      <td className={classes.database}>
        <DatabaseSize shown={shown} />
      </td>
      <td className={classes.actions}>
        <Buttons shown={shown} menu={menu} handlers={handlers} />
      </td>
    </tr>
  )
}, sameItem)

/** Up and Down move to the same control in the row above or below. */
function moveByArrow(event: KeyboardEvent<HTMLElement>): void {
  const by = { ArrowUp: -1, ArrowDown: 1 }[event.key]
  if (by === undefined || !(event.target instanceof HTMLElement)) return
  const { control } = event.target.dataset
  const row = event.target.closest<HTMLElement>('[data-row]')?.dataset['row']
  const next =
    row === undefined ? undefined : event.currentTarget.querySelector<HTMLElement>(`[data-row="${Number(row) + by}"]`)
  const target =
    next?.querySelector<HTMLElement>(`[data-control="${control}"]`) ??
    next?.querySelector<HTMLElement>('[data-control="name"]')
  if (!target) return
  event.preventDefault()
  target.focus()
}
