/** A one-time notice: jobs interrupted before this window opened are being finished or undone. */
import { Anchor, CloseButton, Loader } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'wouter'
import { isOpen } from '../../../shared/operation'
import { useOperations } from '../app/live'
import classes from './recovered.module.css'
import { headline } from '../../../shared/jobs/words'

/** After a reload, the page finds its own jobs running, which weren't interrupted. */
const reloaded = performance
  .getEntriesByType('navigation')
  .some(it => it instanceof PerformanceNavigationTiming && it.type === 'reload')

export function Recovered() {
  const { operations, ready } = useOperations()
  const [found, setFound] = useState<readonly string[]>()
  const [dismissed, setDismissed] = useState(false)
  if (ready && !found) {
    const began = performance.timeOrigin
    setFound(
      reloaded
        ? []
        : operations
            .filter(it => (it.phase === 'running' || it.phase === 'undoing') && Date.parse(it.openedAt) < began)
            .map(it => it.id),
    )
  }
  const open = operations.filter(it => found?.includes(it.id) && isOpen(it) && it.phase !== 'stuck')
  if (dismissed || !open.length) return null
  return (
    <div className={`card ${classes.notice}`} role="status">
      <Loader size={18} aria-hidden />
      <p>
        <strong>Finishing interrupted jobs.</strong>{' '}
        {open.map((it, index) => (
          <span key={it.id}>
            {index > 0 && ' · '}
            <Anchor component={Link} href={`/operations/${it.id}`} inherit underline="always">
              {headline(it)}
            </Anchor>
          </span>
        ))}
      </p>
      <CloseButton aria-label="Dismiss" size="sm" onClick={() => setDismissed(true)} />
    </div>
  )
}
