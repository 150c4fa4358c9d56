/** The instances as cards. Only rows near the visible area are rendered. */
import { IconStarFilled } from '@tabler/icons-react'
import { memo, useLayoutEffect, useRef, useState } from 'react'
import { Link } from 'wouter'
import { bytes, percent } from '../../../shared/amounts'
import { Uptime } from '../app/uptime'
import { pageOf } from './page-of'
import { CreationCard } from './creation'
import { sameItem, type InstanceItemProps, type Item, type ItemHandlers } from './item'
import { Buttons, DatabaseSize, None, Port, Select, StatusCell, titleOf } from './item-parts'
import { Sparkline } from './sparkline'
import { useWindow } from './use-window'
import classes from './grid.module.css'

/** Pixels, as in grid.module.css. */
const cardHeight = 172
const gap = 12
const minWidth = 280

interface InstanceGridProps {
  items: readonly Item[]
  selected: ReadonlySet<string>
  /** The instance whose menu is open. */
  menu: string | undefined
  handlers: ItemHandlers
}

export function InstanceGrid({ items, selected, menu, handlers }: InstanceGridProps) {
  const list = useRef<HTMLUListElement>(null)
  const [columns, setColumns] = useState(3)
  useLayoutEffect(() => {
    const element = list.current
    if (!element) return
    const measure = (): void => setColumns(Math.max(1, Math.floor((element.clientWidth + gap) / (minWidth + gap))))
    measure()
    const resize = new ResizeObserver(measure)
    resize.observe(element)
    return () => resize.disconnect()
  }, [])
  const rows = Math.ceil(items.length / columns)
  const height = cardHeight + gap
  const { first, end } = useWindow(list, rows, height)
  const style = {
    gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
    paddingTop: first * height,
    paddingBottom: Math.max(0, rows - end) * height,
  }
  return (
    <ul ref={list} className={classes.grid} aria-label="Instances" style={style}>
      {items.slice(first * columns, end * columns).map((item, offset) => {
        if (item.type === 'creation') return <CreationCard key={item.operation.id} operation={item.operation} />
        const { name } = item.shown.instance
        return (
          <InstanceCard
            key={name}
            shown={item.shown}
            index={first * columns + offset}
            selected={selected.has(name)}
            menu={menu === name}
            handlers={handlers}
          />
        )
      })}
    </ul>
  )
}

const InstanceCard = memo(({ shown, selected, menu, handlers }: InstanceItemProps) => {
  const {
    instance: { name, startedAt, restarts, cpu, memory, favourite },
  } = shown
  return (
    <li
      className={`card ${classes.card}`}
      data-instance={name}
      data-status={shown.status.group}
      data-selected={selected || undefined}
      aria-label={name}
      onContextMenu={event => {
        event.preventDefault()
        handlers.openMenu(name, { x: event.clientX, y: event.clientY })
      }}
    >
      <div className={classes.head}>
        <Select shown={shown} selected={selected} handlers={handlers} />
        <Link href={pageOf(name)} className={classes.name} title={titleOf(shown.instance)}>
          {favourite && <IconStarFilled className={classes.star} size={13} aria-hidden />}
          {name}
        </Link>
        <Buttons shown={shown} menu={menu} handlers={handlers} />
      </div>
      <div className={classes.line}>
        <StatusCell shown={shown} handlers={handlers} />
        <Port shown={shown} handlers={handlers} />
      </div>
      <dl className={classes.metrics}>
        <div>
          <dt>CPU</dt>
          <dd>{cpu === undefined ? <None /> : percent(cpu)}</dd>
          {cpu !== undefined && (
            <dd>
              <Sparkline name={name} of="cpu" width={110} height={28} />
            </dd>
          )}
        </div>
        <div>
          <dt>Memory</dt>
          <dd>{memory === undefined ? <None /> : bytes(memory)}</dd>
          {memory !== undefined && (
            <dd>
              <Sparkline name={name} of="memory" width={110} height={28} />
            </dd>
          )}
        </div>
      </dl>
      <div className={classes.foot}>
        <span>
          {startedAt === undefined ? (
            'Not running'
          ) : (
            <>
              Up <Uptime since={startedAt} />
            </>
          )}
          {restarts ? ` · ${restarts} ${restarts === 1 ? 'restart' : 'restarts'}` : ''}
        </span>
        <DatabaseSize shown={shown} />
      </div>
    </li>
  )
}, sameItem)
