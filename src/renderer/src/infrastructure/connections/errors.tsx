/** What went wrong in the last day, according to the logs of both services. */
import { Anchor, Button, Skeleton } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'wouter'
import { serviceNames, serviceTitle, type ServiceName } from '../../../../shared/infrastructure'
import { errorsIn, errorsWithin, type ServiceError } from '../../../../shared/service-errors'
import { Section } from '../../app/page'
import { ProblemView } from '../../app/problem'
import { problemOf } from '../../app/problem-of'
import { when } from '../../app/time'
import { useTRPC } from '../../app/trpc'
import { logOf } from '../log-of'
import classes from './connections.module.css'

/** Lines of each log that are read, and messages that are shown. */
const readLines = 200
const shown = 5

export const Errors = () => (
  <Section title="Errors in the last day">
    <div className={classes.errors}>
      {serviceNames.map(it => (
        <ErrorsOf key={it} service={it} />
      ))}
    </div>
  </Section>
)

function ErrorsOf({ service }: { service: ServiceName }) {
  const trpc = useTRPC()
  const [from] = useState(() => Date.now() - errorsWithin)
  const { data, error, refetch, isFetching } = useQuery(
    trpc.logs.page.queryOptions(
      {
        source: { kind: 'service', name: service },
        filter: { errorsOnly: true, from },
        anchor: { type: 'end' },
        count: readLines,
      },
      { staleTime: 0, gcTime: 0 },
    ),
  )
  return (
    <section className={`card ${classes.log}`} aria-label={`${serviceTitle[service]} errors`}>
      <div className={classes.logHead}>
        <h3>{serviceTitle[service]}</h3>
        <Button size="xs" variant="subtle" onClick={() => void refetch()} loading={isFetching}>
          Look again
        </Button>
        <Anchor component={Link} href={logOf(service)} size="sm">
          Open its log
        </Anchor>
      </div>
      {error ? (
        <ProblemView problem={problemOf(error)} tone="warn" quiet />
      ) : data ? (
        <List errors={errorsIn(data.lines)} />
      ) : (
        <Skeleton height={40} />
      )}
    </section>
  )
}

function List({ errors }: { errors: readonly ServiceError[] }) {
  if (errors.length === 0) return <p className="dimmed">None.</p>
  return (
    <>
      <ul>
        {errors.slice(0, shown).map(({ text, count, at }) => (
          <li key={text}>
            <code>{text}</code>
            <span className="dimmed">
              {at !== undefined && when(at)}
              {count > 1 && `, ${count} times`}
            </span>
          </li>
        ))}
      </ul>
      {errors.length > shown && <p className="dimmed">{errors.length - shown} more kinds in its log.</p>}
    </>
  )
}
