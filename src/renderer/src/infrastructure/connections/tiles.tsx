/** The server at a glance, each number with its last hour where it changes quickly. */
import type { ReactNode } from 'react'
import { bytes, duration } from '../../../../shared/amounts'
import { rememberedMinutes, type DatabaseActivity } from '../../../../shared/database-activity'
import { Spark } from '../../instances/sparkline'
import { sparklinePath } from '../../instances/sparkline-path'
import { cacheHits, growth } from './words'
import classes from './connections.module.css'

const frame = { width: 200, height: 36 } as const

export function Tiles({ activity: { server, history, databases } }: { activity: DatabaseActivity }) {
  if (!server) return null
  const waiting = databases.reduce((sum, it) => sum + (it.pool?.waiting ?? 0), 0)
  const longest = Math.max(0, ...databases.map(it => it.pool?.longestWait ?? 0))
  return (
    <div className={classes.tiles}>
      <Tile word="Connections" value={server.connections} more={`of ${server.limit}`}>
        <Hour samples={history.connections} least={20} />
      </Tile>
      <Tile
        word="Waiting in PgBouncer"
        value={waiting}
        more={waiting > 0 ? `for up to ${duration(longest)}` : 'clients'}
        warn={waiting > 0}
      >
        <Hour samples={history.waiting} least={10} />
      </Tile>
      <Tile
        word="Transactions"
        value={server.transactionsPerSecond === undefined ? '–' : Math.round(server.transactionsPerSecond)}
        more="a second"
      >
        <Hour samples={history.transactionsPerSecond} least={20} />
      </Tile>
      <Tile
        word="Size"
        value={server.size === undefined ? '–' : bytes(server.size)}
        more={growth(server.growth) ?? 'all databases'}
      >
        <p className={classes.foot}>Cache hits: {cacheHits(server.cacheHits) ?? 'not known yet'}</p>
      </Tile>
    </div>
  )
}

interface TileProps {
  word: string
  value: ReactNode
  more: string
  warn?: boolean
  children: ReactNode
}

const Tile = ({ word, value, more, warn, children }: TileProps) => (
  <figure className={`card ${classes.tile}`} aria-label={word}>
    <figcaption>{word}</figcaption>
    <p className={classes.value} data-warn={warn || undefined}>
      {value} <span>{more}</span>
    </p>
    {children}
  </figure>
)

/** Decorates the number above it. */
function Hour({ samples, least }: { samples: readonly number[]; least: number }) {
  const line = sparklinePath(samples, { ...frame, height: frame.height - 2, limit: rememberedMinutes, least })
  return (
    <>
      {line ? <Spark {...frame} line={line} /> : <div style={{ height: frame.height }} />}
      <p className={classes.foot}>{line ? 'Last hour' : 'The last hour appears after a few minutes.'}</p>
    </>
  )
}
