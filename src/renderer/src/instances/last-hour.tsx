/** What an instance’s process used in the last hour: CPU and memory, as charts and as a table. */
import { useSubscription } from '@trpc/tanstack-react-query'
import { useState } from 'react'
import { bytes, percent } from '../../../shared/amounts'
import type { InstanceView } from '../../../shared/instance'
import { usageGap, usageRemembered, type UsageUpdate } from '../../../shared/usage'
import { useTRPC } from '../app/trpc'
import { ChartTable } from '../charts/chart-table'
import { lastOf, type Series } from '../charts/scale'
import { TimeChart } from '../charts/time-chart'
import { leastTop } from './sparkline'
import classes from './instance.module.css'

export function LastHour({ instance: { name, cpu, memory } }: { instance: InstanceView }) {
  const { at, samples } = useUsage(name)
  const seriesOf = (of: 'cpu' | 'memory', word: string, show: (value: number) => string): Series => ({
    word,
    points: samples.map(it => ({ at: it.at, value: it[of] })),
    gap: usageGap,
    least: leastTop[of],
    show,
    of,
  })
  const ofCpu = seriesOf('cpu', 'CPU', percent)
  const ofMemory = seriesOf('memory', 'Memory', bytes)
  const range = lastOf(usageRemembered, ofCpu, at)
  return (
    <>
      <div className={classes.meters}>
        {[
          { series: ofCpu, now: cpu },
          { series: ofMemory, now: memory },
        ].map(({ series, now }) => (
          <figure key={series.word} className={classes.meter} aria-label={`${series.word}, the last hour`}>
            <figcaption>
              <span>{series.word}</span>
              <span className={classes.value}>
                {now === undefined ? <span className="dimmed">not running</span> : series.show(now)}
              </span>
            </figcaption>
            <TimeChart series={series} range={range} height={84} ticks={4} />
          </figure>
        ))}
      </div>
      <ChartTable label={`CPU and memory of ${name}, the last hour`} all={[ofCpu, ofMemory]} />
    </>
  )
}

/** Begins anew, with all that the engine remembers, whenever the connection does. */
function useUsage(name: string): UsageUpdate {
  const [usage, setUsage] = useState<UsageUpdate>(() => ({ at: Date.now(), samples: [] }))
  useSubscription(
    useTRPC().instances.watchUsage.subscriptionOptions(
      { name },
      {
        onStarted: () => setUsage(it => ({ ...it, samples: [] })),
        onData: ({ at, samples }) =>
          setUsage(before => ({
            at,
            samples: [...before.samples.filter(it => it.at > at - usageRemembered), ...samples],
          })),
      },
    ),
  )
  return usage
}
