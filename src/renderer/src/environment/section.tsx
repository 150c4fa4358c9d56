/** The environment on an instance's page: its variables, what the process doesn't have yet, and the last change. */
import { Button } from '@mantine/core'
import { enumerate } from '../../../shared/amounts'
import type { InstanceDetails } from '../../../shared/instance'
import { restartJob } from '../../../shared/jobs/lifecycle'
import { runs } from '../../../shared/status'
import { Section } from '../app/page'
import { Status } from '../app/status'
import { when } from '../app/time'
import type { ShownInstance } from '../instances/arrange'
import { environmentDialog, environmentUndoDialog } from '../jobs/faces'
import { about, useJobs } from '../jobs/jobs'
import { Entries } from './entries'
import classes from './environment.module.css'

export function EnvironmentSection({
  details: { name, env, envFile },
  shown: {
    instance: { startedAt },
    status: { group },
  },
}: {
  details: InstanceDetails
  shown: ShownInstance
}) {
  const { ask, run } = useJobs()
  const free = group !== 'busy' && group !== 'copy'
  const { written, last } = envFile
  const isNewer = runs(group) && startedAt !== undefined && written !== undefined && written > startedAt
  return (
    <Section
      title="Environment"
      aside={
        group !== 'copy' && (
          <Button
            size="compact-sm"
            variant="default"
            disabled={!free}
            onClick={() => ask(about(environmentDialog, name))}
          >
            Edit…
          </Button>
        )
      }
    >
      {isNewer && (
        <p className={classes.note}>
          <Status tone="warn">The environment has changed since the last start. Restart to apply it.</Status>
          <Button size="compact-sm" variant="default" onClick={() => run(restartJob.kind, name)}>
            Restart
          </Button>
        </p>
      )}
      <Entries name={name} env={env} />
      {last && group !== 'copy' && (
        <p className={classes.note}>
          <span className="dimmed">
            Last change, {when(last.changed)}: {enumerate(last.keys, 3)}.
          </span>
          <Button
            size="compact-sm"
            variant="subtle"
            disabled={!free}
            onClick={() => ask(about(environmentUndoDialog, name))}
          >
            Undo…
          </Button>
        </p>
      )}
    </Section>
  )
}
