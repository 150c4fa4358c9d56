/** The databases at work: connections, pools, long queries, waiting locks, sizes, and errors of the last day. */
import { Skeleton } from '@mantine/core'
import { useSubscription } from '@trpc/tanstack-react-query'
import { capital, count } from '../../../../shared/amounts'
import { longAfter, type DatabaseActivity } from '../../../../shared/database-activity'
import { useInfrastructure } from '../../app/live'
import { Section } from '../../app/page'
import { ProblemView } from '../../app/problem'
import { problemOf } from '../../app/problem-of'
import { useTRPC } from '../../app/trpc'
import { DatabasesTable } from './databases-table'
import { Errors } from './errors'
import { Locks, Sessions } from './sessions'
import { Tiles } from './tiles'
import classes from './connections.module.css'

export function Connections() {
  const trpc = useTRPC()
  const { data, error } = useSubscription(trpc.infrastructure.watchActivity.subscriptionOptions())
  if (error) return <ProblemView problem={problemOf(error)} />
  if (!data) return <Skeleton height={420} radius="lg" />
  return (
    <>
      {data.problem ? <ProblemView problem={data.problem} /> : <Activity activity={data} />}
      <Errors />
    </>
  )
}

function Activity({ activity }: { activity: DatabaseActivity }) {
  const { databases, long, locks, poolProblem, server } = activity
  const pooled = useInfrastructure().data?.pooled !== false
  return (
    <>
      {poolProblem && pooled && <ProblemView problem={poolProblem} tone="warn" quiet />}
      <Tiles activity={activity} />
      {locks.length > 0 && (
        <Section title="Waiting for locks">
          <Locks locks={locks} />
        </Section>
      )}
      <Section title={`Longer than ${longAfter} s`}>
        {long.length > 0 ? (
          <Sessions sessions={long} />
        ) : (
          <p className={`card ${classes.note}`}>No query has been running, and no transaction idle, for that long.</p>
        )}
      </Section>
      <Section title="Instances">
        {databases.length > 0 ? (
          <DatabasesTable databases={databases} />
        ) : (
          <p className={`card ${classes.note}`}>No instance has a database yet. Create one to see it here.</p>
        )}
        {server && server.others.connections > 0 && (
          <p className={`dimmed ${classes.others}`}>
            {capital(count(server.others.connections, 'more connection'))} to{' '}
            {count(server.others.databases, 'other database')}: administration, and programs that aren’t instances.
          </p>
        )}
      </Section>
    </>
  )
}
