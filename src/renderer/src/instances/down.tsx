/** Instances that should be running but aren’t, with what starts them again and what shows why. */
import { Button } from '@mantine/core'
import { IconCircleX } from '@tabler/icons-react'
import { useState } from 'react'
import { Link } from 'wouter'
import { count } from '../../../shared/amounts'
import { restartJob } from '../../../shared/jobs/lifecycle'
import type { OperationState } from '../../../shared/operation'
import type { InstanceStatus } from '../../../shared/status'
import { useOperations } from '../app/live'
import { healthOf } from '../doctor/health-of'
import { useJobs } from '../jobs/jobs'
import { AutostartOffer } from '../settings/autostart'
import type { ShownInstance } from './arrange'
import { Banner } from './banner'
import { LinkedNames } from './linked-names'
import { pageOf } from './page-of'
import { newestBySubject } from './shown-status'

interface DownProps {
  down: readonly ShownInstance[]
  /** Selects them in the list. */
  onChoose?: (names: readonly string[]) => void
}

/** Remount it (by key) when the names change, so a dismissed banner returns for new ones. */
export function Down({ down, onChoose }: DownProps) {
  const { run, bulk } = useJobs()
  const newest = newestBySubject(useOperations().operations)
  const [dismissed, setDismissed] = useState(false)
  const [first] = down
  if (dismissed || !first) return null
  const why = ({ instance: { name, status } }: ShownInstance): string =>
    whyDown(name, status, newest.get(name.toLowerCase()))
  const names = down.map(it => it.instance.name)
  const many = names.length > 1
  const unlisted = down.some(it => it.instance.status === 'not in PM2') // most likely since a reboot
  return (
    <Banner
      tone="bad"
      icon={<IconCircleX size={20} aria-hidden />}
      text={many ? `${count(names.length, 'instance')} are down.` : `${names[0]} is down.`}
      detail={
        (many || unlisted) && (
          <>
            {many && (
              <>
                <LinkedNames
                  links={down.map(it => ({
                    name: it.instance.name,
                    href: why(it),
                    label: `Why is ${it.instance.name} down?`,
                  }))}
                />
                .{' '}
              </>
            )}
            {unlisted && <AutostartOffer />}
          </>
        )
      }
      onDismiss={() => setDismissed(true)}
    >
      {many ? (
        onChoose && (
          <Button size="xs" variant="default" onClick={() => onChoose(names)}>
            Choose…
          </Button>
        )
      ) : (
        <Button size="xs" variant="default" component={Link} href={why(first)}>
          Why?
        </Button>
      )}
      <Button
        size="xs"
        onClick={() => (many ? bulk(restartJob.kind, names) : run(restartJob.kind, first.instance.name))}
      >
        {many ? 'Restart them' : 'Restart'}
      </Button>
    </Banner>
  )
}

/**
 * The most informative: the job that failed; if it crashed on its own, its errors; if PM2 doesn’t have it, e.g. after a
 * reboot, its health report.
 */
export function whyDown(name: string, status: InstanceStatus, newest: OperationState | undefined): string {
  if (newest?.phase === 'rolled-back' && newest.turned?.reason === 'failed') return `/operations/${newest.id}`
  return status === 'errored' ? `${pageOf(name)}/errors` : healthOf(name)
}
