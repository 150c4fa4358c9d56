/** A line over time, with its axis and the value under the cursor. `ChartTable` shows the same as numbers. */
import { useState, type PointerEvent } from 'react'
import { when } from '../app/time'
import { leftOf, nearest, pathsOf, ticksOf, topOf, type Range, type Series } from './scale'
import classes from './chart.module.css'

interface TimeChartProps {
  series: Series
  range: Range
  /** Pixels. */
  height: number
  /** How many times of day the axis names. */
  ticks: number
}

export function TimeChart({ series, range, height, ticks }: TimeChartProps) {
  const [pointed, setPointed] = useState<number>()
  const point = pointed === undefined ? undefined : nearest(series, pointed)
  const follow = (event: PointerEvent<HTMLElement>): void => {
    const { left, width } = event.currentTarget.getBoundingClientRect()
    setPointed(range.from + ((event.clientX - left) / width) * (range.until - range.from))
  }
  return (
    <div className={classes.chart} data-of={series.of} aria-hidden>
      <div
        className={classes.plot}
        style={{ height }}
        onPointerMove={follow}
        onPointerLeave={() => setPointed(undefined)}
      >
        <span className={classes.top}>{series.show(topOf(series))}</span>
        <svg viewBox="0 0 100 100" preserveAspectRatio="none">
          {pathsOf(series, range).map(it => (
            <g key={it.slice(0, it.indexOf(' '))}>
              <path className={classes.area} d={`${it}V100H${it.slice(1, it.indexOf(' '))}Z`} />
              <path className={classes.line} d={it} vectorEffect="non-scaling-stroke" />
            </g>
          ))}
        </svg>
        {point && (
          <>
            <span className={classes.cursor} style={{ left: `${leftOf(point.at, range)}%` }} />
            <span
              className={classes.value}
              data-side={leftOf(point.at, range) > 60 ? 'left' : 'right'}
              style={{ left: `${leftOf(point.at, range)}%` }}
            >
              <strong>{series.show(point.value)}</strong> {when(point.at)}
            </span>
          </>
        )}
      </div>
      <div className={classes.axis}>
        {ticksOf(range, ticks).map(it => (
          <span key={it}>{when(it)}</span>
        ))}
      </div>
    </div>
  )
}
