/** The start, stop or restart in progress, step by step, and how it ended. */
import { Anchor, Title } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'wouter'
import { serviceNames } from '../../../shared/infrastructure'
import { headline, isPastReturn } from '../../../shared/jobs/words'
import { isOpen } from '../../../shared/operation'
import { things } from '../../../shared/things'
import { useInfrastructure, useOperations } from '../app/live'
import { Cancel } from '../operations/cancel'
import { Outcome } from '../operations/outcome'
import { Timeline } from '../operations/timeline'
import { isOutdated } from './outdated'
import classes from './infrastructure.module.css'

/** Shows the newest one while it is open, its outcome while this screen stays open, and why services aren't running. */
export function Progress() {
  const { operations } = useOperations()
  const { data } = useInfrastructure()
  const [seen, setSeen] = useState<string>()
  const newest = operations
    .filter(it => it.subject === things.infrastructure)
    .reduce<(typeof operations)[number] | undefined>(
      (last, it) => (last && last.openedAt > it.openedAt ? last : it),
      undefined,
    )
  if (!newest) return null
  const open = isOpen(newest)
  if (open && newest.id !== seen) setSeen(newest.id)
  if (!open) {
    if (!data || isOutdated(newest, data)) return null
    const down = serviceNames.some(it => data[it].state === 'stopped' || data[it].state === 'failed')
    if (newest.id !== seen && !(newest.turned?.problem && down)) return null
    const reason = newest.turned?.problem?.message
    // A service's card says the same, beside its log.
    if (reason !== undefined && serviceNames.some(it => data[it].problem?.message === reason)) return null
  }
  return (
    <>
      <Outcome operation={newest} />
      {open && (
        <section className={`card ${classes.progress}`} aria-label="Progress">
          <div className={classes.progressHead}>
            <Title order={2}>{headline(newest)}</Title>
            <Anchor component={Link} href={`/operations/${newest.id}`}>
              Output
            </Anchor>
            {newest.phase === 'running' && !isPastReturn(newest) && <Cancel operation={newest} size="xs" />}
          </div>
          <Timeline operation={newest} />
        </section>
      )}
    </>
  )
}
