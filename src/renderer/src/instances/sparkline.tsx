/** A small line of the last minutes. It decorates the number beside it. */
import { useSyncExternalStore } from 'react'
import { useHistory } from '../app/live'
import { sampleLimit } from './history'
import { sparklinePath } from './sparkline-path'
import classes from './sparkline.module.css'

/** The least top of the scale: 10 % of a core; 64 MiB. */
const least = { cpu: 10, memory: 64 * 2 ** 20 } as const

export function Sparkline({ name, of, width, height }: { name: string; of: 'cpu' | 'memory'; width: number; height: number }) {
  const history = useHistory()
  const samples = useSyncExternalStore(history.subscribe, () => history.of(name)[of])
  const inner = { width, height: height - 2, limit: sampleLimit, least: least[of] }
  const path = sparklinePath(samples, inner)
  return (
    <svg className={classes.line} data-of={of} width="100%" viewBox={`0 -1 ${width} ${height}`} preserveAspectRatio="none" style={{ height }} aria-hidden>
      {path && <><path className={classes.area} d={path.area} /><path className={classes.stroke} d={path.line} vectorEffect="non-scaling-stroke" /></>}
    </svg>
  )
}
