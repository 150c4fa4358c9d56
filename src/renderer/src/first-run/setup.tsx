/** Sets up the infrastructure of a new workspace. Skipped if it exists already, or if there are instances. */
import { Button, Center, Loader } from '@mantine/core'
import { useState, type ReactNode } from 'react'
import { createJob } from '../../../shared/jobs/create'
import { infrastructureStartJob } from '../../../shared/jobs/infrastructure'
import { isOpen } from '../../../shared/operation'
import { useFailedLive, useInfrastructure, useInstances, useOperations } from '../app/live'
import { ProblemView } from '../app/problem'
import { DriverChoice } from '../infrastructure/driver-choice'
import { useInfrastructureSwitch } from '../infrastructure/switch'
import { Outcome } from '../operations/outcome'
import { Timeline } from '../operations/timeline'
import { Frame } from './frame'
import classes from './first-run.module.css'

export function Setup({ children }: { children: ReactNode }) {
  const { data: infrastructure } = useInfrastructure()
  const { data: instances } = useInstances()
  const failed = useFailedLive()
  const { operations, ready } = useOperations()
  // Decided once, when everything has loaded, so the screen doesn't vanish while the start that it triggered is
  // running.
  const [shown, setShown] = useState<boolean>()
  if (shown === undefined && failed.length) setShown(false)
  else if (shown === undefined && infrastructure && instances && ready) {
    const fresh =
      !instances.instances.length && !instances.broken.length && !operations.some(it => it.kind === createJob.kind)
    const starting = operations.some(it => isOpen(it) && it.kind === infrastructureStartJob.kind)
    setShown(fresh && (starting || infrastructure.postgres.state !== 'running'))
  }
  if (shown === undefined)
    return (
      <Center component="main" flex={1}>
        <Loader aria-label="Opening the workspace" />
      </Center>
    )
  return shown ? <StartInfrastructure onDone={() => setShown(false)} /> : children
}

function StartInfrastructure({ onDone }: { onDone: () => void }) {
  const { data } = useInfrastructure()
  const { operations } = useOperations()
  const { start, busy } = useInfrastructureSwitch({ stay: true })
  const operation = operations
    .filter(it => it.kind === infrastructureStartJob.kind)
    .toSorted((a, b) => b.openedAt.localeCompare(a.openedAt))[0]
  if (!data) return null
  const starting = operation !== undefined && isOpen(operation)
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
