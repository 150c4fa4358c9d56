/** The server at a glance, each number with its last hour where it changes quickly. */
import type { ReactNode } from 'react'
import { bytes, duration } from '../../../../shared/amounts'
import { rememberedMinutes, type DatabaseActivity } from '../../../../shared/database-activity'
import { ChartTable } from '../../charts/chart-table'
import { lastOf, type Series } from '../../charts/scale'
import { TimeChart } from '../../charts/time-chart'
import { cacheHits, growth } from './words'
import classes from './connections.module.css'

/** Milliseconds; a sample is taken each minute. */
const minute = 60_000

export function Tiles({ activity }: { activity: DatabaseActivity }) {
  const { at, server, databases } = activity
  if (!server) return null
  const waiting = databases.reduce((sum, it) => sum + (it.pool?.waiting ?? 0), 0)
  const longest = Math.max(0, ...databases.map(it => it.pool?.longestWait ?? 0))
  const [connections, queue, transactions] = seriesOf(activity)
  const range = lastOf(rememberedMinutes * minute, connections, at)
  return (
    <>
      <div className={classes.tiles}>
        <Tile word={connections.word} value={server.connections} more={`of ${server.limit}`}>
          <TimeChart series={connections} range={range} height={48} ticks={2} />
        </Tile>
        <Tile
          word={queue.word}
          value={waiting}
          more={waiting > 0 ? `for up to ${duration(longest)}` : 'clients'}
          warn={waiting > 0}
        >
          <TimeChart series={queue} range={range} height={48} ticks={2} />
        </Tile>
        <Tile
          word={transactions.word}
          value={server.transactionsPerSecond === undefined ? '–' : Math.round(server.transactionsPerSecond)}
          more="a second"
        >
          <TimeChart series={transactions} range={range} height={48} ticks={2} />
        </Tile>
        <Tile
          word="Size"
          value={server.size === undefined ? '–' : bytes(server.size)}
          more={growth(server.growth) ?? 'all databases'}
        >
          <p className={classes.foot}>Cache hits: {cacheHits(server.cacheHits) ?? 'not known yet'}</p>
        </Tile>
      </div>
      <ChartTable label="The server’s last hour" all={[connections, queue, transactions]} />
    </>
  )
}

function seriesOf({ history }: DatabaseActivity): readonly [Series, Series, Series] {
  const { minutes } = history
  const series = (
    word: string,
    values: readonly number[],
    least: number,
    show = (it: number): string => `${it}`,
  ): Series => ({
    word,
    points: values.map((value, index) => ({ at: minutes[minutes.length - values.length + index] ?? 0, value })),
    gap: 2 * minute,
    least,
    show,
  })
  return [
    series('Connections', history.connections, 20),
    series('Waiting in PgBouncer', history.waiting, 10),
    series('Transactions', history.transactionsPerSecond, 20, it => `${it} /s`),
  ]
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
