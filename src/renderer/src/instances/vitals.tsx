/** An instance at a glance: status, address, uptime, CPU and memory. */
import { Button } from '@mantine/core'
import { IconCircleArrowUp } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import { rebuildJob } from '../../../shared/jobs/rebuild'
import { CopyButton } from '../app/copy-button'
import { when } from '../app/time'
import { Uptime } from '../app/uptime'
import { rebuildDialog } from '../jobs/faces'
import { about, useJobs } from '../jobs/jobs'
import type { ShownInstance } from './arrange'
import { StatusCell } from './item-parts'
import { LastHour } from './last-hour'
import classes from './instance.module.css'

export function Vitals({ shown }: { shown: ShownInstance }) {
  const { instance } = shown
  const { ask } = useJobs()
  const { startedAt, restarts, url, created, outdated, newer, release } = instance
  return (
    <section className={`card ${classes.vitals}`} aria-label="Status">
      <dl className={classes.facts}>
        <Fact word="Status">
          <StatusCell shown={shown} />
        </Fact>
        <Fact word="Address">
          <span className="mono">{url}</span>
          <CopyButton value={url} label="address" />
        </Fact>
        <Fact word="Uptime">
          {startedAt === undefined ? <span className="dimmed">not running</span> : <Uptime since={startedAt} />}
        </Fact>
        <Fact word="Restarts">{restarts ?? <span className="dimmed">–</span>}</Fact>
        <Fact word="Created">{when(created)}</Fact>
      </dl>
      {outdated && (
        <p className={classes.newer}>
          <IconCircleArrowUp size={18} aria-hidden />
          <span>
            {release === undefined ? (
              <>
                <strong>Code from the older command line tool.</strong> It may be older than the base application.
              </>
            ) : (
              <>
                <strong>Newer version available{newer ? `: ${newer}.` : '.'}</strong> The base application has changed
                since this instance got its code.
              </>
            )}
          </span>
          <Button
            size="xs"
            variant="default"
            disabled={shown.status.group === 'busy'}
            onClick={() => ask(about(rebuildDialog, instance.name))}
          >
            {rebuildJob.offer?.label}
          </Button>
        </p>
      )}
      <LastHour instance={instance} />
    </section>
  )
}

const Fact = ({ word, children }: { word: string; children: ReactNode }) => (
  <div>
    <dt>{word}</dt>
    <dd>{children}</dd>
  </div>
)
