/** A sparkline of the last five minutes, decorating the number next to it. */
import { useSyncExternalStore } from 'react'
import { useHistory } from '../app/live'
import { sampleLimit } from './history'
import { sparklinePath } from './sparkline-path'
import classes from './sparkline.module.css'

/** The minimum top of the scale: 10 % of a core; 64 MiB. */
export const leastTop = { cpu: 10, memory: 64 * 2 ** 20 } as const

export function Sparkline({
  name,
  of,
  width,
  height,
}: {
  name: string
  of: 'cpu' | 'memory'
  width: number
  height: number
}) {
  const history = useHistory()
  // Selecting the path itself avoids re-rendering lines that look the same, such as flat ones.
  const line = useSyncExternalStore(history.subscribe, () =>
    sparklinePath(history.of(name)[of], { width, height: height - 2, limit: sampleLimit, least: leastTop[of] }),
  )
  return <Spark line={line} of={of} width={width} height={height} />
}

/** @param line an SVG path in a frame of this width and `height - 2`; undefined: nothing is drawn */
export function Spark({
  line,
  of,
  width,
  height,
}: {
  line: string | undefined
  /** Chooses its colour; the accent by default. */
  of?: 'cpu' | 'memory'
  width: number
  height: number
}) {
  const bottom = height - 2
  return (
    <svg
      className={classes.line}
      data-of={of}
      width="100%"
      viewBox={`0 -1 ${width} ${height}`}
      preserveAspectRatio="none"
      style={{ height }}
      aria-hidden
    >
      {line && (
        <>
          <path className={classes.area} d={`${line}V${bottom}H${line.slice(1, line.indexOf(' '))}Z`} />
          <path className={classes.stroke} d={line} vectorEffect="non-scaling-stroke" />
        </>
      )}
    </svg>
  )
}
