/** Starts the infrastructure of a new workspace. */
import { Button } from '@mantine/core'
import { infrastructureStartJob } from '../../../shared/jobs/infrastructure'
import { isOpen } from '../../../shared/operation'
import { ProblemView } from '../app/problem'
import { DriverChoice } from '../infrastructure/driver-choice'
import { isOutdated } from '../infrastructure/outdated'
import { useInfrastructureSwitch } from '../infrastructure/switch'
import { Outcome } from '../operations/outcome'
import { Timeline } from '../operations/timeline'
import { Frame } from './frame'
import classes from './first-run.module.css'
import { useInfrastructure, useOperations } from '../app/live'

export function StartInfrastructure({ onDone }: { onDone: () => void }) {
  const { data } = useInfrastructure()
  const { operations } = useOperations()
  const { start, busy } = useInfrastructureSwitch({ stay: true })
  const newest = operations
    .filter(it => it.kind === infrastructureStartJob.kind)
    .toSorted((a, b) => b.openedAt.localeCompare(a.openedAt))[0]
  if (!data) return null
  const starting = newest !== undefined && isOpen(newest)
  const operation =
    newest && (starting || newest.phase === 'succeeded' || !isOutdated(newest, data)) ? newest : undefined
  const running = data.postgres.state === 'running' && !starting
  const title = running
    ? 'The infrastructure is running'
    : starting
      ? 'Starting the infrastructure…'
      : 'Start the infrastructure'
  return (
    <Frame
      stage={1}
      title={title}
      lead="One PostgreSQL and one PgBouncer serve all instances. They listen on this machine only, and every instance has its own database and password."
    >
      {!starting && !running && <DriverChoice infrastructure={data} />}
      {operation && (
        <>
          {operation.phase !== 'succeeded' && <Outcome operation={operation} />}
          <section className={`card ${classes.progress}`} aria-label="Progress">
            <Timeline operation={operation} />
          </section>
        </>
      )}
      {running && !data.pooled && data.pgbouncer.problem && (
        <ProblemView problem={data.pgbouncer.problem} tone="warn" quiet />
      )}
      <div className={classes.next}>
        {running ? (
          <Button size="md" onClick={onDone} autoFocus>
            Continue
          </Button>
        ) : (
          <>
            <Button variant="subtle" onClick={onDone}>
              {starting ? 'Leave it running' : 'Later'}
            </Button>
            {!starting && (
              <Button size="md" onClick={() => start()} loading={busy} autoFocus>
                Start PostgreSQL and PgBouncer
              </Button>
            )}
          </>
        )}
      </div>
    </Frame>
  )
}
